// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "service.hpp"

#include <polywire/client.hpp>

#include <iostream>

int main() {
  const service greeter;
  polywire::client client{greeter.url()};
  const auto reply = client.call(greet, polywire::text("world"));
  if (!reply || reply->str() != "hello world") {
    std::cerr << greeter.url() << ": " << reply.status().to_string() << '\n';
    return 1;
  }
}

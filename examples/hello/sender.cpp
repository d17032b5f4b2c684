// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "hello.hpp"

#include <polywire/polywire.hpp>

#include <iostream>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  polywire::client greeter{argc > 1 ? argv[1] : "tcp://127.0.0.1:7000"};
  for (const char* name : {"Ada", "Grace", ""}) {
    auto greeting = greeter.call(greet, GreetRequest{name}, polywire::timeout(2s));
    std::cout << (greeting ? greeting->text : greeting.status().to_string()) << '\n';
  }
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// The smallest sender: text over tcp.

#include <polywire/client.hpp>
#include <polywire/tcp.hpp>

#include <iostream>

constexpr polywire::unary<polywire::text, polywire::text> greet{"hello.v1.Greeter/Greet"};

int main() {
  polywire::client greeter{"tcp://127.0.0.1:7000"};
  std::cout << greeter.call(greet, polywire::text("Ada")).value().str() << '\n';
}

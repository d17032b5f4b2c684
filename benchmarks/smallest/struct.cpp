// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// The smallest sender of a plain struct.

#include <polywire/client.hpp>
#include <polywire/json.hpp>
#include <polywire/tcp.hpp>

#include <iostream>
#include <string>

struct Greeting {
  std::string text;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Greeting, text)

constexpr polywire::unary<Greeting, Greeting> greet{"hello.v1.Greeter/Greet"};

int main() {
  polywire::client greeter{"tcp://127.0.0.1:7000"};
  std::cout << greeter.call(greet, Greeting{"Ada"}).value().text << '\n';
}

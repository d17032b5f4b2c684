// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "hello.hpp"

#include <polywire/polywire.hpp>

#include <iostream>

int main(int argc, char** argv) {
  polywire::server server;
  server.handle(greet, [](const GreetRequest& request) -> polywire::result<Greeting> {
    if (request.name.empty()) return polywire::status::invalid_argument("name is required");
    return Greeting{"Hello, " + request.name + "!"};
  });
  auto endpoint = server.listen(argc > 1 ? argv[1] : "tcp://127.0.0.1:7000");
  if (!endpoint) {
    std::cerr << endpoint.status().to_string() << '\n';
    return 1;
  }
  std::cout << "listening on " << endpoint->url() << std::endl;
  server.run();
}

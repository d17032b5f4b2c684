// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../hello/hello.hpp"

#include <polywire/polywire.hpp>

#include <unistd.h>

#include <iostream>
#include <string>
#include <thread>
#include <vector>

/// One service at several URLs at once; a client cannot tell which one it uses.
int main() {
  polywire::server server;
  server.handle(
      greet, [](const GreetRequest& request) { return Greeting{"Hello, " + request.name + "!"}; });
  const std::string socket = "/tmp/polywire-example-" + std::to_string(::getpid()) + ".sock";
  std::vector<polywire::endpoint> endpoints;
  for (const std::string& url : {std::string("inproc://greeter"), "unix:" + socket,
                                 std::string("tcp://127.0.0.1:0?max_message=64KiB")}) {
    auto endpoint = server.listen(url);
    if (!endpoint) {
      std::cerr << endpoint.status().to_string() << "\n";
      return 1;
    }
    for (const auto& method : endpoint->unsupported()) {
      std::cout << "not here: " << method.name() << ": " << method.reason() << "\n";
    }
    endpoints.push_back(*endpoint);
  }
  std::jthread serving([&] { server.run(2); });  // two threads

  for (const auto& endpoint : endpoints) {
    polywire::client greeter{endpoint.url()};
    const std::string scheme = endpoint.url().substr(0, endpoint.url().find(':'));
    std::cout << scheme << ": " << greeter.call(greet, GreetRequest{"Ada"}).value().text << "\n";
    const std::string long_name(100'000, 'a');
    const auto answer = greeter.call(greet, GreetRequest{long_name});
    std::cout << scheme << ", 100,000 letters: " << to_string(answer.status().code()) << "\n";
  }

  const auto unknown = polywire::client::make("carrier-pigeon://roof");
  std::cout << "the URL 'carrier-pigeon://roof': " << to_string(unknown.status().code()) << "\n";
  server.stop();
}

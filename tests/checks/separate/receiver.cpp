// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// A program whose files see declarations only; run by ctest.
#include "greeter.hpp"

#include <polywire/http.hpp>
#include <polywire/inproc.hpp>
#include <polywire/server.hpp>
#include <polywire/tcp.hpp>

#include <iostream>
#include <string>
#include <thread>
#include <vector>

int main() {
  polywire::server server;
  server.handle(greet, [&server](const Greeting& who) -> polywire::result<Greeting> {
    Greeting answer{"Hello " + who.text};
    if (auto told = server.publish(greetings, answer); !told) return told;
    return answer;
  });
  server.handle(chat,
                [](polywire::reader<Greeting>& in,
                   polywire::writer<Greeting>& out) -> asio::awaitable<polywire::status> {
                  while (auto said = co_await in.async_read()) {
                    Greeting answer{"Hello " + said->text};
                    if (auto sent = co_await out.async_write(answer); !sent) co_return sent;
                  }
                  co_return polywire::status();
                });
  server.offer(greetings);
  std::vector<std::string> addresses;
  for (const char* url : {"tcp://127.0.0.1:0", "http://127.0.0.1:0", "inproc://separate"}) {
    const auto endpoint = server.listen(url);
    if (!endpoint) {
      std::cerr << url << ": " << endpoint.status().to_string() << '\n';
      return 1;
    }
    addresses.push_back(endpoint->url());
  }
  std::thread running([&server] { server.run(); });
  int failures = 0;
  for (const std::string& address : addresses) {
    const std::string problem = visit(address);
    std::cout << address << ": " << (problem.empty() ? "ok" : problem) << '\n';
    failures += problem.empty() ? 0 : 1;
  }
  server.stop();
  running.join();
  return failures;
}

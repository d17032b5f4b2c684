// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../hello/hello.hpp"

#include <polywire/polywire.hpp>

#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include <chrono>
#include <future>
#include <iostream>
#include <latch>
#include <string>
#include <thread>
#include <vector>

inline constexpr polywire::server_streaming<GreetRequest, Greeting> greet_in_parts{
    "hello.v1.Greeter/GreetInParts"};

/// Handlers that block run on a thread pool; the server's own thread goes on serving.
int main() {
  asio::thread_pool pool(4);
  std::latch four_at_once(4);  // stands for a slow database

  polywire::server server;
  server.handle(
      greet,
      [&](const GreetRequest& request) {
        four_at_once.arrive_and_wait();
        return Greeting{"Hello, " + request.name + "!"};
      },
      polywire::on(pool));
  // There, a streaming handler needs no coroutine.
  server.handle(
      greet_in_parts,
      [](const GreetRequest& request, polywire::writer<Greeting>& out) {
        for (const std::string& part : {std::string("Hello"), request.name}) {
          if (auto sent = out.write(Greeting{part}); !sent) return sent;
        }
        return polywire::status();
      },
      polywire::on(pool));
  const auto url = server.listen("tcp://127.0.0.1:0").value().url();
  std::jthread serving([&] { server.run(); });

  polywire::client greeter{url};
  std::vector<std::future<polywire::result<Greeting>>> calls;
  for (const char* name : {"Ada", "Grace", "Edsger", "Barbara"}) {
    const GreetRequest request{name};
    calls.push_back(greeter.async_call(greet, request, polywire::timeout(std::chrono::minutes(1)),
                                       asio::use_future));
  }
  for (auto& call : calls) std::cout << call.get().value().text << "\n";

  auto parts = greeter.open(greet_in_parts, GreetRequest{"Ada"});
  for (const Greeting& part : parts) std::cout << part.text << "\n";
  std::cout << parts.status().to_string() << "\n";
  server.stop();
}

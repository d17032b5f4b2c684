// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../hello/hello.hpp"

#include <polywire/polywire.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/use_future.hpp>

#include <future>
#include <iostream>
#include <thread>

/// One call, written with each of Asio's completion tokens.
int main() {
  polywire::server server;
  server.handle(
      greet, [](const GreetRequest& request) { return Greeting{"Hello, " + request.name + "!"}; });
  const auto url = server.listen("inproc://greeter").value().url();
  std::jthread serving([&] { server.run(); });

  // A client of its own thread: blocking, and futures.
  polywire::client greeter{url};
  GreetRequest request{"blocking call"};
  std::cout << greeter.call(greet, request).value().text << "\n";

  request.name = "future";
  std::future<polywire::result<Greeting>> later =
      greeter.async_call(greet, request, asio::use_future);
  std::cout << later.get().value().text << "\n";

  // A client that works in your io_context: callbacks and coroutines run there.
  asio::io_context io;
  polywire::client mine{io.get_executor(), url};
  request.name = "callback";
  mine.async_call(greet, request, [](polywire::result<Greeting> greeting) {
    std::cout << greeting.value().text << "\n";
  });
  io.run();

  const auto with_coroutine = [&]() -> asio::awaitable<void> {
    const GreetRequest named{"coroutine"};  // named first: see GCC 12 in docs/cookbook.md
    const auto greeting = co_await mine.async_call(greet, named);
    std::cout << greeting.value().text << "\n";
  };
  asio::co_spawn(io, with_coroutine, asio::detached);
  io.restart();
  io.run();

  // There, blocking would wait for ever; it says so instead.
  std::cout << mine.call(greet, request).status().to_string() << "\n";
  server.stop();
}

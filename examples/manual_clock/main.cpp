// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../hello/hello.hpp"

#include <polywire/polywire.hpp>
#include <polywire/testing/manual_clock.hpp>

#include <asio/steady_timer.hpp>
#include <asio/use_future.hpp>

#include <chrono>
#include <iostream>
#include <semaphore>
#include <thread>

/// How a test tries a timeout of an hour: the service runs in the same process, and the test
/// decides when time passes.
int main() {
  polywire::testing::manual_clock clock;
  std::binary_semaphore entered{0};

  polywire::server server{polywire::server_options().clock(clock)};
  server.handle(
      greet,
      [&](const GreetRequest&, polywire::server_context& context) -> asio::awaitable<Greeting> {
        entered.release();
        asio::steady_timer for_ever(context.get_executor(), asio::steady_timer::time_point::max());
        co_await for_ever.async_wait(asio::use_awaitable);
        co_return Greeting{"never"};
      });
  const auto url = server.listen("inproc://greeter").value().url();
  std::jthread serving([&] { server.run(); });

  polywire::client greeter{url, polywire::client_options().clock(clock)};
  const GreetRequest request{"Ada"};
  auto answer = greeter.async_call(greet, request, polywire::timeout(std::chrono::hours(1)),
                                   asio::use_future);
  entered.acquire();
  clock.advance(std::chrono::hours(1));
  std::cout << to_string(answer.get().status().code()) << ", without waiting\n";
  server.stop();
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../hello/hello.hpp"

#include <polywire/polywire.hpp>

#include <asio/steady_timer.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <thread>

using namespace std::chrono_literals;

inline constexpr polywire::unary<GreetRequest, Greeting> greet_through_relay{
    "hello.v1.Relay/Greet", polywire::no_side_effects};

/// 400 ms of work: a caller who waits for 5 s gets an answer, one who waits for 100 ms does not.
/// The relay hands on what is left of its own caller's time.
int main() {
  polywire::server worker;
  worker.handle(
      greet,
      [](const GreetRequest& request,
         polywire::server_context& context) -> asio::awaitable<Greeting> {
        std::cout << "  the worker's caller "
                  << (context.remaining() < 1s ? "is in a hurry" : "has time") << std::endl;
        asio::steady_timer work(context.get_executor(), 400ms);
        co_await work.async_wait(asio::use_awaitable);  // ended early when nobody waits any more
        co_return Greeting{"Hello, " + request.name + "!"};
      });
  const auto worker_url = worker.listen("tcp://127.0.0.1:0").value().url();
  std::jthread working([&] { worker.run(); });

  polywire::client to_worker{worker_url};
  polywire::server relay;
  relay.handle(
      greet_through_relay,
      [&](const GreetRequest& request,
          polywire::server_context& context) -> asio::awaitable<polywire::result<Greeting>> {
        co_return co_await to_worker.async_call(greet, request, polywire::within(context));
      });
  const auto relay_url = relay.listen("tcp://127.0.0.1:0").value().url();
  std::jthread relaying([&] { relay.run(); });

  polywire::client greeter{relay_url};
  const auto try_with = [&](std::chrono::milliseconds time) {
    const auto greeting =
        greeter.call(greet_through_relay, GreetRequest{"Ada"}, polywire::timeout(time));
    const bool untried = greeting.status().reached() == polywire::outcome::not_sent;
    std::cout << time.count() << " ms: "
              << (greeting ? greeting->text : std::string(to_string(greeting.status().code())))
              << (untried ? ", nothing was sent" : "") << std::endl;
  };
  try_with(5000ms);
  try_with(100ms);
  try_with(0ms);

  relay.stop();
  worker.stop();
}

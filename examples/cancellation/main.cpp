// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../hello/hello.hpp"

#include <polywire/polywire.hpp>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <future>
#include <iostream>
#include <semaphore>
#include <stop_token>
#include <thread>

inline constexpr polywire::server_streaming<GreetRequest, Greeting> greet_for_ever{
    "hello.v1.Greeter/GreetForEver"};

/// Three ways to give a call up; the handler hears of each.
int main() {
  std::binary_semaphore entered{0};
  std::binary_semaphore told{0};
  polywire::server server;
  server.handle(
      greet,
      [&](const GreetRequest&, polywire::server_context& context) -> asio::awaitable<Greeting> {
        const std::stop_callback callback(context.stop_token(), [&] { told.release(); });
        entered.release();
        asio::steady_timer for_ever(context.get_executor(), std::chrono::hours(1));
        co_await for_ever.async_wait(asio::use_awaitable);
        co_return Greeting();
      });
  server.handle(greet_for_ever,
                [&](const GreetRequest& request,
                    polywire::writer<Greeting>& greetings) -> asio::awaitable<polywire::status> {
                  const Greeting hello{"Hello again, " + request.name};
                  polywire::status sent;
                  while (sent.ok()) sent = co_await greetings.async_write(hello);
                  told.release();
                  co_return sent;
                });
  const auto url = server.listen("tcp://127.0.0.1:0").value().url();
  std::jthread serving([&] { server.run(); });

  polywire::client greeter{url};
  const GreetRequest request{"Ada"};

  // A stop token of the standard library.
  std::stop_source stop;
  std::promise<polywire::result<Greeting>> first;
  greeter.async_call(greet, request, polywire::call_options().stop_on(stop.get_token()),
                     [&](polywire::result<Greeting> r) { first.set_value(std::move(r)); });
  entered.acquire();
  stop.request_stop();
  std::cout << "stop token: " << to_string(first.get_future().get().status().code()) << "\n";
  told.acquire();

  // A cancellation slot of Asio; signals are emitted on the thread of the operation.
  asio::io_context io;
  asio::cancellation_signal signal;
  polywire::client mine{io.get_executor(), url};
  mine.async_call(greet, request,
                  asio::bind_cancellation_slot(signal.slot(), [&](polywire::result<Greeting> r) {
                    std::cout << "cancellation slot: " << to_string(r.status().code()) << "\n";
                    io.stop();  // an open connection would keep it running
                  }));
  std::jthread when_it_is_there([&] {
    entered.acquire();
    asio::post(io, [&] { signal.emit(asio::cancellation_type::terminal); });
  });
  io.run();
  told.acquire();

  // Leaving the scope of a reader.
  {
    auto greetings = greeter.open(greet_for_ever, request);
    std::cout << greetings.read()->text << ", and that is enough\n";
  }
  told.acquire();
  std::cout << "the handlers know\n";
  server.stop();
}

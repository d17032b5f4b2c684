// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "price_api.hpp"

#include <polywire/polywire.hpp>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <iostream>

/// Publishes prices, one now and then and many on request: prices_feed <url to listen at>
int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  asio::io_context io{1};
  polywire::server server{io.get_executor()};
  server.offer(prices, polywire::allow_block());  // a slow subscriber may make it wait

  Price price{0, "TULIP", 100};
  const auto publish_next = [&] {
    ++price.number;
    price.value += price.number % 2 == 0 ? 0.5 : -0.25;
    return server.async_publish(prices, price);
  };
  server.handle(rush, [&](const RushRequest& wanted) -> asio::awaitable<polywire::result<Price>> {
    for (int i = 0; i < wanted.prices; ++i) {
      if (auto done = co_await publish_next(); !done) co_return done;
    }
    co_return price;
  });

  asio::steady_timer pause{io};
  bool stopping = false;
  server.on_stopping([&] {
    stopping = true;
    pause.cancel();
  });
  const auto now_and_then = [&]() -> asio::awaitable<void> {
    asio::error_code ignored;
    while (!stopping) {
      if (auto done = co_await publish_next(); !done) std::cerr << done.to_string() << "\n";
      pause.expires_after(5ms);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
  };

  const auto endpoint = server.listen(argc > 1 ? argv[1] : "tcp://127.0.0.1:7000");
  if (!endpoint) {
    std::cerr << endpoint.status().to_string() << "\n";
    return 1;
  }
  if (auto taken = server.stop_on_signals(); !taken) std::cerr << taken.to_string() << "\n";
  std::cout << "listening on " << endpoint->url() << std::endl;
  asio::co_spawn(io, now_and_then, asio::detached);
  io.run();
  std::cout << "published " << price.number << " prices\n";
}

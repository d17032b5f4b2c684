// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// By which the others are measured: a coroutine that sends over tcp with Asio alone.

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/ip/tcp.hpp>

#include <exception>
#include <iostream>
#include <string>

using asio::ip::tcp;

asio::awaitable<void> greet() {
  tcp::socket socket(co_await asio::this_coro::executor);
  const tcp::endpoint where(asio::ip::address_v4::loopback(), 7000);
  co_await socket.async_connect(where, asio::use_awaitable_t<>());
  std::string greeting = "Hello";
  co_await socket.async_send(asio::buffer(greeting), asio::use_awaitable_t<>());
  greeting.resize(100);
  const std::size_t n =
      co_await socket.async_receive(asio::buffer(greeting), asio::use_awaitable_t<>());
  std::cout << greeting.substr(0, n) << '\n';
}

int main() {
  asio::io_context context;
  asio::co_spawn(context, greet(), [](const std::exception_ptr& thrown) {
    if (thrown) std::rethrow_exception(thrown);
  });
  context.run();
}

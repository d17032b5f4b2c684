// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// polywire over tcp://.

#include "benchmark.hpp"
#include "counting_stream.hpp"
#include "meter.hpp"
#include "processes.hpp"
#include "service.hpp"

#include <polywire/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace benchmarks {
namespace {

void serve(const std::function<void(std::uint16_t)>& report) {
  polywire::server server;
  add_handlers(server);
  report(expect(server.listen("tcp://127.0.0.1:0")).port());
  server.run();
}

std::string url(std::uint16_t port) { return "tcp://127.0.0.1:" + std::to_string(port); }

double call(std::uint16_t port, int outstanding, const timing& how) {
  asio::io_context context(1);
  polywire::client client(context.get_executor(), url(port));
  meter calls(context, how);
  for (int i = 0; i < outstanding; ++i) {
    asio::co_spawn(context, keep_calling(client, calls), rethrow);
  }
  context.run();
  return calls.per_second();
}

double call_blocking(std::uint16_t port, const timing& how) {
  polywire::client client(url(port));
  const CreateUserRequest request = make_request();
  const auto call_until = [&](std::chrono::steady_clock::time_point end) {
    double count = 0;
    for (; std::chrono::steady_clock::now() < end; ++count) {
      if (!is_right(expect(client.call(create_user, request)))) {
        throw std::runtime_error("a wrong reply");
      }
    }
    return count;
  };
  call_until(std::chrono::steady_clock::now() + how.warm_up);
  const auto begin = std::chrono::steady_clock::now();
  const double count = call_until(begin + how.window);
  return count / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

asio::awaitable<void> keep_reading(polywire::client& client, meter& messages) {
  const ListUsersRequest request;
  polywire::reader<User> users = co_await client.async_open(list_users, request);
  for (;;) {
    const std::optional<User> user = co_await users.async_read();
    if (!user) throw std::runtime_error("the stream ended: " + users.status().to_string());
    messages.count();
  }
}

double stream(std::uint16_t port, const timing& how) {
  asio::io_context context(1);
  polywire::client client(context.get_executor(), url(port));
  meter messages(context, how);
  asio::co_spawn(context, keep_reading(client, messages), rethrow);
  context.run();
  return messages.per_second();
}

// Later calls: the first ones carry greetings and the method's name.
double count_bytes(std::uint16_t port, std::uint64_t byte_counts::* direction) {
  asio::io_context context(1);
  byte_counts counts;
  polywire::client_options options;
  options.stream_hook([&](std::unique_ptr<polywire::io::byte_stream> inner) {
    return std::make_unique<counting_stream>(std::move(inner), counts);
  });
  polywire::client client(context.get_executor(), url(port), options);
  std::uint64_t before = 0;
  std::uint64_t after = 0;
  const auto make_calls = [&]() -> asio::awaitable<void> {
    const CreateUserRequest request = make_request();
    for (int i = 0; i < 1'010; ++i) {
      if (i == 10) before = counts.*direction;
      polywire::result<User> reply = co_await client.async_call(create_user, request);
      if (!reply) throw std::runtime_error(reply.status().to_string());
    }
    after = counts.*direction;
    context.stop();
  };
  asio::co_spawn(context, make_calls(), rethrow);
  context.run();
  return static_cast<double>(after - before);
}

template <class Measure>
benchmark over_tcp(const char* name, const char* unit, const char* floor, Measure measure) {
  return {name, unit, floor, [measure](const timing& how) {
            return run_pair(serve, [&](std::uint16_t port) { return measure(port, how); });
          }};
}

}  // namespace

std::vector<benchmark> tcp_benchmarks() {
  const auto outstanding = [](int n) {
    return [n](std::uint16_t port, const timing& how) { return call(port, n, how); };
  };
  const auto bytes = [](std::uint64_t byte_counts::* direction) {
    return [direction](std::uint16_t port, const timing&) { return count_bytes(port, direction); };
  };
  return {
      over_tcp("tcp/unary/closed", "calls/s", "floor/unary/closed", outstanding(1)),
      over_tcp("tcp/unary/64", "calls/s", "floor/unary/64", outstanding(64)),
      over_tcp("tcp/unary/blocking", "calls/s", "floor/unary/closed", call_blocking),
      over_tcp("tcp/stream", "messages/s", "", stream),
      over_tcp("tcp/bytes_per_1000_requests", "bytes", "", bytes(&byte_counts::written)),
      over_tcp("tcp/bytes_per_1000_replies", "bytes", "", bytes(&byte_counts::read)),
  };
}

}  // namespace benchmarks

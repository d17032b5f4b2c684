// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// What a thousand calls over tcp:// put on the wire.

#include "benchmark.hpp"
#include "counting_stream.hpp"
#include "processes.hpp"
#include "tcp_service.hpp"

#include <asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>

namespace benchmarks {
namespace {

constexpr int calls = 1'000;
// The first ones carry greetings and the method's name.
constexpr int calls_before = 10;

byte_counts count_bytes(std::uint16_t port) {
  asio::io_context context(1);
  byte_counts counts;
  byte_counts before;
  polywire::client_options options;
  options.stream_hook([&](std::unique_ptr<polywire::io::byte_stream> inner) {
    return std::make_unique<counting_stream>(std::move(inner), counts);
  });
  polywire::client client(context.get_executor(), tcp_url(port), options);
  byte_counts took;
  const auto make_calls = [&]() -> asio::awaitable<void> {
    const CreateUserRequest request = make_request();
    for (int i = 0; i < calls_before + calls; ++i) {
      if (i == calls_before) before = counts;
      polywire::result<User> reply = co_await client.async_call(create_user, request);
      if (!reply) throw std::runtime_error(reply.status().to_string());
    }
    took = {counts.read - before.read, counts.written - before.written};
    context.stop();
  };
  asio::co_spawn(context, make_calls(), rethrow);
  context.run();
  return took;
}

double overhead_per_call(const byte_counts& counts) {
  User reply;
  answer(make_request(), reply);
  const std::size_t payloads = make_request().ByteSizeLong() + reply.ByteSizeLong();
  return static_cast<double>(counts.read + counts.written) / calls - static_cast<double>(payloads);
}

benchmark bytes(const char* name, const std::function<double(const byte_counts&)>& pick) {
  return {name, "bytes", "",
          [pick](const timing&) {
            return run_pair(serve_tcp, [&](std::uint16_t port) { return pick(count_bytes(port)); });
          },
          effort::one_round};
}

}  // namespace

std::vector<benchmark> byte_benchmarks() {
  const auto written = [](const byte_counts& c) { return static_cast<double>(c.written); };
  const auto read = [](const byte_counts& c) { return static_cast<double>(c.read); };
  return {bytes("tcp/bytes_per_1000_requests", written), bytes("tcp/bytes_per_1000_replies", read),
          bytes("tcp/overhead_per_call", overhead_per_call)};
}

}  // namespace benchmarks

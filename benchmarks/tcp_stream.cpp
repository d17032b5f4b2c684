// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Server streaming over tcp://, of protobuf messages and of bytes.

#include "benchmark.hpp"
#include "meter.hpp"
#include "processes.hpp"
#include "tcp_service.hpp"

#include <asio/io_context.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>

namespace benchmarks {
namespace {

template <class Request, class Message>
asio::awaitable<void> keep_reading(polywire::client& client,
                                   const polywire::server_streaming<Request, Message>& method,
                                   meter& messages) {
  const Request request;
  polywire::reader<Message> all = co_await client.async_open(method, request);
  for (;;) {
    const std::optional<Message> message = co_await all.async_read();
    if (!message) throw std::runtime_error("the stream ended: " + all.status().to_string());
    messages.count();
  }
}

template <class Request, class Message>
benchmark stream(const char* name, const char* floor,
                 const polywire::server_streaming<Request, Message>& method) {
  return {name, "messages/s", floor, [&method](const timing& how) {
            return run_pair(serve_tcp, [&](std::uint16_t port) {
              asio::io_context context(1);
              polywire::client client(context.get_executor(), tcp_url(port));
              meter messages(context, how);
              asio::co_spawn(context, keep_reading(client, method, messages), rethrow);
              context.run();
              return messages.per_second();
            });
          }};
}

}  // namespace

std::vector<benchmark> stream_benchmarks() {
  return {stream("tcp/stream", "floor/stream", list_users),
          stream("tcp/stream_bytes", "floor/stream_bytes", read_bytes)};
}

}  // namespace benchmarks

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/url.hpp"
#include "polywire/io/byte_stream.hpp"
#include "polywire/io/transport.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the tests of byte streams and transports share: one context, run until something is so.
namespace test {

namespace pw = polywire;

template <class Condition>
[[nodiscard]] bool run_until(asio::io_context& context, Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    context.restart();
    context.run_one_for(std::chrono::milliseconds(20));
  }
  return true;
}

/// Runs what is ready, and nothing that is not.
inline void drain(asio::io_context& context) {
  context.restart();
  while (context.poll() > 0) context.restart();
}

inline pw::url parse(const std::string& text) { return pw::url::parse(text).value(); }

/// Remembers what it was told.
class waiter final : public pw::io::stream_user {
 public:
  void on_readable(pw::io::error_code error) override { readable.push_back(error); }
  void on_writable(pw::io::error_code error) override { writable.push_back(error); }

  std::vector<pw::io::error_code> readable;
  std::vector<pw::io::error_code> writable;
};

inline std::size_t write(pw::io::byte_stream& stream, std::string_view text,
                         pw::io::error_code& error) {
  const pw::bytes_view piece = pw::as_bytes(text);
  return stream.write_some({&piece, 1}, error);
}

class chunk {
 public:
  std::string data;
  pw::io::error_code error;
};

inline chunk read_once(pw::io::byte_stream& stream, std::size_t most = 4096) {
  chunk out;
  out.data.resize(most);
  out.data.resize(stream.read_some(std::as_writable_bytes(std::span(out.data)), out.error));
  return out;
}

/// What came until `size` bytes are there, or the stream ended.
inline chunk read(asio::io_context& context, pw::io::byte_stream& stream, std::size_t size) {
  chunk all;
  (void)run_until(context, [&] {
    chunk next = read_once(stream, size - all.data.size());
    all.data += next.data;
    all.error = next.error;
    return all.data.size() == size || (next.error && next.error != asio::error::would_block);
  });
  return all;
}

using maybe_stream = std::optional<pw::result<std::unique_ptr<pw::io::byte_stream>>>;

/// Both ends of a connection from the listener on.
class connected_pair {
 public:
  connected_pair(asio::io_context& context, const pw::io::transport& transport,
                 const pw::url& target, pw::io::acceptor& acceptor) {
    maybe_stream in, out;
    acceptor.async_accept(context.get_executor(), [&](auto r) { in = std::move(r); });
    auto op =
        transport.connect(context.get_executor(), target, 0, [&](auto r) { out = std::move(r); });
    if (!run_until(context, [&] { return in && out; })) throw std::runtime_error("no connection");
    server = std::move(*in).value();
    client = std::move(*out).value();
  }

  std::unique_ptr<pw::io::byte_stream> server;
  std::unique_ptr<pw::io::byte_stream> client;
};

}  // namespace test

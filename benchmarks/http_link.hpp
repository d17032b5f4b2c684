// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "http_message.hpp"

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace benchmarks {

/// One end of an HTTP connection, as a good Asio programmer writes it who has no other wishes:
/// callbacks, one buffer each way, every message of a read handled in place, all answers in one
/// write.
template <class OnMessage>
class http_link : public std::enable_shared_from_this<http_link<OnMessage>> {
 public:
  /// `on_message(message, out)` appends what is to be sent.
  http_link(asio::ip::tcp::socket socket, OnMessage on_message)
      : socket_(std::move(socket)), on_message_(std::move(on_message)), in_(buffer_size, '\0') {
    socket_.set_option(asio::ip::tcp::no_delay(true));
    socket_.non_blocking(true);
    out_.reserve(buffer_size);
  }

  void start(std::string_view first = {}) {
    out_.append(first);
    write_and_read();
  }

 private:
  static constexpr std::size_t buffer_size = std::size_t{16} << 10;

  void read() {
    socket_.async_read_some(
        asio::buffer(in_.data() + kept_, in_.size() - kept_),
        [self = this->shared_from_this()](std::error_code error, std::size_t n) {
          if (error) return;
          self->parse(self->kept_ + n);
          self->write_and_read();
        });
  }

  void parse(std::size_t end) {
    std::string_view all(in_.data(), end);
    while (const auto message = http_message::find(all)) {
      on_message_(*message, out_);
      all.remove_prefix(message->size());
    }
    kept_ = all.size();
    if (kept_ > 0) in_.replace(0, kept_, all);
  }

  // Nothing more is read until everything is written.
  void write_and_read() {
    std::error_code error;
    const std::size_t n = out_.empty() ? 0 : socket_.write_some(asio::buffer(out_), error);
    if (n == out_.size()) {
      out_.clear();
      return read();
    }
    if (error && error != asio::error::would_block) return;
    asio::async_write(socket_, asio::buffer(out_) + n,
                      [self = this->shared_from_this()](std::error_code failed, std::size_t) {
                        self->out_.clear();
                        if (!failed) self->read();
                      });
  }

  asio::ip::tcp::socket socket_;
  OnMessage on_message_;
  std::string in_;
  std::size_t kept_ = 0;
  std::string out_;
};

}  // namespace benchmarks

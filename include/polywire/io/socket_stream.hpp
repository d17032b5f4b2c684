// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/asio.hpp"
#include "polywire/io/byte_stream.hpp"

#include <asio/basic_stream_socket.hpp>
#include <asio/buffer.hpp>
#include <asio/socket_base.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace polywire::inline v1::io {

/// A byte_stream over a connected stream socket. The waits go through the executor of the socket.
template <class Protocol>
class socket_stream final : public byte_stream {
 public:
  using socket_type = typename Protocol::socket;

  socket_stream(socket_type socket, std::string peer, bool is_private)
      : socket_(std::move(socket)), peer_(std::move(peer)), is_private_(is_private) {
    error_code error;
    socket_.non_blocking(true, error);
    if (error) close();  // its first read then says so
  }

  std::size_t read_some(std::span<std::byte> into, error_code& error) override {
    std::size_t n = 0;
    do {
      n = socket_.read_some(asio::mutable_buffer(into.data(), into.size()), error);
    } while (error == asio::error::interrupted);
    return n;
  }

  std::size_t write_some(std::span<const bytes_view> from, error_code& error) override {
    std::size_t n = 0;
    do {
      if (from.size() == 1) {
        n = socket_.write_some(asio::const_buffer(from[0].data(), from[0].size()), error);
      } else {
        std::array<asio::const_buffer, most_pieces> pieces;
        const std::size_t count = std::min(from.size(), most_pieces);
        for (std::size_t i = 0; i < count; ++i) {
          pieces[i] = asio::const_buffer(from[i].data(), from[i].size());
        }
        n = socket_.write_some(std::span<const asio::const_buffer>(pieces.data(), count), error);
      }
    } while (error == asio::error::interrupted);
    return n;
  }

  void wait_readable(std::shared_ptr<stream_user> user) override {
    socket_.async_wait(socket_type::wait_read,
                       [user = std::move(user)](error_code e) { user->on_readable(ended(e)); });
  }
  void wait_writable(std::shared_ptr<stream_user> user) override {
    socket_.async_wait(socket_type::wait_write,
                       [user = std::move(user)](error_code e) { user->on_writable(ended(e)); });
  }

  void shutdown_write() noexcept override {
    error_code ignored;
    socket_.shutdown(socket_type::shutdown_send, ignored);
  }
  void close() noexcept override {
    error_code ignored;
    socket_.close(ignored);
  }
  void reset() noexcept override {
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    close();
  }

  std::string peer() const override { return peer_; }
  bool is_private() const noexcept override { return is_private_; }

 private:
  // A wait that begins after close ends like one that was under way.
  static error_code ended(const error_code& error) {
    return error == asio::error::bad_descriptor ? error_code(asio::error::operation_aborted)
                                                : error;
  }

  // What a gather write takes at once; callers come back with the rest.
  static constexpr std::size_t most_pieces = 16;

  socket_type socket_;
  std::string peer_;
  bool is_private_;
};

}  // namespace polywire::inline v1::io

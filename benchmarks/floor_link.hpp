// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "work.hpp"

#include <asio/buffer.hpp>
#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace benchmarks {

inline constexpr std::size_t floor_header_size = 8;
inline constexpr std::size_t floor_buffer_size = std::size_t{64} << 10;

/// As many bytes as polywire's frames have:
///
///   | size of the payload, 4 bytes | number of the call, 4 bytes | payload |
template <class Message>
void append_frame(std::vector<std::uint8_t>& out, std::uint32_t call, const Message& message) {
  const std::size_t size = size_of(message);
  const std::size_t at = out.size();
  out.resize(at + floor_header_size + size);
  const std::array<std::uint32_t, 2> header{static_cast<std::uint32_t>(size), call};
  std::memcpy(out.data() + at, header.data(), floor_header_size);
  write(message, out.data() + at + floor_header_size);
}

/// One end of a connection, as a good Asio programmer writes it who has no other wishes: callbacks,
/// one buffer each way, every frame of a read handled in place, all answers in one write.
template <class OnFrame>
class floor_link {
 public:
  /// `on_frame(link, call, payload, size)` may `append` answers.
  floor_link(asio::ip::tcp::socket socket, OnFrame on_frame)
      : socket_(std::move(socket)), on_frame_(std::move(on_frame)), in_(buffer_size) {
    socket_.set_option(asio::ip::tcp::no_delay(true));
    socket_.non_blocking(true);
    out_.reserve(buffer_size);
    in_flight_.reserve(buffer_size);
  }

  void start() {
    flush();
    read();
  }

  template <class Message>
  void append(std::uint32_t call, const Message& message) {
    append_frame(out_, call, message);
  }

 private:
  static constexpr std::size_t header_size = floor_header_size;
  static constexpr std::size_t buffer_size = floor_buffer_size;

  void read() {
    socket_.async_read_some(asio::buffer(in_.data() + kept_, in_.size() - kept_),
                            [this](std::error_code error, std::size_t n) {
                              if (error) return;
                              parse(kept_ + n);
                              flush();
                              read();
                            });
  }

  void parse(std::size_t end) {
    std::size_t at = 0;
    while (end - at >= header_size) {
      std::array<std::uint32_t, 2> header;
      std::memcpy(header.data(), in_.data() + at, header_size);
      const std::size_t size = header[0];
      if (end - at < header_size + size) break;
      on_frame_(*this, header[1], in_.data() + at + header_size, size);
      at += header_size + size;
    }
    kept_ = end - at;
    if (kept_ > 0 && at > 0) std::memmove(in_.data(), in_.data() + at, kept_);
  }

  void flush() {
    if (writing_ || out_.empty()) return;
    std::error_code error;
    const std::size_t n = socket_.write_some(asio::buffer(out_), error);
    if (n == out_.size()) return out_.clear();
    if (error && error != asio::error::would_block) return;
    writing_ = true;
    in_flight_.swap(out_);
    asio::async_write(socket_, asio::buffer(in_flight_) + n,
                      [this](std::error_code failed, std::size_t) {
                        in_flight_.clear();
                        writing_ = false;
                        if (!failed) flush();
                      });
  }

  asio::ip::tcp::socket socket_;
  OnFrame on_frame_;
  std::vector<std::uint8_t> in_;
  std::size_t kept_ = 0;
  std::vector<std::uint8_t> out_;
  std::vector<std::uint8_t> in_flight_;
  bool writing_ = false;
};

}  // namespace benchmarks

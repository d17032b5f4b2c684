// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <polywire/io/byte_stream.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

/// Bytes that really crossed the streams of a client.
class wire_bytes {
 public:
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> received{0};
};

/// Counts what goes through another stream. Give it to a client with
/// `client_options().stream_hook(counting_stream::hook(bytes))`.
class counting_stream final : public polywire::io::byte_stream {
 public:
  counting_stream(std::unique_ptr<byte_stream> inner, std::shared_ptr<wire_bytes> counted)
      : inner_(std::move(inner)), counted_(std::move(counted)) {}

  /// Shared, because a stream may live a little longer than its client: until it has closed.
  static auto hook(std::shared_ptr<wire_bytes> counted) {
    return [counted = std::move(counted)](
               std::unique_ptr<byte_stream> inner) -> std::unique_ptr<byte_stream> {
      return std::make_unique<counting_stream>(std::move(inner), counted);
    };
  }

  std::size_t read_some(std::span<std::byte> into, polywire::io::error_code& error) override {
    const std::size_t n = inner_->read_some(into, error);
    counted_->received += n;
    return n;
  }
  std::size_t write_some(std::span<const polywire::bytes_view> from,
                         polywire::io::error_code& error) override {
    const std::size_t n = inner_->write_some(from, error);
    counted_->sent += n;
    return n;
  }
  void wait_readable(std::shared_ptr<polywire::io::stream_user> user) override {
    inner_->wait_readable(std::move(user));
  }
  void wait_writable(std::shared_ptr<polywire::io::stream_user> user) override {
    inner_->wait_writable(std::move(user));
  }
  void shutdown_write() noexcept override { inner_->shutdown_write(); }
  void close() noexcept override { inner_->close(); }
  std::string peer() const override { return inner_->peer(); }
  bool is_private() const noexcept override { return inner_->is_private(); }
  std::shared_ptr<const polywire::peer_certificate> certificate() const override {
    return inner_->certificate();
  }

 private:
  std::unique_ptr<byte_stream> inner_;
  std::shared_ptr<wire_bytes> counted_;
};

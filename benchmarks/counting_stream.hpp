// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <polywire/io/byte_stream.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace benchmarks {

struct byte_counts {
  std::uint64_t read = 0;
  std::uint64_t written = 0;
};

/// Counts the bytes that another stream moves.
class counting_stream final : public polywire::io::byte_stream {
 public:
  using user = std::shared_ptr<polywire::io::stream_user>;

  counting_stream(std::unique_ptr<byte_stream> inner, byte_counts& counts)
      : inner_(std::move(inner)), counts_(counts) {}

  std::size_t read_some(std::span<std::byte> into, std::error_code& error) override {
    const std::size_t n = inner_->read_some(into, error);
    counts_.read += n;
    return n;
  }
  std::size_t write_some(std::span<const polywire::bytes_view> from,
                         std::error_code& error) override {
    const std::size_t n = inner_->write_some(from, error);
    counts_.written += n;
    return n;
  }
  void wait_readable(user u) override { inner_->wait_readable(std::move(u)); }
  void wait_writable(user u) override { inner_->wait_writable(std::move(u)); }
  void shutdown_write() noexcept override { inner_->shutdown_write(); }
  void close() noexcept override { inner_->close(); }
  std::string peer() const override { return inner_->peer(); }

 private:
  std::unique_ptr<byte_stream> inner_;
  byte_counts& counts_;
};

}  // namespace benchmarks

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/tls_pump.hpp"

#include <memory>
#include <span>
#include <string>
#include <utility>

namespace polywire::inline v1::io {

/// TLS over another stream. A server's does the handshake by itself as it is read, and takes a
/// greeting before; with a client's one begins with `handshake`. An end without close_notify is an
/// error. Not to be put over another one on the same thread.
class tls_stream final : public byte_stream {
 public:
  /// `ex` is the executor of the inner stream; `host`: whom a client believes to reach.
  tls_stream(executor ex, std::unique_ptr<byte_stream> inner, std::shared_ptr<tls_context> context,
             std::string host = {})
      : pump_(std::make_shared<tls_pump>(std::move(ex), std::move(inner), std::move(context),
                                         std::move(host))) {}
  ~tls_stream() override { tls_stream::close(); }

  /// What is behind it all: the handshake, and why it failed.
  tls_pump& pump() const noexcept { return *pump_; }

  std::size_t read_some(std::span<std::byte> into, error_code& error) override {
    return pump_->read_some(into, error);
  }
  std::size_t write_some(std::span<const bytes_view> from, error_code& error) override {
    return pump_->write_some(from, error);
  }
  void wait_readable(std::shared_ptr<stream_user> user) override {
    pump_->wait_readable(std::move(user));
  }
  void wait_writable(std::shared_ptr<stream_user> user) override {
    pump_->wait_writable(std::move(user));
  }
  void shutdown_write() noexcept override {
    try {
      pump_->shutdown_write();
    } catch (...) {  // no memory for a goodbye
    }
  }
  void close() noexcept override {
    try {
      pump_->close();
    } catch (...) {  // nor for telling who waits
    }
  }
  void reset() noexcept override {
    pump_->reset_inner();
    close();
  }

  std::string peer() const override { return pump_->peer(); }
  bool is_private() const noexcept override { return pump_->is_private(); }
  std::shared_ptr<const peer_certificate> certificate() const override {
    return pump_->certificate();
  }

 private:
  std::shared_ptr<tls_pump> pump_;
};

}  // namespace polywire::inline v1::io

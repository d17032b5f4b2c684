// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/connect_operation.hpp"
#include "polywire/io/tls_stream.hpp"

#include <memory>
#include <string>
#include <utility>

namespace polywire::inline v1::io {

/// Connects below, and does the handshake: the stream that comes out leads to whom it should.
class tls_connect final : public connect_operation, private stream_user {
 public:
  tls_connect(const executor& ex, host_port to, std::shared_ptr<tls_context> context,
              transport::connect_handler then)
      : connect_operation(ex, std::move(then)), to_(std::move(to)), context_(std::move(context)) {}

  void start(const transport& below, const url& target, std::size_t host) {
    dial_ = below.connect(get_executor(), target, host,
                          [self = shared()](result<std::unique_ptr<byte_stream>> stream) {
                            self->connected(std::move(stream));
                          });
  }

 private:
  std::shared_ptr<tls_connect> shared() {
    return std::static_pointer_cast<tls_connect>(shared_from_this());
  }

  void connected(result<std::unique_ptr<byte_stream>> stream) {
    if (finished()) return;
    if (!stream) return finish(stream.status());
    stream_ = std::make_unique<tls_stream>(get_executor(), std::move(*stream), context_, to_.host);
    proceed();
  }

  void proceed() {
    tls_pump& tls = stream_->pump();
    error_code error;
    shaken_ = shaken_ || tls.handshake(error);
    // Under TLS 1.3 the client is done before the server has looked at its certificate. Where the
    // server speaks first, its first word tells that it liked it.
    const bool heard = shaken_ && (!waits_for_word() || tls.hear(error));
    if (heard) return finish(std::unique_ptr<byte_stream>(std::move(stream_)));
    if (error == asio::error::would_block) {
      return stream_->wait_readable(std::shared_ptr<stream_user>(shared_from_this(), this));
    }
    finish(cannot_connect(to_.to_string(), "the TLS handshake failed: " + tls.problem()));
  }
  bool waits_for_word() const noexcept {
    return context_->settings().server_greets && stream_->pump().is_asked_for_certificate();
  }

  void on_readable(error_code error) override {
    if (!finished() && error != asio::error::operation_aborted) proceed();
  }
  void on_writable(error_code) override {}

  void give_up() noexcept override {
    dial_.reset();
    if (stream_) stream_->close();
  }

  host_port to_;
  std::shared_ptr<tls_context> context_;
  std::unique_ptr<operation> dial_;
  std::unique_ptr<tls_stream> stream_;
  bool shaken_ = false;
};

}  // namespace polywire::inline v1::io

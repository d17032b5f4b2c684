// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/asio.hpp"
#include "polywire/io/transport.hpp"

#include <memory>
#include <string>
#include <utility>

namespace polywire::inline v1::io {

/// What the connects of all transports have in common: the handler is called once, never inline,
/// and never after `cancel`. Lives in its own pending handlers, so that it goes away with the
/// executor's context. Used on its executor only.
class connect_operation : public std::enable_shared_from_this<connect_operation> {
 public:
  virtual ~connect_operation() = default;

  void cancel() noexcept {
    then_ = nullptr;
    give_up();
  }

 protected:
  connect_operation(const executor& ex, transport::connect_handler then)
      : ex_(ex), then_(std::move(then)) {}

  const executor& get_executor() const noexcept { return ex_; }
  bool finished() const noexcept { return !then_; }

  /// Only from a handler that runs on the executor.
  void finish(result<std::unique_ptr<byte_stream>> outcome) {
    if (finished()) return;
    auto then = std::exchange(then_, nullptr);
    give_up();
    then(std::move(outcome));
  }
  void finish_later(result<std::unique_ptr<byte_stream>> outcome) {
    asio::post(ex_, [self = shared_from_this(), outcome = std::move(outcome)]() mutable {
      self->finish(std::move(outcome));
    });
  }

 private:
  /// Releases sockets and timers.
  virtual void give_up() noexcept = 0;

  executor ex_;
  transport::connect_handler then_;
};

/// What the caller of `connect` holds. Letting go of it cancels too.
class connect_handle final : public operation {
 public:
  explicit connect_handle(const std::shared_ptr<connect_operation>& op) noexcept : op_(op) {}
  connect_handle(const connect_handle&) = delete;
  connect_handle& operator=(const connect_handle&) = delete;
  ~connect_handle() override { connect_handle::cancel(); }

  void cancel() noexcept override {
    if (auto op = op_.lock()) op->cancel();
    op_.reset();
  }

 private:
  std::weak_ptr<connect_operation> op_;
};

/// Nothing was connected, so nothing was sent.
inline status cannot_connect(const std::string& where, const std::string& why) {
  return status(status_code::unavailable, "cannot connect to " + where + ": " + why,
                outcome::not_sent);
}

}  // namespace polywire::inline v1::io

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/core/metadata.hpp"
#include "polywire/core/options.hpp"
#include "polywire/io/loop.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1 {

/// What a handler knows of the call that it serves. Lives as long as the handler runs.
///
/// Thread safety: `cancelled`, `deadline`, `remaining` and `stop_token` from any thread, the rest from the
/// handler.
class server_context {
 public:
  server_context(const server_context&) = delete;
  server_context& operator=(const server_context&) = delete;

  std::string_view method() const noexcept { return method_; }
  /// The caller's address, such as "127.0.0.1:51234".
  const std::string& peer() const noexcept { return *peer_; }
  /// What the caller sent beside its messages.
  const polywire::metadata& metadata() const noexcept { return metadata_; }

  /// When the caller gives up; `never` when it said nothing.
  time_point deadline() const noexcept { return deadline_; }
  duration remaining() const noexcept {
    return deadline_ == never ? duration::max() : deadline_ - home_->get_clock().now();
  }
  /// Nobody waits for the answer any more: cancelled, disconnected, or too late.
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_acquire); }
  /// The same as an event.
  std::stop_token stop_token() {
    const std::lock_guard lock(mutex_);
    if (!stop_) {
      stop_.emplace();
      if (cancelled()) stop_->request_stop();
    }
    return stop_->get_token();
  }

  /// The connection's executor.
  const io::executor& get_executor() const noexcept { return home_->get_executor(); }

  /// Metadata before the first response, and behind the last. Errors: as `metadata::add`.
  polywire::status add_initial(std::string_view key, std::string_view value) {
    return initial_.add(key, value);
  }
  polywire::status add_trailing(std::string_view key, std::string_view value) {
    return trailing_.add(key, value);
  }

 protected:
  server_context(std::shared_ptr<io::loop> home, const std::string& peer, std::string_view method,
                 const polywire::metadata& sent, time_point deadline)
      : home_(std::move(home)),
        peer_(&peer),
        method_(method),
        metadata_(sent),
        deadline_(deadline) {}
  ~server_context() = default;

  void set_cancelled() {
    if (cancelled_.exchange(true, std::memory_order_acq_rel)) return;
    std::optional<std::stop_source> stop;
    {
      const std::lock_guard lock(mutex_);
      stop = stop_;
    }
    if (stop) stop->request_stop();
  }

  std::shared_ptr<io::loop> home_;
  const std::string* peer_;
  std::string_view method_;
  polywire::metadata metadata_;
  polywire::metadata initial_;
  polywire::metadata trailing_;
  time_point deadline_;

 private:
  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::optional<std::stop_source> stop_;
};

/// Options of a call that is made on behalf of another: it ends when that one's deadline does, is
/// cancelled with it, and belongs to the same trace (W3C Trace Context).
inline call_options within(server_context& context) {
  call_options options;
  options.deadline(context.deadline()).stop_on(context.stop_token());
  for (const std::string_view key : {"traceparent", "tracestate"}) {
    if (const auto value = context.metadata().get(key)) options.metadata(key, *value);
  }
  return options;
}

}  // namespace polywire::inline v1

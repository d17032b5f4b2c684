// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/core/limits.hpp"
#include "polywire/core/metadata.hpp"
#include "polywire/core/options.hpp"
#include "polywire/core/peer_certificate.hpp"
#include "polywire/interceptor/call_context.hpp"
#include "polywire/interceptor/trace_context.hpp"
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

/// What a handler knows of the call that it serves, and what interceptors of the server left for it
/// (`get<T>()`). Lives as long as the handler runs.
///
/// Thread safety: `cancelled`, `deadline`, `remaining` and `stop_token` from any thread, the rest
/// from the handler.
class server_context : public call_context {
 public:
  /// The caller's address, such as "127.0.0.1:51234".
  const std::string& peer() const noexcept override { return *peer_; }
  /// What the caller sent beside its messages.
  const polywire::metadata& metadata() const noexcept override { return metadata_; }
  time_point now() const noexcept override { return home_->get_clock().now(); }
  /// Who the caller has proved to be, on connections over TLS with `client_ca`; else null.
  virtual const polywire::peer_certificate* peer_certificate() const noexcept { return nullptr; }

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

  /// Metadata before the first response, and behind the last. Errors: as `metadata::add`, and
  /// `resource_exhausted` above `limits::max_metadata`; nothing is added then.
  polywire::status add_initial(std::string_view key, std::string_view value) {
    return add(initial_, key, value);
  }
  polywire::status add_trailing(std::string_view key, std::string_view value) {
    return add(trailing_, key, value);
  }

 protected:
  /// `peer` and `bounds` outlive the context.
  server_context(std::shared_ptr<io::loop> home, const limits& bounds, const std::string& peer,
                 call_type type, std::string_view method, const polywire::metadata& sent,
                 time_point deadline)
      : call_context(call_side::server, type, method, deadline),
        home_(std::move(home)),
        bounds_(&bounds),
        peer_(&peer),
        metadata_(sent) {}
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
  const limits* bounds_;
  const std::string* peer_;
  polywire::metadata metadata_;
  polywire::metadata initial_;
  polywire::metadata trailing_;

 private:
  polywire::status add(polywire::metadata& to, std::string_view key, std::string_view value) const {
    if (to.size() + key.size() + value.size() <= bounds_->max_metadata &&
        to.count() < bounds_->max_metadata_entries) {
      return to.add(key, value);
    }
    return status::resource_exhausted(
        "the metadata of the reply would be above limits::max_metadata (" +
        std::to_string(bounds_->max_metadata) + " bytes) or max_metadata_entries");
  }

  std::atomic<bool> cancelled_{false};
  std::mutex mutex_;
  std::optional<std::stop_source> stop_;
};

/// Options of a call that is made on behalf of another: it ends when that one's deadline does, is
/// cancelled with it, and belongs to the same trace (W3C Trace Context).
inline call_options within(server_context& context) {
  call_options options;
  options.deadline(context.deadline()).stop_on(context.stop_token());
  if (const auto* trace = context.get<trace_context>()) {
    options.metadata("traceparent", trace->header());
    if (!trace->state().empty()) options.metadata("tracestate", trace->state());
    return options;
  }
  for (const std::string_view key : {"traceparent", "tracestate"}) {
    if (const auto value = context.metadata().get(key)) options.metadata(key, *value);
  }
  return options;
}

}  // namespace polywire::inline v1

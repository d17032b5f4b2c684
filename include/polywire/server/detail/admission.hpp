// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/message_queue.hpp"
#include "polywire/interceptor/interception.hpp"
#include "polywire/server/detail/server_call.hpp"

#include <memory>
#include <utility>

namespace polywire::inline v1::detail {

/// Stands between a session and a call that interceptors look at. What comes while one of them is
/// awaited waits here; the credit that the session gave bounds it.
class admission final : public rpc::call_sink, public recycled {
 public:
  admission(server_call& call, rpc::call_sink& behind, const interceptor_chain& chain)
      : call_(&call), behind_(&behind), interception_(chain, call.now()) {}

  /// The sink for the session; null when the call is rejected, and then this object is gone.
  rpc::call_sink* start(status& refusal) {
    const kept_server_call kept(*call_);
    switch (interception_.run(*call_, refusal)) {
      case interception::step::accepted:
        open_ = true;
        call_->begin();
        return behind_;  // nothing has to wait
      case interception::step::awaits: await(); return this;
      case interception::step::over:  // cannot be: the session does not know the call yet
      case interception::step::rejected: break;
    }
    call_->dismiss(refusal.set_reached(outcome::rejected));
    return nullptr;
  }

  /// The call has ended.
  void end(const status& how) {
    if (const auto waiting = std::move(awaiting_)) waiting->stop();
    interception_.end(*call_, how);
  }

 private:
  void await() {
    awaiting_ = awaited_start::begin(call_->home_, interception_, *call_,
                                     [this, kept = kept_server_call(*call_)](status how) {
                                       awaiting_.reset();
                                       decided(std::move(how));
                                     });
  }
  void decided(status how) {
    if (!interception_.decided(*call_, how)) {
      if (call_->is_open()) call_->reject(std::move(how));
      return;
    }
    switch (interception_.run(*call_, how)) {
      case interception::step::accepted: return let_in();
      case interception::step::awaits: return await();
      case interception::step::rejected: return call_->reject(std::move(how));
      case interception::step::over: return;
    }
  }

  void let_in() {
    open_ = true;
    call_->begin();
    while (!messages_.empty() && call_->is_open()) {
      const bool last = last_came_ && messages_.size() == 1;
      messages_.take([&](const incoming& next) { behind_->on_message(next, last); });
    }
    if (half_closed_ && call_->is_open()) behind_->on_half_close();
  }

  void on_metadata(metadata&& initial) override { behind_->on_metadata(std::move(initial)); }
  void on_sent() override { behind_->on_sent(); }
  void on_message(const incoming& message, bool last) override {
    if (open_) return behind_->on_message(message, last);
    messages_.push(message);
    last_came_ = last;
  }
  void on_half_close() override {
    if (open_) return behind_->on_half_close();
    half_closed_ = true;
  }
  void on_end(status&& how, metadata&& trailing) override {
    behind_->on_end(std::move(how), std::move(trailing));
  }

  server_call* call_;
  rpc::call_sink* behind_;
  interception interception_;
  std::shared_ptr<awaited_start> awaiting_;
  message_queue messages_;
  bool last_came_ = false;
  bool half_closed_ = false;
  bool open_ = false;
};

inline server_call::~server_call() {
  handler_done();
  if (!is_subscription_) link_->home().call_gone();
}

inline rpc::call_sink* server_call::admit(rpc::call_sink& own, status& refusal) {
  const auto& chain = link_->home().what().interceptors;
  if (!chain) {
    begin();
    return &own;
  }
  admission_ = std::make_unique<admission>(*this, own, *chain);
  return admission_->start(refusal);
}

inline void server_call::closed(const status& how) {
  open_ = false;
  home_->remove_timer(*this);
  if (admission_) admission_->end(how);
  unkeep();
}

inline kept_server_call::kept_server_call(server_call& call) noexcept : call_(&call) {
  call_->keep();
}
inline kept_server_call::kept_server_call(const kept_server_call& other) noexcept
    : kept_server_call(*other.call_) {}
inline kept_server_call::~kept_server_call() { call_->unkeep(); }

inline rpc::call_sink* server_link::on_open(rpc::call_id id, rpc::method_entry& method,
                                            const rpc::call_head& head, status& refusal) {
  // Cancelled handlers need a moment to end. A peer that opens and cancels without end is stopped
  // at as many of them again.
  if (running_.load(std::memory_order_relaxed) / 2 >= bounds_->max_calls) {
    refusal =
        status::resource_exhausted("too many cancelled handlers still run (limits::max_calls)");
    return nullptr;
  }
  if (head.deadline <= shard_->home()->now()) {
    refusal = status::deadline_exceeded("the deadline had passed when the call came");
    return nullptr;
  }
  if (!std::exchange(called_, true)) certificate_ = connection->certificate();
  const opened_call made = static_cast<server_entry&>(method).start(shared_from_this(), id, head);
  return made.call->admit(*made.sink, refusal);
}

}  // namespace polywire::inline v1::detail

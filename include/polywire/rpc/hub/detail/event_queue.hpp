// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/status.hpp"
#include "polywire/core/subscribe_options.hpp"
#include "polywire/rpc/hub/hub_thread.hpp"
#include "polywire/rpc/hub/subscription.hpp"

#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

namespace polywire::inline v1::rpc::detail {

/// The queue of a subscriber that cannot be a cursor: what it is to get depends on how full it is.
class event_queue final : public ready_item {
 public:
  event_queue(hub_thread& home, subscriber& who, const lag_limit& most) noexcept
      : home_(home), who_(&who), most_(most) {}

  hub_thread& home() const noexcept { return home_; }

  // Any thread.

  /// Appends what was there before the subscription; it does not count against the limit.
  void fill(delivery&& backlog) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(backlog));
    ++exempt_;
  }
  /// False: it is full.
  bool push(const event_ptr& what, const loss& lost_before) {
    const std::lock_guard lock(mutex_);
    if (!has_room(what->size())) return false;
    if (!how_.ok()) return true;
    waiting_.push_back({what, lost_before});
    bytes_ += what->size();
    return true;
  }
  /// Whether a publish must wait until something is taken; `take` then says that it was.
  bool must_wait(std::size_t size) {
    const std::lock_guard lock(mutex_);
    if (!how_.ok() || has_room(size)) return false;
    awaited_ = true;
    return true;
  }
  /// `awaited`: a publish waits for the room that this made.
  bool take(delivery& out, bool& awaited) {
    event_ptr old = std::move(out.what);  // dies outside of the lock
    const std::lock_guard lock(mutex_);
    if (!how_.ok() || waiting_.empty()) return false;
    out = std::move(waiting_.front());
    waiting_.pop_front();
    if (exempt_ > 0) {
      --exempt_;
    } else {
      bytes_ -= out.what->size();
    }
    awaited = std::exchange(awaited_, false);
    return true;
  }
  std::deque<delivery> take_all() {
    const std::lock_guard lock(mutex_);
    exempt_ = bytes_ = 0;
    return std::exchange(waiting_, {});
  }
  void end(const status& how) {
    const std::lock_guard lock(mutex_);
    if (how_.ok()) how_ = how;
  }
  status ended() const {
    const std::lock_guard lock(mutex_);
    return how_;
  }

  // On the subscriber's thread.

  void detach() noexcept { who_ = nullptr; }
  void activate() override {}
  void hand_on() override {
    if (who_ == nullptr || told_) return;
    {
      const std::lock_guard lock(mutex_);
      told_ = !how_.ok();
      if (!told_ && waiting_.empty()) return;
    }
    who_->on_ready();
  }

 private:
  bool has_room(std::size_t size) const noexcept {
    const std::size_t count = waiting_.size() - exempt_;
    if (count == 0) return true;  // at least one event, however large
    return count < most_.events && bytes_ + size <= most_.bytes;
  }

  hub_thread& home_;
  subscriber* who_;
  bool told_ = false;  // of its end
  const lag_limit most_;

  mutable std::mutex mutex_;
  std::deque<delivery> waiting_;
  std::size_t exempt_ = 0;  // so many at the front
  std::size_t bytes_ = 0;   // of the others
  bool awaited_ = false;
  status how_;
};

}  // namespace polywire::inline v1::rpc::detail

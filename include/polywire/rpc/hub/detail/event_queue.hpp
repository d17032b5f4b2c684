// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/status.hpp"
#include "polywire/core/subscribe_options.hpp"
#include "polywire/rpc/hub/hub_thread.hpp"
#include "polywire/rpc/hub/subscription.hpp"

#include <algorithm>
#include <array>
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
  void end(const status& how) {
    const std::lock_guard lock(mutex_);
    if (how_.ok()) how_ = how;
  }
  status ended() const {
    const std::lock_guard lock(mutex_);
    return how_;
  }

  // With the hub's lock held.

  /// False: it is full.
  bool push(const event_ptr& what, const loss& lost_before) {
    const std::lock_guard lock(mutex_);
    if (!has_room(what->size())) return false;
    if (!how_.ok()) return true;
    waiting_.push_back({what, lost_before});
    bytes_ += what->size();
    note_room();
    return true;
  }
  /// Whether a publish must wait until something is taken; `take` or `settle` then says that it
  /// was.
  bool must_wait(std::size_t size) {
    if (sure_events_ > 0 && sure_bytes_ >= size) return false;
    const std::lock_guard lock(mutex_);
    note_room();
    if (!how_.ok() || has_room(size)) return false;
    awaited_ = true;
    return true;
  }

  // On the subscriber's thread.

  /// The next event; false: there is none. `awaited`: a publish waits for room that was made.
  /// Several are fetched under one lock, and count as waiting until all of them are taken.
  bool take(delivery& out, bool& awaited) {
    awaited = false;
    if (read_ == fetched_ && !fetch(awaited)) return false;
    delivery& next = *ahead_[read_++];
    if (read_ > exempt_ahead_) bytes_read_ += next.what->size();
    out = std::move(next);
    return true;
  }
  /// Nothing more is taken for now: what was not taken waits again. True: as `awaited`.
  bool settle() {
    const std::lock_guard lock(mutex_);
    return forget_read();
  }
  std::deque<delivery> take_all() {
    const std::lock_guard lock(mutex_);
    forget_read();
    exempt_ = bytes_ = 0;
    return std::exchange(waiting_, {});
  }

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
  bool fetch(bool& awaited) {
    const std::lock_guard lock(mutex_);
    awaited = forget_read();
    if (!how_.ok()) return false;
    fetched_ = std::min(waiting_.size(), ahead_.size());
    exempt_ahead_ = std::min(exempt_, fetched_);
    for (std::size_t i = 0; i < fetched_; ++i) ahead_[i] = &waiting_[i];
    return fetched_ > 0;
  }
  // With the lock held.
  bool forget_read() {
    const bool any = read_ > 0;
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(read_));
    exempt_ -= std::min(exempt_, read_);
    bytes_ -= bytes_read_;
    fetched_ = read_ = bytes_read_ = 0;
    return any && std::exchange(awaited_, false);
  }
  // With the lock held.
  bool has_room(std::size_t size) const noexcept {
    const std::size_t count = waiting_.size() - exempt_;
    if (count == 0) return true;  // at least one event, however large
    return count < most_.events && bytes_ + size <= most_.bytes;
  }
  // With both locks held. Until the next push there is at least as much room.
  void note_room() noexcept {
    const std::size_t count = waiting_.size() - exempt_;
    const bool some = count < most_.events && bytes_ <= most_.bytes;
    sure_events_ = some ? most_.events - count : 0;
    sure_bytes_ = some ? most_.bytes - bytes_ : 0;
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

  // The hub's lock guards these.
  std::size_t sure_events_ = 0;
  std::size_t sure_bytes_ = 0;

  // The subscriber's: the front of the queue, which it may touch without the lock.
  std::array<delivery*, 16> ahead_{};
  std::size_t fetched_ = 0;
  std::size_t read_ = 0;
  std::size_t exempt_ahead_ = 0;
  std::size_t bytes_read_ = 0;  // of those that count
};

}  // namespace polywire::inline v1::rpc::detail

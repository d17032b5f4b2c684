// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <vector>

namespace polywire::inline v1::testing {

/// A clock that a test moves by hand. It must outlive the clients and servers that were given it.
///
/// Thread safety: everything may be called from any thread. When `advance` returns, every watcher
/// has been told; when `unwatch` returns, that watcher is not being told and will not be.
class manual_clock final : public clock {
 public:
  manual_clock() = default;
  explicit manual_clock(time_point start) noexcept : now_(start) {}

  time_point now() const noexcept override { return now_.load(); }
  bool is_real() const noexcept override { return false; }

  /// Lets time pass, at once.
  void advance(duration by) {
    const std::lock_guard lock(mutex_);
    now_.store(after(now_.load(), by));
    // A watcher may watch and unwatch in here, others too: hence the copy, and the look at whether
    // each one is still there.
    for (clock_watcher* watcher : std::vector<clock_watcher*>(watchers_)) {
      if (std::find(watchers_.begin(), watchers_.end(), watcher) != watchers_.end()) {
        watcher->clock_changed();
      }
    }
  }

  void watch(clock_watcher& watcher) override {
    const std::lock_guard lock(mutex_);
    watchers_.push_back(&watcher);
  }
  void unwatch(clock_watcher& watcher) noexcept override {
    const std::lock_guard lock(mutex_);
    const auto found = std::find(watchers_.begin(), watchers_.end(), &watcher);
    if (found != watchers_.end()) watchers_.erase(found);
  }

 private:
  // Not zero: subtracting a timeout from now is still a time.
  std::atomic<time_point> now_ = time_point(std::chrono::hours(1000));
  std::recursive_mutex mutex_;  // held while watchers are told
  std::vector<clock_watcher*> watchers_;
};

}  // namespace polywire::inline v1::testing

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <limits>
#include <mutex>

namespace polywire::inline v1::testing {

/// What a `fault_proxy` does to the bytes of one direction; by default nothing. Positions count the
/// bytes of each connection, from 0.
class proxy_faults {
 public:
  static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

  proxy_faults() {}  // NOLINT(modernize-use-equals-default): no aggregate, see `limits`

  /// Everything arrives `by` later, and up to `jitter` later than that; the order is kept.
  proxy_faults& latency(duration by, duration jitter = duration::zero()) {
    latency_ = by;
    jitter_ = jitter;
    return *this;
  }
  /// So many bytes per second at most; 0 is as many as there are.
  proxy_faults& bandwidth(std::size_t bytes_per_second) {
    return bandwidth_ = bytes_per_second, *this;
  }
  /// Pieces of 1 to `most` bytes, each written for itself; 0 is as they come.
  proxy_faults& slices(std::size_t most) { return slice_ = most, *this; }
  /// The connection is reset, both ends at once, when so many bytes have passed.
  proxy_faults& reset_after(std::size_t bytes) { return reset_at_ = bytes, *this; }
  /// The connection is closed in an orderly way when so many bytes have passed.
  proxy_faults& close_after(std::size_t bytes) { return close_at_ = bytes, *this; }
  /// Half-open: what comes is swallowed, its end too, and nobody is told. A connection that lost
  /// bytes like this carries none any more in that direction, whatever is set later.
  proxy_faults& silence(bool on = true) { return silent_ = on, *this; }
  /// One bit in about so many bytes is wrong; 0 is none.
  proxy_faults& flip_bit_every(std::size_t bytes) { return flip_every_ = bytes, *this; }

 private:
  friend class proxy_pipe;

  duration latency_ = duration::zero();
  duration jitter_ = duration::zero();
  std::size_t bandwidth_ = 0;
  std::size_t slice_ = 0;
  std::size_t reset_at_ = nowhere;
  std::size_t close_at_ = nowhere;
  std::size_t flip_every_ = 0;
  bool silent_ = false;
};

/// The faults of both directions, which a test changes and connections look up.
class proxy_settings {
 public:
  void set(std::size_t direction, const proxy_faults& what) {
    const std::lock_guard lock(mutex_);
    faults_[direction] = what;
  }
  proxy_faults get(std::size_t direction) const {
    const std::lock_guard lock(mutex_);
    return faults_[direction];
  }
  std::atomic<std::size_t> broken{0};

 private:
  mutable std::mutex mutex_;
  std::array<proxy_faults, 2> faults_;
};

}  // namespace polywire::inline v1::testing

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/core/limits.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace polywire::inline v1::framed {

/// Watches that the peer greets, goes on, and answers.
class liveness {
 public:
  liveness(const limits& bounds, time_point now) noexcept
      : bounds_(&bounds), greeting_deadline_(after(now, bounds.handshake_timeout)) {}

  /// Bytes came, whatever they are.
  void heard(time_point now) noexcept {
    next_ping_ = after(now, bounds_->ping_interval);
    pings_ = 0;
    progress_at_ = now;
  }
  void set_greeted() noexcept { greeted_ = true; }
  bool is_greeted() const noexcept { return greeted_; }
  /// Whether the beginning of a frame waits for its rest.
  void set_partial(bool partial) noexcept { partial_ = partial; }

  time_point next() const noexcept {
    const time_point usual = greeted_ ? next_ping_ : greeting_deadline_;
    return partial_ ? std::min(usual, stuck_at()) : usual;
  }

  /// Why the peer is to be given up; empty as long as it is not.
  std::string_view problem(time_point now) const noexcept {
    if (!greeted_ && now >= greeting_deadline_) {
      return "the peer did not greet in time (limits::handshake_timeout)";
    }
    if (partial_ && now >= stuck_at()) {
      return "half a frame came and no more (limits::read_progress_timeout)";
    }
    if (pings_ == most_pings && now >= next_ping_) {
      return "the peer is silent and does not answer pings (limits::ping_interval)";
    }
    return {};
  }

  /// The number of the ping that is due; 0 when there is none.
  std::uint32_t take_ping(time_point now) noexcept {
    if (!greeted_ || now < next_ping_) return 0;
    next_ping_ = after(now, bounds_->ping_interval);
    return ++pings_;
  }

 private:
  static constexpr std::uint32_t most_pings = 2;

  time_point stuck_at() const noexcept {
    return after(progress_at_, bounds_->read_progress_timeout);
  }

  const limits* bounds_;
  time_point greeting_deadline_;
  time_point next_ping_ = never;
  time_point progress_at_{};
  std::uint32_t pings_ = 0;
  bool greeted_ = false;
  bool partial_ = false;
};

}  // namespace polywire::inline v1::framed

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <optional>

namespace polywire::inline v1 {

using duration = std::chrono::steady_clock::duration;
using time_point = std::chrono::steady_clock::time_point;

inline constexpr time_point never = time_point::max();

/// `now + timeout`, without overflow: an absurdly long timeout means never.
constexpr time_point after(time_point now, duration timeout) noexcept {
  if (timeout > duration::zero() && now > never - timeout) return never;
  if (timeout < duration::zero() && now < time_point::min() - timeout) return time_point::min();
  return now + timeout;
}

/// Any chrono duration as ours, clamped instead of overflowing (10^18 hours is a long time).
template <class Rep, class Period>
constexpr duration clamp_duration(std::chrono::duration<Rep, Period> d) noexcept {
  using seconds = std::chrono::duration<double>;
  const double wanted = std::chrono::duration_cast<seconds>(d).count();
  const double most = std::chrono::duration_cast<seconds>(duration::max()).count() / 2;
  if (wanted >= most) return duration::max();
  if (wanted <= -most) return duration::min();
  return std::chrono::duration_cast<duration>(d);
}

/// Is told when the time may have changed; see `clock::watch`.
class clock_watcher {
 public:
  virtual void clock_changed() = 0;

 protected:
  ~clock_watcher() = default;
};

/// Where time comes from. The library's own reads `steady_clock`; tests give a
/// `testing::manual_clock` to clients and servers, and decide themselves when time passes.
class clock {
 public:
  virtual ~clock() = default;
  virtual time_point now() const noexcept = 0;
  /// True: real time passes by itself, and timers may sleep. False: `watch` tells of each change.
  virtual bool is_real() const noexcept = 0;
  virtual void watch(clock_watcher&) {}
  virtual void unwatch(clock_watcher&) noexcept {}

  static clock& steady() noexcept;
};

namespace detail {
class steady_clock final : public clock {
 public:
  time_point now() const noexcept override { return std::chrono::steady_clock::now(); }
  bool is_real() const noexcept override { return true; }
};
inline steady_clock the_steady_clock;
}  // namespace detail

inline clock& clock::steady() noexcept { return detail::the_steady_clock; }

}  // namespace polywire::inline v1

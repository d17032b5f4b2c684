// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/event_id.hpp"
#include "polywire/core/options.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1 {

/// What becomes of events when a subscriber lags further behind than its limit.
enum class overflow : std::uint8_t {
  drop_oldest,  ///< it goes on with the newest
  drop_newest,  ///< it gets the oldest, then what is published once it has room
  disconnect,   ///< its subscription ends `resource_exhausted`
  block,        ///< the topic waits for it, where the host allows that
};

/// Where a subscription begins.
class start_at {
 public:
  enum class kind : std::uint8_t { now, earliest, last, after };

  constexpr start_at() = default;
  static constexpr start_at earliest() noexcept { return start_at(kind::earliest, 0, {}); }
  static constexpr start_at last(std::uint64_t n) noexcept { return start_at(kind::last, n, {}); }
  static constexpr start_at after(event_id id) noexcept { return start_at(kind::after, 0, id); }

  constexpr kind how() const noexcept { return kind_; }
  /// last: so many of the events that were published before.
  constexpr std::uint64_t count() const noexcept { return count_; }
  /// after: the last event that was seen.
  constexpr event_id id() const noexcept { return id_; }

 private:
  constexpr start_at(kind how, std::uint64_t n, event_id id) noexcept
      : kind_(how), count_(n), id_(id) {}

  kind kind_ = kind::now;
  std::uint64_t count_ = 0;
  event_id id_;
};

/// How far a subscriber may lag behind, in events or in bytes of their messages, whichever comes
/// first.
class lag_limit {
 public:
  constexpr lag_limit() = default;
  constexpr lag_limit(std::size_t most_events, std::size_t most_bytes) noexcept
      : events(std::max<std::size_t>(most_events, 1)), bytes(most_bytes) {}
  std::size_t events = 1'024;
  std::size_t bytes = std::size_t{1} << 20;
};

/// How one subscription is made. Usually starts from `from_now()`, `from_earliest()`,
/// `from_last(n)` or `after(id)`:
///
///     prices.subscribe(ticks, polywire::from_last(10).overflow(polywire::overflow::disconnect));
class subscribe_options {
 public:
  subscribe_options() = default;
  explicit subscribe_options(start_at where) : start_(where) {}

  subscribe_options& overflow(polywire::overflow policy) & {
    overflow_ = policy;
    return *this;
  }
  /// Above it the overflow policy counts. The topic's own history bounds it as well.
  subscribe_options& lag(std::size_t events, std::size_t bytes = lag_limit().bytes) & {
    lag_ = lag_limit(events, bytes);
    return *this;
  }
  /// Shares the events with all subscribers of this group: each event goes to one of them. From now
  /// only. The name is as a topic's segment.
  subscribe_options& group(std::string_view name) & {
    group_ = name;
    return *this;
  }
  /// How long it may take until the server has confirmed the subscription.
  template <class Rep, class Period>
  subscribe_options& timeout(std::chrono::duration<Rep, Period> d) & {
    call_.timeout(d);
    return *this;
  }
  subscribe_options& metadata(std::string_view key, std::string_view value) & {
    call_.metadata(key, value);
    return *this;
  }
  /// Waits for a connection instead of failing when there is none. Once it is confirmed, a
  /// subscription always comes back by itself.
  subscribe_options& wait_for_ready() & {
    call_.wait_for_ready();
    return *this;
  }
  subscribe_options& stop_on(std::stop_token token) & {
    call_.stop_on(std::move(token));
    return *this;
  }
  subscribe_options& capture(call_info& info) & {
    call_.capture(info);
    return *this;
  }

  subscribe_options&& overflow(polywire::overflow policy) && { return std::move(overflow(policy)); }
  subscribe_options&& lag(std::size_t events, std::size_t bytes = lag_limit().bytes) && {
    return std::move(lag(events, bytes));
  }
  subscribe_options&& group(std::string_view name) && { return std::move(group(name)); }
  template <class Rep, class Period>
  subscribe_options&& timeout(std::chrono::duration<Rep, Period> d) && {
    return std::move(timeout(d));
  }
  subscribe_options&& metadata(std::string_view key, std::string_view value) && {
    return std::move(metadata(key, value));
  }
  subscribe_options&& wait_for_ready() && { return std::move(wait_for_ready()); }
  subscribe_options&& stop_on(std::stop_token token) && {
    return std::move(stop_on(std::move(token)));
  }
  subscribe_options&& capture(call_info& info) && { return std::move(capture(info)); }

  const start_at& get_start() const noexcept { return start_; }
  polywire::overflow get_overflow() const noexcept { return overflow_; }
  const lag_limit& get_lag() const noexcept { return lag_; }
  const std::string& get_group() const noexcept { return group_; }
  const call_options& get_call() const noexcept { return call_; }
  void fail(status why) { call_.fail(std::move(why)); }

 private:
  start_at start_;
  polywire::overflow overflow_ = polywire::overflow::drop_oldest;
  lag_limit lag_;
  std::string group_;
  call_options call_;
};

/// Events that are published from now on.
inline subscribe_options from_now() { return subscribe_options(); }
/// All events that the topic still keeps, then the new ones.
inline subscribe_options from_earliest() { return subscribe_options(start_at::earliest()); }
/// The last `n` events that the topic still keeps, then the new ones.
inline subscribe_options from_last(std::uint64_t n) { return subscribe_options(start_at::last(n)); }
/// What came after an event that was seen.
inline subscribe_options from_after(event_id id) { return subscribe_options(start_at::after(id)); }

}  // namespace polywire::inline v1

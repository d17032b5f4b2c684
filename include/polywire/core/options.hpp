// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/call_info.hpp"
#include "polywire/core/clock.hpp"
#include "polywire/core/metadata.hpp"

#include <concepts>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1 {

/// How one call is made. Usually starts from `timeout(2s)` or `within(context)`:
///
///     users.call(get_user, request, polywire::timeout(2s).metadata("tenant", "a"));
///
/// A class with setters, not designated initialisers: see GCC 12 in docs/cookbook.md.
class call_options {
 public:
  call_options() = default;

  /// From now on; zero or less fails the call without sending anything. With `within` the earlier
  /// end counts.
  template <class Rep, class Period>
  call_options& timeout(std::chrono::duration<Rep, Period> d) & {
    timeout_ = clamp_duration(d);
    return *this;
  }
  /// An absolute end; the earlier of this and `timeout` counts.
  call_options& deadline(time_point when) & {
    deadline_ = std::min(deadline_, when);
    return *this;
  }
  /// Adds a pair; a bad key or value fails the call with `invalid_argument`, `not_sent`.
  call_options& metadata(std::string_view key, std::string_view value) & {
    auto added = metadata_.add(key, value);
    if (!added && error_.ok()) error_ = std::move(added.set_reached(outcome::not_sent));
    return *this;
  }
  /// Fills `info`, which must live until the call completes.
  call_options& capture(call_info& info) & {
    info_ = &info;
    return *this;
  }
  /// Waits within the deadline for a connection, instead of failing when there is none.
  call_options& wait_for_ready() & {
    wait_for_ready_ = true;
    return *this;
  }
  /// Cancels the call when asked to stop.
  call_options& stop_on(std::stop_token token) & {
    stop_ = std::move(token);
    return *this;
  }

  template <class Rep, class Period>
  call_options&& timeout(std::chrono::duration<Rep, Period> d) && {
    return std::move(timeout(d));
  }
  call_options&& deadline(time_point when) && { return std::move(deadline(when)); }
  call_options&& metadata(std::string_view key, std::string_view value) && {
    return std::move(metadata(key, value));
  }
  call_options&& capture(call_info& info) && { return std::move(capture(info)); }
  call_options&& wait_for_ready() && { return std::move(wait_for_ready()); }
  call_options&& stop_on(std::stop_token token) && { return std::move(stop_on(std::move(token))); }

  /// The same for those who look at what became of it.
  status add_metadata(std::string_view key, std::string_view value) {
    return metadata_.add(key, value);
  }
  /// Instead of all values that the key has.
  status replace_metadata(std::string_view key, std::string_view value) {
    polywire::metadata changed;
    if (auto added = changed.add(key, value); !added) return added;
    const std::string name = changed.begin()->first;
    for (const auto& [other, kept] : metadata_) {
      if (other != name) (void)changed.add(other, kept);  // it was accepted before
    }
    metadata_ = std::move(changed);
    return {};
  }

  /// Makes the call fail with this status, without being sent.
  void fail(status why) {
    if (error_.ok()) error_ = std::move(why);
  }

  /// The end of a call that starts now.
  time_point deadline_from(time_point now) const noexcept {
    return timeout_ ? std::min(deadline_, after(now, *timeout_)) : deadline_;
  }
  const polywire::metadata& get_metadata() const noexcept { return metadata_; }
  const status& error() const noexcept { return error_; }
  call_info* get_info() const noexcept { return info_; }
  bool waits_for_ready() const noexcept { return wait_for_ready_; }
  const std::stop_token& stop_token() const noexcept { return stop_; }

 private:
  std::optional<duration> timeout_;
  time_point deadline_ = never;
  polywire::metadata metadata_;
  status error_;
  call_info* info_ = nullptr;
  std::stop_token stop_;
  bool wait_for_ready_ = false;
};

/// Options of a call that may take this long, connecting and retries included.
template <class Rep, class Period>
call_options timeout(std::chrono::duration<Rep, Period> d) {
  return call_options().timeout(d);
}

/// Options with one pair of metadata.
inline call_options with_metadata(std::string_view key, std::string_view value) {
  return call_options().metadata(key, value);
}

template <class T>
concept call_options_like = std::derived_from<std::remove_cvref_t<T>, call_options>;

}  // namespace polywire::inline v1

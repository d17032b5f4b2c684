// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/event_id.hpp"
#include "polywire/core/status.hpp"
#include "polywire/core/subscribe_options.hpp"
#include "polywire/rpc/hub/event.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace polywire::inline v1::rpc {

/// An event for one subscriber, and what it did not get before.
class delivery {
 public:
  event_ptr what;
  loss lost_before;
};

/// What a subscriber asks for. Everything is borrowed for the length of `hub::subscribe`.
class subscribe_request {
 public:
  subscribe_request() noexcept {
  }  // NOLINT(modernize-use-equals-default): no aggregate, see limits.hpp

  std::string_view pattern;
  start_at start;
  /// With a start after an event: `subscription::sequence()` as it stood there; 0: not known.
  std::uint64_t sequence = 0;
  overflow policy = overflow::drop_oldest;
  lag_limit lag;
  /// Empty: none.
  std::string_view group;
};

/// One subscription. It is made, used and destroyed on the thread that it was made for; destroying
/// it, also inside `subscriber::on_ready`, unsubscribes.
class subscription {
 public:
  subscription(const subscription&) = delete;
  subscription& operator=(const subscription&) = delete;
  virtual ~subscription() = default;

  /// Stands before the first event that may come: a start after it goes on here.
  virtual event_id position() const = 0;
  /// The number, in its topic, of the first event after `position()`, from 1; 0 for a pattern with
  /// wildcards and for a group. It grows by one for each event that was taken and by each loss that
  /// was told.
  virtual std::uint64_t sequence() const = 0;
  /// The next event. False: there is none now, and `on_ready` will come, or it has ended. Whoever
  /// stops earlier says `stalled`: events are fetched several at a time.
  virtual bool take(delivery& out) = 0;
  /// The subscriber can take no more for now: what waits, waits in the topic, and its lag counts.
  virtual void stalled() = 0;
  /// Ok while it goes on. `resource_exhausted`: it lagged too far behind (overflow::disconnect), or
  /// made its topic wait for too long (overflow::block); `unavailable`: the hub has closed.
  virtual status ended() const = 0;

 protected:
  subscription() = default;
};

using subscription_ptr = std::unique_ptr<subscription>;

}  // namespace polywire::inline v1::rpc

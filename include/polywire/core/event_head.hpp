// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/event_id.hpp"
#include "polywire/core/subscribe_options.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace polywire::inline v1 {

/// What goes with an event beside its message, as sessions carry it. Everything is borrowed.
class event_head {
 public:
  event_head() noexcept {}  // NOLINT(modernize-use-equals-default): no aggregate, see limits.hpp

  /// Of its id. The epoch is the subscription's, which alone knows it.
  std::uint64_t offset = 0;
  std::uint64_t epoch = 0;
  loss lost_before;
  /// Only where the subscription has wildcards.
  std::string_view topic;
  std::string_view key;
};

/// The same, owned.
class kept_event_head {
 public:
  explicit kept_event_head(const event_head& head)
      : topic_(head.topic), key_(head.key), head_(head) {
    head_.topic = topic_;
    head_.key = key_;
  }
  kept_event_head(const kept_event_head&) = delete;
  kept_event_head& operator=(const kept_event_head&) = delete;

  const event_head& get() const noexcept { return head_; }

 private:
  std::string topic_;
  std::string key_;
  event_head head_;
};

/// What a subscription asks for, as sessions carry it. The name or pattern is the call's.
class subscribe_head {
 public:
  subscribe_head() noexcept {}  // NOLINT(modernize-use-equals-default)

  start_at start;
  /// With a start after an event: the number, in its topic, of the first event that was not seen; 0
  /// when that is not known. See subscribe_position.
  std::uint64_t sequence = 0;
  polywire::overflow policy = polywire::overflow::drop_oldest;
  lag_limit lag;
  std::string_view group;
};

/// Where a subscription begins: what its server answers first.
class subscribe_position {
 public:
  subscribe_position() noexcept {}  // NOLINT(modernize-use-equals-default)

  /// Everything later may come.
  event_id after;
  /// Of a topic without wildcards: the number of the first event that may come, counted from 1
  /// since the topic began. Whoever adds the events that came and the losses that were told knows
  /// where it stands, so that a loss while it was away is told exactly.
  std::uint64_t sequence = 0;

  friend bool operator==(const subscribe_position&, const subscribe_position&) = default;
};

}  // namespace polywire::inline v1

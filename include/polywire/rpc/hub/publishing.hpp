// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/core/event_id.hpp"
#include "polywire/core/payload.hpp"
#include "polywire/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace polywire::inline v1::rpc {

/// An event to publish. Everything is borrowed for the length of `hub::publish`.
class publication {
 public:
  publication() noexcept {}  // NOLINT(modernize-use-equals-default): no aggregate, see limits.hpp

  std::string_view topic;
  format encoding = format::protobuf;
  bytes_view payload;
  std::string_view key;
  /// It came from a client: it needs permission, and its bytes are checked.
  bool remote = false;
};

/// Whoever waits until a topic goes on.
class publish_waiter {
 public:
  /// Once, on any thread, perhaps before `publish` has returned; no lock of the hub is held. Does
  /// not throw.
  virtual void on_published(result<event_id> how) = 0;

 protected:
  ~publish_waiter() = default;
};

/// What the hub needs of its owner.
class hub_events {
 public:
  /// Call `hub::on_time` at this time. Any thread; no lock of the hub is held. Earlier wishes stay.
  virtual void on_timer_wanted(time_point when) = 0;

 protected:
  ~hub_events() = default;
};

/// Numbers of a hub since it began.
class hub_stats {
 public:
  std::uint64_t published = 0;
  /// Events that overflow took from subscribers, counted for each of them when it is noticed.
  std::uint64_t lost = 0;
  std::size_t subscribers = 0;
  std::size_t topics = 0;
};

}  // namespace polywire::inline v1::rpc

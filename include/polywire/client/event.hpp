// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/event_id.hpp"
#include "polywire/core/status.hpp"

#include <memory>
#include <string>
#include <utility>

namespace polywire::inline v1 {

/// An event as a subscriber gets it.
template <class T>
class event {
 public:
  event(T message, std::shared_ptr<const std::string> topic, std::string key, event_id id,
        loss lost_before)
      : message_(std::move(message)),
        topic_(std::move(topic)),
        key_(std::move(key)),
        id_(id),
        lost_before_(lost_before) {}

  T& message() noexcept { return message_; }
  const T& message() const noexcept { return message_; }
  const std::string& topic() const noexcept { return *topic_; }
  /// What the publisher gave with it; may be empty.
  const std::string& key() const noexcept { return key_; }
  /// Give it to `from_after` in order to go on behind this event, even in another process.
  event_id id() const noexcept { return id_; }
  /// What this subscriber did not get between the event before and this one.
  const loss& lost_before() const noexcept { return lost_before_; }

  /// Says that the event was dealt with, or was not. Of effect where a backend delivers at least
  /// once; the backends of this package deliver at most once, and take no notice.
  status ack() { return {}; }
  status nack() { return {}; }

 private:
  T message_;
  std::shared_ptr<const std::string> topic_;  // that of the event before, mostly
  std::string key_;
  event_id id_;
  loss lost_before_;
};

}  // namespace polywire::inline v1

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/call_order.hpp"
#include "polywire/rpc/session.hpp"

#include <cstdint>
#include <memory>

namespace polywire::inline v1::framed {

/// What a framed session remembers of one call.
class call {
 public:
  std::uint32_t id = 0;
  rpc::call_state state = rpc::call_state::idle;
  format encoding = format::protobuf;
  bool subscription = false;
  /// Client: the server has made the subscription.
  bool confirmed = false;
  /// The layer above has ended the call or given it up.
  bool over = false;
  /// Server: a handler may have seen something of the call.
  bool started = false;
  /// Server: the metadata does not fit; the call can only end.
  bool broken = false;
  /// Null once the call is over.
  rpc::call_sink* sink = nullptr;
  /// Position in the output behind the opening frame: tells whether it has left.
  std::uint64_t opened_at = 0;

  // Sending. What the peer has no room for waits here and leaves in fragments.
  class waiting_end {
   public:
    status how;
    polywire::metadata trailing;
  };
  bool holds = false;
  bool holds_message = false;
  bool last_after_held = false;
  std::unique_ptr<waiting_end> end_after_held;
  std::int64_t credit = 0;
  buffer held;
  std::size_t held_total = 0;

  // Receiving. Of the peer's credit, `window` is left; the rest has been saved up to be returned,
  // or stands for parts of a message, or for messages that nobody has taken yet.
  bool assembling = false;
  bool admitted = false;
  bool queued = false;
  std::int64_t window = 0;
  std::uint32_t to_return = 0;
  std::uint32_t assembly_cost = 0;
  std::size_t assembly_total = 0;
  buffer assembly;
  time_point assembly_since{};
  /// Client: of the event whose message has not come whole.
  std::unique_ptr<kept_event_head> event;

  /// As new. Only what `erase` of the session has not put back already.
  void reset() noexcept {
    sink = nullptr;
    over = started = broken = false;
    opened_at = 0;
    last_after_held = false;
    end_after_held.reset();
    to_return = 0;
    subscription = confirmed = false;
    event.reset();
  }
};

}  // namespace polywire::inline v1::framed

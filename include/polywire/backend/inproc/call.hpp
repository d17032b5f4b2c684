// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/call_order.hpp"
#include "polywire/rpc/packet_session.hpp"

#include <cstdint>
#include <memory>
#include <optional>

namespace polywire::inline v1::inproc {

/// Messages of one call and direction that may wait unread; objects have no size to count.
inline constexpr std::uint32_t window = 64;

/// What one end remembers of a call.
class call {
 public:
  std::uint32_t id = 0;
  /// Null once the call is over.
  rpc::call_sink* sink = nullptr;
  rpc::call_state state = rpc::call_state::open;
  format encoding = format::protobuf;
  bool subscription = false;
  /// The layer above has ended the call or given it up.
  bool over = false;
  /// Server: the metadata is above the limits; the call can only end.
  bool broken = false;
  std::uint32_t credit = window;
  std::uint32_t unread = 0;
  std::uint32_t to_return = 0;
  /// The message that waits for credit, with what comes behind it.
  std::optional<rpc::packet> held;
  std::optional<rpc::packet> behind;

  void reset() noexcept { *this = call(); }
};

/// Puts a message into a packet: the object itself, or its bytes.
inline status fill(rpc::packet& p, const outgoing& message) {
  p.has_message = true;
  if (message.event() != nullptr) p.event = std::make_unique<kept_event_head>(*message.event());
  p.object = message.take();
  if (p.object) return {};
  return message.encode(p.encoded);
}

/// Refuses a command without effect.
inline status not_now(std::string_view why) {
  return status::failed_precondition(std::string(why)).set_reached(outcome::not_sent);
}

}  // namespace polywire::inline v1::inproc

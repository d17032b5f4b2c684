// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/call_order.hpp"
#include "polywire/rpc/session.hpp"

#include <cstdint>
#include <optional>

namespace polywire::inline v1::framed {

/// What a framed session remembers of one call.
class call {
 public:
  std::uint32_t id = 0;
  rpc::call_state state = rpc::call_state::idle;
  /// Null once the layer above has lost interest.
  rpc::call_sink* sink = nullptr;
  format encoding = format::protobuf;

  // Sending. A message that the peer has no room for waits here and leaves in fragments.
  std::int64_t credit = 0;
  bool holds = false;
  buffer held;
  std::size_t held_total = 0;
  bool last_after_held = false;
  std::optional<status> end_after_held;
  polywire::metadata trailing_after_held;
  /// Position in the output behind the opening frame: tells whether it has left.
  std::uint64_t opened_at = 0;

  // Receiving.
  std::int64_t window = 0;
  std::uint32_t to_return = 0;
  buffer assembly;
  std::size_t assembly_total = 0;
  std::uint32_t assembly_cost = 0;
  bool assembling = false;
  bool admitted = false;
  time_point assembly_since{};

  void reset() noexcept { *this = call(); }
};

}  // namespace polywire::inline v1::framed

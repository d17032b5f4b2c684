// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/event_head.hpp"
#include "polywire/core/metadata.hpp"
#include "polywire/core/payload.hpp"
#include "polywire/core/status.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// The binary frames of tcp:// and ws://. frame.proto is the schema, docs/protocols.md the rules.
namespace polywire::inline v1::wire::frame {

/// What each side of a byte stream sends first: F0 'P' 'W', then the version.
inline constexpr std::array<std::byte, 4> preface{std::byte{0xf0}, std::byte{0x50}, std::byte{0x57},
                                                  std::byte{0x01}};

inline constexpr std::uint32_t flag_last = 1;    ///< client: no more messages follow
inline constexpr std::uint32_t flag_more = 2;    ///< the message continues in a later frame
inline constexpr std::uint32_t flag_end = 4;     ///< server: the call is over
inline constexpr std::uint32_t flag_cancel = 8;  ///< client: gives the call up

/// Bytes of a frame after its length, until a hello says more.
inline constexpr std::uint32_t max_frame_default = std::uint32_t{64} << 10;
/// What a frame with a payload costs beside the payload's bytes, so that empty ones are not free.
inline constexpr std::uint32_t payload_cost = 32;
/// Method numbers are 1 to this.
inline constexpr std::uint32_t max_method_number = 1024;

/// What the sender of a hello can receive. 0: not announced, the default holds.
class hello {
 public:
  hello() noexcept {}  // NOLINT(modernize-use-equals-default): no aggregate, see limits.hpp

  std::uint32_t max_message = 0;
  std::uint32_t max_calls = 0;
  std::uint32_t max_frame = 0;
  std::uint32_t call_credit = 0;
  std::uint32_t connection_credit = 0;
  std::uint32_t max_subscriptions = 0;

  friend bool operator==(const hello&, const hello&) = default;
};

/// One frame, as a view: everything in it is borrowed. A decoded frame points into the input.
class frame {
 public:
  frame() noexcept {}  // NOLINT(modernize-use-equals-default)

  std::uint32_t call = 0;
  std::uint32_t flags = 0;
  std::uint32_t method = 0;
  bool has_payload = false;
  bytes_view payload;
  std::string_view name;
  format encoding = format::protobuf;
  std::uint32_t message_size = 0;
  bool has_timeout = false;
  std::uint64_t timeout_us = 0;
  std::uint32_t credit = 0;
  bool has_hello = false;
  wire::frame::hello hello;
  bool has_ping = false;
  std::uint32_t ping = 0;
  bool has_pong = false;
  std::uint32_t pong = 0;
  std::string_view key;
  /// 0: no event.
  std::uint64_t event = 0;
  loss lost_before;

  // What is large or seldom has two forms. Encoding reads the pointers (null: absent) and nothing
  // else; decoding sets the rest, for decode_metadata, decode_status and so on.
  const polywire::metadata* metadata = nullptr;
  const polywire::status* status = nullptr;
  const polywire::status* goodbye = nullptr;
  const subscribe_head* subscribe = nullptr;
  const subscribe_position* position = nullptr;
  bool has_metadata = false;
  bool has_status = false;
  bool has_goodbye = false;
  bool has_subscribe = false;
  bool has_position = false;
  bytes_view status_bytes;
  bytes_view goodbye_bytes;
  bytes_view subscribe_bytes;
  bytes_view position_bytes;
  /// The whole frame without its length.
  bytes_view body;
};

}  // namespace polywire::inline v1::wire::frame

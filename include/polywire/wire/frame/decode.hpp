// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/frame/detail/field_reader.hpp"
#include "polywire/wire/frame/frame.hpp"

#include "polywire/core/limits.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace polywire::inline v1::wire::frame {

enum class parse_state : std::uint8_t { need_more, complete, error };

class parsed {
 public:
  parse_state state;
  /// complete: bytes of length and frame together.
  std::size_t size = 0;
  /// need_more: bytes that must come before trying again can help.
  std::size_t missing = 0;
  /// error: what is wrong with the input. Always the peer's fault, and the end of the connection.
  const char* problem = nullptr;

  static parsed need_more(std::size_t missing) noexcept {
    return parsed(parse_state::need_more, 0, missing, nullptr);
  }
  static parsed complete(std::size_t size) noexcept {
    return parsed(parse_state::complete, size, 0, nullptr);
  }
  static parsed error(const char* problem) noexcept {
    return parsed(parse_state::error, 0, 0, problem);
  }

 private:
  parsed(parse_state s, std::size_t taken, std::size_t wanted, const char* text) noexcept
      : state(s), size(taken), missing(wanted), problem(text) {}
};

/// A status keeps this much of what a peer sends; what is above is dropped.
inline constexpr std::size_t max_status_message = std::size_t{64} << 10;
inline constexpr std::size_t max_status_details = 64;

namespace detail {

inline format read_format(field_reader& in) noexcept {
  const std::uint32_t value = in.number32();
  if (value >= format_count) {
    in.fail("a format is not known");
    return format::protobuf;
  }
  return static_cast<format>(value);
}

inline void read_hello(field_reader& outer, hello& out) noexcept {
  field_reader in(outer.bytes());
  while (const std::uint32_t t = in.next()) {
    switch (t) {
      case tag(1, type_varint): out.max_message = in.number32(); break;
      case tag(2, type_varint): out.max_calls = in.number32(); break;
      case tag(3, type_varint): out.max_frame = in.number32(); break;
      case tag(4, type_varint): out.call_credit = in.number32(); break;
      case tag(5, type_varint): out.connection_credit = in.number32(); break;
      case tag(6, type_varint): out.max_subscriptions = in.number32(); break;
      default: in.skip(t, 6);
    }
  }
  if (in.problem() != nullptr) outer.fail(in.problem());
}

// Generated code merges a message field that comes twice. Nobody sends that.
inline void first_time(field_reader& in, bool& seen) noexcept {
  if (seen) in.fail("a field that is a message comes twice in a frame");
  seen = true;
}

inline const char* decode_body(bytes_view body, frame& out) noexcept {
  out = frame();
  out.body = body;
  std::uint64_t lost = 0;
  std::uint32_t lost_kind = 0;
  field_reader in(body);
  while (const std::uint32_t t = in.next()) {
    switch (t) {
      case tag(1, type_varint): out.call = in.number32(); break;
      case tag(2, type_varint): out.flags = in.number32(); break;
      case tag(3, type_varint): out.method = in.number32(); break;
      case tag(4, type_bytes):
        out.has_payload = true;
        out.payload = in.bytes();
        break;
      case tag(5, type_bytes): out.name = in.text(); break;
      case tag(6, type_varint): out.encoding = read_format(in); break;
      case tag(7, type_varint): out.message_size = in.number32(); break;
      case tag(8, type_varint):
        out.has_timeout = true;
        out.timeout_us = in.number();
        break;
      case tag(9, type_bytes):
        out.has_metadata = true;
        in.bytes();
        break;
      case tag(10, type_bytes):
        first_time(in, out.has_status);
        out.status_bytes = in.bytes();
        break;
      case tag(11, type_varint): out.credit = in.number32(); break;
      case tag(12, type_bytes):
        first_time(in, out.has_hello);
        read_hello(in, out.hello);
        break;
      case tag(13, type_bytes):
        first_time(in, out.has_goodbye);
        out.goodbye_bytes = in.bytes();
        break;
      case tag(14, type_varint):
        out.has_ping = true;
        out.ping = in.number32();
        break;
      case tag(15, type_varint):
        out.has_pong = true;
        out.pong = in.number32();
        break;
      case tag(16, type_bytes):
        first_time(in, out.has_subscribe);
        out.subscribe_bytes = in.bytes();
        break;
      case tag(17, type_bytes): out.key = in.text(); break;
      case tag(18, type_varint): out.event = in.number(); break;
      case tag(19, type_varint): lost = in.number(); break;
      case tag(20, type_varint): lost_kind = in.number32(); break;
      case tag(21, type_bytes):
        first_time(in, out.has_position);
        out.position_bytes = in.bytes();
        break;
      default: in.skip(t, 21);
    }
  }
  if (lost_kind > static_cast<std::uint32_t>(loss::kind::unknown)) {
    in.fail("a kind of loss is not known");
  }
  out.lost_before = loss(lost, static_cast<loss::kind>(lost_kind));
  return in.problem();
}

inline bool decode_detail(bytes_view bytes, status_detail& out) {
  std::string_view type;
  format encoding = format::protobuf;
  bytes_view value;
  field_reader in(bytes);
  while (const std::uint32_t t = in.next()) {
    switch (t) {
      case tag(1, type_bytes): type = in.text(); break;
      case tag(2, type_varint): encoding = read_format(in); break;
      case tag(3, type_bytes): value = in.bytes(); break;
      default: in.skip(t, 3);
    }
  }
  if (in.problem() != nullptr) return false;
  out = status_detail(std::string(type), payload(encoding, polywire::bytes(value)));
  return true;
}

}  // namespace detail

/// Reads the frame at the front of `in`: its length, then that many bytes. Allocates nothing. `out`
/// is complete when the state says so, and points into `in`. A frame above `max_frame` is refused
/// on its length alone. The structure of metadata and statuses is left to those who decode them.
inline parsed decode(bytes_view in, std::size_t max_frame, frame& out) noexcept {
  std::uint64_t size = 0;
  std::size_t prefix = 0;
  for (bool more = true; more; ++prefix) {
    if (prefix == 5) return parsed::error("the length of a frame takes more than 5 bytes");
    if (prefix == in.size()) return parsed::need_more(1);
    const auto byte = std::to_integer<std::uint64_t>(in[prefix]);
    size |= (byte & 0x7f) << (7 * prefix);
    more = byte >= 0x80;
  }
  if (size > max_frame) return parsed::error("a frame is larger than was announced");
  const auto length = static_cast<std::size_t>(size);
  const std::size_t here = in.size() - prefix;
  if (here < length) return parsed::need_more(length - here);
  if (const char* problem = detail::decode_body(in.subspan(prefix, length), out)) {
    return parsed::error(problem);
  }
  return parsed::complete(prefix + length);
}

/// Adds the metadata of a decoded frame to `out`.
/// Errors: `resource_exhausted` above the limits, `invalid_argument` for what may not be sent.
inline status decode_metadata(const frame& f, const limits& bounds, polywire::metadata& out) {
  if (!f.has_metadata) return {};
  detail::field_reader in(f.body);
  while (const std::uint32_t t = in.next()) {
    if (t != detail::tag(9, detail::type_bytes)) {
      in.skip(t);
      continue;
    }
    std::string_view key;
    std::string_view value;
    detail::field_reader entry(in.bytes());
    while (const std::uint32_t e = entry.next()) {
      switch (e) {
        case detail::tag(1, detail::type_bytes): key = entry.text(); break;
        case detail::tag(2, detail::type_bytes): value = entry.text(); break;
        default: entry.skip(e, 2);
      }
    }
    if (entry.problem() != nullptr) {
      return status::invalid_argument(std::string("malformed metadata: ") + entry.problem());
    }
    if (out.count() >= bounds.max_metadata_entries) {
      return status::resource_exhausted("more than " + std::to_string(bounds.max_metadata_entries) +
                                        " metadata entries (limits::max_metadata_entries)");
    }
    if (out.size() + key.size() + value.size() > bounds.max_metadata) {
      return status::resource_exhausted("metadata of more than " +
                                        std::to_string(bounds.max_metadata) +
                                        " bytes (limits::max_metadata)");
    }
    if (status added = out.add(key, value); !added) return added;
  }
  return {};
}

/// Reads `status_bytes` or `goodbye_bytes`. False: they are malformed, which ends the connection.
/// Codes that gRPC does not have become `unknown`.
inline bool decode_status(bytes_view bytes, polywire::status& out) {
  using namespace detail;
  std::uint32_t code = 0;
  std::uint32_t reached = 0;
  std::string_view message;
  std::size_t details = 0;
  field_reader in(bytes);
  while (const std::uint32_t t = in.next()) {
    switch (t) {
      case tag(1, type_varint): code = in.number32(); break;
      case tag(2, type_bytes): message = in.text(); break;
      case tag(3, type_bytes):
        in.bytes();
        ++details;
        break;
      case tag(4, type_varint): reached = in.number32(); break;
      default: in.skip(t, 4);
    }
  }
  if (in.problem() != nullptr) return false;
  polywire::status read(
      code < status_code_count ? static_cast<status_code>(code) : status_code::unknown,
      std::string(message.substr(0, max_status_message)),
      reached == 1 ? outcome::rejected : outcome::processed);

  std::size_t wanted = std::min(details, max_status_details);
  field_reader again(bytes);  // the code may come behind the details
  while (wanted > 0) {
    const std::uint32_t t = again.next();
    if (t != tag(3, type_bytes)) {
      again.skip(t);
      continue;
    }
    status_detail one;
    if (!decode_detail(again.bytes(), one)) return false;
    read.add_detail(std::move(one));
    --wanted;
  }
  out = std::move(read);
  return true;
}

/// Reads `subscribe_bytes`; the group points into them. Null, or what is wrong.
inline const char* decode_subscribe(bytes_view bytes, subscribe_head& out) noexcept {
  using namespace detail;
  std::uint32_t from = 0;
  std::uint32_t policy = 0;
  std::uint64_t count = 0;
  std::uint64_t epoch = 0;
  std::uint64_t offset = 0;
  std::uint64_t lag_events = 0;
  std::uint64_t lag_bytes = 0;
  field_reader in(bytes);
  while (const std::uint32_t t = in.next()) {
    switch (t) {
      case tag(1, type_varint): from = in.number32(); break;
      case tag(2, type_varint): count = in.number(); break;
      case tag(3, type_varint): epoch = in.number(); break;
      case tag(4, type_varint): offset = in.number(); break;
      case tag(5, type_varint): out.sequence = in.number(); break;
      case tag(6, type_varint): policy = in.number32(); break;
      case tag(7, type_varint): lag_events = in.number(); break;
      case tag(8, type_varint): lag_bytes = in.number(); break;
      case tag(9, type_bytes): out.group = in.text(); break;
      default: in.skip(t, 9);
    }
  }
  if (in.problem() != nullptr) return in.problem();
  switch (from) {
    case 0: break;
    case 1: out.start = start_at::earliest(); break;
    case 2: out.start = start_at::last(count); break;
    case 3: out.start = start_at::after(event_id(epoch, offset)); break;
    default: return "a subscription begins where nobody knows";
  }
  if (policy > static_cast<std::uint32_t>(overflow::block)) {
    return "an overflow policy is not known";
  }
  out.policy = static_cast<overflow>(policy);
  const lag_limit usual;
  out.lag = lag_limit(lag_events != 0 ? lag_events : usual.events,
                      lag_bytes != 0 ? lag_bytes : usual.bytes);
  return nullptr;
}

/// Reads `position_bytes`. False: malformed.
inline bool decode_position(bytes_view bytes, subscribe_position& out) noexcept {
  using namespace detail;
  std::uint64_t epoch = 0;
  std::uint64_t offset = 0;
  field_reader in(bytes);
  while (const std::uint32_t t = in.next()) {
    switch (t) {
      case tag(1, type_varint): epoch = in.number(); break;
      case tag(2, type_varint): offset = in.number(); break;
      case tag(3, type_varint): out.sequence = in.number(); break;
      default: in.skip(t, 3);
    }
  }
  out.after = event_id(epoch, offset);
  return in.problem() == nullptr;
}

}  // namespace polywire::inline v1::wire::frame

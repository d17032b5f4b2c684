// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/frame/detail/fields.hpp"
#include "polywire/wire/frame/detail/varint.hpp"
#include "polywire/wire/frame/frame.hpp"

#include "polywire/core/buffer.hpp"

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace polywire::inline v1::wire::frame {

namespace detail {

inline std::size_t body_size(const frame& f) noexcept {
  const std::size_t head = head_size(f);
  if (!f.has_payload) return head;
  return head + 1 + varint_size(f.payload.size()) + f.payload.size();
}

/// No less than what `put_head` writes. Counting that exactly takes as long as writing it.
inline std::size_t most_head_size(const frame& f) noexcept {
  constexpr std::size_t numbers = 128;  // all fields of them, and the lengths of name and key
  const bool has_messages = f.metadata != nullptr || f.status != nullptr || f.goodbye != nullptr ||
                            f.has_hello || f.subscribe != nullptr || f.position != nullptr;
  return has_messages ? head_size(f) : numbers + f.name.size() + f.key.size();
}

}  // namespace detail

/// What `encode` appends for this frame, the length in front included. A peer's `max_frame` bounds
/// the frame without it.
inline std::size_t encoded_size(const frame& f) noexcept {
  const std::size_t body = detail::body_size(f);
  return detail::varint_size(body) + body;
}

/// Appends a frame with its length in front. The fields stand in the order of their numbers, except
/// that the payload comes last.
inline void encode(buffer& out, const frame& f) {
  const std::size_t body = detail::body_size(f);
  const std::size_t whole = detail::varint_size(body) + body;
  std::byte* start = out.grow(whole);
  detail::writer to(start);
  to.raw(std::uint64_t{body});
  detail::put_head(to, f);
  if (f.has_payload) detail::put_bytes(to, detail::payload_field, f.payload);
  assert(to.at() == start + whole);
}

/// Writes a frame whose payload is encoded in place behind it:
///
///     payload_writer frame(out, head);
///     codec.encode(message, out);   // appends to `out`
///     frame.finish();
///
/// Both lengths in front of the payload are guessed at one byte; a payload that needs more is moved
/// by a few bytes. Until `finish`, `out` may only be appended to. Neither `finish` nor `abandon`
/// before the end of the scope (an exception): the frame is abandoned.
class payload_writer {
 public:
  /// `head`: the frame without its payload.
  payload_writer(buffer& out, const frame& head) : out_(out), start_(out.size()) {
    const std::size_t room = detail::most_head_size(head);
    std::byte* at = out_.grow(guess + room + 1 + guess);
    detail::writer to(at + guess);
    detail::put_head(to, head);
    head_ = static_cast<std::size_t>(to.at() - at) - guess;
    assert(head_ <= room);
    *to.at() = static_cast<std::byte>(detail::payload_field << 3 | detail::bytes_field);
    out_.truncate(payload_offset());
  }
  payload_writer(const payload_writer&) = delete;
  payload_writer& operator=(const payload_writer&) = delete;
  ~payload_writer() {
    if (!done_) abandon();
  }

  /// Where the frame starts in the buffer.
  std::size_t offset() const noexcept { return start_; }
  /// Bytes of payload so far.
  std::size_t payload_size() const noexcept { return out_.size() - payload_offset(); }

  /// Puts the lengths right and returns the size of the payload. The frame is complete.
  std::size_t finish() {
    const std::size_t payload = payload_size();
    const std::size_t length_size = detail::varint_size(payload);
    const std::size_t body = head_ + 1 + length_size + payload;
    const std::size_t prefix_size = detail::varint_size(body);
    const std::size_t moved = prefix_size + length_size - 2 * guess;
    if (moved > 0) {
      const std::size_t from = payload_offset();
      out_.grow(moved);
      std::memmove(out_.data() + from + moved, out_.data() + from, payload);
      std::byte* head = out_.data() + start_;
      std::memmove(head + prefix_size, head + guess, head_ + 1);
    }
    std::byte* at = detail::put_varint(out_.data() + start_, body);
    detail::put_varint(at + head_ + 1, payload);
    done_ = true;
    return payload;
  }

  /// Takes the frame back: the buffer is as it was before.
  void abandon() noexcept {
    out_.truncate(start_);
    done_ = true;
  }

 private:
  static constexpr std::size_t guess = 1;

  std::size_t payload_offset() const noexcept { return start_ + guess + head_ + 1 + guess; }

  buffer& out_;
  std::size_t start_;
  std::size_t head_ = 0;
  bool done_ = false;
};

}  // namespace polywire::inline v1::wire::frame

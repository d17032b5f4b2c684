// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/buffer.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// protobuf's binary format, for the detour that JSON takes through it: tags, numbers, lengths.
namespace polywire::inline v1::detail {

enum class wire_type : std::uint8_t { varint, fixed64, length, group, end_group, fixed32 };

constexpr std::uint32_t wire_tag(int number, wire_type type) noexcept {
  return static_cast<std::uint32_t>(number) << 3U | static_cast<std::uint32_t>(type);
}

constexpr std::uint64_t zigzag(std::int64_t value) noexcept {
  return static_cast<std::uint64_t>(value) << 1U ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t from_zigzag(std::uint64_t value) noexcept {
  return static_cast<std::int64_t>(value >> 1U ^ (~(value & 1U) + 1));
}

inline void append_varint(buffer& out, std::uint64_t value) {
  const std::span<std::byte> room = out.prepare(10);
  std::size_t n = 0;
  for (; value > 0x7f; value >>= 7U) room[n++] = static_cast<std::byte>((value & 0x7fU) | 0x80U);
  room[n++] = static_cast<std::byte>(value);
  out.commit(n);
}

/// Little-endian.
template <std::unsigned_integral Number>
void append_fixed(buffer& out, Number value) {
  std::byte* to = out.grow(sizeof value);
  for (std::size_t i = 0; i < sizeof value; ++i) {
    to[i] = static_cast<std::byte>(value >> (8 * i) & 0xffU);
  }
}

/// A length that is known only when what it counts has been written: it takes five bytes whatever
/// its value, the first ones padded.
class length_ahead {
 public:
  explicit length_ahead(buffer& out) : at_(out.size()) { out.grow(size); }
  void close(buffer& out) const noexcept {
    std::size_t length = out.size() - at_ - size;
    std::byte* to = out.data() + at_;
    for (std::size_t i = 0; i + 1 < size; ++i, length >>= 7U) {
      to[i] = static_cast<std::byte>((length & 0x7fU) | 0x80U);
    }
    to[size - 1] = static_cast<std::byte>(length & 0x0fU);
  }
  static constexpr std::size_t size = 5;

 private:
  std::size_t at_;
};

/// Reads what protobuf has written. What is malformed reads as zeros and ends the reading.
class wire_reader {
 public:
  explicit wire_reader(std::string_view wire) noexcept
      : next_(wire.data()), end_(wire.data() + wire.size()) {}

  bool empty() const noexcept { return next_ == end_; }

  std::uint64_t varint() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0; next_ != end_ && shift < 70; shift += 7) {
      const auto byte = static_cast<unsigned char>(*next_++);
      if (shift < 64) value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) return value;
    }
    next_ = end_;
    return 0;
  }
  std::uint32_t tag() noexcept { return static_cast<std::uint32_t>(varint()); }

  template <std::unsigned_integral Number>
  Number fixed() noexcept {
    Number value = 0;
    unsigned shift = 0;
    for (const char byte : take(sizeof value)) {
      value |= static_cast<Number>(static_cast<unsigned char>(byte)) << shift;
      shift += 8;
    }
    return value;
  }

  std::string_view bytes() noexcept { return take(varint()); }

  /// The fields of a group that has just begun.
  std::string_view group() noexcept {
    const char* start = next_;
    const char* last = next_;
    for (std::size_t depth = 1; depth > 0 && !empty();) {
      last = next_;
      const auto type = static_cast<wire_type>(tag() & 7U);
      if (type == wire_type::group) {
        ++depth;
      } else if (type == wire_type::end_group) {
        --depth;
      } else {
        skip(type);
      }
    }
    return {start, static_cast<std::size_t>(last - start)};
  }

  /// Passes over the value of a field.
  void skip(wire_type type) noexcept {
    switch (type) {
      case wire_type::varint: varint(); break;
      case wire_type::fixed64: take(8); break;
      case wire_type::length: bytes(); break;
      case wire_type::group: group(); break;
      case wire_type::fixed32: take(4); break;
      case wire_type::end_group:
      default: next_ = end_;
    }
  }

  /// Goes over the tag if it is this one.
  bool take_tag(std::uint32_t expected) noexcept {
    const char* before = next_;
    if (!empty() && tag() == expected) return true;
    next_ = before;
    return false;
  }

 private:
  std::string_view take(std::uint64_t n) noexcept {
    if (n > static_cast<std::uint64_t>(end_ - next_)) {
      next_ = end_;
      return {};
    }
    const std::string_view taken(next_, static_cast<std::size_t>(n));
    next_ += taken.size();
    return taken;
  }

  const char* next_;
  const char* end_;
};

}  // namespace polywire::inline v1::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace polywire::inline v1::wire::frame::detail {

// Wire types of protobuf. 3 and 4 delimit groups, which proto3 does not have.
inline constexpr std::uint32_t type_varint = 0;
inline constexpr std::uint32_t type_fixed64 = 1;
inline constexpr std::uint32_t type_bytes = 2;
inline constexpr std::uint32_t type_fixed32 = 5;

constexpr std::uint32_t tag(std::uint32_t number, std::uint32_t type) noexcept {
  return number << 3 | type;
}

/// Walks over the fields of one serialised protobuf message:
///
///     while (const std::uint32_t t = in.next()) switch (t) { case tag(1, type_varint): … }
///
/// The first mistake ends the walk; until then every value has come whole. `problem()` tells the
/// end of the message and a mistake apart.
class field_reader {
 public:
  explicit field_reader(bytes_view message) noexcept
      : at_(message.data()), end_(message.data() + message.size()) {}

  const char* problem() const noexcept { return problem_; }

  /// The tag of the next field; 0 at the end of the message and after a mistake.
  std::uint32_t next() noexcept {
    if (at_ == end_) return 0;
    const std::uint32_t found = short_varint();
    if (found < 8 && problem_ == nullptr) fail("a field has the number 0");
    return problem_ == nullptr ? found : 0;
  }

  /// The value of a varint field. Bits that a smaller type has no room for are dropped, as
  /// generated code does it.
  std::uint64_t number() noexcept {
    if (at_ != end_ && at_[0] < std::byte{0x80}) return std::to_integer<std::uint64_t>(*at_++);
    return varint(10);
  }
  std::uint32_t number32() noexcept { return static_cast<std::uint32_t>(number()); }

  bytes_view bytes() noexcept {
    const std::size_t size = short_varint();
    if (size > left()) fail("a field is longer than what contains it");
    if (problem_ != nullptr) return {};
    const std::byte* start = at_;
    at_ += size;
    return {start, size};
  }
  std::string_view text() noexcept { return as_text(bytes()); }

  /// Passes over a field that is not known. The numbers up to `known` are: with one of those, the
  /// wire type is wrong.
  void skip(std::uint32_t found, std::uint32_t known = 0) noexcept {
    if (found >> 3 <= known) return fail("a field has another type than in frame.proto");
    switch (found & 7) {
      case type_varint: number(); break;
      case type_fixed64: pass(8); break;
      case type_bytes: bytes(); break;
      case type_fixed32: pass(4); break;
      default: fail("a field is a group or has no wire type");
    }
  }

  void fail(const char* problem) noexcept {
    if (problem_ == nullptr) problem_ = problem;
    at_ = end_;
  }

 private:
  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  void pass(std::size_t size) noexcept {
    if (size > left()) return fail("a field is longer than what contains it");
    at_ += size;
  }

  // Tags and lengths: 32 bits.
  std::uint32_t short_varint() noexcept {
    if (at_ != end_ && at_[0] < std::byte{0x80}) return std::to_integer<std::uint32_t>(*at_++);
    const std::uint64_t value = varint(5);
    if (value > 0xffff'ffff) fail("a tag or length has more than 32 bits");
    return static_cast<std::uint32_t>(value);
  }

  std::uint64_t varint(unsigned most) noexcept {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < most; ++i) {
      if (at_ == end_) {
        fail("a field is cut off");
        return 0;
      }
      const auto byte = std::to_integer<std::uint64_t>(*at_++);
      value |= (byte & 0x7f) << (7 * i);  // the tenth byte has one bit that counts
      if (byte < 0x80) return value;
    }
    fail("a varint is too long");
    return 0;
  }

  const std::byte* at_;
  const std::byte* end_;
  const char* problem_ = nullptr;
};

}  // namespace polywire::inline v1::wire::frame::detail

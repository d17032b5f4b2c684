// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/bytes.hpp"

#include <cstdint>
#include <string_view>
#include <utility>

namespace polywire::inline v1 {

/// How the bytes of a message are to be read. The numbers stand on the wire (frame.proto).
enum class format : std::uint8_t { protobuf = 0, json = 1, text = 2, bytes = 3 };

inline constexpr std::size_t format_count = 4;

constexpr std::string_view to_string(format f) noexcept {
  switch (f) {
    case format::protobuf: return "protobuf";
    case format::json: return "json";
    case format::text: return "text";
    case format::bytes: return "bytes";
  }
  return "unknown";
}

/// A set of formats, in one byte.
class format_set {
 public:
  constexpr format_set() = default;
  template <class... Formats>
  constexpr explicit format_set(Formats... formats) noexcept : bits_((0U | ... | bit(formats))) {}

  constexpr bool contains(format f) const noexcept { return (bits_ & bit(f)) != 0; }
  constexpr bool intersects(format_set other) const noexcept { return (bits_ & other.bits_) != 0; }
  static constexpr format_set all() noexcept {
    return format_set(format::protobuf, format::json, format::text, format::bytes);
  }

 private:
  static constexpr unsigned bit(format f) noexcept { return 1U << static_cast<unsigned>(f); }
  unsigned bits_ = 0;
};

/// A message without its type: what `call_raw` sends and `handle_any` sees.
class payload {
 public:
  payload() = default;
  payload(format f, bytes data) noexcept : format_(f), data_(std::move(data)) {}
  payload(format f, std::string_view data) : format_(f), data_(data) {}

  format encoding() const noexcept { return format_; }
  const bytes& data() const noexcept { return data_; }
  bytes& data() noexcept { return data_; }
  std::string_view str() const noexcept { return data_.str(); }

  friend bool operator==(const payload&, const payload&) = default;

 private:
  format format_ = format::protobuf;
  bytes data_;
};

}  // namespace polywire::inline v1

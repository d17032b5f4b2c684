// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_escapes.hpp"
#include "polywire/core/buffer.hpp"
#include "polywire/core/utf8.hpp"

#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <system_error>

/// JSON text written piece by piece, without a document in between.
namespace polywire::inline v1 {

inline void append_json_character(buffer& out, char c) { *out.grow(1) = static_cast<std::byte>(c); }

/// Appends `text` between quotes, escaped. False, with nothing appended: it is not UTF-8.
inline bool append_json_string(buffer& out, std::string_view text) {
  if (!is_utf8(text)) return false;
  append_json_character(out, '"');
  for (;;) {
    const std::size_t plain = detail::plain_json_prefix(text);
    out.append(text.substr(0, plain));
    if (plain == text.size()) break;
    detail::append_json_escape(out, static_cast<unsigned char>(text[plain]));
    text.remove_prefix(plain + 1);
  }
  append_json_character(out, '"');
  return true;
}

template <std::integral Integer>
void append_json_number(buffer& out, Integer value) {
  const std::span<std::byte> room = out.prepare(24);
  char* first = reinterpret_cast<char*>(room.data());
  out.commit(static_cast<std::size_t>(std::to_chars(first, first + 24, value).ptr - first));
}

/// Appends the digits that it takes to read the same value again. What is not finite has no form in
/// JSON: it becomes a string, as in the proto3 mapping.
template <std::floating_point Float>
void append_json_number(buffer& out, Float value) {
  if (std::isnan(value)) return out.append("\"NaN\"");
  if (std::isinf(value)) return out.append(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  using facts = std::numeric_limits<Float>;
  const std::span<std::byte> room = out.prepare(40);
  char* first = reinterpret_cast<char*>(room.data());
  // Not the shortest form of all, which std::to_chars knows too, but the one that protobuf writes.
  char* last =
      std::to_chars(first, first + 40, value, std::chars_format::general, facts::digits10).ptr;
  Float again = 0;
  if (std::from_chars(first, last, again).ec != std::errc() || again != value) {
    last = std::to_chars(first, first + 40, value, std::chars_format::general, facts::max_digits10)
               .ptr;
  }
  out.commit(static_cast<std::size_t>(last - first));
}

}  // namespace polywire::inline v1

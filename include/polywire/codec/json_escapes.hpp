// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/buffer.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

/// The inside of JSON strings (RFC 8259 7): what stands for itself, and what is escaped. Nothing
/// here looks for UTF-8.
namespace polywire::inline v1::detail {

/// Eight characters at once.
class eight_characters {
 public:
  explicit eight_characters(const char* at) noexcept { std::memcpy(&all_, at, sizeof all_); }

  /// Nonzero when one of them is a control character below U+0020. May be combined by `|`.
  std::uint64_t controls() const noexcept { return (all_ - ones * 0x20) & ~all_ & tops; }
  /// Nonzero when one of them is `c`, apart from the bits of `ignored`, which `c` has.
  std::uint64_t has(unsigned char c, unsigned char ignored = 0) const noexcept {
    const std::uint64_t zero = (all_ | ones * ignored) ^ ones * c;
    return (zero - ones) & ~zero & tops;
  }

 private:
  static constexpr std::uint64_t ones = 0x0101010101010101U;
  static constexpr std::uint64_t tops = 0x8080808080808080U;
  std::uint64_t all_ = 0;
};

/// The first character that does not stand for itself in a string, its end included; or `end`.
inline const char* end_of_plain_json(const char* at, const char* end) noexcept {
  for (; end - at >= 8; at += 8) {
    const eight_characters eight(at);
    if ((eight.controls() | eight.has('"') | eight.has('\\')) != 0) break;
  }
  while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20) ++at;
  return at;
}

/// Four hexadecimal digits behind "\u".
inline bool read_json_hex(const char* at, const char* end, std::uint32_t& code) noexcept {
  if (end - at < 6 || at[0] != '\\' || at[1] != 'u') return false;
  for (int i = 2; i < 6; ++i) {
    const char c = at[i];
    const char lower = static_cast<char>(c | 0x20);
    const bool digit = c >= '0' && c <= '9';
    if (!digit && (lower < 'a' || lower > 'f')) return false;
    code = code << 4U | static_cast<std::uint32_t>(digit ? c - '0' : lower - 'a' + 10);
  }
  return true;
}

inline void append_utf8(std::uint32_t code, std::string& out) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto put_rest = [&](unsigned shift) { put(0x80U | (code >> shift & 0x3fU)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0U | code >> 6U);
    put_rest(0);
  } else if (code < 0x10000) {
    put(0xe0U | code >> 12U);
    put_rest(6);
    put_rest(0);
  } else {
    put(0xf0U | code >> 18U);
    put_rest(12);
    put_rest(6);
    put_rest(0);
  }
}

/// Appends what the escape at `at` stands for, and goes behind it. False: it is malformed.
inline bool unescape_json(const char*& at, const char* end, std::string& out) {
  constexpr std::string_view names = "\"\\/bfnrt";
  constexpr std::string_view values = "\"\\/\b\f\n\r\t";
  if (end - at < 2) return false;
  if (at[1] != 'u') {
    const std::size_t which = names.find(at[1]);
    if (which == std::string_view::npos) return false;
    out.push_back(values[which]);
    at += 2;
    return true;
  }
  std::uint32_t code = 0;
  if (!read_json_hex(at, end, code)) return false;
  const char* last = at;
  if (code >= 0xd800 && code < 0xdc00) {  // the first half of a pair of surrogates
    std::uint32_t low = 0;
    last += 6;
    if (!read_json_hex(last, end, low) || low < 0xdc00 || low > 0xdfff) return false;
    code = 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00);
  } else if (code >= 0xdc00 && code <= 0xdfff) {
    return false;
  }
  at = last + 6;
  append_utf8(code, out);
  return true;
}

/// Beside what has to be: what must not stand in a page of HTML, and DEL.
constexpr bool is_escaped_in_json(unsigned char c) noexcept {
  return c < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == 0x7f;
}

/// How much of `text` is written as it is.
inline std::size_t plain_json_prefix(std::string_view text) noexcept {
  std::size_t i = 0;
  for (; text.size() - i >= 8; i += 8) {
    const eight_characters eight(text.data() + i);
    constexpr unsigned char between_angles = '<' ^ '>';
    if ((eight.controls() | eight.has('"') | eight.has('\\') | eight.has('>', between_angles) |
         eight.has(0x7f)) != 0) {
      break;
    }
  }
  while (i < text.size() && !is_escaped_in_json(static_cast<unsigned char>(text[i]))) ++i;
  return i;
}

inline void append_json_escape(buffer& out, unsigned char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
    case '"': return out.append("\\\"");
    case '\\': return out.append("\\\\");
    case '\b': return out.append("\\b");
    case '\t': return out.append("\\t");
    case '\n': return out.append("\\n");
    case '\f': return out.append("\\f");
    case '\r': return out.append("\\r");
    default: {
      const char code[] = {'\\', 'u', '0', '0', hex[c >> 4U], hex[c & 0xfU]};
      return out.append(std::string_view(code, sizeof code));
    }
  }
}

}  // namespace polywire::inline v1::detail

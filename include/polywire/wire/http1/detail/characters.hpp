// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace polywire::inline v1::wire::http1::detail {

// What a byte may be part of: bits, so that one table answers all questions.
inline constexpr std::uint8_t token_char = 1;   ///< names, methods, codings: RFC 9110 5.6.2
inline constexpr std::uint8_t value_char = 2;   ///< field values, chunk extensions: RFC 9110 5.5
inline constexpr std::uint8_t host_char = 4;    ///< reg-name, no escapes: RFC 3986 3.2.2
inline constexpr std::uint8_t path_char = 8;    ///< RFC 3986 3.3, with '/' and '%'
inline constexpr std::uint8_t query_char = 16;  ///< RFC 3986 3.4, and what browsers leave as it is
inline constexpr std::uint8_t plain_char = 32;  ///< what nobody percent-encodes: RFC 3986 2.3

namespace tables {

consteval std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  const auto add = [&](std::string_view text, unsigned bits) {
    for (const char c : text) {
      auto& entry = classes[static_cast<unsigned char>(c)];
      entry = static_cast<std::uint8_t>(entry | bits);
    }
  };
  constexpr std::string_view letters_digits =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  constexpr std::string_view unreserved = "-._~";
  constexpr std::string_view sub_delims = "!$&'()*+,;=";
  constexpr unsigned uri = host_char | path_char | query_char;
  add(letters_digits, token_char | plain_char | uri);
  add("!#$%&'*+-.^_`|~", token_char);
  add(unreserved, plain_char | uri);
  add(sub_delims, uri);
  add(":@/%", path_char | query_char);
  add("?[]{}|^`\\", query_char);
  for (unsigned c = 0; c < 256; ++c) {
    if ((c >= 0x20 && c != 0x7f) || c == '\t') classes[c] |= value_char;
  }
  return classes;
}

consteval std::array<char, 256> make_lower() {
  std::array<char, 256> lower{};
  for (unsigned c = 0; c < 256; ++c) {
    lower[c] = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  return lower;
}

consteval std::array<std::int8_t, 256> make_hex() {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (unsigned i = 0; i < 10; ++i) values['0' + i] = static_cast<std::int8_t>(i);
  for (unsigned i = 0; i < 6; ++i) {
    values['a' + i] = values['A' + i] = static_cast<std::int8_t>(10 + i);
  }
  return values;
}

inline constexpr auto classes = make_classes();
inline constexpr auto lower = make_lower();
inline constexpr auto hex = make_hex();

}  // namespace tables

constexpr bool is(char c, std::uint8_t what) noexcept {
  return (tables::classes[static_cast<unsigned char>(c)] & what) != 0;
}
constexpr bool all(std::string_view text, std::uint8_t what) noexcept {
  for (const char c : text) {
    if (!is(c, what)) return false;
  }
  return true;
}
constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && all(text, token_char);
}
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

/// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept { return tables::hex[static_cast<unsigned char>(c)]; }

constexpr bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (tables::lower[static_cast<unsigned char>(a[i])] !=
        tables::lower[static_cast<unsigned char>(b[i])]) {
      return false;
    }
  }
  return true;
}

/// OWS, RFC 9110 5.6.3.
constexpr std::string_view trim(std::string_view text) noexcept {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// The first byte that may not be in a field value: at the latest the CR behind it.
inline const char* value_end(const char* at, const char* end) noexcept {
  // Values are most of a head, so they are looked at by eight bytes. A byte below 0x20 borrows into
  // its high bit when 0x20 is taken from it; a DEL does so as a zero, after the exclusive or. A
  // borrow that goes on can only spoil bytes behind the first that was found.
  if constexpr (std::endian::native == std::endian::little) {
    constexpr std::uint64_t each = 0x0101'0101'0101'0101;
    while (end - at >= 8) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, at, sizeof eight);
      const std::uint64_t del = eight ^ (each * 0x7f);
      const std::uint64_t found =
          (((eight - each * 0x20) & ~eight) | ((del - each) & ~del)) & (each * 0x80);
      if (found == 0) {
        at += 8;
        continue;
      }
      at += std::countr_zero(found) / 8;
      if (*at != '\t') return at;
      ++at;
    }
  }
  while (at != end && is(*at, value_char)) ++at;
  return at;
}

}  // namespace polywire::inline v1::wire::http1::detail

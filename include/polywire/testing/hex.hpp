// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1::testing {

/// Bytes from "F0 50 57 01"; spaces and line ends are ignored. Throws `std::invalid_argument` for
/// anything else than pairs of hexadecimal digits.
inline bytes from_hex(std::string_view text) {
  std::vector<std::byte> out;
  int high = -1;
  for (const char c : text) {
    if (c == ' ' || c == '\n') continue;
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) throw std::invalid_argument("not hexadecimal: '" + std::string(text) + "'");
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::byte>(high * 16 + digit));
      high = -1;
    }
  }
  if (high >= 0) throw std::invalid_argument("half a byte at the end: '" + std::string(text) + "'");
  return bytes(std::move(out));
}

/// "F0 50 57 01", to compare and to read in a failure.
inline std::string to_hex(bytes_view view) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const std::byte b : view) {
    if (!out.empty()) out += ' ';
    out += digits[std::to_integer<std::size_t>(b >> 4)];
    out += digits[std::to_integer<std::size_t>(b & std::byte{15})];
  }
  return out;
}
inline std::string to_hex(std::string_view text) { return to_hex(as_bytes(text)); }

/// Lines of offset, 16 bytes and their text; at most `most` bytes of them.
inline std::string hex_dump(bytes_view view, std::size_t most = 512) {
  constexpr std::size_t width = 16;
  std::string out;
  const bytes_view shown = view.first(std::min(view.size(), most));
  for (std::size_t at = 0; at < shown.size(); at += width) {
    const bytes_view line = shown.subspan(at, std::min(width, shown.size() - at));
    std::string offset = std::to_string(at);
    out.append(offset.size() < 6 ? 6 - offset.size() : 0, ' ').append(offset).append("  ");
    std::string columns = to_hex(line);
    columns.resize(width * 3, ' ');
    out.append(columns).append(" ");
    for (const std::byte b : line) {
      const char c = static_cast<char>(b);
      out += c >= ' ' && c <= '~' ? c : '.';
    }
    out += '\n';
  }
  if (shown.size() < view.size()) {
    out += "     … " + std::to_string(view.size() - shown.size()) + " more bytes\n";
  }
  return out;
}
inline std::string hex_dump(std::string_view text, std::size_t most = 512) {
  return hex_dump(as_bytes(text), most);
}

inline namespace literals {
/// `"F0 50 57 01"_hex`
inline bytes operator""_hex(const char* text, std::size_t size) {
  return from_hex(std::string_view(text, size));
}
}  // namespace literals

}  // namespace polywire::inline v1::testing

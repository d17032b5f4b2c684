// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/bytes.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace frame_tests {

/// "08 01" to bytes; what stands in single quotes is taken as text: "22 02 'hi'".
inline std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> out;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
    } else if (text[i] == '\'') {
      for (++i; text[i] != '\''; ++i) out.push_back(static_cast<std::byte>(text[i]));
      ++i;
    } else {
      out.push_back(static_cast<std::byte>(digit(text[i]) * 16 + digit(text[i + 1])));
      i += 2;
    }
  }
  return out;
}

inline std::string to_hex(polywire::bytes_view bytes) {
  std::string out;
  for (const std::byte b : bytes) {
    if (!out.empty()) out += ' ';
    out += "0123456789abcdef"[std::to_integer<unsigned>(b) >> 4];
    out += "0123456789abcdef"[std::to_integer<unsigned>(b) & 15];
  }
  return out;
}

}  // namespace frame_tests

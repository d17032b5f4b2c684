// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace polywire::inline v1::wire::sse {

inline constexpr std::string_view content_type = "text/event-stream";

/// One event of a stream. Section numbers in this folder are those of the HTML standard.
struct event {
  /// Writing: empty for "message". Reading: never empty.
  std::string_view type;
  std::string_view data;
  /// Writing: empty for none, which leaves the reader's last one. Reading: the last that came.
  std::string_view id;
};

namespace detail {

/// Where the next CR or LF is; the size of the text where there is none.
inline std::size_t find_line_end(std::string_view text) noexcept {
  // Eight bytes at a time: x has a zero byte where a byte is the one that is looked for, and the
  // subtraction then borrows from that byte's high bit.
  constexpr std::uint64_t ones = 0x0101010101010101U;
  const auto has_zero = [](std::uint64_t x) { return (x - ones) & ~x & (ones << 7); };
  std::size_t i = 0;
  for (std::uint64_t eight = 0; text.size() - i >= sizeof eight; i += sizeof eight) {
    std::memcpy(&eight, text.data() + i, sizeof eight);
    if ((has_zero(eight ^ (ones * '\n')) | has_zero(eight ^ (ones * '\r'))) != 0) break;
  }
  while (i < text.size() && text[i] != '\n' && text[i] != '\r') ++i;
  return i;
}

}  // namespace detail

}  // namespace polywire::inline v1::wire::sse

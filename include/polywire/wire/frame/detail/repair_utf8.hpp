// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>

namespace polywire::inline v1::wire::frame::detail {

/// Replaces what is not UTF-8 by '?', byte for byte. Generated code refuses a whole frame for one
/// bad byte in a `string`, and error texts come from anywhere.
inline void repair_utf8(std::span<std::byte> text) noexcept {
  const auto at = [text](std::size_t i) { return std::to_integer<unsigned>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = at(i);
    // RFC 3629 4: how many bytes follow, and the range of the first of them.
    std::size_t more = 0;
    unsigned low = 0x80;
    unsigned high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) {
      more = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2;
      if (lead == 0xe0) low = 0xa0;   // shorter forms exist
      if (lead == 0xed) high = 0x9f;  // surrogates
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;  // above U+10FFFF
    }
    bool good =
        more > 0 ? i + more < text.size() && at(i + 1) >= low && at(i + 1) <= high : lead < 0x80;
    for (std::size_t k = 2; good && k <= more; ++k) good = at(i + k) >= 0x80 && at(i + k) <= 0xbf;
    if (!good) {
      text[i] = std::byte{'?'};
      more = 0;
    }
    i += 1 + more;
  }
}

}  // namespace polywire::inline v1::wire::frame::detail

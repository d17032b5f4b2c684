// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace polywire::inline v1 {

/// How many bytes from the front are well-formed UTF-8: no surrogates, no overlong forms, nothing
/// above U+10FFFF, no cut character at the end. All of it when the text is good.
inline std::size_t valid_utf8(std::string_view text) noexcept {
  const auto byte_at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t size = text.size();
  std::size_t i = 0;
  while (i < size) {
    const unsigned char lead = byte_at(i);
    if (lead < 0x80) {
      for (std::uint64_t eight = 0; size - i >= sizeof eight; i += sizeof eight) {
        std::memcpy(&eight, text.data() + i, sizeof eight);
        if ((eight & 0x8080808080808080U) != 0) break;
      }
      while (i < size && byte_at(i) < 0x80) ++i;
      continue;
    }
    // RFC 3629 4: only the second byte's range depends on the first byte.
    std::size_t length = 0;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf)
      length = 2;
    else if (lead >= 0xe0 && lead <= 0xef)
      length = 3;
    else if (lead >= 0xf0 && lead <= 0xf4)
      length = 4;
    else
      return i;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
    if (size - i < length || byte_at(i + 1) < low || byte_at(i + 1) > high) return i;
    for (std::size_t k = 2; k < length; ++k) {
      if ((byte_at(i + k) & 0xc0) != 0x80) return i;
    }
    i += length;
  }
  return size;
}

inline bool is_utf8(std::string_view text) noexcept { return valid_utf8(text) == text.size(); }

namespace detail {

/// Foreign text made fit for an error message: bounded, valid UTF-8, no control characters.
inline std::string shown(std::string_view text, std::size_t most = 160) {
  const bool cut = text.size() > most;
  text = text.substr(0, most);
  std::string out(text);
  std::size_t good = 0;
  while (good < out.size()) {
    const std::size_t bad = good + valid_utf8(std::string_view(out).substr(good));
    for (std::size_t i = good; i < bad; ++i) {
      if (static_cast<unsigned char>(out[i]) < 0x20 || out[i] == 0x7f) out[i] = '?';
    }
    if (bad == out.size()) break;
    if (cut && out.size() - bad < 4) {  // most likely the character that was cut in two
      out.resize(bad);
      break;
    }
    out[bad] = '?';
    good = bad + 1;
  }
  if (cut) out += "...";
  return out;
}

}  // namespace detail

}  // namespace polywire::inline v1

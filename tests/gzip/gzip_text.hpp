// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/connect/envelope.hpp"
#include "polywire/wire/gzip.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace test {

inline std::string zipped(std::string_view text) {
  polywire::wire::gzip_deflater deflater;
  polywire::buffer out;
  if (!deflater.deflate_whole(polywire::as_bytes(text), out)) return {};
  return std::string(polywire::as_text(out.view()));
}
/// What it inflates to, or what is wrong with it.
inline std::string unzipped(std::string_view stream) {
  polywire::wire::gzip_inflater inflater;
  polywire::buffer out;
  const auto done = inflater.inflate_whole(polywire::as_bytes(stream), std::size_t{64} << 20, out);
  return done.ok() ? std::string(polywire::as_text(out.view())) : done.message();
}
inline std::string envelope(std::string_view message, std::uint8_t flags = 0) {
  polywire::buffer out;
  polywire::wire::connect::append_envelope(out, polywire::as_bytes(message), flags);
  return std::string(polywire::as_text(out.view()));
}

/// Text that hardly shrinks.
inline std::string noise(std::size_t size) {
  std::string text;
  std::uint32_t state = 1;
  while (text.size() < size) {
    state = state * 1664525U + 1013904223U;
    text += static_cast<char>('!' + (state >> 24U) % 90);
  }
  return text;
}

}  // namespace test

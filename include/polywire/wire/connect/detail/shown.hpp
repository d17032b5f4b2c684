// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace polywire::inline v1::wire::connect::detail {

/// A peer's text made fit for an error message: bounded, printable ASCII, in quotes.
inline std::string shown(std::string_view text) {
  constexpr std::size_t most = 40;
  std::string out = "'";
  for (const char c : text.substr(0, most)) out += c >= ' ' && c <= '~' ? c : '?';
  return out += text.size() > most ? "...'" : "'";
}

}  // namespace polywire::inline v1::wire::connect::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// The paths of a google.protobuf.FieldMask: "user.first_name", in JSON "user.firstName".
namespace polywire::inline v1::detail {

constexpr bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
constexpr bool is_upper(char c) noexcept { return c >= 'A' && c <= 'Z'; }

/// Appends `path` in lowerCamelCase. False: it would be read again as another one.
inline bool append_mask_path(std::string_view path, std::string& out) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (is_upper(c) || std::string_view(",()[]\"").find(c) != std::string_view::npos) return false;
    if (c != '_') {
      out += c;
    } else if (++i < path.size() && is_lower(path[i])) {
      out += static_cast<char>(path[i] - 'a' + 'A');
    } else {
      return false;
    }
  }
  return true;
}

/// Takes the first path off the paths of `text`, which are separated by commas. False: it has
/// characters by which protobuf's utility, and no one else, nests paths and quotes keys.
inline bool take_mask_path(std::string_view& text, std::string& path) {
  path.clear();
  std::size_t i = 0;
  for (; i < text.size() && text[i] != ','; ++i) {
    const char c = text[i];
    if (std::string_view("()[]\"").find(c) != std::string_view::npos) return false;
    if (is_upper(c)) path += '_';
    path += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  text.remove_prefix(i == text.size() ? i : i + 1);
  return true;
}

}  // namespace polywire::inline v1::detail

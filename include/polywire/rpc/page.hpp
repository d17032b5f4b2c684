// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::rpc {

/// What a server shows to everybody who looks at a path.
class page {
 public:
  page(std::string bytes, std::string_view type) : content(std::move(bytes)), content_type(type) {}

  /// Whether the type can be sent: "text/html; charset=utf-8".
  bool has_good_type() const noexcept {
    const auto is_visible = [](char c) { return c >= ' ' && c <= '~'; };
    const std::size_t slash = content_type.find('/');
    return slash != std::string::npos && slash > 0 && slash + 1 < content_type.size() &&
           content_type.front() != ' ' && content_type.back() != ' ' &&
           std::all_of(content_type.begin(), content_type.end(), is_visible);
  }

  std::string content;
  std::string content_type;
};

}  // namespace polywire::inline v1::rpc

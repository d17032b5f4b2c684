// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace polywire::inline v1 {

/// What the body of a route's requests is: see `body`.
class route_body {
 public:
  /// As the verb has it: the request for POST, PUT and PATCH, and for others nothing.
  route_body() = default;
  explicit route_body(std::string_view field) : field_(field) {}

  std::optional<std::string_view> field() const noexcept { return field_; }

 private:
  std::optional<std::string> field_;
};

/// The body of a route's requests is this field of the request; "*": the request itself; "": there
/// is none, and everything comes from path and query.
inline route_body body(std::string_view field) { return route_body(field); }

}  // namespace polywire::inline v1

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/http1/fields.hpp"

#include <string_view>

namespace polywire::inline v1::http_json {

/// Whether the client takes an answer of this type ("application/json"), by its Accept fields
/// (RFC 9110 12.5.1). Who sends none takes everything; what they say of parameters and of
/// preferences is not looked at, but for `q=0`, which is a refusal.
inline bool accepts(const wire::http1::field_list& fields, std::string_view type) {
  using wire::http1::detail::same_ignoring_case;
  using wire::http1::detail::trim;
  const std::string_view family = type.substr(0, type.find('/') + 1);
  int best = -1;  // how exactly the ranges seen so far match
  bool taken = true;
  for (const auto& [name, value] : fields) {
    if (!same_ignoring_case(name, "accept")) continue;
    if (best < 0) {
      best = 0;
      taken = false;
    }
    std::string_view list = value;
    for (std::string_view element; wire::http1::next_element(list, element);) {
      const std::size_t semicolon = element.find(';');
      const std::string_view range = trim(element.substr(0, semicolon));
      const int how =
          same_ignoring_case(range, type) ? 3
          : range.ends_with("/*") && same_ignoring_case(range.substr(0, range.size() - 1), family)
              ? 2
          : range == "*/*" ? 1
                           : 0;
      if (how == 0 || how < best) continue;
      bool refused = false;
      std::string_view rest =
          semicolon == std::string_view::npos ? std::string_view() : element.substr(semicolon + 1);
      while (!rest.empty()) {
        const std::size_t end = rest.find(';');
        const std::string_view weight = trim(rest.substr(0, end));
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        refused = refused || ((weight.starts_with("q=0") || weight.starts_with("Q=0")) &&
                              weight.find_first_not_of("0.", 2) == std::string_view::npos);
      }
      taken = how > best ? !refused : (taken || !refused);
      best = how;
    }
  }
  return taken;
}

}  // namespace polywire::inline v1::http_json

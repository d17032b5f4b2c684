// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace benchmarks {

/// What benchmarks/run was told.
class arguments {
 public:
  bool quick = false;
  std::string json;
  std::vector<std::string> filters;
};

/// Empty: wrong ones.
inline std::optional<arguments> parse(int count, char** values) {
  arguments parsed;
  for (int i = 1; i < count; ++i) {
    const std::string_view value = values[i];
    if (value == "--quick") {
      parsed.quick = true;
    } else if (value == "--json" && i + 1 < count) {
      parsed.json = values[++i];
    } else if (value.starts_with("-")) {
      return std::nullopt;
    } else {
      parsed.filters.emplace_back(value);
    }
  }
  return parsed;
}

}  // namespace benchmarks

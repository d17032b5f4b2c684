// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace polywire::inline v1 {

enum class log_level : std::uint8_t { debug, info, warning, error };

constexpr std::string_view to_string(log_level level) noexcept {
  switch (level) {
    case log_level::debug: return "debug";
    case log_level::info: return "info";
    case log_level::warning: return "warning";
    case log_level::error: return "error";
  }
  return "unknown";
}

/// Is told what nobody else is told: handlers that threw, broken peers, methods a backend cannot
/// offer. Called on I/O threads, possibly several at once: return quickly, do not throw.
using log_hook = std::function<void(log_level, std::string_view message)>;

}  // namespace polywire::inline v1

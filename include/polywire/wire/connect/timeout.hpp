// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/connect/detail/shown.hpp"

#include "polywire/core/clock.hpp"
#include "polywire/core/result.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace polywire::inline v1::wire::connect {

inline constexpr std::string_view timeout_header = "connect-timeout-ms";

/// Connect protocol, "Timeout-Milliseconds": a positive integer of at most 10 digits.
/// Errors: `invalid_argument`.
inline result<duration> parse_timeout(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  std::int64_t count = 0;
  if (text.size() <= 10 && std::ranges::all_of(text, is_digit)) {
    std::from_chars(text.data(), text.data() + text.size(), count);
  }
  if (count == 0) {
    return status::invalid_argument(
        "Connect-Timeout-Ms must be a positive number of at most 10 digits, not " +
        detail::shown(text));
  }
  return duration(std::chrono::milliseconds(count));
}

/// The header's value for what is left of a deadline. It is rounded up, so that the server does not
/// give up before the client; what is longer than 10 digits can say (115 days) becomes the longest.
/// A deadline that has passed has no value: such a call is not sent. Here it counts as 1 ms.
class timeout_text {
 public:
  explicit timeout_text(duration left) noexcept {
    constexpr std::int64_t most = 9'999'999'999;
    const std::int64_t count = std::chrono::ceil<std::chrono::milliseconds>(left).count();
    const char* const end =
        std::to_chars(digits_, digits_ + sizeof digits_, std::clamp<std::int64_t>(count, 1, most))
            .ptr;
    size_ = static_cast<std::size_t>(end - digits_);
  }
  std::string_view view() const noexcept { return {digits_, size_}; }

 private:
  char digits_[10];
  std::size_t size_;
};

}  // namespace polywire::inline v1::wire::connect

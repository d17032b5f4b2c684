// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/core/result.hpp"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace polywire::inline v1 {

namespace detail {

/// The digits at the front of `text`, which is left with what follows them. No sign, no spaces.
inline bool take_number(std::string_view& text, std::uint64_t& number) noexcept {
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

}  // namespace detail

/// A whole number with a unit: "10us", "500ms", "2s", "1m", "2h".
/// Errors: `invalid_argument` that tells the form, never the text, which may be anything.
inline result<duration> parse_duration(std::string_view text) {
  using namespace std::chrono;
  const auto wrong = [] {
    return status::invalid_argument("expected a duration such as 10us, 500ms, 2s, 1m or 2h");
  };
  std::uint64_t number = 0;
  if (!detail::take_number(text, number)) return wrong();
  duration unit{};
  if (text == "us")
    unit = microseconds(1);
  else if (text == "ms")
    unit = milliseconds(1);
  else if (text == "s")
    unit = seconds(1);
  else if (text == "m")
    unit = minutes(1);
  else if (text == "h")
    unit = hours(1);
  else
    return wrong();
  if (number > static_cast<std::uint64_t>(duration::max() / unit)) {
    return status::invalid_argument("the duration is too long to be represented");
  }
  return unit * static_cast<duration::rep>(number);
}

/// A whole number, plain or with a unit: "123", "64KiB", "8MiB", "1GiB".
/// Errors: as `parse_duration`.
inline result<std::size_t> parse_size(std::string_view text) {
  const auto wrong = [] {
    return status::invalid_argument("expected a size such as 123, 64KiB, 8MiB or 1GiB");
  };
  std::uint64_t number = 0;
  if (!detail::take_number(text, number)) return wrong();
  int shift = 0;
  if (text == "KiB")
    shift = 10;
  else if (text == "MiB")
    shift = 20;
  else if (text == "GiB")
    shift = 30;
  else if (!text.empty())
    return wrong();
  if (number > (std::numeric_limits<std::size_t>::max() >> shift)) {
    return status::invalid_argument("the size is too large to be represented");
  }
  return static_cast<std::size_t>(number) << shift;
}

/// "true" or "1", "false" or "0". Errors: as `parse_duration`.
inline result<bool> parse_bool(std::string_view text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return status::invalid_argument("expected true or false");
}

}  // namespace polywire::inline v1

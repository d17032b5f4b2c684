// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>

namespace polywire::inline v1 {

/// A number as it stands in JSON text: converted only to what it is asked for, and exactly.
class json_number {
 public:
  json_number() = default;

  /// The number at the start of `text` (RFC 8259 6); empty when there is none.
  static json_number at_start_of(std::string_view text) noexcept {
    json_number found;
    std::size_t i = text.starts_with('-') ? 1 : 0;
    const auto digits = [&] {
      const std::size_t start = i;
      while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
      return i > start;
    };
    if (i < text.size() && text[i] == '0') {
      ++i;
    } else if (!digits()) {
      return found;
    }
    found.integral_ = true;
    if (i < text.size() && text[i] == '.') {
      ++i;
      found.integral_ = false;
      if (!digits()) return {};
    }
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
      ++i;
      found.integral_ = false;
      if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
      if (!digits()) return {};
    }
    found.text_ = text.substr(0, i);
    return found;
  }

  /// `text` as a number; empty when it is none.
  static json_number whole(std::string_view text) noexcept {
    const json_number found = at_start_of(text);
    return found.text_.size() == text.size() ? found : json_number();
  }
  /// The same for one without fraction and exponent.
  static json_number integer(std::string_view text) noexcept {
    const json_number found = whole(text);
    return found.integral_ ? found : json_number();
  }

  std::string_view text() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }
  /// It has neither fraction nor exponent.
  bool is_integral() const noexcept { return integral_; }

  /// Its value, when an Integer has it: 1e3 and 1.0 are integers, too.
  template <std::integral Integer>
  std::optional<Integer> to_integer() const noexcept {
    if (integral_) {
      if (text_ == "-0") return Integer{0};  // from_chars has no sign for unsigned types
      Integer value = 0;
      if (std::from_chars(begin(), end(), value).ec != std::errc()) return std::nullopt;
      return value;
    }
    const std::optional<double> value = to_double();
    // Both bounds are powers of two, which a double holds exactly.
    constexpr int bits = std::numeric_limits<Integer>::digits;
    const double above = std::ldexp(1.0, bits);
    const double least = std::signed_integral<Integer> ? -above : 0.0;
    if (!value || *value < least || *value >= above || std::trunc(*value) != *value) {
      return std::nullopt;
    }
    return static_cast<Integer>(*value);
  }

  /// The nearest double; none when it is too large for one.
  std::optional<double> to_double() const noexcept {
    double value = 0;
    const std::errc how = std::from_chars(begin(), end(), value).ec;
    if (how == std::errc()) return value;
    // Out of range means too large as well as too small.
    if (how != std::errc::result_out_of_range || is_large()) return std::nullopt;
    return text_.starts_with('-') ? -0.0 : 0.0;
  }

  /// The nearest float; none when it is too large for one.
  std::optional<float> to_float() const noexcept {
    const std::optional<double> value = to_double();
    // From here on the nearest float would be infinite.
    if (!value || std::abs(*value) >= 0x1.ffffffp127) return std::nullopt;
    return static_cast<float>(*value);
  }

 private:
  const char* begin() const noexcept { return text_.data(); }
  const char* end() const noexcept { return text_.data() + text_.size(); }

  /// Of a number that is far from 1.
  bool is_large() const noexcept {
    const std::size_t e = text_.find_first_of("eE");
    const std::string_view digits = text_.substr(0, e);
    const std::size_t first = digits.find_first_of("123456789");
    if (first == std::string_view::npos) return false;
    const std::size_t point = std::min(digits.find('.'), digits.size());
    // Where the first digit stands: left or right of the point.
    const auto place = static_cast<double>(point) - static_cast<double>(first);
    if (e == std::string_view::npos) return place > 0;
    std::string_view power = text_.substr(e + 1);
    if (power.front() == '+') power.remove_prefix(1);
    const bool negative = power.front() == '-';
    long long exponent = 0;
    if (std::from_chars(power.data(), power.data() + power.size(), exponent).ec != std::errc()) {
      return !negative;
    }
    return place + static_cast<double>(exponent) > 0;
  }

  std::string_view text_;
  bool integral_ = false;
};

}  // namespace polywire::inline v1

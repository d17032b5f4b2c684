// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace polywire::inline v1::wire {

/// A time as HTTP writes it (RFC 9110 5.6.7, IMF-fixdate): "Sun, 06 Nov 1994 08:49:37 GMT".
/// Fractions of a second are cut off; times outside the years 0 to 9999 become the first or last in
/// them.
///
///     out.append(http_date(std::chrono::floor<std::chrono::seconds>(now)).view());
class http_date {
 public:
  static constexpr std::size_t size = 29;

  constexpr explicit http_date(std::chrono::sys_seconds when) noexcept {
    using namespace std::chrono;
    constexpr sys_seconds first = sys_days(year(0) / January / 1);
    constexpr sys_seconds last = sys_days(year(10'000) / January / 1) - seconds(1);
    when = std::clamp(when, first, last);
    const sys_days day = floor<days>(when);
    const year_month_day date(day);
    const hh_mm_ss time(when - day);

    constexpr std::string_view weekdays = "SunMonTueWedThuFriSat";
    constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    put(0, weekdays.substr(3 * std::size_t{weekday(day).c_encoding()}, 3));
    put(8, months.substr(3 * (std::size_t{unsigned(date.month())} - 1), 3));
    put(5, unsigned(date.day()));
    const auto y = static_cast<unsigned>(int(date.year()));
    put(12, y / 100);
    put(14, y % 100);
    put(17, static_cast<unsigned>(time.hours().count()));
    put(20, static_cast<unsigned>(time.minutes().count()));
    put(23, static_cast<unsigned>(time.seconds().count()));
  }

  constexpr std::string_view view() const noexcept { return {text_, size}; }

 private:
  constexpr void put(std::size_t at, std::string_view letters) noexcept {
    std::ranges::copy(letters, text_ + at);
  }
  constexpr void put(std::size_t at, unsigned number) noexcept {
    text_[at] = static_cast<char>('0' + number / 10);
    text_[at + 1] = static_cast<char>('0' + number % 10);
  }

  char text_[size + 1] = "___, __ ___ ____ __:__:__ GMT";
};

}  // namespace polywire::inline v1::wire

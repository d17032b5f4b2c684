// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_writer.hpp"
#include "polywire/codec/protobuf_wire.hpp"
#include "polywire/core/buffer.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

/// google.protobuf.Timestamp and Duration as the texts that they are in JSON.
namespace polywire::inline v1::detail {

/// Of a Timestamp: since 1970, with nanos that count forward. Of a Duration: both with its sign.
struct seconds_and_nanos {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
};

inline constexpr std::int64_t least_timestamp = -62'135'596'800;     // 0001-01-01T00:00:00Z
inline constexpr std::int64_t greatest_timestamp = 253'402'300'799;  // 9999-12-31T23:59:59Z
inline constexpr std::int64_t greatest_duration = 315'576'000'000;   // 10,000 years
inline constexpr std::int32_t nanos_per_second = 1'000'000'000;

constexpr bool is_timestamp(const seconds_and_nanos& time) noexcept {
  return time.seconds >= least_timestamp && time.seconds <= greatest_timestamp && time.nanos >= 0 &&
         time.nanos < nanos_per_second;
}
constexpr bool is_duration(const seconds_and_nanos& time) noexcept {
  const bool mixed = (time.seconds < 0 && time.nanos > 0) || (time.seconds > 0 && time.nanos < 0);
  return !mixed && time.seconds >= -greatest_duration && time.seconds <= greatest_duration &&
         time.nanos > -nanos_per_second && time.nanos < nanos_per_second;
}

/// The binary form. Zeros are written, too: they count where they replace an earlier value.
inline void append_time_fields(buffer& out, const seconds_and_nanos& time) {
  append_varint(out, wire_tag(1, wire_type::varint));
  append_varint(out, static_cast<std::uint64_t>(time.seconds));
  append_varint(out, wire_tag(2, wire_type::varint));
  append_varint(out, static_cast<std::uint64_t>(std::int64_t{time.nanos}));
}
/// Of what protobuf has written.
inline seconds_and_nanos time_of_fields(std::string_view wire) noexcept {
  seconds_and_nanos time;
  wire_reader in(wire);
  if (in.take_tag(wire_tag(1, wire_type::varint))) {
    time.seconds = static_cast<std::int64_t>(in.varint());
  }
  if (in.take_tag(wire_tag(2, wire_type::varint))) {
    time.nanos = static_cast<std::int32_t>(in.varint());
  }
  return time;
}

/// Reads the digits of times from left to right.
class time_text {
 public:
  explicit time_text(std::string_view text) noexcept : rest_(text) {}

  bool empty() const noexcept { return rest_.empty(); }

  bool take(char expected) noexcept {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Exactly so many digits.
  bool number(int digits, int& value) noexcept {
    value = 0;
    for (; digits > 0; --digits) {
      const int next = digit();
      if (next < 0) return false;
      value = value * 10 + next;
    }
    return true;
  }
  /// At least one digit; what is above `most` is none.
  bool number_up_to(std::int64_t most, std::int64_t& value) noexcept {
    value = digit();
    if (value < 0) return false;
    for (int next = digit(); next >= 0; next = digit()) {
      value = value * 10 + next;
      if (value > most) return false;
    }
    return true;
  }
  /// A point and digits, if there are any; how many digits. Those behind the ninth do not count.
  std::optional<std::size_t> fraction(std::int32_t& nanos) noexcept {
    nanos = 0;
    if (!take('.')) return 0;
    std::size_t digits = 0;
    std::int32_t unit = nanos_per_second;
    for (int next = digit(); next >= 0; next = digit(), ++digits) {
      unit /= 10;
      nanos += next * unit;
    }
    if (digits == 0) return std::nullopt;
    return digits;
  }

 private:
  /// -1 where there is none.
  int digit() noexcept {
    if (rest_.empty() || rest_.front() < '0' || rest_.front() > '9') return -1;
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
};

/// "2020-02-29T12:34:56.789Z" (RFC 3339 5.6), also with an offset from UTC in place of Z. The
/// mapping has no leap seconds, and no lower case.
inline std::optional<seconds_and_nanos> parse_json_timestamp(std::string_view text) noexcept {
  time_text in(text);
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  seconds_and_nanos time;
  if (!in.number(4, year) || !in.take('-') || !in.number(2, month) || !in.take('-') ||
      !in.number(2, day) || !in.take('T') || !in.number(2, hour) || !in.take(':') ||
      !in.number(2, minute) || !in.take(':') || !in.number(2, second) || !in.fraction(time.nanos)) {
    return std::nullopt;
  }
  using namespace std::chrono;
  const year_month_day date(std::chrono::year(year),
                            std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day)));
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  time.seconds = std::int64_t{sys_days(date).time_since_epoch().count()} * 86'400 + hour * 3'600 +
                 minute * 60 + second;
  if (!in.take('Z')) {
    const bool is_ahead = in.take('+');
    if (!is_ahead && !in.take('-')) return std::nullopt;
    if (!in.number(2, hour) || !in.take(':') || !in.number(2, minute) || hour > 23 || minute > 59) {
      return std::nullopt;
    }
    const int offset = hour * 3'600 + minute * 60;
    time.seconds += is_ahead ? -offset : offset;
  }
  if (!in.empty() || !is_timestamp(time)) return std::nullopt;
  return time;
}

/// "-1.5s".
inline std::optional<seconds_and_nanos> parse_json_duration(std::string_view text) noexcept {
  time_text in(text);
  const bool is_negative = in.take('-');
  seconds_and_nanos time;
  if (!in.number_up_to(greatest_duration, time.seconds)) return std::nullopt;
  const std::optional<std::size_t> digits = in.fraction(time.nanos);
  if (!digits || *digits > 9 || !in.take('s') || !in.empty()) return std::nullopt;
  if (is_negative) time = {-time.seconds, -time.nanos};
  return time;
}

/// As many digits as it takes, in steps of three; nothing for zero.
inline void append_nanos(buffer& out, std::int32_t nanos) {
  if (nanos == 0) return;
  std::array<char, 10> text;
  text[0] = '.';
  for (std::size_t i = 9; i > 0; --i, nanos /= 10) text[i] = static_cast<char>('0' + nanos % 10);
  std::size_t size = text.size();
  while (size > 4 && std::string_view(text.data(), size).ends_with("000")) size -= 3;
  out.append(std::string_view(text.data(), size));
}

/// `time` is in the range; quotes included.
inline void append_timestamp(buffer& out, const seconds_and_nanos& time) {
  using namespace std::chrono;
  const sys_seconds moment{seconds(time.seconds)};
  const sys_days midnight = floor<days>(moment);
  const year_month_day date(midnight);
  const hh_mm_ss clock(moment - midnight);
  std::array<char, 20> text{'"', 0, 0, 0, 0, '-', 0, 0, '-', 0, 0, 'T', 0, 0, ':', 0, 0, ':', 0, 0};
  const auto put = [&](std::size_t first, std::size_t digits, auto value) {
    for (std::size_t i = first + digits; i > first; value /= 10) {
      text[--i] = static_cast<char>('0' + value % 10);
    }
  };
  put(1, 4, static_cast<int>(date.year()));
  put(6, 2, static_cast<unsigned>(date.month()));
  put(9, 2, static_cast<unsigned>(date.day()));
  put(12, 2, clock.hours().count());
  put(15, 2, clock.minutes().count());
  put(18, 2, clock.seconds().count());
  out.append(std::string_view(text.data(), text.size()));
  append_nanos(out, time.nanos);
  out.append("Z\"");
}

/// `time` is in the range; quotes included.
inline void append_duration(buffer& out, seconds_and_nanos time) {
  const bool is_negative = time.seconds < 0 || time.nanos < 0;
  if (is_negative) time = {-time.seconds, -time.nanos};
  out.append(is_negative ? "\"-" : "\"");
  append_json_number(out, time.seconds);
  append_nanos(out, time.nanos);
  out.append("s\"");
}

}  // namespace polywire::inline v1::detail

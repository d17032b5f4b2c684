// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace polywire::inline v1 {

/// Names an event for as long as its server lives: later events have greater offsets, whatever
/// their topic, and a server that starts again has another epoch.
class event_id {
 public:
  constexpr event_id() = default;
  constexpr event_id(std::uint64_t epoch, std::uint64_t offset) noexcept
      : epoch_(epoch), offset_(offset) {}

  constexpr std::uint64_t epoch() const noexcept { return epoch_; }
  /// From 1; 0 stands before all events.
  constexpr std::uint64_t offset() const noexcept { return offset_; }

  /// "epoch-offset", in decimal.
  std::string to_string() const { return std::to_string(epoch_) + "-" + std::to_string(offset_); }
  /// Empty when the text is no id.
  static std::optional<event_id> parse(std::string_view text) noexcept {
    event_id id;
    const char* const end = text.data() + text.size();
    const auto epoch = std::from_chars(text.data(), end, id.epoch_);
    if (epoch.ec != std::errc() || epoch.ptr == end || *epoch.ptr != '-') return std::nullopt;
    const auto offset = std::from_chars(epoch.ptr + 1, end, id.offset_);
    if (offset.ec != std::errc() || offset.ptr != end) return std::nullopt;
    return id;
  }

  friend constexpr bool operator==(const event_id&, const event_id&) = default;

 private:
  std::uint64_t epoch_ = 0;
  std::uint64_t offset_ = 0;
};

/// Events that a subscriber did not get before this one.
class loss {
 public:
  enum class kind : std::uint8_t {
    exact,     ///< so many
    at_least,  ///< so many, perhaps more
    unknown,   ///< the server started anew: nobody knows
  };

  constexpr loss() = default;
  constexpr loss(std::uint64_t count, kind how) noexcept : count_(count), kind_(how) {}

  constexpr std::uint64_t count() const noexcept { return count_; }
  constexpr kind how() const noexcept { return kind_; }
  /// Nothing was lost.
  constexpr bool none() const noexcept { return kind_ == kind::exact && count_ == 0; }

  /// Both losses together.
  constexpr loss& operator+=(const loss& other) noexcept {
    count_ += other.count_;
    if (other.kind_ > kind_) kind_ = other.kind_;
    return *this;
  }
  friend constexpr bool operator==(const loss&, const loss&) = default;

 private:
  std::uint64_t count_ = 0;
  kind kind_ = kind::exact;
};

}  // namespace polywire::inline v1

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/status.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1 {

/// Key-value pairs that travel beside the messages of a call, in order, keys repeatable.
///
/// Keys are case-insensitive (kept in lower case): letters, digits, '-', '_', '.'. A value is
/// printable ASCII, or any bytes when the key ends in "-bin". Prefixes that protocols use for
/// themselves are refused, so that a value cannot pretend to be part of the protocol.
class metadata {
 public:
  using entry = std::pair<std::string, std::string>;

  /// Errors: `invalid_argument` that names the key and the rule; nothing is added then.
  status add(std::string_view key, std::string_view value) {
    std::string lower = to_lower(key);
    if (auto why = check(lower, value); !why) return why;
    size_ += lower.size() + value.size();
    entries_.emplace_back(std::move(lower), std::string(value));
    return {};
  }

  /// The first value of a key.
  std::optional<std::string_view> get(std::string_view key) const {
    const std::string lower = to_lower(key);
    for (const auto& [name, value] : entries_) {
      if (name == lower) return value;
    }
    return std::nullopt;
  }
  /// All values of a key, in the order in which they were added.
  std::vector<std::string_view> get_all(std::string_view key) const {
    const std::string lower = to_lower(key);
    std::vector<std::string_view> found;
    for (const auto& [name, value] : entries_) {
      if (name == lower) found.push_back(value);
    }
    return found;
  }

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t count() const noexcept { return entries_.size(); }
  /// Bytes of all keys and values; what `limits::max_metadata` bounds.
  std::size_t size() const noexcept { return size_; }
  auto begin() const noexcept { return entries_.begin(); }
  auto end() const noexcept { return entries_.end(); }

  static bool is_binary_key(std::string_view key) noexcept { return key.ends_with("-bin"); }

  /// Whether an entry may be sent; `key` in lower case.
  static status check(std::string_view key, std::string_view value) {
    if (key.empty()) return status::invalid_argument("a metadata key is empty");
    for (const char c : key) {
      const bool good =
          (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
      if (!good) {
        return status::invalid_argument("metadata key '" + quoted(key) +
                                        "' may only have letters, digits, '-', '_' and '.'");
      }
    }
    for (const std::string_view prefix : {"polywire-", "grpc-", "connect-", "trailer-"}) {
      if (key.starts_with(prefix)) {
        return status::invalid_argument("metadata key '" + quoted(key) + "' has the prefix '" +
                                        std::string(prefix) + "', which is reserved for protocols");
      }
    }
    if (is_binary_key(key)) return {};
    for (const char c : value) {
      if (c < 0x20 || c > 0x7e) {
        return status::invalid_argument(
            "the value of metadata key '" + quoted(key) +
            "' is not printable ASCII; a key that ends in '-bin' may carry any bytes");
      }
    }
    return {};
  }

  friend bool operator==(const metadata& a, const metadata& b) { return a.entries_ == b.entries_; }

 private:
  static std::string to_lower(std::string_view key) {
    std::string lower(key);
    for (char& c : lower) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
  }
  // A bounded, printable rendering for error messages.
  static std::string quoted(std::string_view key) {
    std::string shown;
    for (const char c : key.substr(0, 64)) shown += c >= 0x20 && c <= 0x7e ? c : '?';
    return shown;
  }

  std::vector<entry> entries_;
  std::size_t size_ = 0;
};

}  // namespace polywire::inline v1

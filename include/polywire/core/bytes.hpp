// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1 {

/// Bytes that somebody else owns.
using bytes_view = std::span<const std::byte>;

inline bytes_view as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span<const char>(text.data(), text.size()));
}

inline std::string_view as_text(bytes_view view) noexcept {
  return view.empty() ? std::string_view()
                      : std::string_view(reinterpret_cast<const char*>(view.data()), view.size());
}

/// A message of raw bytes: carried as they are, content type application/octet-stream.
/// A class with constructors, so that a temporary is safe inside `co_await` on GCC 12.
class bytes {
 public:
  bytes() = default;
  explicit bytes(bytes_view view) : data_(view.begin(), view.end()) {}
  explicit bytes(std::string_view text) : bytes(as_bytes(text)) {}
  explicit bytes(std::vector<std::byte> data) noexcept : data_(std::move(data)) {}

  const std::byte* data() const noexcept { return data_.data(); }
  std::byte* data() noexcept { return data_.data(); }
  std::size_t size() const noexcept { return data_.size(); }
  bool empty() const noexcept { return data_.empty(); }
  auto begin() const noexcept { return data_.begin(); }
  auto end() const noexcept { return data_.end(); }
  void assign(bytes_view view) { data_.assign(view.begin(), view.end()); }
  void resize(std::size_t size) { data_.resize(size); }

  bytes_view view() const noexcept { return {data_.data(), data_.size()}; }
  std::string_view str() const noexcept { return as_text(view()); }

  friend bool operator==(const bytes&, const bytes&) = default;

 private:
  std::vector<std::byte> data_;
};

/// A message of UTF-8 text, content type text/plain. A `std::string` is a JSON string instead.
class text {
 public:
  text() = default;
  explicit(false) text(std::string value) noexcept : value_(std::move(value)) {}
  explicit(false) text(std::string_view value) : value_(value) {}
  explicit(false) text(const char* value) : value_(value) {}

  const std::string& str() const noexcept { return value_; }
  std::string& str() noexcept { return value_; }
  explicit(false) operator std::string_view() const noexcept { return value_; }

  friend bool operator==(const text&, const text&) = default;

 private:
  std::string value_;
};

}  // namespace polywire::inline v1

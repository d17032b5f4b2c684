// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/http1/detail/characters.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace polywire::inline v1::wire::http1 {

/// One line of a header or trailer section, as a view; the value without the blanks around it.
class field {
 public:
  field(std::string_view n, std::string_view v) noexcept : name(n), value(v) {}

  std::string_view name;
  std::string_view value;

  friend bool operator==(const field&, const field&) = default;
};

/// The fields of a section in their order. Names are found whatever their case.
/// Lifetime: views of the bytes that were read. The list itself is made to be used again: it keeps
/// its capacity, so that reading allocates nothing in the long run.
class field_list {
 public:
  /// The value of the first field of that name.
  std::optional<std::string_view> get(std::string_view name) const noexcept {
    for (const field& f : fields_) {
      if (detail::same_ignoring_case(f.name, name)) return f.value;
    }
    return std::nullopt;
  }
  std::size_t count(std::string_view name) const noexcept {
    std::size_t found = 0;
    for (const field& f : fields_) found += detail::same_ignoring_case(f.name, name) ? 1 : 0;
    return found;
  }

  std::size_t size() const noexcept { return fields_.size(); }
  bool empty() const noexcept { return fields_.empty(); }
  const field& operator[](std::size_t i) const noexcept { return fields_[i]; }
  auto begin() const noexcept { return fields_.begin(); }
  auto end() const noexcept { return fields_.end(); }

  void add(std::string_view name, std::string_view value) { fields_.emplace_back(name, value); }
  void clear() noexcept { fields_.clear(); }

  friend bool operator==(const field_list&, const field_list&) = default;

 private:
  std::vector<field> fields_;
};

/// Takes the next element off a comma-separated list (RFC 9110 5.6.1) without its blanks; empty
/// elements are passed over. False: there is none. Quotes mean nothing to it.
inline bool next_element(std::string_view& list, std::string_view& element) noexcept {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    element = detail::trim(list.substr(0, comma));
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    if (!element.empty()) return true;
  }
  return false;
}

}  // namespace polywire::inline v1::wire::http1

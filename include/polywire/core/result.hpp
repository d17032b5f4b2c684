// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/status.hpp"

#include <concepts>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace polywire::inline v1 {

/// Thrown by `result::value()` when there is none.
class bad_result : public std::runtime_error {
 public:
  explicit bad_result(polywire::status why)
      : std::runtime_error(why.to_string()), status_(std::move(why)) {}
  const polywire::status& status() const noexcept { return status_; }

 private:
  polywire::status status_;
};

/// A value, or the status that says why there is none. Default-constructed: `unknown`.
template <class T>
class [[nodiscard]] result {
  static_assert(!std::is_reference_v<T> && !std::same_as<T, polywire::status>);

 public:
  using value_type = T;

  result() : status_(status_code::unknown, "no result yet") {}
  explicit(false) result(T value) noexcept(std::is_nothrow_move_constructible_v<T>)
      : value_(std::move(value)) {}
  /// An ok status is no reason to have no value, and becomes `internal`.
  explicit(false) result(polywire::status why) : status_(std::move(why)) {
    if (status_.ok()) status_ = polywire::status::internal("a result was made from an ok status");
  }

  bool has_value() const noexcept { return value_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  const polywire::status& status() const noexcept { return status_; }

  T& operator*() & noexcept { return *value_; }
  const T& operator*() const& noexcept { return *value_; }
  T&& operator*() && noexcept { return std::move(*value_); }
  T* operator->() noexcept { return &*value_; }
  const T* operator->() const noexcept { return &*value_; }

  /// Throws `bad_result` when there is no value.
  T& value() & { return check(), *value_; }
  const T& value() const& { return check(), *value_; }
  T&& value() && { return check(), std::move(*value_); }
  template <class U>
  T value_or(U&& other) const& {
    return value_ ? *value_ : static_cast<T>(std::forward<U>(other));
  }

 private:
  void check() const {
    if (!value_) throw bad_result(status_);
  }

  std::optional<T> value_;
  polywire::status status_;
};

}  // namespace polywire::inline v1

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/result.hpp"

#include <concepts>
#include <ostream>
#include <source_location>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::testing::conformance {

/// What a scenario throws when the backend under test does not do what it must.
class failure : public std::runtime_error {
 public:
  failure(const std::string& what, const std::source_location& where)
      : std::runtime_error(std::string(where.file_name()) + ':' + std::to_string(where.line()) +
                           ": " + what) {}
};

[[noreturn]] inline void fail(std::string_view what,
                              const std::source_location& where = std::source_location::current()) {
  throw failure(std::string(what), where);
}

namespace detail {

template <class T>
concept streamable = requires(std::ostream& out, const T& value) { out << value; };

template <class T>
std::string show(const T& value) {
  if constexpr (std::same_as<T, polywire::status>) {
    return value.to_string() + " (" + std::string(to_string(value.reached())) + ')';
  } else if constexpr (std::same_as<T, outcome> || std::same_as<T, status_code> ||
                       std::same_as<T, format>) {
    return std::string(to_string(value));
  } else if constexpr (std::convertible_to<T, std::string_view>) {
    const std::string_view text = value;  // long messages are cut, not printed
    return '"' + std::string(text.substr(0, 200)) + (text.size() > 200 ? "…\"" : "\"");
  } else if constexpr (streamable<T>) {
    std::ostringstream out;
    out << value;
    return out.str();
  } else {
    return "a value that cannot be printed";
  }
}

// Counts are compared without fights about signedness.
template <class A, class B>
bool equal(const A& a, const B& b) {
  if constexpr (std::integral<A> && std::integral<B> && !std::same_as<A, B>) {
    return std::cmp_equal(a, b);
  } else {
    return a == b;
  }
}

}  // namespace detail

inline void check(bool holds, std::string_view what,
                  const std::source_location& where = std::source_location::current()) {
  if (!holds) fail(what, where);
}

template <class Got, class Wanted>
void check_equal(const Got& got, const Wanted& wanted, std::string_view what,
                 const std::source_location& where = std::source_location::current()) {
  if (detail::equal(got, wanted)) return;
  fail(std::string(what) + ": got " + detail::show(got) + ", wanted " + detail::show(wanted),
       where);
}

inline void check_ok(const status& got, std::string_view what,
                     const std::source_location& where = std::source_location::current()) {
  if (!got.ok()) fail(std::string(what) + ": " + detail::show(got), where);
}

inline void check_code(const status& got, status_code wanted, std::string_view what,
                       const std::source_location& where = std::source_location::current()) {
  if (got.code() == wanted) return;
  fail(std::string(what) + ": got " + detail::show(got) + ", wanted " +
           std::string(to_string(wanted)),
       where);
}

inline void check_status(const status& got, status_code wanted, outcome reached,
                         std::string_view what,
                         const std::source_location& where = std::source_location::current()) {
  check_code(got, wanted, what, where);
  if (got.reached() == reached) return;
  fail(std::string(what) + ": got " + detail::show(got) + ", wanted the outcome " +
           std::string(to_string(reached)),
       where);
}

/// The value of a result that must have one.
template <class T>
T& value_of(result<T>& got, std::string_view what,
            const std::source_location& where = std::source_location::current()) {
  check_ok(got.status(), what, where);
  return *got;
}
template <class T>
T value_of(result<T>&& got, std::string_view what,
           const std::source_location& where = std::source_location::current()) {
  check_ok(got.status(), what, where);
  return std::move(*got);
}

}  // namespace polywire::inline v1::testing::conformance

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>

namespace polywire::inline v1 {

/// The longest name of a topic or pattern, in bytes.
inline constexpr std::size_t max_topic_name = 255;

namespace detail {

constexpr bool is_topic_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

// Segments of letters, digits, '_' and '-', joined by dots; in a pattern also the wildcards.
constexpr bool is_topic(std::string_view name, bool wildcards) noexcept {
  if (name.empty() || name.size() > max_topic_name) return false;
  while (true) {
    const auto dot = name.find('.');
    const std::string_view segment = name.substr(0, dot);
    if (segment.empty()) return false;
    if (segment == "*" || segment == ">") {
      if (!wildcards || (segment == ">" && dot != std::string_view::npos)) return false;
    } else {
      for (const char c : segment) {
        if (!is_topic_word(c)) return false;
      }
    }
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace detail

/// "orders.v1.created": segments of letters, digits, '_' and '-', joined by dots.
constexpr bool is_topic_name(std::string_view name) noexcept {
  return detail::is_topic(name, false);
}
/// The same, where '*' may stand for any one segment, and a '>' at the end for one or more.
constexpr bool is_topic_pattern(std::string_view name) noexcept {
  return detail::is_topic(name, true);
}
/// A pattern that more than one name can match.
constexpr bool has_wildcard(std::string_view pattern) noexcept {
  return pattern.find('*') != std::string_view::npos || pattern.find('>') != std::string_view::npos;
}

/// Whether a pattern takes a name. Both are to be well-formed.
constexpr bool topic_matches(std::string_view pattern, std::string_view name) noexcept {
  while (true) {
    const auto wanted_end = pattern.find('.');
    const auto end = name.find('.');
    const std::string_view wanted = pattern.substr(0, wanted_end);
    if (wanted == ">") return !name.empty();
    if (wanted != "*" && wanted != name.substr(0, end)) return false;
    if (wanted_end == std::string_view::npos || end == std::string_view::npos) {
      return wanted_end == end;
    }
    pattern.remove_prefix(wanted_end + 1);
    name.remove_prefix(end + 1);
  }
}

/// A contract that publishers and subscribers share: a name and the type of the events. Declare it
/// as an `inline constexpr` variable; the name is a string literal and is checked when compiling.
template <class Event>
class topic {
 public:
  using event_type = Event;

  consteval explicit topic(const char* name) : name_(name) {
    if (!is_topic_name(name_)) throw "a topic is named by words joined by dots, without wildcards";
  }
  constexpr std::string_view name() const noexcept { return name_; }

 private:
  std::string_view name_;
};

/// All topics that a pattern takes: `orders.*` one segment more, `orders.>` one or more.
template <class Event>
class topics {
 public:
  using event_type = Event;

  consteval explicit topics(const char* pattern) : pattern_(pattern) {
    if (!is_topic_pattern(pattern_)) throw "a pattern is words, '*' and a last '>', joined by dots";
  }
  constexpr std::string_view pattern() const noexcept { return pattern_; }

 private:
  std::string_view pattern_;
};

}  // namespace polywire::inline v1

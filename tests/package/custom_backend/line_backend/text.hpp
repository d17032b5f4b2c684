// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <polywire/core/buffer.hpp>

#include <charconv>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

/// The wire: lines of words. A line is a verb and its words, separated by one space each, and ends
/// with a line feed. Everything in a word but printable ASCII, and '%', stands as %XX.
namespace line_backend {

/// The longest line that may come, without its line feed.
inline constexpr std::size_t max_line = 100'000;
/// So much fits into a line, whatever its bytes are.
inline constexpr std::size_t max_word = max_line / 3 - 400;

inline void put_word(polywire::buffer& out, std::string_view word) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : word) {
    const auto byte = static_cast<unsigned char>(c);
    if (c > ' ' && c <= '~' && c != '%') {
      out.append(std::string_view(&c, 1));
    } else {
      const char escaped[] = {'%', digits[byte >> 4U], digits[byte & 15U]};
      out.append(std::string_view(escaped, sizeof escaped));
    }
  }
}
inline void put_word(polywire::buffer& out, std::uint64_t number) {
  out.append(std::to_string(number));
}

template <class... Words>
void put_line(polywire::buffer& out, std::string_view verb, const Words&... words) {
  out.append(verb);
  ((out.append(" "), put_word(out, words)), ...);
  out.append("\n");
}

/// Reads a line word by word. A word that is not there is empty.
class words {
 public:
  explicit words(std::string_view line) noexcept : rest_(line) {}

  /// The next word as it stands there: for names that have nothing to escape.
  std::string_view next() noexcept {
    const std::size_t end = rest_.find(' ');
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    return word;
  }
  /// Nothing: it is malformed.
  std::optional<std::string> text() {
    const std::string_view word = next();
    std::string out;
    for (std::size_t i = 0; i < word.size(); ++i) {
      if (word[i] != '%') {
        out += word[i];
        continue;
      }
      unsigned value = 0;
      const char* digits = word.data() + i + 1;
      if (word.size() - i < 3) return std::nullopt;
      if (std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) return std::nullopt;
      out += static_cast<char>(static_cast<unsigned char>(value));
      i += 2;
    }
    return out;
  }
  template <std::unsigned_integral Number>
  std::optional<Number> number() noexcept {
    const std::string_view word = next();
    Number value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size()) return std::nullopt;
    return value;
  }
  /// One of the values of an enumeration, by its name.
  template <class Enum>
  std::optional<Enum> one_of(std::size_t count) noexcept {
    const std::string_view word = next();
    for (std::size_t i = 0; i < count; ++i) {
      if (to_string(static_cast<Enum>(i)) == word) return static_cast<Enum>(i);
    }
    return std::nullopt;
  }

 private:
  std::string_view rest_;
};

}  // namespace line_backend

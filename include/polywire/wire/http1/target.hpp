// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/http1/detail/characters.hpp"
#include "polywire/wire/http1/detail/request_target.hpp"
#include "polywire/wire/http1/head.hpp"

#include "polywire/core/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace polywire::inline v1::wire::http1 {

/// What '+' means: a blank in form data, and so in the queries that browsers write; itself in
/// paths.
enum class plus : std::uint8_t { is_plus, is_blank };

/// Appends the text with its escapes decoded, once. False: a '%' is not followed by two hexadecimal
/// digits.
inline bool percent_decode(std::string_view text, plus rule, std::string& out) {
  const auto is_special = [rule](char c) {
    return c == '%' || (c == '+' && rule == plus::is_blank);
  };
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t start = i;
    while (i < text.size() && !is_special(text[i])) ++i;
    out.append(text, start, i - start);
    if (i == text.size()) break;
    if (text[i++] == '+') {
      out += ' ';
      continue;
    }
    const int high = text.size() - i < 2 ? -1 : detail::hex_value(text[i]);
    const int low = text.size() - i < 2 ? -1 : detail::hex_value(text[i + 1]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

/// Appends text so that it is data anywhere in a target: all but unreserved characters is escaped
/// (RFC 3986 2.3).
inline void percent_encode(std::string_view text, std::string& out) {
  for (const char c : text) {
    if (detail::is(c, detail::plain_char)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += "0123456789ABCDEF"[byte >> 4];
    out += "0123456789ABCDEF"[byte & 15];
  }
}

/// The path and the query of `request_head::target`. Made to be used again: it keeps its memory.
class target {
 public:
  /// The path is decoded once, and everything is checked after that. Escaped slashes, backslashes
  /// and control characters, and segments "." and ".." are refused rather than mended: a proxy in
  /// front may have looked at the path and understood it in another way. Clients remove dot
  /// segments themselves (RFC 3986 5.2.4). False: see `problem`.
  bool parse(std::string_view text) {
    const std::size_t question = text.find('?');
    const std::string_view raw = text.substr(0, question);
    query_ = question == std::string_view::npos ? std::string_view() : text.substr(question + 1);
    path_.clear();
    if (raw.empty()) {  // "http://host?query": RFC 9110 4.2.3
      path_ = "/";
      return true;
    }
    if (!percent_decode(raw, plus::is_plus, path_)) {
      return fail(text, "a '%' is not followed by two hexadecimal digits");
    }
    if (has_escaped_slash(raw)) return fail(text, "a slash is escaped");
    if (!has_plain_characters(path_)) {
      return fail(text, "a backslash or a control character is in the path, maybe escaped");
    }
    if (path_.front() != '/' && path_ != "*") return fail(text, "the path does not begin with '/'");
    if (!is_utf8(path_)) return fail(text, "the path is not UTF-8");
    if (has_dot_segment(path_)) return fail(text, "'.' or '..' is a segment of the path");
    return true;
  }

  /// Decoded UTF-8, "/" at least; or "*".
  const std::string& path() const noexcept { return path_; }
  /// As it came, without the '?'; points into what was parsed. `query_reader` decodes it.
  std::string_view query() const noexcept { return query_; }
  const http1::problem& problem() const noexcept { return problem_; }

 private:
  static bool has_escaped_slash(std::string_view raw) noexcept {
    for (std::size_t at = raw.find("%2"); at != std::string_view::npos;
         at = raw.find("%2", at + 3)) {
      if (raw[at + 2] == 'f' || raw[at + 2] == 'F') return true;
    }
    return false;
  }
  static bool has_plain_characters(std::string_view path) noexcept {
    for (const char c : path) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\') return false;
    }
    return true;
  }
  static bool has_dot_segment(std::string_view path) noexcept {
    for (std::size_t at = path.find("/."); at != std::string_view::npos;
         at = path.find("/.", at + 1)) {
      const std::string_view rest = path.substr(at + 1);
      const std::string_view segment = rest.substr(0, rest.find('/'));
      if (segment == "." || segment == "..") return true;
    }
    return false;
  }
  bool fail(std::string_view text, const char* why) {
    problem_ =
        http1::problem(400, "the target " + detail::quoted_start(text) + " is refused: " + why);
    return false;
  }

  std::string path_;
  std::string_view query_;
  http1::problem problem_;
};

/// Walks over the pairs of a query, "key=value" joined by '&', in their order:
///
///     query_reader query(target.query(), plus::is_blank);
///     while (query.next()) use(query.key(), query.value());
///     if (query.problem().status != 0) …
class query_reader {
 public:
  static constexpr std::size_t max_pairs = 1'000;

  query_reader(std::string_view query, plus rule) noexcept : rest_(query), rule_(rule) {}

  /// The next pair, decoded once and checked to be UTF-8. Empty ones are passed over; without a '='
  /// the value is empty. False: there is none, or see `problem`.
  bool next() {
    std::string_view pair;
    while (pair.empty()) {
      if (rest_.empty()) return false;
      const std::size_t end = rest_.find('&');
      pair = rest_.substr(0, end);
      rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    }
    if (++pairs_ > max_pairs) return fail("has more than 1000 pairs");
    const std::size_t equals = pair.find('=');
    const bool has_value = equals != std::string_view::npos;
    key_.clear();
    value_.clear();
    if (!percent_decode(pair.substr(0, equals), rule_, key_) ||
        (has_value && !percent_decode(pair.substr(equals + 1), rule_, value_))) {
      return fail("has a '%' that is not followed by two hexadecimal digits");
    }
    return (is_utf8(key_) && is_utf8(value_)) || fail("is not UTF-8");
  }

  /// Valid until the next `next`.
  const std::string& key() const noexcept { return key_; }
  const std::string& value() const noexcept { return value_; }
  const http1::problem& problem() const noexcept { return problem_; }

 private:
  bool fail(const char* why) {
    rest_ = {};
    problem_ = http1::problem(400, "the query " + std::string(why));
    return false;
  }

  std::string_view rest_;
  plus rule_;
  std::size_t pairs_ = 0;
  std::string key_;
  std::string value_;
  http1::problem problem_;
};

}  // namespace polywire::inline v1::wire::http1

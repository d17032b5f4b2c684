// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/http1/detail/characters.hpp"
#include "polywire/wire/http1/head.hpp"

#include "polywire/core/utf8.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::wire::http1::detail {

/// A peer's text for an error message: in quotes, bounded, printable.
inline std::string quoted(std::string_view text) {
  return "'" + polywire::detail::shown(text, 48) + "'";
}

/// The same of something that may have a secret further on: a field's value, a query, a password.
inline std::string quoted_start(std::string_view text) {
  return quoted(text.substr(0, text.find_first_of(":?")));
}

inline problem not_http(char first) {
  const auto byte = static_cast<unsigned char>(first);
  const char hex[] = {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15], '\0'};
  return {400, std::string("this is not HTTP: the first byte is 0x") + hex};
}

/// Where a section may begin: a request after one empty line (RFC 9112 2.2), a response at once,
/// and trailers have no start line.
enum class section_part : std::uint8_t { empty_line, start_line, fields };

/// Finds the empty line that ends a head or a trailer section, before anything in it is read, and
/// sees to the sizes and the line ends. It remembers how far it has looked: bytes that trickle in
/// are looked at once.
class section_scanner {
 public:
  explicit section_scanner(section_part first) noexcept : part_(first) {}

  /// `text`: the same bytes as last time, and those that came since.
  parse_state scan(std::string_view text, std::size_t max_line, std::size_t max_fields,
                   problem& why) {
    for (;;) {
      const std::size_t lf = text.find('\n', scanned_);
      scanned_ = lf == std::string_view::npos ? text.size() : lf + 1;
      const bool in_fields = part_ == section_part::fields;
      const std::size_t most = in_fields ? max_fields : max_line;
      if (scanned_ - part_start_ > most) {
        why = in_fields ? problem(431, "the fields take more than " + std::to_string(most) +
                                           " bytes; send fewer or shorter ones")
                        : problem(414, "the first line takes more than " + std::to_string(most) +
                                           " bytes; use a shorter target");
        return parse_state::error;
      }
      if (lf == std::string_view::npos) return parse_state::need_more;
      if (lf == line_ || text[lf - 1] != '\r') {
        // RFC 9112 2.2 lets a recipient take it for a line end; one before us may not.
        why =
            problem(400, "a line that begins with " + quoted_start(text.substr(line_, lf - line_)) +
                             " ends in LF without CR; end lines with CR LF");
        return parse_state::error;
      }
      const bool empty = lf - line_ == 1;
      line_ = scanned_;
      if (in_fields) {
        if (empty) return parse_state::complete;
      } else if (!empty) {
        part_ = section_part::fields;
        fields_ = line_;
      } else if (part_ == section_part::empty_line) {
        part_ = section_part::start_line;
        start_ = line_;
      } else {
        why = problem(400, "an empty line comes where a message should begin");
        return parse_state::error;
      }
      if (!in_fields) part_start_ = line_;
    }
  }

  // complete: the parts without the line ends that close them.
  std::string_view start_line(std::string_view text) const noexcept {
    return text.substr(start_, fields_ - start_ - 2);
  }
  std::string_view fields(std::string_view text) const noexcept {
    return text.substr(fields_, scanned_ - fields_ - 2);
  }
  std::size_t size() const noexcept { return scanned_; }

 private:
  section_part part_;
  std::size_t scanned_ = 0;
  std::size_t line_ = 0;        // where the line begins whose end is looked for
  std::size_t part_start_ = 0;  // where sizes are counted from
  std::size_t start_ = 0;
  std::size_t fields_ = 0;
};

/// `line`: a field line, which begins with these characters of a name and no colon behind them. Not
/// shown: what may be a value.
inline problem bad_field(std::string_view line, std::string_view name) {
  const std::string_view after = line.substr(name.size());
  std::string why = "a field line that begins with " + quoted(name) + " is not 'name: value': ";
  if (is_blank(line.front())) {  // obs-fold
    why += "a blank is in front; write a field in one line (RFC 9112 5.2)";
  } else if (after.empty()) {
    why += "there is no colon (RFC 9112 5)";
  } else if (trim(after).starts_with(':')) {
    why += "before the colon there is a blank or nothing (RFC 9112 5.1)";
  } else {
    why += "the next character may not be in a name (RFC 9110 5.1)";
  }
  return {400, std::move(why)};
}

/// Reads field lines, each with its CR LF (RFC 9112 5). `lines` came through `section_scanner`.
inline bool read_fields(std::string_view lines, std::size_t most, field_list& out, problem& why) {
  out.clear();
  const char* at = lines.data();
  const char* const end = at + lines.size();
  while (at != end) {
    const char* const line = at;
    while (is(*at, token_char)) ++at;
    const std::string_view name(line, static_cast<std::size_t>(at - line));
    if (*at != ':' || name.empty()) {
      const std::string_view rest(line, static_cast<std::size_t>(end - line));
      why = bad_field(rest.substr(0, rest.find('\n') - 1), name);
      return false;
    }
    do ++at;
    while (is_blank(*at));
    const char* const value = at;
    at = value_end(at, end);
    const char* last = at;
    while (last != value && is_blank(last[-1])) --last;
    if (at[0] != '\r' || at[1] != '\n') {
      why = problem(400, "the value of the field " + quoted(name) +
                             " has a control character or a CR alone; encode it (RFC 9110 5.5)");
      return false;
    }
    at += 2;
    if (out.size() == most) {
      why = problem(431, "there are more than " + std::to_string(most) + " fields; send fewer");
      return false;
    }
    out.add(name, {value, static_cast<std::size_t>(last - value)});
  }
  return true;
}

}  // namespace polywire::inline v1::wire::http1::detail

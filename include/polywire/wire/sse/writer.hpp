// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/sse/event.hpp"

#include "polywire/core/buffer.hpp"
#include "polywire/core/clock.hpp"
#include "polywire/core/status.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

namespace polywire::inline v1::wire::sse {

namespace detail {

/// One line per line of the text: CR, LF and CRLF would end the field, and what is behind them
/// would be a field of its own.
inline void append_lines(buffer& out, std::string_view name, std::string_view text) {
  for (;;) {
    const std::size_t end = find_line_end(text);
    out.append(name);
    out.append(text.substr(0, end));
    out.append("\n");
    if (end == text.size()) return;
    text.remove_prefix(end + (text.substr(end).starts_with("\r\n") ? 2 : 1));
  }
}

inline bool fits_in_line(std::string_view text) noexcept {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace detail

/// Appends an event. Its data comes out as it is, but for line ends, which all become LF; it must
/// be UTF-8. Errors: `invalid_argument` for a line end or NUL in `type` or `id`, which could
/// pretend to be other fields; nothing is appended then.
inline status append_event(buffer& out, const event& e) {
  if (!detail::fits_in_line(e.type)) {
    return status::invalid_argument("an event's type may not have line ends or NUL");
  }
  if (!detail::fits_in_line(e.id)) {
    return status::invalid_argument("an event's id may not have line ends or NUL");
  }
  // The blank behind each colon is dropped by readers: without it, one of the value would be.
  if (!e.type.empty()) detail::append_lines(out, "event: ", e.type);
  if (!e.id.empty()) detail::append_lines(out, "id: ", e.id);
  detail::append_lines(out, "data: ", e.data);  // also when empty: without it there is no event
  out.append("\n");
  return {};
}

/// Appends an id without an event (9.2.6): what a reader names that comes back before the next one.
/// Errors: as above.
inline status append_id(buffer& out, std::string_view id) {
  if (!detail::fits_in_line(id)) {
    return status::invalid_argument("an id may not have line ends or NUL");
  }
  detail::append_lines(out, "id: ", id);
  out.append("\n");
  return {};
}

/// Appends what readers ignore: a sign of life every 15 s keeps proxies from closing a quiet stream
/// (9.2.7).
inline void append_comment(buffer& out, std::string_view text = {}) {
  detail::append_lines(out, ":", text);
  out.append("\n");
}

/// Appends how long the reader is to wait before it connects again.
inline void append_retry(buffer& out, duration wait) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  out.append("retry: " + std::to_string(std::max<decltype(count)>(count, 0)) + "\n\n");
}

}  // namespace polywire::inline v1::wire::sse

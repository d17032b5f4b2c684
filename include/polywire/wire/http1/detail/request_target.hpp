// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/http1/detail/characters.hpp"
#include "polywire/wire/http1/detail/section.hpp"
#include "polywire/wire/http1/head.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace polywire::inline v1::wire::http1::detail {

/// uri-host [ ":" port ], RFC 9110 7.2 and RFC 3986 3.2: a name, an IPv4 address or, in brackets,
/// an IPv6 address; without escapes, which no name has that can be looked up. No user, and a port
/// that exists.
constexpr bool is_authority(std::string_view text) noexcept {
  std::size_t size = 0;
  if (text.starts_with('[')) {
    const std::size_t closing = text.find(']');
    if (closing == std::string_view::npos || closing < 2) return false;
    for (const char c : text.substr(1, closing - 1)) {
      if (hex_value(c) < 0 && c != ':' && c != '.') return false;
    }
    size = closing + 1;
  } else {
    while (size < text.size() && is(text[size], host_char)) ++size;
  }
  if (size == text.size()) return true;
  if (size == 0 || text[size] != ':' || text.size() - size > 6) return false;
  unsigned port = 0;
  for (const char c : text.substr(size + 1)) {
    if (!is_digit(c)) return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  return port <= 65'535;
}

/// Takes scheme and authority off a target in absolute-form (RFC 9112 3.2.2).
inline bool take_authority(request_head& out) {
  const std::size_t colon = out.target.find("://");
  const std::string_view scheme = out.target.substr(0, colon);
  if (colon == std::string_view::npos ||
      (!same_ignoring_case(scheme, "http") && !same_ignoring_case(scheme, "https"))) {
    return false;
  }
  const std::string_view rest = out.target.substr(colon + 3);
  const std::size_t end = rest.find_first_of("/?");
  out.host = rest.substr(0, end);
  if (end != std::string_view::npos) {
    out.target = rest.substr(end);
  } else {
    out.target = out.method == "OPTIONS" ? "*" : "/";  // 3.2.4 and 3.2.1
  }
  // RFC 9110 4.2.1: a URL of http has a host; 4.2.4: and no user.
  return !out.host.empty() && is_authority(out.host);
}

/// The four forms of RFC 9112 3.2. `out.method` is read already.
inline bool read_request_target(std::string_view text, request_head& out, problem& why) {
  const auto bad = [&](const char* rule) {
    why = problem(400, "the target " + quoted_start(text) + rule);
    return false;
  };
  if (out.method == "CONNECT") {
    why = problem(501, "CONNECT is not supported: this is no proxy");
    return false;
  }
  out.host = {};
  out.target = text;
  if (text == "*") {
    return out.method == "OPTIONS" || bad(" is for OPTIONS only (RFC 9112 3.2.4)");
  }
  if (!text.starts_with('/') && !take_authority(out)) {
    return bad(" is neither a path nor an http URL with a valid host");
  }
  const std::size_t question = std::min(out.target.find('?'), out.target.size());
  return (all(out.target.substr(0, question), path_char) &&
          all(out.target.substr(question), query_char)) ||
         bad(" has a character that has to be percent-encoded (RFC 3986 2)");
}

}  // namespace polywire::inline v1::wire::http1::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/http1/detail/characters.hpp"
#include "polywire/wire/http1/detail/section.hpp"
#include "polywire/wire/http1/head.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace polywire::inline v1::wire::http1::detail {

/// The fields that the machine itself obeys, collected in one pass: most others are told apart by
/// their length alone.
class known_fields {
 public:
  explicit known_fields(const field_list& fields) noexcept {
    for (const field& f : fields) {
      switch (f.name.size()) {
        case 4: note(f, "host", host, hosts); break;
        case 6: note(f, "expect", expect, expects); break;
        case 7: note(f, "upgrade", upgrade, upgrades); break;
        case 10:
          if (same_ignoring_case(f.name, "connection")) note_connection(f.value);
          break;
        case 14: note(f, "content-length", content_length, content_lengths); break;
        case 17: note(f, "transfer-encoding", transfer_encoding, transfer_encodings); break;
        default: break;
      }
    }
  }

  // The last value of each, and how often it came.
  std::string_view host, expect, upgrade, content_length, transfer_encoding;
  unsigned hosts = 0, expects = 0, upgrades = 0, content_lengths = 0, transfer_encodings = 0;
  // What Connection lists, over all its lines.
  bool close = false, keep_alive = false, upgrade_listed = false;

 private:
  static void note(const field& f, std::string_view name, std::string_view& value,
                   unsigned& count) noexcept {
    if (!same_ignoring_case(f.name, name)) return;
    value = f.value;
    ++count;
  }
  void note_connection(std::string_view list) noexcept {
    for (std::string_view option; next_element(list, option);) {
      close = close || same_ignoring_case(option, "close");
      keep_alive = keep_alive || same_ignoring_case(option, "keep-alive");
      upgrade_listed = upgrade_listed || same_ignoring_case(option, "upgrade");
    }
  }
};

/// RFC 9112 6.3 allows a list of one number, repeated; RFC 9110 8.6 also allows to refuse it.
inline bool read_content_length(std::string_view text, std::uint64_t& out, problem& why) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    why = problem(400, "Content-Length " + quoted(text) + " is not one whole number");
    return false;
  }
  out = 0;
  for (const char c : text) {
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (out > (most - digit) / 10) {
      why = problem(413, "Content-Length " + quoted(text) + " is more than anybody can take");
      return false;
    }
    out = out * 10 + digit;
  }
  return true;
}

/// "chunked" alone is what we read. RFC 9112 6.1: other codings before it are not implemented, 501;
/// 6.3: without it at the end nobody can tell where a request ends, 400.
inline problem bad_transfer_encoding(const field_list& fields) {
  std::string_view last;
  unsigned codings = 0;
  unsigned chunked = 0;
  for (const field& f : fields) {
    if (!same_ignoring_case(f.name, "transfer-encoding")) continue;
    std::string_view list = f.value;
    for (; next_element(list, last); ++codings) chunked += same_ignoring_case(last, "chunked");
  }
  const bool decodable = codings > 1 && chunked == 1 && same_ignoring_case(last, "chunked");
  return {decodable ? 501U : 400U, "Transfer-Encoding has " + std::to_string(codings) +
                                       " codings, the last of them " + quoted(last) +
                                       "; only 'chunked' alone is supported"};
}

/// Content-Length and Transfer-Encoding (RFC 9112 6), Connection (9.3), Upgrade (RFC 9110 7.8):
/// everything but what depends on the role. `minor_version` and `fields` of `out` are read already.
inline bool read_common(const known_fields& known, message_head& out, problem& why) {
  out.body = body_framing::none;
  out.content_length = 0;
  if (known.content_lengths > 1) {
    why = problem(400, "Content-Length comes more than once; send it once");
    return false;
  }
  if (known.transfer_encodings > 0) {
    if (known.content_lengths > 0) {
      why = problem(400, "Transfer-Encoding and Content-Length come together; send one of them");
      return false;
    }
    if (out.minor_version == 0) {  // RFC 9112 6.1: its framing is faulty
      why = problem(400, "Transfer-Encoding comes in an HTTP/1.0 message; send Content-Length");
      return false;
    }
    if (known.transfer_encodings > 1 || !same_ignoring_case(known.transfer_encoding, "chunked")) {
      why = bad_transfer_encoding(out.fields);
      return false;
    }
    out.body = body_framing::chunked;
  } else if (known.content_lengths > 0) {
    if (!read_content_length(known.content_length, out.content_length, why)) return false;
    out.body = body_framing::sized;
  }
  out.keep_alive = !known.close && (out.minor_version > 0 || known.keep_alive);
  // RFC 9110 7.8: in HTTP/1.0 it means nothing.
  const bool upgrade = known.upgrade_listed && out.minor_version > 0;
  out.upgrade = upgrade ? known.upgrade : std::string_view();
  return true;
}

/// "HTTP/1.1". RFC 9112 2.3: one digit each, in upper case.
inline bool read_version(std::string_view text, unsigned& minor, problem& why) {
  if (text.size() != 8 || !text.starts_with("HTTP/") || !is_digit(text[5]) || text[6] != '.' ||
      !is_digit(text[7])) {
    why = problem(400, quoted(text) + " is no version of HTTP; write HTTP/1.1");
    return false;
  }
  if (text[5] != '1') {
    why = problem(505, quoted(text) + " is not spoken here; speak HTTP/1.1");
    return false;
  }
  minor = text[7] == '0' ? 0 : 1;
  return true;
}

}  // namespace polywire::inline v1::wire::http1::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/http1/detail/framing.hpp"
#include "polywire/wire/http1/detail/request_target.hpp"
#include "polywire/wire/http1/detail/section.hpp"
#include "polywire/wire/http1/head.hpp"

#include "polywire/core/bytes.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::wire::http1 {

namespace detail {

/// What the two readers have in common.
class head_reader {
 public:
  /// complete: the bytes of the head.
  std::size_t size() const noexcept { return size_; }
  /// error: what the peer did wrong. There is no reading on after it.
  const http1::problem& problem() const noexcept { return problem_; }

 protected:
  head_reader(const message_limits& bounds, section_part first) noexcept
      : bounds_(bounds), first_(first), scanner_(first) {}

  /// `plausible`: whether a message may begin like this. If not, maybe no line end ever comes.
  template <class ReadLine, class ReadMeaning>
  parse_state read_head(std::string_view text, bool plausible, field_list& fields,
                        ReadLine read_line, ReadMeaning read_meaning) {
    if (!problem_.text.empty()) return parse_state::error;
    if (!text.empty() && !plausible) {
      problem_ = not_http(text.front());
      return parse_state::error;
    }
    const parse_state found =
        scanner_.scan(text, bounds_.max_start_line, bounds_.max_fields_size, problem_);
    if (found != parse_state::complete) return found;
    const section_scanner whole = std::exchange(scanner_, section_scanner(first_));
    size_ = whole.size();
    const bool good = read_line(whole.start_line(text)) &&
                      read_fields(whole.fields(text), bounds_.max_fields, fields, problem_) &&
                      read_meaning();
    return good ? parse_state::complete : parse_state::error;
  }

  bool fail(unsigned status, std::string why) {
    problem_ = http1::problem(status, std::move(why));
    return false;
  }

  message_limits bounds_;
  section_part first_;
  section_scanner scanner_;
  std::size_t size_ = 0;
  http1::problem problem_;
};

}  // namespace detail

/// Reads request heads, one after the other:
///
///     switch (reader.read(input, head)) {
///       case parse_state::need_more: return;
///       case parse_state::complete: input = input.subspan(reader.size()); …  // the body is next
///       case parse_state::error: answer(reader.problem());                   // and close
///     }
class request_reader : public detail::head_reader {
 public:
  explicit request_reader(const message_limits& bounds = message_limits()) noexcept
      : head_reader(bounds, detail::section_part::empty_line) {}

  /// `in`: all bytes since the message before; until the head is complete nothing may be taken from
  /// its front. When it is complete, the next call begins the next message; `out` points into `in`.
  parse_state read(bytes_view in, request_head& out) {
    const std::string_view text = as_text(in);
    const bool plausible =  // not so TLS, and the binary frames
        text.starts_with('\r') || (!text.empty() && detail::is(text.front(), detail::token_char));
    return read_head(
        text, plausible, out.fields, [&](std::string_view line) { return read_line(line, out); },
        [&] { return read_meaning(out); });
  }

 private:
  // method SP request-target SP HTTP-version, RFC 9112 3. One blank each, and no other.
  bool read_line(std::string_view line, request_head& out) {
    const std::size_t first = line.find(' ');
    const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
    out.method = line.substr(0, first);
    if (!detail::is_token(out.method) || second == std::string_view::npos || second == first + 1) {
      return fail(400, "the request line " + detail::quoted_start(line) +
                           " is not 'METHOD target HTTP/1.1' with single blanks");
    }
    if (line == "PRI * HTTP/2.0") {  // RFC 9113 3.4
      return fail(505, "this is HTTP/2 with prior knowledge; speak HTTP/1.1");
    }
    return detail::read_version(line.substr(second + 1), out.minor_version, problem_) &&
           detail::read_request_target(line.substr(first + 1, second - first - 1), out, problem_);
  }

  bool read_meaning(request_head& out) {
    const detail::known_fields known(out.fields);
    // RFC 9112 3.2: exactly one Host, which an HTTP/1.0 client need not send.
    if (known.hosts == 0 && out.minor_version > 0) {
      return fail(400, "the Host field is missing, which HTTP/1.1 requires");
    }
    if (known.hosts > 1) return fail(400, "the Host field comes more than once");
    if (!detail::is_authority(known.host)) {
      return fail(400, "Host " + detail::quoted(known.host) + " is not a host or host:port");
    }
    if (out.host.empty()) out.host = known.host;  // 3.2.2: the target's own host goes first

    out.expects_continue = false;
    if (known.expects > 0 && out.minor_version > 0) {  // RFC 9110 10.1.1: ignored in HTTP/1.0
      if (known.expects > 1 || !detail::same_ignoring_case(known.expect, "100-continue")) {
        return fail(417, "Expect " + detail::quoted(known.expect) + " is not '100-continue'");
      }
      out.expects_continue = true;
    }
    return detail::read_common(known, out, problem_);
  }
};

/// Reads response heads, one after the other, as `request_reader` does with requests.
class response_reader : public detail::head_reader {
 public:
  explicit response_reader(const message_limits& bounds = message_limits()) noexcept
      : head_reader(bounds, detail::section_part::start_line) {}

  /// `to_head`: the request was a HEAD, whose response has no body whatever its fields say.
  parse_state read(bytes_view in, bool to_head, response_head& out) {
    const std::string_view text = as_text(in);
    return read_head(
        text, text.starts_with('H'), out.fields,
        [&](std::string_view line) { return read_line(line, out); },
        [&] { return read_meaning(to_head, out); });
  }

 private:
  // HTTP-version SP status-code SP [ reason-phrase ], RFC 9112 4. Servers without a reason tend to
  // forget the blank before it, too.
  bool read_line(std::string_view line, response_head& out) {
    if (!detail::read_version(line.substr(0, 8), out.minor_version, problem_)) return false;
    const std::string_view code = line.substr(8, 4);
    const std::string_view rest = line.size() > 12 ? line.substr(12) : " ";
    if (code.size() != 4 || code[0] != ' ' || code[1] < '1' || code[1] > '9' ||
        !detail::is_digit(code[2]) || !detail::is_digit(code[3]) || rest[0] != ' ' ||
        !detail::all(rest, detail::value_char)) {
      return fail(400, "the status line " + detail::quoted(line) + " is not 'HTTP/1.1 200 reason'");
    }
    out.status =
        static_cast<unsigned>((code[1] - '0') * 100 + (code[2] - '0') * 10 + code[3] - '0');
    out.reason = rest.substr(1);
    return true;
  }

  // RFC 9112 6.3.
  bool read_meaning(bool to_head, response_head& out) {
    if (!detail::read_common(detail::known_fields(out.fields), out, problem_)) return false;
    const bool bodiless = out.is_informational() || out.status == 204;
    if (bodiless || out.status == 304 || to_head) {
      // RFC 9110 8.6, RFC 9112 6.1: who frames a body where none can be may also send one.
      if (bodiless && (out.content_length > 0 || out.body == body_framing::chunked)) {
        out.keep_alive = false;
      }
      out.body = body_framing::none;
      out.content_length = 0;
    } else if (out.body == body_framing::none) {
      out.body = body_framing::until_close;
      out.keep_alive = false;
    }
    return true;
  }
};

}  // namespace polywire::inline v1::wire::http1

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/http1/detail/characters.hpp"

#include "polywire/core/buffer.hpp"
#include "polywire/core/status.hpp"
#include "polywire/core/utf8.hpp"

#include <cassert>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace polywire::inline v1::wire::http1 {

/// The usual reason phrase of a status (RFC 9110 15, RFC 6585), or an empty one: nobody reads it.
constexpr std::string_view reason_of(unsigned status) noexcept {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "";
  }
}

namespace detail {

/// The fields that say where a body ends: written by us, and by nobody else.
constexpr bool is_framing_field(std::string_view name) noexcept {
  return same_ignoring_case(name, "content-length") ||
         same_ignoring_case(name, "transfer-encoding");
}

}  // namespace detail

/// A whole line "name: value\r\n" that is known when the program is compiled, and checked then.
class fixed_field {
 public:
  template <std::size_t Size>
  explicit(false) consteval fixed_field(const char (&line)[Size]) : line_(line, Size - 1) {
    const std::size_t colon = line_.find(": ");
    const bool good =
        colon != std::string_view::npos && line_.ends_with("\r\n") &&
        detail::is_token(line_.substr(0, colon)) &&
        !detail::is_framing_field(line_.substr(0, colon)) &&
        detail::all(line_.substr(colon, line_.size() - colon - 2), detail::value_char);
    if (!good) throw "write it as \"name: value\\r\\n\"";  // never thrown: it does not compile
  }
  std::string_view line() const noexcept { return line_; }

 private:
  std::string_view line_;
};

/// Writes fields. Names and values that could end a line, and so begin a field or a message of
/// their own (response splitting), are refused.
class field_writer {
 public:
  explicit field_writer(buffer& out) noexcept : out_(out) {}

  void field(fixed_field known) { out_.append(known.line()); }
  /// Errors: `invalid_argument` with the rule and without the value, which may be a secret; nothing
  /// is written then. Content-Length and Transfer-Encoding are not set here but by how the head
  /// ends.
  status field(std::string_view name, std::string_view value) {
    if (status good = check(name, value); !good) return good;
    std::byte* at = out_.grow(name.size() + value.size() + 4);
    const auto put = [&](std::string_view text) {
      if (!text.empty()) std::memcpy(at, text.data(), text.size());
      at += text.size();
    };
    put(name);
    put(": ");
    put(value);
    put("\r\n");
    return {};
  }

  /// Whether a field may be sent.
  static status check(std::string_view name, std::string_view value) {
    const auto bad = [&](const char* rule) {
      return status::invalid_argument("the field '" + polywire::detail::shown(name, 64) + "' " +
                                      rule);
    };
    if (!detail::is_token(name)) return bad("has a character that names may not have");
    if (detail::value_end(value.data(), value.data() + value.size()) !=
        value.data() + value.size()) {
      return bad("has a line break or another control character in its value; encode it");
    }
    if (value != detail::trim(value)) return bad("has a value that begins or ends with a blank");
    if (detail::is_framing_field(name)) return bad("is written by the library itself");
    return {};
  }

 protected:
  buffer& out_;
};

/// Writes the head of one message to the end of a buffer:
///
///     head_writer head(out);
///     head.response(200);
///     head.field("content-type: application/json\r\n");
///     if (status good = head.field("x-user", name); !good) { head.abandon(); … }
///     head.finish_sized(body.size());
///     out.append(body);
///
/// Every head ends with one of the four `finish` functions, or with a `body_writer`, for which
/// nobody has to know the length before.
class head_writer : public field_writer {
 public:
  explicit head_writer(buffer& out) noexcept : field_writer(out), start_(out.size()) {}

  /// The target is written as it is. Errors: `invalid_argument`; nothing is written then.
  status request(std::string_view method, std::string_view target) {
    if (!detail::is_token(method)) {
      return status::invalid_argument("'" + polywire::detail::shown(method, 64) +
                                      "' is no method of HTTP");
    }
    if (target.empty() || !detail::all(target, detail::query_char)) {
      return status::invalid_argument("the target '" + polywire::detail::shown(target, 64) +
                                      "' is empty or has characters to be percent-encoded");
    }
    out_.append(method);
    out_.append(" ");
    out_.append(target);
    out_.append(" HTTP/1.1\r\n");
    return {};
  }
  /// `code`: 100 to 999. The reason goes by it.
  void response(unsigned code) {
    assert(code >= 100 && code <= 999);
    char line[] = "HTTP/1.1 000 ";
    for (unsigned i = 11, rest = code; i >= 9; --i, rest /= 10) {
      line[i] = static_cast<char>('0' + rest % 10);
    }
    out_.append(std::string_view(line, 13));
    out_.append(reason_of(code));
    out_.append("\r\n");
  }

  /// No body and no length: requests such as GET; responses 1xx, 204 and 304.
  void finish() { out_.append("\r\n"); }
  /// The `size` bytes behind the head are the body (in an answer to HEAD: would be).
  void finish_sized(std::uint64_t size) {
    char text[64] = "content-length: ";
    char* end = std::to_chars(text + 16, text + 60, size).ptr;
    out_.append(std::string_view(text, static_cast<std::size_t>(end - text)));
    out_.append("\r\n\r\n");
  }
  /// The body comes as any number of chunks (`chunk_writer`) and ends with `finish_chunks`. Not for
  /// HTTP/1.0.
  void finish_chunked() { out_.append("transfer-encoding: chunked\r\n\r\n"); }
  /// A response whose body ends with the connection: streams to an HTTP/1.0 client.
  void finish_until_close() { out_.append("connection: close\r\n\r\n"); }

  /// Takes the message back: the buffer is as it was before.
  void abandon() noexcept { out_.truncate(start_); }
  /// Where the message starts in the buffer.
  std::size_t offset() const noexcept { return start_; }
  buffer& out() noexcept { return out_; }

 private:
  std::size_t start_;
};

}  // namespace polywire::inline v1::wire::http1

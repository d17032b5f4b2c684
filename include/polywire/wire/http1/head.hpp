// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/http1/fields.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

/// HTTP/1.1 as bytes, for both roles: RFC 9112, with what RFC 9110 says of fields. Where the RFCs
/// let a recipient choose between mending a message and refusing it, it is refused: two parties
/// that mend differently can be played off against each other (request smuggling).
namespace polywire::inline v1::wire::http1 {

/// Hard bounds on what a peer sends. Sizes are in bytes and count the line ends.
class message_limits {
 public:
  message_limits() noexcept {
  }  // NOLINT(modernize-use-equals-default): no aggregate, see limits.hpp

  /// Request line or status line: 414. RFC 9112 3 asks for 8,000 at least.
  std::size_t max_start_line = std::size_t{8} << 10;
  /// The field lines with the empty line behind them, and their number: 431.
  std::size_t max_fields_size = std::size_t{32} << 10;
  std::size_t max_fields = 128;
  /// The body without its framing: 413. Streams whose messages are bounded one by one lift it.
  std::uint64_t max_body = std::uint64_t{4} << 20;
  /// Extensions of all chunks of a message: 400. Nobody uses them, so they may not cost much.
  std::size_t max_chunk_extensions = std::size_t{16} << 10;
  /// The trailer section, counted as the header section is: 431. `max_fields` holds as well.
  std::size_t max_trailers_size = std::size_t{16} << 10;
};

/// A peer's mistake. It ends the connection, since where the next message starts is not certain.
class problem {
 public:
  problem() noexcept = default;
  problem(unsigned code, std::string why) noexcept : status(code), text(std::move(why)) {}

  /// What a server answers. A client has nobody to answer to, but learns that 413, 414 and 431 are
  /// its limits and anything else is nonsense.
  unsigned status = 0;
  /// For logs and for the answer: what was wrong, in printable UTF-8 of bounded length.
  std::string text;
};

/// What reading came to. `need_more`: call again when more has come, with the same bytes in front.
enum class parse_state : std::uint8_t { need_more, complete, error };

/// What tells where a body ends (RFC 9112 6.3).
enum class body_framing : std::uint8_t { none, sized, chunked, until_close };

/// What requests and responses have in common, with its consequences already drawn. Everything in
/// it points into the bytes that were read.
class message_head {
 public:
  message_head() = default;

  /// Of HTTP/1.x. Anything above 1 is read as 1 (RFC 9110 2.5).
  unsigned minor_version = 1;
  field_list fields;
  body_framing body = body_framing::none;
  /// sized: the bytes of the body.
  std::uint64_t content_length = 0;
  /// Whether another message may follow on this connection (RFC 9112 9.3).
  bool keep_alive = false;
  /// The protocols of an Upgrade field that Connection lists (RFC 9110 7.8), else empty.
  std::string_view upgrade;
};

class request_head : public message_head {
 public:
  std::string_view method;
  /// Where the request goes on this host: path and query, also of a target in absolute-form; or
  /// "*". `target` in target.hpp takes it apart.
  std::string_view target;
  /// The authority of a target in absolute-form, else the Host field. Empty: none was given.
  std::string_view host;
  /// The client holds the body back until it gets a 100 (RFC 9110 10.1.1).
  bool expects_continue = false;
};

class response_head : public message_head {
 public:
  /// 100 to 999; 1xx are not final, and after 101 the bytes belong to another protocol.
  unsigned status = 0;
  std::string_view reason;

  bool is_informational() const noexcept { return status < 200; }
};

}  // namespace polywire::inline v1::wire::http1

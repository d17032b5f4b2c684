// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/http1/detail/characters.hpp"
#include "polywire/wire/http1/detail/section.hpp"
#include "polywire/wire/http1/head.hpp"

#include "polywire/core/bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::wire::http1 {

enum class body_event : std::uint8_t { need_more, data, end, error };

/// What one step through a body came to.
class body_part {
 public:
  body_part(body_event e, std::size_t n, bytes_view d = {}) noexcept : event(e), size(n), data(d) {}

  body_event event;
  /// Bytes to take off the front of the input, whatever the event.
  std::size_t size;
  /// data: never empty, and in the input.
  bytes_view data;
};

/// Reads the body behind a head, in the input and without copies:
///
///     body_reader body(head, bounds);
///     for (;;) {
///       const body_part part = body.read(input);
///       input = input.subspan(part.size);
///       switch (part.event) {
///         case body_event::need_more: return;
///         case body_event::data: use(part.data); break;
///         case body_event::end: use(body.trailers()); …   // the next message begins here
///         case body_event::error: answer(body.problem());
///       }
///     }
class body_reader {
 public:
  /// A message without a body.
  body_reader() = default;
  /// A Content-Length above the limit is an error at the first `read`, whether or not anything came
  /// of the body: look before sending 100 (Continue).
  body_reader(const message_head& head, const message_limits& bounds) : bounds_(bounds) {
    switch (head.body) {
      case body_framing::none: break;
      case body_framing::sized:
        state_ = state::sized;
        left_ = head.content_length;
        if (left_ > bounds_.max_body) too_large();
        break;
      case body_framing::chunked: state_ = state::size_start; break;
      case body_framing::until_close:
        state_ = state::until_close;
        left_ = bounds_.max_body;
        break;
    }
  }

  body_part read(bytes_view in) {
    switch (state_) {
      case state::done: return {body_event::end, 0};
      case state::failed: return {body_event::error, 0};
      case state::sized:
        if (left_ == 0) {
          state_ = state::done;
          return {body_event::end, 0};
        }
        return take(in, 0);
      case state::until_close:
        if (left_ == 0 && !in.empty()) {
          too_large();
          return {body_event::error, 0};
        }
        return take(in, 0);
      default: return read_chunked(in);
    }
  }

  /// What is still to come may be of any size: it is only skipped.
  void lift_limit() noexcept { bounds_.max_body = std::numeric_limits<std::uint64_t>::max(); }

  /// The connection has ended: `end` where that is how a body ends, or where it was over already.
  body_event close() {
    if (state_ == state::until_close) state_ = state::done;
    if (state_ == state::done || (state_ == state::sized && left_ == 0)) return body_event::end;
    if (state_ != state::failed) fail(400, "the connection was closed in the middle of a body");
    return body_event::error;
  }

  /// end: the fields behind the last chunk, as views of the input. They are kept apart from the
  /// header's, for nobody may mistake them for those (RFC 9110 6.5.1).
  const field_list& trailers() const noexcept { return trailers_; }
  /// error: what the peer did wrong.
  const http1::problem& problem() const noexcept { return problem_; }

 private:
  // chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF, RFC 9112 7.1
  enum class state : std::uint8_t {
    done,
    failed,
    sized,
    until_close,
    size_start,  // at least one digit has to come
    size,
    size_blank,  // BWS: only ';' may follow (RFC 9112 7.1.1)
    extension,
    quoted,
    quoted_pair,
    size_lf,
    chunk,
    chunk_cr,
    chunk_lf,
    trailers,
  };

  body_part read_chunked(bytes_view in) {
    const std::string_view text = as_text(in);
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (state_ == state::chunk) return take(in, at);
      if (state_ == state::trailers) return read_trailers(text.substr(at), at);
      if (!read_framing(text[at])) return {body_event::error, at};
    }
    return {body_event::need_more, text.size()};
  }

  // One byte of what stands around the chunks.
  bool read_framing(char c) {
    constexpr unsigned most_digits = 16;  // leading zeros count: else there might be no end of them
    switch (state_) {
      case state::size_start:
      case state::size:
        if (const int digit = detail::hex_value(c); digit >= 0) {
          if (++digits_ > most_digits) return fail(400, "the size of a chunk is too long");
          left_ = left_ << 4 | static_cast<std::uint64_t>(digit);
          state_ = state::size;
          return true;
        }
        if (state_ == state::size && c == '\r') {
          state_ = state::size_lf;
          return true;
        }
        if (state_ == state::size_start || (c != ';' && !detail::is_blank(c))) {
          return fail(400, detail::quoted(std::string_view(&c, 1)) +
                               " is in the size of a chunk, which is hexadecimal digits");
        }
        state_ = state::size_blank;
        [[fallthrough]];
      case state::size_blank:
        if (c == ';') {
          state_ = state::extension;
        } else if (!detail::is_blank(c)) {
          return fail(400, "only ';' may follow a blank behind the size of a chunk");
        }
        return count_extension(c);
      // Extensions mean nothing to us; but neither a control character nor an open quote in them
      // may lead others to see another end of the line than we do.
      case state::extension:
        if (c == '\r') {
          state_ = state::size_lf;
          return true;
        }
        if (c == '"') state_ = state::quoted;
        return count_extension(c);
      case state::quoted:
        if (c == '"') state_ = state::extension;
        if (c == '\\') state_ = state::quoted_pair;
        return count_extension(c);
      case state::quoted_pair: state_ = state::quoted; return count_extension(c);
      case state::size_lf:
        if (c != '\n') return fail(400, "a CR without LF is in the size line of a chunk");
        if (left_ > bounds_.max_body - total_) return too_large();
        total_ += left_;
        digits_ = 0;
        state_ = left_ > 0 ? state::chunk : state::trailers;
        return true;
      case state::chunk_cr:
        state_ = state::chunk_lf;
        return c == '\r' || fail(400, "a chunk is longer than it said, or has no CR LF behind it");
      default:  // chunk_lf
        state_ = state::size_start;
        return c == '\n' || fail(400, "a CR without LF is behind a chunk");
    }
  }
  bool count_extension(char c) {
    if (!detail::is(c, detail::value_char)) {
      return fail(400, "a chunk extension has a control character, a bare LF or an open quote");
    }
    return ++extensions_ <= bounds_.max_chunk_extensions ||
           fail(400, "chunk extensions take more than " +
                         std::to_string(bounds_.max_chunk_extensions) + " bytes; send none");
  }

  // Bytes of the body, `at` bytes into the input.
  body_part take(bytes_view in, std::size_t at) {
    const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size() - at));
    if (n == 0) return {body_event::need_more, at};
    left_ -= n;
    if (state_ == state::chunk && left_ == 0) state_ = state::chunk_cr;
    return {body_event::data, at + n, in.subspan(at, n)};
  }

  // They are left in the input until they are whole.
  body_part read_trailers(std::string_view text, std::size_t at) {
    const parse_state found = scanner_.scan(text, 0, bounds_.max_trailers_size, problem_);
    if (found == parse_state::need_more) return {body_event::need_more, at};
    if (found == parse_state::error ||
        !detail::read_fields(scanner_.fields(text), bounds_.max_fields, trailers_, problem_)) {
      state_ = state::failed;
      return {body_event::error, at};
    }
    for (const field& f : trailers_) {  // RFC 9110 6.5.1: not for framing or routing
      for (const std::string_view name : {"Content-Length", "Transfer-Encoding", "Host"}) {
        if (detail::same_ignoring_case(f.name, name)) {
          fail(400, "the field " + std::string(name) + " may not be a trailer");
          return {body_event::error, at};
        }
      }
    }
    state_ = state::done;
    return {body_event::end, at + scanner_.size()};
  }

  bool fail(unsigned status, std::string why) {
    state_ = state::failed;
    problem_ = http1::problem(status, std::move(why));
    return false;
  }
  bool too_large() {
    return fail(413, "the body has more than " + std::to_string(bounds_.max_body) + " bytes");
  }

  message_limits bounds_;
  state state_ = state::done;
  unsigned digits_ = 0;
  std::uint64_t left_ = 0;   // of the body, of the chunk, or of what the limit allows
  std::uint64_t total_ = 0;  // of all chunks
  std::size_t extensions_ = 0;
  detail::section_scanner scanner_{detail::section_part::fields};
  field_list trailers_;
  http1::problem problem_;
};

}  // namespace polywire::inline v1::wire::http1

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/http1/head_writer.hpp"

#include "polywire/core/buffer.hpp"

#include <cassert>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace polywire::inline v1::wire::http1 {

/// Ends a head and takes what is appended behind it as the body; the length is put right
/// afterwards:
///
///     body_writer body(head);
///     codec.encode(message, out);  // appends to `out`
///     body.finish();
///
/// Until `finish`, the buffer may only be appended to. Not finished at the end of the scope (an
/// exception): the whole message is taken back.
class body_writer {
 public:
  /// `expected`: about how long it will be. A body with more or fewer digits is moved by as many
  /// bytes.
  explicit body_writer(head_writer& head, std::size_t expected = 999)
      : out_(head.out()), message_(head.offset()), width_(digits(expected)) {
    head.finish_sized(expected);
    start_ = out_.size();
  }
  body_writer(const body_writer&) = delete;
  body_writer& operator=(const body_writer&) = delete;
  ~body_writer() {
    if (!finished_) out_.truncate(message_);
  }

  std::size_t size() const noexcept { return out_.size() - start_; }

  /// Puts the length right and returns it.
  std::size_t finish() {
    const std::size_t body = size();
    const std::size_t width = digits(body);
    const std::size_t to = start_ - width_ + width;
    if (to > start_) out_.grow(to - start_);
    std::byte* data = out_.data();
    if (to != start_ && body > 0) std::memmove(data + to, data + start_, body);
    out_.truncate(to + body);
    char* number = reinterpret_cast<char*>(data) + start_ - line_ends - width_;
    std::to_chars(number, number + width, body);
    std::memcpy(number + width, "\r\n\r\n", line_ends);
    start_ = to;
    finished_ = true;
    return body;
  }
  /// The same for the answer to a HEAD: the length stays, the body goes (RFC 9110 9.3.2).
  std::size_t finish_without_body() {
    const std::size_t body = finish();
    out_.truncate(start_);
    return body;
  }

 private:
  static constexpr std::size_t line_ends = 4;  // between the number and the body

  static std::size_t digits(std::size_t number) noexcept {
    std::size_t count = 1;
    while (number >= 10) {
      number /= 10;
      ++count;
    }
    return count;
  }

  buffer& out_;
  std::size_t message_;
  std::size_t width_;
  std::size_t start_ = 0;
  bool finished_ = false;
};

/// Takes what is appended to the buffer as one chunk (RFC 9112 7.1); the size in front has a fixed
/// width and is put right afterwards. Until `finish`, the buffer may only be appended to. Not
/// finished at the end of the scope: the chunk is taken back.
class chunk_writer {
 public:
  explicit chunk_writer(buffer& out) : out_(out) {
    out_.append("00000000\r\n");
    start_ = out_.size();
  }
  chunk_writer(const chunk_writer&) = delete;
  chunk_writer& operator=(const chunk_writer&) = delete;
  ~chunk_writer() {
    if (!finished_) out_.truncate(start_ - head_size);
  }

  std::size_t size() const noexcept { return out_.size() - start_; }

  /// Puts the size right and returns it. An empty chunk would end the body, and is taken back.
  std::size_t finish() {
    const std::size_t body = size();
    finished_ = true;
    if (body == 0) {
      out_.truncate(start_ - head_size);
      return 0;
    }
    assert(body <= 0xffff'ffff);
    std::byte* digit = out_.data() + start_ - 3;
    for (std::size_t rest = body; rest > 0; rest >>= 4) {
      *digit-- = static_cast<std::byte>("0123456789abcdef"[rest & 15]);
    }
    out_.append("\r\n");
    return body;
  }

 private:
  static constexpr std::size_t head_size = 10;

  buffer& out_;
  std::size_t start_ = 0;
  bool finished_ = false;
};

/// Ends a chunked body without trailers.
inline void finish_chunks(buffer& out) { out.append("0\r\n\r\n"); }

/// Ends a chunked body with fields: trailers (RFC 9112 7.1.2).
class trailer_writer : public field_writer {
 public:
  explicit trailer_writer(buffer& out) : field_writer(out) { out_.append("0\r\n"); }
  void finish() { out_.append("\r\n"); }
};

}  // namespace polywire::inline v1::wire::http1

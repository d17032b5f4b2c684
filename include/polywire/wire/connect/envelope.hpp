// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/buffer.hpp"
#include "polywire/core/bytes.hpp"
#include "polywire/core/status.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace polywire::inline v1::wire::connect {

// Connect protocol, "Streaming-Request": a body is a run of
//
//     +-------+-------------------+-----------------+
//     | flags | length            | message         |
//     | 1     | 4, big-endian     | length          |
//     +-------+-------------------+-----------------+
inline constexpr std::size_t envelope_head_size = 5;

/// The message is compressed as the stream's header says; an empty one is not, whatever this says.
inline constexpr std::uint8_t compressed_flag = 0x01;
/// The last envelope of a response: not a message, but the JSON of status and trailing metadata.
inline constexpr std::uint8_t end_stream_flag = 0x02;

struct envelope {
  std::uint8_t flags = 0;
  bytes_view message;

  bool is_compressed() const noexcept { return (flags & compressed_flag) != 0; }
  bool is_end_stream() const noexcept { return (flags & end_stream_flag) != 0; }
};

enum class envelope_state : std::uint8_t { need_more, complete, error };

/// Reads the envelopes of one stream from bytes that come in any pieces:
///
///     envelope_reader reader(limits.max_message, end_stream_flag);
///     while (reader.read(input, next) == envelope_state::complete) use(next);
///     …                        // the body is over:
///     status how = reader.finish();
///
/// An envelope that lies within one piece is not copied.
class envelope_reader {
 public:
  /// `allowed`: the flags that may come. `compressed_flag` if a compression was agreed on,
  /// `end_stream_flag` in responses, which must then end with it.
  envelope_reader(std::size_t max_message, std::uint8_t allowed) noexcept
      : max_message_(max_message), allowed_(allowed) {}

  /// Takes one envelope off the front of `in`, or all of `in` for the one that is not complete.
  /// Lifetime: the message is in `in` or in the reader, until the next `read`.
  /// Errors: always the peer's fault and the end of the stream; `problem` says more.
  envelope_state read(bytes_view& in, envelope& out) {
    if (!problem_.ok()) return envelope_state::error;
    if (delivered_) forget();
    if (in.empty()) return envelope_state::need_more;
    if (ended_) return fail(status::internal("bytes follow the end-of-stream message"));

    if (kept_.empty() && in.size() >= envelope_head_size) {
      if (!read_head(in)) return envelope_state::error;
      if (in.size() >= whole_) {
        deliver(in.first(whole_), out);
        in = in.subspan(whole_);
        return envelope_state::complete;
      }
    }
    if (kept_.size() < envelope_head_size) {
      keep(in, envelope_head_size);
      if (kept_.size() < envelope_head_size) return envelope_state::need_more;
      if (!read_head(kept_.view())) return envelope_state::error;
    }
    keep(in, whole_);
    if (kept_.size() < whole_) return envelope_state::need_more;
    deliver(kept_.view(), out);
    delivered_ = true;
    return envelope_state::complete;
  }

  /// To be asked when the body is over: whether it may end here.
  status finish() const {
    if (!problem_.ok()) return problem_;
    if (!delivered_ && !kept_.empty()) {
      return status::internal("the stream ends within an envelope, after " +
                              std::to_string(kept_.size()) + " bytes of it");
    }
    if ((allowed_ & end_stream_flag) != 0 && !ended_) {
      return status::internal("the response ends without its end-of-stream message");
    }
    return {};
  }

  /// After an error: `resource_exhausted` for a message above the limit, else `internal`, which is
  /// what both sides call a breach of the protocol.
  const status& problem() const noexcept { return problem_; }

 private:
  // From here on the announced length is believed: the peer has sent enough to be trusted with
  // memory up to the limit, and growing by doubling would take more than that.
  static constexpr std::size_t trusted = std::size_t{256} << 10;

  bool read_head(bytes_view head) {
    const auto at = [head](std::size_t i) { return std::to_integer<std::uint32_t>(head[i]); };
    flags_ = static_cast<std::uint8_t>(at(0));
    const std::size_t length = at(1) << 24 | at(2) << 16 | at(3) << 8 | at(4);
    if ((flags_ & ~(compressed_flag | end_stream_flag)) != 0) {
      fail(status::internal("an envelope has reserved flags: " + std::to_string(flags_)));
    } else if ((flags_ & compressed_flag & ~allowed_) != 0) {
      fail(status::internal("a message is compressed, but no compression was agreed on"));
    } else if ((flags_ & end_stream_flag & ~allowed_) != 0) {
      fail(status::internal("a request has an end-of-stream message"));
    } else if (length > max_message_) {
      fail(status::resource_exhausted("a message has " + std::to_string(length) +
                                      " bytes; the limit max_message is " +
                                      std::to_string(max_message_)));
    }
    whole_ = envelope_head_size + length;
    return problem_.ok();
  }

  void keep(bytes_view& in, std::size_t wanted) {
    const std::size_t n = std::min(wanted - kept_.size(), in.size());
    if (kept_.size() + n > trusted) kept_.reserve(wanted);
    kept_.append(in.first(n));
    in = in.subspan(n);
  }

  void deliver(bytes_view whole, envelope& out) noexcept {
    out.flags = flags_;
    out.message = whole.subspan(envelope_head_size);
    ended_ = out.is_end_stream();
  }

  void forget() noexcept {
    kept_.clear();
    kept_.shrink();
    delivered_ = false;
  }

  envelope_state fail(status why) {
    problem_ = std::move(why);
    forget();
    return envelope_state::error;
  }

  std::size_t max_message_;
  std::uint8_t allowed_;
  std::uint8_t flags_ = 0;
  bool delivered_ = false;  // what is kept was given out
  bool ended_ = false;
  std::size_t whole_ = 0;  // head and message
  buffer kept_;            // the front of an envelope that came in pieces
  status problem_;
};

/// Writes an envelope whose message is encoded in place behind its head:
///
///     envelope_writer writer(out);
///     codec.encode(message, out);   // appends to `out`
///     writer.finish();
///
/// Until `finish`, `out` may only be appended to. Without it, the buffer gets back what it was.
class envelope_writer {
 public:
  explicit envelope_writer(buffer& out, std::uint8_t flags = 0) : out_(out), start_(out.size()) {
    *out_.grow(envelope_head_size) = static_cast<std::byte>(flags);
  }
  envelope_writer(const envelope_writer&) = delete;
  envelope_writer& operator=(const envelope_writer&) = delete;
  ~envelope_writer() {
    if (!done_) abandon();
  }

  std::size_t message_size() const noexcept { return out_.size() - start_ - envelope_head_size; }

  /// Puts the length right and returns it.
  std::size_t finish() noexcept {
    const std::size_t size = message_size();
    assert(size <= std::numeric_limits<std::uint32_t>::max());  // limits lie far below
    for (std::size_t i = 0; i < 4; ++i) {
      out_.data()[start_ + 1 + i] = static_cast<std::byte>(size >> (24 - 8 * i));
    }
    done_ = true;
    return size;
  }

  void abandon() noexcept {
    out_.truncate(start_);
    done_ = true;
  }

 private:
  buffer& out_;
  std::size_t start_;
  bool done_ = false;
};

/// A message that is encoded already.
inline void append_envelope(buffer& out, bytes_view message, std::uint8_t flags = 0) {
  envelope_writer writer(out, flags);
  out.append(message);
  writer.finish();
}

}  // namespace polywire::inline v1::wire::connect

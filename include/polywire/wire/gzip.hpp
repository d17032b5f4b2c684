// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/buffer.hpp"
#include "polywire/core/bytes.hpp"
#include "polywire/core/status.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

// The only header that includes zlib: whoever includes it links it (polywire::gzip does).
namespace polywire::inline v1::wire {

namespace detail {

// zlib counts in 32 bits.
inline constexpr std::size_t gzip_most = std::size_t{1} << 30;
// zlib's words for "with a gzip head, and the largest window".
inline constexpr int gzip_window_bits = 15 + 16;

inline void gzip_input(z_stream& zlib, bytes_view in) noexcept {
  // Without ZLIB_CONST it takes a pointer to what it never writes to.
  zlib.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));
  zlib.avail_in = static_cast<uInt>(std::min(in.size(), gzip_most));
}

inline status gzip_no_memory() { return status::resource_exhausted("no memory for zlib"); }

}  // namespace detail

/// Inflates gzip (RFC 1952) that comes in any pieces, up to a bound that holds whatever the input
/// says. Several members, one behind the other, are one stream (2.2); anything else behind a member
/// is refused, zeros included.
///
///     inflater.start(limits.max_message);
///     status how = inflater.write(piece, out); …
///     how = inflater.finish();
///
/// It keeps its 40 KiB from one stream to the next: one for each thread is enough where streams are
/// inflated in one go. Not for an empty body, which Connect never compresses.
class gzip_inflater {
 public:
  gzip_inflater() = default;
  gzip_inflater(const gzip_inflater&) = delete;  // zlib's state points back to its stream
  gzip_inflater& operator=(const gzip_inflater&) = delete;
  ~gzip_inflater() {
    if (has_state_) inflateEnd(&zlib_);
  }

  /// Begins a stream of at most `max_output` bytes, and forgets one that was not finished.
  void start(std::size_t max_output) noexcept {
    max_output_ = max_output;
    written_ = 0;
    within_member_ = false;
    had_member_ = false;
    problem_ = {};
  }

  /// Appends what `in` inflates to.
  /// Errors: `resource_exhausted` above the bound, `invalid_argument` for what is not gzip; then
  /// `out` has what came before, within the bound, and every further `write` and `finish` say the
  /// same.
  status write(bytes_view in, buffer& out) {
    while (problem_.ok() && (within_member_ || !in.empty())) {
      if (!within_member_ && !begin_member()) break;
      const bool full = written_ == max_output_;
      std::byte beyond{};  // at the bound: room for the byte that would break it
      const std::span<std::byte> room = full ? std::span(&beyond, 1) : room_in(out);
      detail::gzip_input(zlib_, in);
      zlib_.next_out = reinterpret_cast<Bytef*>(room.data());
      zlib_.avail_out = static_cast<uInt>(room.size());
      const std::size_t offered = zlib_.avail_in;
      const int code = inflate(&zlib_, Z_NO_FLUSH);
      in = in.subspan(offered - zlib_.avail_in);
      const std::size_t n = room.size() - zlib_.avail_out;
      if (full && n > 0) {
        problem_ = status::resource_exhausted("a gzip stream inflates to more than the limit of " +
                                              std::to_string(max_output_) + " bytes");
        break;
      }
      if (!full) out.commit(n);
      written_ += n;
      if (code == Z_STREAM_END) {
        within_member_ = false;
        had_member_ = true;
      } else if (code != Z_OK && code != Z_BUF_ERROR) {
        problem_ = code == Z_MEM_ERROR ? detail::gzip_no_memory() : not_gzip();
      } else if (in.empty() && zlib_.avail_out > 0) {
        break;  // nothing is left inside zlib
      }
    }
    return problem_;
  }

  /// To be asked when the input is over. Errors: as `write`; `invalid_argument` for a stream that
  /// is cut off.
  status finish() {
    if (problem_.ok() && (within_member_ || !had_member_)) {
      problem_ = status::invalid_argument("a gzip stream is cut off");
    }
    return problem_;
  }

  /// All of it in one go. On an error nothing is appended.
  status inflate_whole(bytes_view in, std::size_t max_output, buffer& out) {
    const std::size_t before = out.size();
    start(max_output);
    status how = write(in, out);
    if (how.ok()) how = finish();
    if (!how.ok()) out.truncate(before);
    return how;
  }

 private:
  bool begin_member() {
    const int code =
        has_state_ ? inflateReset(&zlib_) : inflateInit2(&zlib_, detail::gzip_window_bits);
    if (code == Z_OK) {
      has_state_ = within_member_ = true;
    } else {
      problem_ = detail::gzip_no_memory();
    }
    return within_member_;
  }

  // Storage doubles at first. Then it leaps to the bound, or by 64: memory that nothing was written
  // to costs nothing, while moving out of the half would take half of the bound beside it.
  std::span<std::byte> room_in(buffer& out) {
    const std::size_t left = max_output_ - written_;
    if (out.prepare(0).empty()) {
      constexpr std::size_t small = std::size_t{256} << 10;
      const std::size_t more =
          written_ < small ? std::max<std::size_t>(written_, 4096) : written_ * 63;
      out.reserve(out.size() + std::min(more, left));
    }
    const std::span<std::byte> room = out.prepare(0);
    return room.first(std::min({room.size(), left, detail::gzip_most}));
  }

  status not_gzip() const {
    return status::invalid_argument(std::string("not gzip: ") +
                                    (zlib_.msg != nullptr ? zlib_.msg : "malformed"));
  }

  z_stream zlib_{};
  bool has_state_ = false;
  bool within_member_ = false;
  bool had_member_ = false;
  std::size_t max_output_ = 0;
  std::size_t written_ = 0;
  status problem_;
};

/// Makes gzip streams of one member each, without time stamps: the same bytes give the same stream.
/// It keeps its 256 KiB from one to the next: one for each thread is enough.
class gzip_deflater {
 public:
  /// `level`: from 1, the fastest, to 9, the smallest.
  explicit gzip_deflater(int level = 6) noexcept : level_(std::clamp(level, 1, 9)) {}
  gzip_deflater(const gzip_deflater&) = delete;  // as gzip_inflater
  gzip_deflater& operator=(const gzip_deflater&) = delete;
  ~gzip_deflater() {
    if (has_state_) deflateEnd(&zlib_);
  }

  /// Appends `in` as a stream; `in` may not be in `out`, whose storage moves.
  /// Errors: `resource_exhausted`: there is no memory; nothing is appended then.
  status deflate_whole(bytes_view in, buffer& out) {
    const int begun = has_state_
                          ? deflateReset(&zlib_)
                          : deflateInit2(&zlib_, level_, Z_DEFLATED, detail::gzip_window_bits,
                                         default_memory, Z_DEFAULT_STRATEGY);
    if (begun != Z_OK) return detail::gzip_no_memory();
    has_state_ = true;
    const std::size_t most = deflateBound(&zlib_, static_cast<uLong>(in.size()));
    for (;;) {
      const std::span<std::byte> room = out.prepare(std::min(most, std::size_t{64} << 10));
      detail::gzip_input(zlib_, in);
      zlib_.next_out = reinterpret_cast<Bytef*>(room.data());
      zlib_.avail_out = static_cast<uInt>(std::min(room.size(), detail::gzip_most));
      const std::size_t offered_in = zlib_.avail_in;
      const std::size_t offered_out = zlib_.avail_out;
      // With all input and some room, the only thing that can go wrong is too little room.
      const int code = deflate(&zlib_, offered_in == in.size() ? Z_FINISH : Z_NO_FLUSH);
      in = in.subspan(offered_in - zlib_.avail_in);
      out.commit(offered_out - zlib_.avail_out);
      if (code == Z_STREAM_END) return {};
    }
  }

 private:
  static constexpr int default_memory = 8;  // zlib's own default

  z_stream zlib_{};
  bool has_state_ = false;
  int level_;
};

}  // namespace polywire::inline v1::wire

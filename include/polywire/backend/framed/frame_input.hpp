// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/input_buffer.hpp"
#include "polywire/wire/frame/decode.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace polywire::inline v1::framed {

/// What the peer sends, cut into pieces: the preface, then one frame after the other.
class frame_input {
 public:
  explicit frame_input(std::uint32_t max_frame) noexcept : max_frame_(max_frame) {}

  /// The preface has come whole.
  bool is_greeted() const noexcept { return greeted_; }
  /// The beginning of something waits for its rest.
  bool is_partial() const noexcept { return partial_; }

  std::span<std::byte> prepare() { return buffer_.prepare(); }

  /// `n` bytes have come. `visit` gets each frame that is whole, and says whether to go on. Returns
  /// what is wrong with the bytes, or null.
  template <class Visit>
  const char* commit(std::size_t n, Visit&& visit) {
    const std::span<std::byte> all = buffer_.commit(n);
    std::size_t used = 0;
    const char* problem = greeted_ ? nullptr : read_preface(all, used);
    bool goes_on = problem == nullptr;
    while (goes_on && greeted_ && used < all.size()) {
      wire::frame::frame f;
      const auto parsed = wire::frame::decode(all.subspan(used), max_frame_, f);
      if (parsed.state == wire::frame::parse_state::need_more) break;
      used += parsed.size;
      problem = parsed.problem;
      goes_on = problem == nullptr && visit(f);
    }
    if (!goes_on) used = all.size();
    partial_ = used < all.size();
    buffer_.finish(all.subspan(used));
    return problem;
  }

 private:
  // A wrong byte is refused as soon as it is there.
  const char* read_preface(bytes_view all, std::size_t& used) noexcept {
    const bytes_view here = all.first(std::min(all.size(), wire::frame::preface.size()));
    if (!std::equal(here.begin(), here.end(), wire::frame::preface.begin())) {
      // The beginnings of a TLS handshake and of a TLS alert (RFC 8446 section 5.1).
      const bool may_be_tls = here[0] == std::byte{0x16} || here[0] == std::byte{0x15};
      if (may_be_tls && here.size() == 1) return nullptr;  // the next byte tells
      return may_be_tls && here[1] == std::byte{3}
                 ? "the peer speaks TLS, and this side does not: tls:// instead of tcp://"
                 : "this is not polywire's frames, version 1";
    }
    greeted_ = here.size() == wire::frame::preface.size();
    if (greeted_) used = here.size();
    return nullptr;
  }

  rpc::input_buffer buffer_;
  std::uint32_t max_frame_;
  bool greeted_ = false;
  bool partial_ = false;
};

}  // namespace polywire::inline v1::framed

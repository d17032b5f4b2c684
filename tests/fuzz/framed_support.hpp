// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/frame/decode.hpp"
#include "polywire/wire/frame/encode.hpp"

#include "polywire/rpc/session.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

// The address sanitizer counts; without it memory is not looked at.
extern "C" __attribute__((weak)) std::size_t __sanitizer_get_current_allocated_bytes();

/// What the targets of the framed sessions share: an input is a recipe for the bytes of a peer and
/// for the decisions of the layer above.
namespace framed_fuzz {

namespace pw = polywire;
namespace rpc = polywire::rpc;
namespace wf = polywire::wire::frame;

inline void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

inline std::size_t allocated() noexcept {
  return __sanitizer_get_current_allocated_bytes != nullptr
             ? __sanitizer_get_current_allocated_bytes()
             : 0;
}

/// The bytes of the input, one after the other, and zeros behind them.
class source {
 public:
  source(const std::uint8_t* data, std::size_t size) noexcept : data_(data), size_(size) {}
  bool empty() const noexcept { return at_ >= size_; }
  std::uint8_t byte() noexcept { return at_ < size_ ? data_[at_++] : std::uint8_t{0}; }
  pw::bytes_view bytes(std::size_t n) noexcept {
    n = std::min(n, size_ - std::min(at_, size_));
    const pw::bytes_view taken(reinterpret_cast<const std::byte*>(data_ + at_), n);
    at_ += n;
    return taken;
  }
  std::uint32_t number() noexcept {
    constexpr std::array<std::uint32_t, 16> likely{
        0,     1,     2,     3,     31,     32,      33,         100,
        1'000, 1'024, 1'025, 4'096, 65'536, 300'000, 0x7fffffff, 0xffffffff};
    return likely[byte() & 15U];
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

/// Frames that a peer could send, good ones and others. `flags`: what the peer's role usually says.
inline std::vector<std::byte> peer_bytes(source& in) {
  static const std::vector<std::byte> filling(40'000, std::byte{'f'});
  constexpr std::size_t most = std::size_t{600} << 10;
  constexpr std::array<std::string_view, 6> names{"a.B/Unary",   "a.B/Both", "a.B/Up",
                                                  "a.B/Nowhere", "bad name", ""};
  pw::buffer out;
  const std::uint8_t start = in.byte();
  if ((start & 3U) != 3) {
    out.append(wf::preface);
    wf::frame hello;
    hello.has_hello = true;
    if ((start & 4U) != 0) {
      hello.hello.max_frame = in.number();
      hello.hello.max_calls = in.number();
      hello.hello.call_credit = in.number();
      hello.hello.connection_credit = in.number();
      hello.hello.max_message = in.number();
    }
    wf::encode(out, hello);
  }
  pw::metadata some;
  (void)some.add("key", "value");
  const pw::status bad = pw::status::not_found("nothing");
  while (!in.empty() && out.size() < most) {
    const std::uint8_t what = in.byte();
    wf::frame f;
    if (what >= 0xf0) {
      out.append(in.bytes(what & 15U));
      continue;
    }
    if (what >= 0xe0) {
      if ((what & 1U) != 0) f.has_ping = true;
      if ((what & 2U) != 0) f.credit = in.number();
      if ((what & 12U) == 12) f.goodbye = (what & 1U) != 0 ? &bad : nullptr;
      wf::encode(out, f);
      continue;
    }
    f.call = 1 + (what & 3U);
    if ((what & 3U) == 3) f.call = in.number();
    const std::uint8_t more = in.byte();
    f.flags = more & 15U;
    if ((what & 4U) != 0) {
      f.name = names[in.byte() % names.size()];
      f.method = in.byte() & 7U;
      f.encoding = pw::format::bytes;
    } else if ((what & 8U) != 0) {
      f.method = in.byte() & 7U;
    }
    if ((what & 16U) != 0) {
      f.has_payload = true;
      const std::uint8_t size = in.byte();
      f.payload = pw::bytes_view(filling).first(size < 128 ? size : (size - 127U) * 300U);
      if ((what & 32U) != 0) f.message_size = in.number() + in.byte();
    }
    if ((more & 16U) != 0) f.metadata = &some;
    if ((more & 32U) != 0) f.status = &bad;
    if ((more & 64U) != 0) f.credit = in.number();
    if ((more & 128U) != 0) f.has_timeout = true;
    wf::encode(out, f);
  }
  return {out.view().begin(), out.view().end()};
}

/// What happened, in order.
class journal {
 public:
  void note(std::string_view what, std::uint32_t id, std::size_t number = 0) {
    text_.append(what).append(" ").append(std::to_string(id));
    text_.append(" ").append(std::to_string(number)).append("\n");
  }
  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

/// Asking what is allocated takes longer than most pieces: `after_each` is called often enough.
inline constexpr std::size_t reads_between_looks = 64;

/// Feeds `bytes` to a session in pieces of `step`; `after_each` looks at it in between.
template <class Look>
void feed(rpc::byte_session& session, pw::bytes_view bytes, std::size_t step, Look after_each) {
  for (std::size_t reads = 0; !bytes.empty() && !session.finished(); ++reads) {
    const auto room = session.prepare();
    require(!room.empty(), "there is no room to read to");
    const std::size_t n = std::min({room.size(), bytes.size(), step});
    std::copy_n(bytes.begin(), n, room.begin());
    session.commit(n);
    bytes = bytes.subspan(n);
    if (reads % reads_between_looks == 0) after_each();
  }
  after_each();
}

/// The output as text. What gives the connection's credit back stands where a read ended, and is
/// left out.
inline std::string spoken(rpc::byte_session& session) {
  pw::buffer all;
  for (const pw::bytes_view piece : session.output()) all.append(piece);
  std::string out;
  pw::bytes_view rest = all.view();
  if (rest.empty()) return out;
  require(std::equal(wf::preface.begin(), wf::preface.end(), rest.begin()), "no preface");
  rest = rest.subspan(wf::preface.size());
  while (!rest.empty()) {
    wf::frame f;
    const auto parsed = wf::decode(rest, rest.size(), f);
    require(parsed.state == wf::parse_state::complete, "a session writes what does not decode");
    if (f.call != 0 || f.credit == 0) out.append(pw::as_text(f.body)).append("\n");
    rest = rest.subspan(parsed.size);
  }
  return out;
}

}  // namespace framed_fuzz

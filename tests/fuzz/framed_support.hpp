// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/frame/decode.hpp"
#include "polywire/wire/frame/encode.hpp"

#include "polywire/core/topic.hpp"
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

/// Of topics, what the frames of both sides have; not all of it makes sense.
class topic_fields {
 public:
  explicit topic_fields(source& in) : what_(in.byte()) {
    constexpr std::array<std::string_view, 8> names{"t.a", "t.b", "t.>",       "*",
                                                    "t.*", "",    "a.B/Unary", "bad name"};
    name_ = names[what_ & 7U];
    const std::uint8_t d = (what_ & 16U) != 0 ? in.byte() : std::uint8_t{0};
    switch (d & 3U) {
      case 0: break;
      case 1: asked_.start = pw::start_at::earliest(); break;
      case 2: asked_.start = pw::start_at::last(d); break;
      default: asked_.start = pw::start_at::after(pw::event_id(d, d));
    }
    asked_.policy = static_cast<pw::overflow>(d >> 2U & 7U);  // not all of them exist
    if ((d & 32U) != 0) asked_.lag = pw::lag_limit(d, d);
    if ((d & 64U) != 0) asked_.group = "group";
    begin_.after = pw::event_id(1, what_);
    begin_.sequence = what_;
  }
  void put_into(wf::frame& f) const {
    if ((what_ & 8U) != 0) f.name = name_;
    if ((what_ & 16U) != 0) f.subscribe = &asked_;
    if ((what_ & 32U) != 0) {
      f.event = what_;
      f.lost_before = pw::loss(what_ & 3U, static_cast<pw::loss::kind>(what_ & 1U));
    }
    if ((what_ & 64U) != 0) f.position = &begin_;
    if ((what_ & 128U) != 0) f.key = "key";
  }

 private:
  std::uint8_t what_;
  std::string_view name_;
  pw::subscribe_head asked_;
  pw::subscribe_position begin_;
};

/// Frames that a peer could send, good ones and others.
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
    if ((start & 8U) != 0) hello.hello.max_subscriptions = in.number();
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
    if ((what & 64U) != 0) {
      const topic_fields topics(in);
      topics.put_into(f);
      wf::encode(out, f);
      continue;
    }
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

inline pw::limits small_limits(std::uint8_t choice) {
  pw::limits l;
  l.max_calls = 4;
  l.max_subscriptions = 2;
  l.max_message = (choice & 1U) != 0 ? 60'000 : 1'000'000;
  l.max_assembly = 100'000;
  if ((choice & 2U) != 0) l.call_credit = 5'000;
  if ((choice & 4U) != 0) l.connection_credit = 9'000;
  return l;
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

/// An input in its parts: bounds, the bytes of the peer, the pieces in which they come, and what
/// the layer above decides.
class recipe {
 public:
  recipe(const std::uint8_t* data, std::size_t size) : recipe(data, size, size - size / 4) {}

  const pw::limits bounds;
  const source decisions;
  std::size_t step = 1;
  std::vector<std::byte> bytes;

 private:
  recipe(const std::uint8_t* data, std::size_t size, std::size_t half)
      : bounds(small_limits(data[0])), decisions(data + half, size - half) {
    source input(data + 1, half - 1);
    const std::size_t factor = input.byte();
    step += factor * input.byte();
    bytes = peer_bytes(input);
  }
};

/// Lives a session's life three times: with the peer's bytes in one piece, in small pieces, which
/// must make no difference, and with a peer that reads and time that passes, until `part` ends the
/// connection. Run has `session` and `log`; `look` checks one in between.
template <class Run, class Look, class Part>
void live(const recipe& r, Run& whole, Run& cut, Run& moving, Look look, Part part) {
  std::size_t most_output = 0;
  const auto look_at = [&](Run& one) {
    for (const pw::bytes_view piece : one.session->output()) {
      most_output = std::max(most_output, piece.size());
    }
    look(one);
  };
  feed(*whole.session, r.bytes, std::size_t(-1), [&] { look_at(whole); });
  feed(*cut.session, r.bytes, r.step, [&] { look_at(cut); });
  // A full output makes messages wait, and how full it is depends a little on where reads end.
  if (most_output < (std::size_t{100} << 10)) {
    require(whole.log.text() == cut.log.text(), "another cut, other events");
    require(whole.session->finished() == cut.session->finished(), "another cut, another end");
    require(spoken(*whole.session) == spoken(*cut.session), "another cut, other answers");
  }

  pw::time_point now(std::chrono::hours(1));
  feed(*moving.session, r.bytes, r.step * 16, [&] {
    look_at(moving);
    const auto pieces = moving.session->output();
    if (!pieces.empty()) moving.session->consume_output(1 + pieces[0].size() / 2);
    now += std::chrono::seconds(1);
    moving.session->at(now);
    if (moving.session->next_timer() <= now) {
      moving.session->on_timer();
      require(moving.session->next_timer() > now, "a timer rings forever");
    }
  });
  part(moving);
  require(moving.session->calls() == 0, "calls outlive their connection");
  require(moving.session->finished(), "a connection outlives its end");
}

}  // namespace framed_fuzz

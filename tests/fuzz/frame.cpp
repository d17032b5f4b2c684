// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// The input is a stream of frames. Every frame must decode the same in one piece and in splits;
// what decodes must encode to something that means the same; and where generated code is at hand,
// the two must understand each other except where docs/protocols.md says so.
#include "polywire/wire/frame/decode.hpp"
#include "polywire/wire/frame/encode.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#if __has_include("polywire/wire/frame/frame.pb.h")
#include "polywire/wire/frame/frame.pb.h"
#define POLYWIRE_FUZZ_GENERATED 1
#endif

namespace wf = polywire::wire::frame;
using polywire::buffer;
using polywire::bytes_view;
using wf::parse_state;

namespace {

void require(bool good, const char* what) {
  if (good) return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

void splits_agree(bytes_view in, std::size_t max_frame, const wf::parsed& whole) {
  const std::size_t most = whole.state == parse_state::complete ? whole.size : in.size();
  const std::size_t step = 1 + most / 64;
  wf::frame f;
  for (std::size_t n = 0; n < most; n += step) {
    const wf::parsed part = wf::decode(in.first(n), max_frame, f);
    if (part.state == parse_state::need_more) {
      require(part.missing > 0, "nothing is missing, and yet more is needed");
      require(whole.state != parse_state::complete || n + part.missing <= whole.size,
              "more is said to be missing than there is");
    } else {
      require(part.state == parse_state::error && whole.state == parse_state::error,
              "a part of the input decodes in another way than the whole");
    }
  }
}

/// False: something within the frame is refused.
bool encode_again(wf::frame f, buffer& out) {
  polywire::limits bounds;
  polywire::metadata metadata;
  polywire::status status;
  polywire::status goodbye;
  polywire::subscribe_head asked;
  polywire::subscribe_position begin;
  if (!wf::decode_metadata(f, bounds, metadata)) return false;
  require(metadata.size() <= bounds.max_metadata, "metadata above its limit");
  require(metadata.count() <= bounds.max_metadata_entries, "too many metadata entries");
  if (f.has_metadata) f.metadata = &metadata;
  if (f.has_status) {
    if (!wf::decode_status(f.status_bytes, status)) return false;
    f.status = &status;
  }
  if (f.has_goodbye) {
    if (!wf::decode_status(f.goodbye_bytes, goodbye)) return false;
    f.goodbye = &goodbye;
  }
  if (f.has_subscribe) {
    if (wf::decode_subscribe(f.subscribe_bytes, asked) != nullptr) return false;
    f.subscribe = &asked;
  }
  if (f.has_position) {
    if (!wf::decode_position(f.position_bytes, begin)) return false;
    f.position = &begin;
  }
  wf::encode(out, f);
  require(out.size() == wf::encoded_size(f), "a size is announced wrongly");

  wf::frame head = f;
  head.has_payload = false;
  buffer in_place;
  wf::payload_writer writer(in_place, head);
  in_place.append(f.payload);
  writer.finish();
  require(!f.has_payload || std::ranges::equal(in_place.view(), out.view()),
          "a payload written in place gives another frame");
  return true;
}

bool decodes_whole(bytes_view in, wf::frame& f) {
  const wf::parsed p = wf::decode(in, in.size(), f);
  return p.state == parse_state::complete && p.size == in.size();
}

void means_the_same(const wf::frame& a, const wf::frame& b) {
  require(a.call == b.call && a.flags == b.flags && a.method == b.method && a.name == b.name &&
              a.encoding == b.encoding && a.message_size == b.message_size &&
              a.credit == b.credit && a.hello == b.hello && a.timeout_us == b.timeout_us &&
              a.ping == b.ping && a.pong == b.pong && a.has_payload == b.has_payload &&
              a.has_timeout == b.has_timeout && a.has_hello == b.has_hello &&
              a.has_ping == b.has_ping && a.has_pong == b.has_pong &&
              a.has_metadata == b.has_metadata && a.has_status == b.has_status &&
              a.has_goodbye == b.has_goodbye && std::ranges::equal(a.payload, b.payload) &&
              a.key == b.key && a.event == b.event &&
              (a.event == 0 || a.lost_before == b.lost_before) &&
              a.has_subscribe == b.has_subscribe && a.has_position == b.has_position,
          "a frame changes when it is encoded again");
}

#if defined(POLYWIRE_FUZZ_GENERATED)
namespace pb = polywire::frames::v1;

bool has_high_bytes(bytes_view bytes) {
  return std::ranges::any_of(bytes, [](std::byte b) { return b >= std::byte{0x80}; });
}

void framed(const pb::Frame& frame, buffer& out) {
  const std::string body = frame.SerializeAsString();
  std::byte* at = out.grow(wf::detail::varint_size(body.size()));
  wf::detail::put_varint(at, body.size());
  out.append(body);
}

void generated_code_agrees(const wf::frame& f, const buffer& canonical) {
  pb::Frame theirs;
  const bool accepted = theirs.ParseFromArray(f.body.data(), static_cast<int>(f.body.size()));
  if (!accepted) {  // it checks for UTF-8, which decode leaves to whoever reads the text
    require(has_high_bytes(f.body), "generated code refuses what decode accepts");
    return;
  }
  theirs.DiscardUnknownFields();
  buffer written;
  framed(theirs, written);
  wf::frame back;
  require(decodes_whole(written.view(), back), "decode refuses what generated code wrote");
  buffer again;
  require(encode_again(back, again), "what generated code wrote is refused");
  require(std::ranges::equal(again.view(), canonical.view()),
          "generated code understands a frame differently");
}

void accepts_generated(bytes_view body) {
  pb::Frame theirs;
  if (!theirs.ParseFromArray(body.data(), static_cast<int>(body.size()))) return;
  if (!pb::Format_IsValid(theirs.format()) || theirs.lost_kind() > 2) return;
  theirs.DiscardUnknownFields();  // groups and wrong types are unknown to it, errors to us
  wf::frame f;
  buffer known;
  framed(theirs, known);
  require(decodes_whole(known.view(), f), "decode refuses a frame of generated code");
}
#else
void generated_code_agrees(const wf::frame&, const buffer&) {}
void accepts_generated(bytes_view) {}
#endif

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bytes_view rest(reinterpret_cast<const std::byte*>(data), size);
  accepts_generated(rest);
  constexpr std::size_t max_frame = 16'384;
  for (;;) {
    wf::frame f;
    const wf::parsed p = wf::decode(rest, max_frame, f);
    splits_agree(rest, max_frame, p);
    if (p.state == parse_state::error) require(p.problem != nullptr, "an error without a text");
    if (p.state != parse_state::complete) return 0;
    require(p.size > 0 && p.size <= rest.size(), "a frame goes beyond the input");

    buffer once;
    if (encode_again(f, once)) {
      wf::frame back;
      require(decodes_whole(once.view(), back), "what encode writes does not decode");
      means_the_same(f, back);
      buffer twice;
      require(encode_again(back, twice), "what was accepted is refused the second time");
      require(std::ranges::equal(once.view(), twice.view()), "encoding is not stable");
      generated_code_agrees(f, once);
    }
    rest = rest.subspan(p.size);
  }
}

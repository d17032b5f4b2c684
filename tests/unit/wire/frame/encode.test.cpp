// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/frame/encode.hpp"

#include "support/catch.hpp"
#include "unit/wire/frame/hex.hpp"

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace wf = polywire::wire::frame;
using frame_tests::from_hex;
using frame_tests::to_hex;
using polywire::as_bytes;
using polywire::buffer;

namespace {

std::string encoded(const wf::frame& f) {
  buffer out;
  wf::encode(out, f);
  CHECK(out.size() == wf::encoded_size(f));
  return to_hex(out.view());
}

std::string hex(std::string_view text) { return to_hex(from_hex(text)); }

}  // namespace

TEST_CASE("a frame with nothing in it is a length of 0") { CHECK(encoded(wf::frame()) == "00"); }

TEST_CASE("the opening of a unary call is one frame") {
  wf::frame f;
  f.call = 1;
  f.flags = wf::flag_last;
  f.method = 1;
  f.name = "a.B/C";
  f.has_payload = true;
  f.payload = as_bytes("hi");
  f.has_timeout = true;
  f.timeout_us = 2'000'000;
  CHECK(encoded(f) == hex("15 08 01 10 01 18 01 2a 05 'a.B/C' 40 80 89 7a 22 02 'hi'"));
}

TEST_CASE("a method that is bound already takes two bytes") {
  wf::frame f;
  f.call = 2;
  f.flags = wf::flag_last;
  f.method = 1;
  f.has_payload = true;
  f.payload = as_bytes("hi");
  CHECK(encoded(f) == hex("0a 08 02 10 01 18 01 22 02 'hi'"));
}

TEST_CASE("a request of 66 bytes crosses in 75, its reply costs 7 beside the payload") {
  const std::string payload(66, 'x');
  wf::frame f;
  f.call = 127;
  f.flags = wf::flag_last;
  f.method = 127;
  f.has_payload = true;
  f.payload = as_bytes(payload);
  CHECK(wf::encoded_size(f) == 75);
  f.flags = wf::flag_end;
  f.method = 0;
  CHECK(wf::encoded_size(f) == 73);
}

TEST_CASE("a payload that is present is written even when it is empty") {
  wf::frame f;
  f.call = 5;
  f.has_payload = true;
  CHECK(encoded(f) == "04 08 05 22 00");
}

TEST_CASE("ping, pong and timeout are written even when they are 0") {
  wf::frame f;
  f.has_timeout = true;
  f.has_ping = true;
  f.has_pong = true;
  CHECK(encoded(f) == "06 40 00 70 00 78 00");
}

TEST_CASE("a hello leaves out what is 0") {
  wf::frame f;
  f.has_hello = true;
  f.hello.max_message = 4 << 20;
  f.hello.connection_credit = 1 << 20;
  CHECK(encoded(f) == "0b 62 09 08 80 80 80 02 28 80 80 40");
}

TEST_CASE("the frames that docs/protocols.md explains are those that are written") {
  wf::frame hello;
  hello.has_hello = true;
  hello.hello.max_message = 4 << 20;
  hello.hello.max_calls = 100;
  hello.hello.max_frame = wf::max_frame_default;
  hello.hello.call_credit = 256 << 10;
  hello.hello.connection_credit = 1 << 20;
  hello.hello.max_subscriptions = 1'000;
  CHECK(encoded(hello) ==
        "18 62 16 08 80 80 80 02 10 64 18 80 80 04 20 80 80 10 28 80 80 40 30 e8 07");
  CHECK(to_hex(wf::preface) == "f0 50 57 01");

  wf::frame reply;
  reply.call = 1;
  reply.flags = wf::flag_end;
  reply.has_payload = true;
  reply.payload = as_bytes("ok");
  CHECK(encoded(reply) == "08 08 01 10 04 22 02 6f 6b");

  const auto status = polywire::status::not_found("no user");
  wf::frame failed;
  failed.call = 2;
  failed.flags = wf::flag_end;
  failed.status = &status;
  CHECK(encoded(failed) == "11 08 02 10 04 52 0b 08 05 12 07 6e 6f 20 75 73 65 72");
}

TEST_CASE("an end carries status, details and trailing metadata in front of its payload") {
  polywire::metadata trailing;
  REQUIRE(trailing.add("k", "v"));
  REQUIRE(trailing.add("e", ""));
  auto status = polywire::status::not_found("no");
  status.add_detail(
      polywire::status_detail("t.T", {polywire::format::json, std::string_view("{}")}));
  status.set_reached(polywire::outcome::rejected);
  wf::frame f;
  f.call = 1;
  f.flags = wf::flag_end;
  f.metadata = &trailing;
  f.status = &status;
  f.has_payload = true;
  f.payload = as_bytes("p");
  CHECK(encoded(f) == hex("2b 08 01 10 04"
                          " 4a 06 0a 01 'k' 12 01 'v'"
                          " 4a 03 0a 01 'e'"
                          " 52 15 08 05 12 02 'no' 1a 0b 0a 03 't.T' 10 01 1a 02 '{}' 20 01"
                          " 22 01 'p'"));
}

TEST_CASE("only rejected is said of an outcome") {
  for (const auto reached : {polywire::outcome::not_sent, polywire::outcome::maybe_processed,
                             polywire::outcome::processed}) {
    const polywire::status status(polywire::status_code::aborted, "", reached);
    wf::frame f;
    f.status = &status;
    CHECK(encoded(f) == "04 52 02 08 0a");
  }
}

TEST_CASE("a goodbye of code 0 is an empty status that is there") {
  const polywire::status ok;
  wf::frame f;
  f.goodbye = &ok;
  CHECK(encoded(f) == "02 6a 00");
}

TEST_CASE("what is not UTF-8 in a status is replaced byte for byte") {
  auto status = polywire::status::internal("caf\xe9 caf\xc3\xa9");
  status.add_detail(polywire::status_detail("\xff", {}));
  wf::frame f;
  f.status = &status;
  CHECK(encoded(f) == hex("15 52 13 08 0d 12 0a 'caf?' 20 'caf' c3 a9 1a 03 0a 01 '?'"));
}

TEST_CASE("the largest numbers are written whole") {
  wf::frame f;
  f.call = 0xffff'ffff;
  f.message_size = 0x7fff'ffff;
  f.has_timeout = true;
  f.timeout_us = ~std::uint64_t{0};
  f.credit = 1;
  CHECK(encoded(f) ==
        "19 08 ff ff ff ff 0f 38 ff ff ff ff 07"
        " 40 ff ff ff ff ff ff ff ff ff 01 58 01");
}

TEST_CASE("the opening of a subscription says what is asked for") {
  polywire::subscribe_head asked;
  wf::frame f;
  f.call = 1;
  f.flags = wf::flag_last;
  f.name = "t.>";
  f.subscribe = &asked;
  CHECK(encoded(f) == hex("13 08 01 10 01 2a 03 't.>' 82 01 07 38 80 08 40 80 80 40"));
  asked.start = polywire::start_at::after(polywire::event_id(3, 4));
  asked.sequence = 5;
  asked.policy = polywire::overflow::block;
  asked.lag = polywire::lag_limit(6, 7);
  asked.group = "g";
  CHECK(encoded(f) == hex("1d 08 01 10 01 2a 03 't.>' 82 01 11 08 03 18 03 20 04 28 05 30 03"
                          " 38 06 40 07 4a 01 'g'"));
}

TEST_CASE("what goes with an event stands in front of its payload") {
  wf::frame f;
  f.call = 1;
  f.method = 2;
  f.name = "t";
  f.key = "k";
  f.event = 300;
  f.lost_before = polywire::loss(3, polywire::loss::kind::at_least);
  f.has_payload = true;
  f.payload = as_bytes("x");
  CHECK(encoded(f) == hex("18 08 01 18 02 2a 01 't' 8a 01 01 'k' 90 01 ac 02 98 01 03 a0 01 01"
                          " 22 01 'x'"));
  f.event = 0;  // no event, no loss
  CHECK(encoded(f) == hex("0e 08 01 18 02 2a 01 't' 8a 01 01 'k' 22 01 'x'"));
}

TEST_CASE("a position leaves out what is 0") {
  polywire::subscribe_position begin;
  begin.after = polywire::event_id(5, 0);
  begin.sequence = 1;
  wf::frame f;
  f.call = 1;
  f.position = &begin;
  CHECK(encoded(f) == "09 08 01 aa 01 04 08 05 18 01");
}

TEST_CASE("a frame is appended behind what the buffer holds") {
  buffer out;
  out.append("before");
  wf::frame f;
  f.call = 1;
  wf::encode(out, f);
  CHECK(to_hex(out.view()) == hex("'before' 02 08 01"));
}

TEST_CASE("a payload written in place gives the frame that encode gives, whatever its size") {
  std::vector<std::size_t> sizes{
      0,      1,      66,     16'375,         16'376,        16'377,  16'380,
      16'383, 16'384, 65'000, (1 << 21) - 12, (1 << 21) - 1, 1 << 21, (1 << 21) + 1};
  for (std::size_t size = 100; size < 140; ++size) sizes.push_back(size);
  for (const std::size_t size : sizes) {
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 7);
    wf::frame f;
    f.call = 3;
    f.flags = wf::flag_end;
    f.name = "n";
    buffer out;
    out.append("before");
    {
      wf::payload_writer writer(out, f);
      CHECK(writer.offset() == 6);
      CHECK(writer.payload_size() == 0);
      out.append(std::string_view(payload).substr(0, size / 2));
      out.append(std::string_view(payload).substr(size / 2));
      CHECK(writer.payload_size() == size);
      CHECK(writer.finish() == size);
    }
    f.has_payload = true;
    f.payload = as_bytes(payload);
    buffer wanted;
    wanted.append("before");
    wf::encode(wanted, f);
    REQUIRE(polywire::as_text(out.view()) == polywire::as_text(wanted.view()));
  }
}

TEST_CASE("a large head in front of a small payload needs a longer length too") {
  const std::string name(200, 'n');
  wf::frame f;
  f.name = name;
  buffer out;
  wf::payload_writer writer(out, f);
  out.append("p");
  writer.finish();
  f.has_payload = true;
  f.payload = as_bytes("p");
  CHECK(to_hex(out.view()) == encoded(f));
}

TEST_CASE("there is room for a head with every number at its largest") {
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  constexpr auto most64 = std::numeric_limits<std::uint64_t>::max();
  const std::string name(255, 'n');
  const std::string key(255, 'k');
  wf::frame f;
  f.call = f.flags = f.method = f.message_size = f.credit = f.ping = f.pong = most;
  f.has_timeout = f.has_ping = f.has_pong = true;
  f.timeout_us = f.event = most64;
  f.lost_before = polywire::loss(most64, polywire::loss::kind::unknown);
  f.encoding = polywire::format::bytes;
  f.name = name;
  f.key = key;
  CHECK(wf::detail::head_size(f) <= wf::detail::most_head_size(f));
  buffer out;
  wf::payload_writer writer(out, f);
  out.append("p");
  writer.finish();
  f.has_payload = true;
  f.payload = as_bytes("p");
  CHECK(to_hex(out.view()) == encoded(f));
}

TEST_CASE("an abandoned payload leaves the buffer as it was") {
  buffer out;
  out.append("before");
  wf::frame f;
  f.call = 1;
  SECTION("by abandon") {
    wf::payload_writer writer(out, f);
    out.append(std::string(1000, 'x'));
    writer.abandon();
  }
  SECTION("by an exception") {
    try {
      wf::payload_writer writer(out, f);
      out.append(std::string(1000, 'x'));
      throw std::runtime_error("cannot be encoded");
    } catch (const std::runtime_error&) {
    }
  }
  CHECK(to_hex(out.view()) == hex("'before'"));
}

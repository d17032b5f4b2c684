// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/connect/envelope.hpp"

#include "polywire/testing/hex.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wc = polywire::wire::connect;
using namespace polywire::testing::literals;
using Catch::Matchers::ContainsSubstring;
using polywire::as_bytes;
using polywire::as_text;
using polywire::buffer;
using polywire::bytes_view;
using polywire::status_code;
using wc::envelope_state;

namespace {

constexpr std::uint8_t both = wc::compressed_flag | wc::end_stream_flag;

std::string head(std::uint8_t flags, std::uint32_t length) {
  std::string out(1, static_cast<char>(flags));
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(length >> shift);
  return out;
}

std::string enveloped(std::uint8_t flags, std::string_view message) {
  return head(flags, static_cast<std::uint32_t>(message.size())).append(message);
}

/// What a stream comes to: its envelopes as "flags:message", then how it ended.
std::vector<std::string> read(std::string_view stream, std::size_t piece, std::size_t most,
                              std::uint8_t allowed) {
  wc::envelope_reader reader(most, allowed);
  std::vector<std::string> seen;
  wc::envelope next;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    // A copy of exactly that size, so that the sanitizer sees what reads on.
    const std::string_view part = stream.substr(at, piece);
    const std::vector<char> exact(part.begin(), part.end());
    bytes_view in = std::as_bytes(std::span(exact));
    envelope_state state{};
    while ((state = reader.read(in, next)) == envelope_state::complete) {
      seen.push_back(std::to_string(next.flags) + ":" + std::string(as_text(next.message)));
    }
    if (state == envelope_state::error) break;
    REQUIRE(in.empty());
  }
  seen.push_back(reader.finish().to_string());
  return seen;
}

/// The same for every size of pieces.
std::vector<std::string> read(std::string_view stream, std::size_t most = 100,
                              std::uint8_t allowed = both) {
  const auto whole = read(stream, std::max<std::size_t>(stream.size(), 1), most, allowed);
  for (std::size_t piece = 1; piece < stream.size(); ++piece) {
    CAPTURE(piece);
    CHECK(read(stream, piece, most, allowed) == whole);
  }
  return whole;
}

std::string problem(std::string_view stream, std::size_t most = 100, std::uint8_t allowed = both) {
  return read(stream, most, allowed).back();
}

}  // namespace

TEST_CASE("an envelope is written with flags and a big-endian length") {
  buffer out;
  wc::append_envelope(out, as_bytes("hi"), wc::end_stream_flag);
  wc::append_envelope(out, {});
  wc::append_envelope(out, as_bytes(std::string(0x010203, 'x')), wc::compressed_flag);
  CHECK(out.size() == 7 + 5 + 5 + 0x010203);
  CHECK(std::ranges::equal(out.view().first(17),
                           "02 00 00 00 02 68 69  00 00 00 00 00  01 00 01 02 03"_hex));
}

TEST_CASE("a message is encoded in place behind the head") {
  buffer out;
  out.append("before");
  {
    wc::envelope_writer writer(out);
    out.append(std::string(1000, 'm'));  // the storage moves
    CHECK(writer.message_size() == 1000);
    CHECK(writer.finish() == 1000);
  }
  CHECK(as_text(out.view()) == "before" + enveloped(0, std::string(1000, 'm')));
}

TEST_CASE("an envelope that is not finished leaves no trace") {
  buffer out;
  out.append("before");
  {
    wc::envelope_writer writer(out);
    out.append("half a mess");
  }
  CHECK(as_text(out.view()) == "before");
  wc::envelope_writer writer(out);
  writer.abandon();
  CHECK(as_text(out.view()) == "before");
}

TEST_CASE("a stream reads the same in one piece and in pieces of every size") {
  const std::string stream = enveloped(0, "first") + enveloped(0, "") + enveloped(1, "second") +
                             enveloped(1, "") + enveloped(2, "{}");
  CHECK(read(stream) == std::vector<std::string>{"0:first", "0:", "1:second", "1:", "2:{}", "ok"});
  CHECK(read("", 100, 0) == std::vector<std::string>{"ok"});
  CHECK(read(enveloped(3, "x")) == std::vector<std::string>{"3:x", "ok"});
}

TEST_CASE("an envelope within one piece is not copied") {
  const std::string stream = enveloped(0, "message");
  wc::envelope_reader reader(100, 0);
  wc::envelope next;
  bytes_view in = as_bytes(stream);
  REQUIRE(reader.read(in, next) == envelope_state::complete);
  CHECK(as_text(next.message).data() == stream.data() + 5);
}

TEST_CASE("a message above the limit is refused on its head") {
  CHECK(read(enveloped(0, std::string(9, 'x')), 10, 0).size() == 2);
  CHECK(read(enveloped(0, std::string(10, 'x')), 10, 0).size() == 2);
  CHECK(problem(head(0, 11), 10, 0) ==
        "resource_exhausted: a message has 11 bytes; the limit max_message is 10");
  CHECK(problem(head(0, 0xffffffff), 10, 0) ==
        "resource_exhausted: a message has 4294967295 bytes; the limit max_message is 10");
  CHECK(problem(enveloped(0, "") + head(0, 1), 0, 0) ==
        "resource_exhausted: a message has 1 bytes; the limit max_message is 0");
}

TEST_CASE("flags that were not agreed on are breaches of the protocol") {
  CHECK(problem(enveloped(1, "x"), 100, wc::end_stream_flag) ==
        "internal: a message is compressed, but no compression was agreed on");
  CHECK(problem(enveloped(2, "{}"), 100, wc::compressed_flag) ==
        "internal: a request has an end-of-stream message");
  for (int bit = 2; bit < 8; ++bit) {
    const auto flag = static_cast<std::uint8_t>(1 << bit);
    CHECK(problem(enveloped(flag, "x"), 100, 0xff) ==
          "internal: an envelope has reserved flags: " + std::to_string(flag));
  }
}

TEST_CASE("a response ends with its end-of-stream message, and nothing follows") {
  CHECK(problem("") == "internal: the response ends without its end-of-stream message");
  CHECK(problem(enveloped(0, "x")) ==
        "internal: the response ends without its end-of-stream message");
  CHECK(problem(enveloped(2, "{}") + "x") == "internal: bytes follow the end-of-stream message");
  CHECK(problem(enveloped(2, "") + enveloped(2, "")) ==
        "internal: bytes follow the end-of-stream message");
}

TEST_CASE("a stream does not end within an envelope") {
  const std::string stream = enveloped(0, "first") + enveloped(0, "second");
  for (std::size_t size = 1; size < stream.size(); ++size) {
    CAPTURE(size);
    const std::string how = problem(stream.substr(0, size), 100, 0);
    if (size == 10) {
      CHECK(how == "ok");
    } else {
      const std::size_t in_it = size < 10 ? size : size - 10;
      CHECK(how == "internal: the stream ends within an envelope, after " + std::to_string(in_it) +
                       " bytes of it");
    }
  }
}

TEST_CASE("a stream may end right behind an envelope that came in pieces") {
  const std::string stream = enveloped(2, "{}");
  wc::envelope_reader reader(100, both);
  wc::envelope next;
  bytes_view front = as_bytes(stream).first(6);
  REQUIRE(reader.read(front, next) == envelope_state::need_more);
  bytes_view rest = as_bytes(stream).subspan(6);
  REQUIRE(reader.read(rest, next) == envelope_state::complete);
  CHECK(reader.finish().ok());
  CHECK(as_text(next.message) == "{}");
}

TEST_CASE("after an error the reader stays where it is") {
  wc::envelope_reader reader(10, 0);
  wc::envelope next;
  const std::string bad = head(4, 0);
  const std::string good = enveloped(0, "x");
  bytes_view in = as_bytes(bad);
  REQUIRE(reader.read(in, next) == envelope_state::error);
  in = as_bytes(good);
  CHECK(reader.read(in, next) == envelope_state::error);
  CHECK(in.size() == good.size());
  CHECK(reader.problem().code() == status_code::internal);
  CHECK(reader.finish() == reader.problem());
}

TEST_CASE("a large message comes whole through small pieces") {
  std::string message(3'000'000, '\0');
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<char>(i * 31 >> 3);
  const auto seen = read(enveloped(0, message), 16'384, message.size(), 0);
  REQUIRE(seen.size() == 2);
  CHECK(seen[0] == "0:" + message);
}

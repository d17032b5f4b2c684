// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/gzip.hpp"

#include "polywire/testing/hex.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace wire = polywire::wire;
using namespace polywire::testing::literals;
using polywire::as_bytes;
using polywire::as_text;
using polywire::buffer;
using polywire::bytes_view;
using polywire::status;
using polywire::status_code;

namespace {

constexpr std::size_t plenty = std::size_t{1} << 20;

std::string deflated(std::string_view text, int level = 6) {
  wire::gzip_deflater deflater(level);
  buffer out;
  REQUIRE(deflater.deflate_whole(as_bytes(text), out).ok());
  return std::string(as_text(out.view()));
}

/// What a stream inflates to in pieces of a size, or the error.
std::string in_pieces(std::string_view stream, std::size_t piece, std::size_t most = plenty) {
  wire::gzip_inflater inflater;
  inflater.start(most);
  buffer out;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    const std::string_view part = stream.substr(at, piece);
    const std::vector<char> exact(part.begin(), part.end());
    const status how = inflater.write(std::as_bytes(std::span(exact)), out);
    if (!how.ok()) break;
  }
  CHECK(out.size() <= most);  // it only grows
  const status how = inflater.finish();
  return how.ok() ? std::string(as_text(out.view())) : how.to_string();
}

/// The same for many sizes of pieces.
std::string inflated(std::string_view stream, std::size_t most = plenty) {
  const std::string whole = in_pieces(stream, std::max<std::size_t>(stream.size(), 1), most);
  for (std::size_t piece = 1; piece < std::min<std::size_t>(stream.size(), 50); ++piece) {
    CAPTURE(piece);
    CHECK(in_pieces(stream, piece, most) == whole);
  }
  return whole;
}

/// Text that hardly shrinks.
std::string noise(std::size_t size) {
  std::string out(size, '\0');
  std::uint64_t state = 1;
  for (char& c : out) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    c = static_cast<char>(state >> 56);
  }
  return out;
}

/// Without its first ten bytes: RFC 1952 2.3.
std::string body_of(std::string_view text) { return deflated(text).substr(10); }

const std::string cut_off = "invalid_argument: a gzip stream is cut off";
std::string above(std::size_t most) {
  return "resource_exhausted: a gzip stream inflates to more than the limit of " +
         std::to_string(most) + " bytes";
}

}  // namespace

TEST_CASE("what is deflated inflates to the same") {
  for (const int level : {-5, 1, 6, 9, 100}) {
    for (const std::size_t size : {0U, 1U, 2U, 100U, 65'535U, 65'536U, 65'537U, 300'000U}) {
      CAPTURE(level, size);
      const std::string same = noise(size);
      CHECK(in_pieces(deflated(same, level), plenty, plenty) == same);
      const std::string text(size, 'x');
      const std::string small = deflated(text, level);
      CHECK(small.size() < size / 100 + 40);
      CHECK(in_pieces(small, plenty, plenty) == text);
    }
  }
}

TEST_CASE("the same bytes give the same stream, without a time in it") {
  const std::string once = deflated("same");
  CHECK(once == deflated("same"));
  CHECK(as_bytes(once).size() > 10);
  CHECK(std::ranges::equal(as_bytes(once).first(9), "1f 8b 08 00 00 00 00 00 00"_hex));
}

TEST_CASE("a deflater and an inflater are used again and again") {
  wire::gzip_deflater deflater;
  wire::gzip_inflater inflater;
  for (int i = 0; i < 100; ++i) {
    const std::string text = noise(static_cast<std::size_t>(i) * 700);
    buffer stream;
    buffer back;
    stream.append("before");
    back.append("before");
    REQUIRE(deflater.deflate_whole(as_bytes(text), stream).ok());
    if (i % 3 == 0) {  // a stream that is never finished, and one that fails, leave nothing behind
      buffer lost;
      inflater.start(10);
      (void)inflater.write(stream.view().subspan(6), lost);
    }
    REQUIRE(inflater.inflate_whole(stream.view().subspan(6), plenty, back).ok());
    CHECK(as_text(back.view()) == "before" + text);
  }
}

TEST_CASE("a stream comes in pieces of any size") {
  CHECK(inflated(deflated("hello, hello, hello")) == "hello, hello, hello");
  CHECK(inflated(deflated("")).empty());
  CHECK(inflated(deflated(noise(2000))) == noise(2000));
  CHECK(inflated(deflated(std::string(5000, 'x'))) == std::string(5000, 'x'));
}

TEST_CASE("what a stream inflates to is bounded") {
  for (const std::size_t size : {1U, 2U, 100U, 4095U, 4096U, 4097U, 33'000U, 262'144U, 300'000U}) {
    CAPTURE(size);
    for (const std::string& text : {noise(size), std::string(size, 'x')}) {
      const std::string stream = deflated(text);
      for (const std::size_t piece : {stream.size(), 1 + stream.size() / 200}) {
        CHECK(in_pieces(stream, piece, size - 1) == above(size - 1));
        CHECK(in_pieces(stream, piece, size) == text);
        CHECK(in_pieces(stream, piece, size + 1) == text);
      }
    }
  }
  CHECK(in_pieces(deflated(""), 100, 0).empty());
}

TEST_CASE("a bomb costs no more memory than the bound") {
  const std::string bomb = deflated(std::string(std::size_t{64} << 20, '\0'));
  CHECK(bomb.size() < 70'000);
  for (const std::size_t most : {std::size_t{1000}, std::size_t{100'000}, std::size_t{4} << 20}) {
    wire::gzip_inflater inflater;
    buffer out;
    inflater.start(most);
    CHECK(inflater.write(as_bytes(bomb), out).code() == status_code::resource_exhausted);
    CHECK(out.size() == most);
    CHECK(out.capacity() < most + most / 3 + 64);  // small storage is a power of two
    CHECK((most < 200'000 || out.capacity() == most));
  }
}

TEST_CASE("what has come is inflated at once, and does not wait for more") {
  for (std::size_t size = 4000; size < 4400; ++size) {  // storage grows at 4096
    const std::string stream = deflated(std::string(size, 'x'));
    wire::gzip_inflater inflater;
    buffer out;
    inflater.start(plenty);
    const std::size_t checksum_and_size = 8;
    CHECK(inflater.write(as_bytes(stream).first(stream.size() - checksum_and_size), out).ok());
    CHECK(out.size() == size);
  }
}

TEST_CASE("after an error a stream stays where it is, until the next start") {
  wire::gzip_inflater inflater;
  buffer out;
  inflater.start(3);
  const std::string stream = deflated("four");
  CHECK(inflater.write(as_bytes(stream), out).to_string() == above(3));
  CHECK(inflater.write(as_bytes(stream), out).to_string() == above(3));
  CHECK(inflater.finish().to_string() == above(3));
  CHECK(as_text(out.view()) == "fou");
  inflater.start(4);
  CHECK(inflater.write(as_bytes(stream), out).ok());
  CHECK(inflater.finish().ok());
  CHECK(as_text(out.view()) == "foufour");
}

TEST_CASE("inflating in one go appends all or nothing") {
  wire::gzip_inflater inflater;
  buffer out;
  out.append("before");
  const std::string stream = deflated("text");
  CHECK(inflater.inflate_whole(as_bytes(stream), 3, out).code() == status_code::resource_exhausted);
  CHECK(inflater.inflate_whole(as_bytes(stream).first(20), 4, out).to_string() == cut_off);
  CHECK(inflater.inflate_whole({}, 4, out).to_string() == cut_off);
  CHECK(as_text(out.view()) == "before");
  CHECK(inflater.inflate_whole(as_bytes(stream), 4, out).ok());
  CHECK(as_text(out.view()) == "beforetext");
}

TEST_CASE("several members are one stream, within one bound") {
  const std::string a = deflated("first ");
  const std::string b = deflated("second");
  const std::string none = deflated("");
  CHECK(inflated(a + b) == "first second");
  CHECK(inflated(none + a + none + b + none) == "first second");
  CHECK(inflated(a + b, 12) == "first second");
  CHECK(inflated(a + b, 11) == above(11));
  CHECK(inflated(a + b, 6) == above(6));
  CHECK(inflated(a + none, 6) == "first ");
}

TEST_CASE("a stream that is cut off is refused, wherever") {
  const std::string stream = deflated("a text") + deflated("another");
  const std::size_t member = deflated("a text").size();
  for (std::size_t size = 0; size < stream.size(); ++size) {
    CAPTURE(size);
    CHECK(in_pieces(stream.substr(0, size), plenty, plenty) ==
          (size == member ? "a text" : cut_off));
  }
}

TEST_CASE("what stands behind a member and is none is refused") {
  const std::string stream = deflated("text");
  for (const std::string_view rest :
       {std::string_view("x"), std::string_view("\0", 1), std::string_view("\0\0\0\0\0\0\0\0", 8),
        std::string_view("\x1f\x8c"), std::string_view("\x1f\x8b\x07\0", 4),
        std::string_view("\n")}) {
    const std::string how = inflated(stream + std::string(rest));
    CAPTURE(how);
    // zlib looks at two bytes at once.
    CHECK((how.starts_with("invalid_argument: not gzip: ") || how == cut_off));
    CHECK((rest.size() == 1 || how != cut_off));
  }
}

TEST_CASE("optional parts of a head are passed over") {  // RFC 1952 2.3
  const auto head = [](char flags) {
    return std::string("\x1f\x8b\x08", 3) + flags + std::string("\1\2\3\4\0\3", 6);
  };
  const std::string body = body_of("text");
  CHECK(inflated(head(0) + body) == "text");
  CHECK(inflated(head(1) + body) == "text");  // FTEXT
  CHECK(inflated(head(4) + std::string("\3\0abc", 5) + body) == "text");
  CHECK(inflated(head(8) + std::string("name\0", 5) + body) == "text");
  CHECK(inflated(head(16) + std::string("comment\0", 8) + body) == "text");
  const std::string with_crc = head(2);
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(with_crc.data()), 10);
  const std::string sum{static_cast<char>(crc), static_cast<char>(crc >> 8)};
  CHECK(inflated(with_crc + sum + body) == "text");
  CHECK(inflated(with_crc + "zz" + body) == "invalid_argument: not gzip: header crc mismatch");
  CHECK(inflated(head(32) + body) == "invalid_argument: not gzip: unknown header flags set");
}

TEST_CASE("other formats of zlib are refused") {
  for (const auto& stream : {"78 9c 4b 04 00 00 62 00 62"_hex, "4b 04 00"_hex, "50 4b 03 04"_hex}) {
    CHECK(inflated(stream.str()).starts_with("invalid_argument: not gzip: "));
  }
}

TEST_CASE("no bit may change: what is inflated is right, or refused") {
  const std::string text = "some text, some more text, and noise: " + noise(40);
  const std::string stream = deflated(text);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < stream.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = stream;
      changed[at] = static_cast<char>(changed[at] ^ (1 << bit));
      const std::string how = in_pieces(changed, plenty, plenty);
      CAPTURE(at, bit, how);
      const bool is_error = how.starts_with("invalid_argument: ");
      CHECK((how == text || is_error));
      if (at >= stream.size() - 8) CHECK(is_error);  // checksum and size
      refused += is_error ? 1U : 0U;
    }
  }
  CHECK(refused > (stream.size() - 10) * 7);
}

#if defined(POLYWIRE_TEST_COUNTS_ALLOCATIONS)
TEST_CASE("growing to the bound takes hardly more than the bound, all storage together") {
  REQUIRE(test::count_allocations());
  const std::string bomb = deflated(std::string(std::size_t{8} << 20, '\0'));
  constexpr std::size_t most = std::size_t{4} << 20;
  wire::gzip_inflater inflater;
  buffer out;
  inflater.start(most);
  test::allocated_bytes = 0;
  (void)inflater.write(as_bytes(bomb), out);
  const std::size_t allocated = test::allocated_bytes;
  CHECK(out.size() == most);
  CHECK(allocated >= most);
  CHECK(allocated < most + (std::size_t{600} << 10));  // 4 KiB to 256 KiB, and zlib's
}

TEST_CASE("steady use of one deflater and one inflater allocates nothing") {
  REQUIRE(test::count_allocations());
  const std::string text = noise(50'000);
  wire::gzip_deflater deflater;
  wire::gzip_inflater inflater;
  buffer stream;
  buffer back;
  std::size_t before = 0;
  bool good = true;
  for (int i = 0; i < 5; ++i) {
    if (i == 1) before = test::allocations;
    stream.clear();
    back.clear();
    good = good && deflater.deflate_whole(as_bytes(text), stream).ok() &&
           inflater.inflate_whole(stream.view(), plenty, back).ok();
  }
  const std::size_t after = test::allocations;
  CHECK(good);
  CHECK(after == before);
  const auto one = std::make_unique<int>(1);
  CHECK(test::allocations > after);  // the counter works
}
#endif

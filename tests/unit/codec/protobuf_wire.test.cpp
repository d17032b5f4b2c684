// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/protobuf_wire.hpp"

#include "polywire/core/bytes.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <limits>
#include <string>

using namespace polywire;
using namespace polywire::detail;

namespace {

std::string varint(std::uint64_t value) {
  buffer out;
  append_varint(out, value);
  return std::string(as_text(out.view()));
}

}  // namespace

TEST_CASE("varints of every length are read as they were written") {
  for (unsigned bits = 0; bits < 64; ++bits) {
    for (const std::uint64_t value : {std::uint64_t{1} << bits, (std::uint64_t{1} << bits) - 1}) {
      const std::string wire = varint(value);
      wire_reader in(wire);
      CHECK(in.varint() == value);
      CHECK(in.empty());
    }
  }
  CHECK(varint(std::numeric_limits<std::uint64_t>::max()).size() == 10);
}

TEST_CASE("fixed numbers are little-endian, and zigzag has both signs") {
  buffer out;
  append_fixed(out, std::uint32_t{0x01020304});
  append_fixed(out, std::uint64_t{0x0102030405060708});
  wire_reader in(as_text(out.view()));
  CHECK(as_text(out.view()).substr(0, 4) == "\x04\x03\x02\x01");
  CHECK(in.fixed<std::uint32_t>() == 0x01020304);
  CHECK(in.fixed<std::uint64_t>() == 0x0102030405060708);
  CHECK(zigzag(-1) == 1);
  CHECK(zigzag(1) == 2);
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-5}, std::numeric_limits<std::int64_t>::min(),
        std::numeric_limits<std::int64_t>::max()}) {
    CHECK(from_zigzag(zigzag(value)) == value);
  }
}

TEST_CASE("a length is known after what it counts") {
  for (const std::size_t size : {0U, 1U, 127U, 128U, 16'384U, 2'097'152U}) {
    buffer out;
    out.append("x");
    const length_ahead length(out);
    out.append(std::string(size, 'y'));
    length.close(out);
    wire_reader in(as_text(out.view()).substr(1));
    CHECK(in.bytes().size() == size);
    CHECK(in.empty());
  }
}

TEST_CASE("fields of every wire type are passed over, groups with all they hold") {
  // 1: varint, 2: fixed64, 3: length, 4: a group with a group and a varint, 5: fixed32.
  const std::string_view wire(
      "\x08\x96\x01\x11"
      "12345678"
      "\x1a\x02"
      "ab"
      "\x23\x0b\x0c\x10\x01\x24\x2d"
      "1234",
      27);
  wire_reader in(wire);
  for (unsigned number = 1; number <= 5; ++number) {
    const std::uint32_t tag = in.tag();
    CHECK(tag >> 3U == number);
    in.skip(static_cast<wire_type>(tag & 7U));
  }
  CHECK(in.empty());
  wire_reader group(wire.substr(17));
  CHECK(group.group() == std::string_view("\x0b\x0c\x10\x01", 4));
  CHECK(group.take_tag(0x2d));
}

TEST_CASE("malformed bytes end the reading, and are never read beyond") {
  for (const std::string& wire : {std::string("\xff"), std::string(11, '\xff'),
                                  std::string("\x05"
                                              "abc"),
                                  std::string("\x0b")}) {
    for (int how = 0; how < 8; ++how) {
      wire_reader in(wire);
      for (int i = 0; i < 20 && !in.empty(); ++i) in.skip(static_cast<wire_type>(how));
      CHECK(in.empty());
    }
  }
  wire_reader in("abc");
  CHECK(in.fixed<std::uint32_t>() == 0);
  CHECK(in.empty());
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/testing/hex.hpp"

#include "support/catch.hpp"

using namespace polywire::testing;

TEST_CASE("hex text becomes bytes and comes back") {
  const polywire::bytes bytes = "F0 50 57 01"_hex;
  CHECK(bytes.size() == 4);
  CHECK(bytes.str() == "\xF0PW\x01");
  CHECK(to_hex(bytes.view()) == "F0 50 57 01");
  CHECK(from_hex("aB\ncd").str() == "\xAB\xCD");
  CHECK(from_hex("").empty());
  CHECK(to_hex("") == "");
}

TEST_CASE("what is no hex text is refused") {
  CHECK_THROWS_WITH(from_hex("F0 5"), "half a byte at the end: 'F0 5'");
  CHECK_THROWS_WITH(from_hex("zz"), "not hexadecimal: 'zz'");
}

TEST_CASE("a hex dump shows offset, bytes and text, and is bounded") {
  CHECK(hex_dump("GET / HTTP/1.1\r\nA") ==
        "     0  47 45 54 20 2F 20 48 54 54 50 2F 31 2E 31 0D 0A  GET / HTTP/1.1..\n"
        "    16  41                                               A\n");
  CHECK(hex_dump("abcd", 2) ==
        "     0  61 62                                            ab\n"
        "     … 2 more bytes\n");
}

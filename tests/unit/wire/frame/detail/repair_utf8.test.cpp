// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/frame/detail/repair_utf8.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace {

std::string repaired(std::string_view text) {
  std::string out(text);
  polywire::wire::frame::detail::repair_utf8(std::as_writable_bytes(std::span<char>(out)));
  return out;
}

}  // namespace

TEST_CASE("UTF-8 is left alone, up to the edges of every length") {
  for (const std::string_view text :
       {"", "plain", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "a\xc3\xa9z\xe2\x82\xacq"}) {
    CHECK(repaired(text) == text);
  }
}

TEST_CASE("bytes that are not UTF-8 become question marks") {
  CHECK(repaired("\x80") == "?");
  CHECK(repaired("\xc0\xaf") == "??");            // too long a form
  CHECK(repaired("\xe0\x9f\xbf") == "???");       // the same
  CHECK(repaired("\xf0\x8f\xbf\xbf") == "????");  // the same
  CHECK(repaired("\xed\xa0\x80") == "???");       // a surrogate
  CHECK(repaired("\xf4\x90\x80\x80") == "????");  // above U+10FFFF
  CHECK(repaired("\xf5\x80\x80\x80") == "????");
  CHECK(repaired("\xff") == "?");
}

TEST_CASE("a character that is cut off does not take its neighbours along") {
  CHECK(repaired("\xc3") == "?");
  CHECK(repaired("a\xe2\x82") == "a??");
  CHECK(repaired("\xe2\x82z") == "??z");
  CHECK(repaired("\xf0\x9f\x98\xc3\xa9") == "???\xc3\xa9");
}

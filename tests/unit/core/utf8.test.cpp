// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/utf8.hpp"

#include "support/catch.hpp"

#include <cstdint>
#include <string>

using namespace polywire;

namespace {

/// UTF-8 by arithmetic, for any number below 2^21, well-formed or not.
std::string encoded(std::uint32_t c) {
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(bits); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xc0 | (c >> 6)), byte(0x80 | (c & 0x3f))};
  if (c < 0x10000) {
    return {byte(0xe0 | (c >> 12)), byte(0x80 | ((c >> 6) & 0x3f)), byte(0x80 | (c & 0x3f))};
  }
  return {byte(0xf0 | (c >> 18)), byte(0x80 | ((c >> 12) & 0x3f)), byte(0x80 | ((c >> 6) & 0x3f)),
          byte(0x80 | (c & 0x3f))};
}

}  // namespace

TEST_CASE("every Unicode scalar value is UTF-8, and nothing else is") {
  std::size_t wrong = 0;
  for (std::uint32_t c = 0; c < 0x200000; ++c) {
    const bool scalar = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
    if (is_utf8(encoded(c)) != scalar) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("overlong forms are not UTF-8") {
  for (const char* text :
       {"\xc0\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf", "\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80", "\xfe", "\xff"}) {
    CHECK(!is_utf8(text));
  }
}

TEST_CASE("a character cut at any place is not UTF-8") {
  for (const std::uint32_t c : {0xe4U, 0x20acU, 0x1f600U}) {
    const std::string whole = encoded(c);
    for (std::size_t n = 1; n < whole.size(); ++n) {
      CHECK(valid_utf8("ab" + whole.substr(0, n)) == 2);
      CHECK(valid_utf8("ab" + whole.substr(0, n) + "cd") == 2);
      CHECK(valid_utf8(whole.substr(n)) == 0);
    }
  }
}

TEST_CASE("a bad byte is found at every place of a long text") {
  for (std::size_t size = 0; size < 40; ++size) {
    const std::string good(size, 'a');
    CHECK(is_utf8(good));
    for (std::size_t at = 0; at < size; ++at) {
      std::string bad = good;
      bad[at] = '\x80';
      CHECK(valid_utf8(bad) == at);
    }
  }
  CHECK(is_utf8(std::string_view("\0", 1)));
}

TEST_CASE("foreign text is shown bounded, valid and without control characters") {
  CHECK(detail::shown("abc") == "abc");
  CHECK(detail::shown("a\r\nb\x7f") == "a??b?");
  CHECK(detail::shown("a\xff\xc3z") == "a??z");
  CHECK(detail::shown("\xc3\xa4") == "\xc3\xa4");
  CHECK(detail::shown(std::string(10, 'x'), 10) == std::string(10, 'x'));
  CHECK(detail::shown(std::string(11, 'x'), 10) == std::string(10, 'x') + "...");
  CHECK(detail::shown("abc\xe2\x82\xac", 5) == "abc...");
  CHECK(detail::shown("abc\xe2\x82\xac", 6) == "abc\xe2\x82\xac");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  CHECK(is_utf8(detail::shown(all, 1'000)));
  CHECK(detail::shown("").empty());
}

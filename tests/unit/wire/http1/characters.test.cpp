// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/http1/detail/characters.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

namespace h1 = polywire::wire::http1;

TEST_CASE("the tables say what the grammars say") {
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const bool alnum = (i >= '0' && i <= '9') || (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z');
    const auto one_of = [&](std::string_view text) {
      return alnum || text.find(c) != std::string_view::npos;
    };
    INFO(i);
    CHECK(h1::detail::is(c, h1::detail::token_char) == one_of("!#$%&'*+-.^_`|~"));
    CHECK(h1::detail::is(c, h1::detail::value_char) == (i == '\t' || (i >= 0x20 && i != 0x7f)));
    CHECK(h1::detail::is(c, h1::detail::host_char) == one_of("-._~!$&'()*+,;="));
    CHECK(h1::detail::is(c, h1::detail::path_char) == one_of("-._~!$&'()*+,;=%:@/"));
    CHECK(h1::detail::is(c, h1::detail::query_char) ==
          (i > 0x20 && i < 0x7f && std::string_view("\"#<>").find(c) == std::string_view::npos));
    CHECK(h1::detail::is(c, h1::detail::plain_char) == one_of("-._~"));
    const std::string_view digits = "0123456789abcdefABCDEF";
    const auto digit = digits.find(c);
    const int value = digit == std::string_view::npos ? -1 : static_cast<int>(digit);
    CHECK(h1::detail::hex_value(c) == (value > 15 ? value - 6 : value));
  }
}

TEST_CASE("the end of a value is found at every place and for every byte") {
  for (std::size_t size = 0; size < 20; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int i = 0; i < 256; ++i) {
        for (const char before : {'x', '\t', '\xff', '\x80', ' '}) {
          // Ends where its heap block ends, for the sanitizer.
          const auto text = std::make_unique<char[]>(size);
          std::fill_n(text.get(), size, before);
          text[at] = static_cast<char>(i);
          if (at + 1 < size) text[at + 1] = '\x01';
          const char* const end = text.get() + size;
          const char* expected = text.get();
          while (expected != end && h1::detail::is(*expected, h1::detail::value_char)) ++expected;
          if (h1::detail::value_end(text.get(), end) != expected) {
            FAIL("byte " << i << " at " << at << " of " << size);
          }
        }
      }
    }
  }
}

TEST_CASE("names are equal in any case, and only letters have one") {
  using h1::detail::same_ignoring_case;
  CHECK(same_ignoring_case("Content-LENGTH", "content-length"));
  CHECK(same_ignoring_case("", ""));
  CHECK_FALSE(same_ignoring_case("a", "ab"));
  CHECK_FALSE(same_ignoring_case("^", "~"));  // 0x20 apart, and both may be in names
  CHECK_FALSE(same_ignoring_case("@", "`"));
  CHECK_FALSE(same_ignoring_case("[", "{"));
}

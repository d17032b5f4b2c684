// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/units.hpp"

#include "support/catch.hpp"

#include <limits>
#include <string>

using namespace polywire;
using namespace std::chrono_literals;

TEST_CASE("durations are read with each unit") {
  CHECK(parse_duration("0s").value() == 0s);
  CHECK(parse_duration("10us").value() == 10us);
  CHECK(parse_duration("500ms").value() == 500ms);
  CHECK(parse_duration("2s").value() == 2s);
  CHECK(parse_duration("1m").value() == 1min);
  CHECK(parse_duration("2h").value() == 2h);
  CHECK(parse_duration("007s").value() == 7s);
}

TEST_CASE("what is no duration is refused without being repeated") {
  for (const char* text : {"", "2", "s", "-2s", "+2s", " 2s", "2 s", "2s ", "1.5s", "2S", "2sec",
                           "0x2s", "1m30s", "18446744073709551616s"}) {
    CAPTURE(text);
    const auto parsed = parse_duration(text);
    REQUIRE(!parsed);
    CHECK(parsed.status().code() == status_code::invalid_argument);
    CHECK(parsed.status().message() == "expected a duration such as 10us, 500ms, 2s, 1m or 2h");
  }
}

TEST_CASE("the longest duration is read and one unit more is refused") {
  const auto most = duration::max() / duration(1h);
  CHECK(parse_duration(std::to_string(most) + "h").value() == most * 1h);
  CHECK(!parse_duration(std::to_string(most + 1) + "h"));
  CHECK(!parse_duration("18446744073709551615h"));
  CHECK(parse_duration("9223372036854775us").has_value());
  CHECK(!parse_duration("9223372036854776us"));
}

TEST_CASE("sizes are read with and without a unit") {
  CHECK(parse_size("0").value() == 0);
  CHECK(parse_size("123").value() == 123);
  CHECK(parse_size("64KiB").value() == 65'536);
  CHECK(parse_size("8MiB").value() == 8'388'608);
  CHECK(parse_size("1GiB").value() == 1'073'741'824);
}

TEST_CASE("what is no size is refused") {
  for (const char* text : {"", "KiB", "-1", "+1", "1 KiB", "1KB", "1k", "1kib", "1.5MiB", "1TiB"}) {
    CAPTURE(text);
    const auto parsed = parse_size(text);
    REQUIRE(!parsed);
    CHECK(parsed.status().message() == "expected a size such as 123, 64KiB, 8MiB or 1GiB");
  }
}

TEST_CASE("the largest size is read and one more is refused") {
  CHECK(parse_size("18446744073709551615").value() == std::numeric_limits<std::size_t>::max());
  CHECK(!parse_size("18446744073709551616"));
  CHECK(parse_size("17179869183GiB").value() == 17179869183ULL << 30);
  CHECK(!parse_size("17179869184GiB"));
}

TEST_CASE("booleans are true, false, 1 and 0") {
  CHECK(parse_bool("true").value());
  CHECK(parse_bool("1").value());
  CHECK(!parse_bool("false").value());
  CHECK(!parse_bool("0").value());
  for (const char* text : {"", "True", "yes", "on", "2", "true "}) CHECK(!parse_bool(text));
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/json_number.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

using namespace polywire;

namespace {

template <class Integer>
std::optional<Integer> integer(std::string_view text) {
  return json_number::whole(text).to_integer<Integer>();
}

std::optional<double> real(std::string_view text) { return json_number::whole(text).to_double(); }

}  // namespace

TEST_CASE("the grammar of numbers is JSON's") {
  for (const char* text :
       {"0", "-0", "1", "10", "-1", "0.5", "1.0", "1e3", "1E+3", "0e-0", "-0.0e1"}) {
    INFO(text);
    CHECK(json_number::whole(text).text() == text);
  }
  for (const char* text : {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x1", "1 ", " 1",
                           "NaN", "Infinity", "1,0", "1.5.5", "--1", "1e1.5"}) {
    INFO(text);
    CHECK(json_number::whole(text).empty());
  }
}

TEST_CASE("a number ends where its grammar does") {
  CHECK(json_number::at_start_of("12]").text() == "12");
  CHECK(json_number::at_start_of("01").text() == "0");
  CHECK(json_number::at_start_of("1.x").empty());
  CHECK(json_number::at_start_of("1e}").empty());
}

TEST_CASE("integers pass up to the bounds of their type") {
  CHECK(integer<std::int32_t>("2147483647") == 2147483647);
  CHECK(!integer<std::int32_t>("2147483648"));
  CHECK(integer<std::int32_t>("-2147483648") == std::numeric_limits<std::int32_t>::min());
  CHECK(!integer<std::int32_t>("-2147483649"));
  CHECK(integer<std::uint32_t>("4294967295") == 4294967295U);
  CHECK(!integer<std::uint32_t>("4294967296"));
  CHECK(!integer<std::uint32_t>("-1"));
  CHECK(integer<std::uint32_t>("-0") == 0U);
  CHECK(integer<std::int64_t>("9223372036854775807") == std::numeric_limits<std::int64_t>::max());
  CHECK(!integer<std::int64_t>("9223372036854775808"));
  CHECK(integer<std::int64_t>("-9223372036854775808") == std::numeric_limits<std::int64_t>::min());
  CHECK(!integer<std::int64_t>("-9223372036854775809"));
  CHECK(integer<std::uint64_t>("18446744073709551615") ==
        std::numeric_limits<std::uint64_t>::max());
  CHECK(!integer<std::uint64_t>("18446744073709551616"));
}

TEST_CASE("fractions and exponents pass where the value is an integer") {
  CHECK(integer<std::int32_t>("1.0") == 1);
  CHECK(integer<std::int32_t>("1e2") == 100);
  CHECK(integer<std::int32_t>("-1.5e1") == -15);
  CHECK(!integer<std::int32_t>("1.5"));
  CHECK(!integer<std::int32_t>("1e-1"));
  CHECK(integer<std::int32_t>("2147483647.0") == 2147483647);
  CHECK(!integer<std::int32_t>("2147483648.0"));
  CHECK(integer<std::int32_t>("-2147483648.0") == std::numeric_limits<std::int32_t>::min());
  CHECK(!integer<std::int32_t>("-2147483649.0"));
  CHECK(!integer<std::uint32_t>("-1.0"));
  CHECK(integer<std::uint64_t>("1e19") == 10000000000000000000U);
  CHECK(!integer<std::uint64_t>("1e20"));
  CHECK(!integer<std::int64_t>("1e400"));
  CHECK(integer<std::int64_t>("1e-400") == 0);
}

TEST_CASE("what is too large for a double is none, what is too small is zero") {
  CHECK(real("1.7976931348623157e308") == std::numeric_limits<double>::max());
  CHECK(real("5e-324") == std::numeric_limits<double>::denorm_min());
  const std::string zeros(400, '0');
  for (const std::string& text :
       {std::string("1e309"), "1" + zeros, "1" + zeros + ".5", "0.1" + ("e" + zeros + "400"),
        std::string("1e99999999999999999999"), "1" + zeros + "e-50"}) {
    INFO(text);
    CHECK(!real(text));
    CHECK(!real("-" + text));
  }
  for (const std::string& text :
       {std::string("1e-400"), "0." + zeros + "1", "0." + zeros + "1e50",
        std::string("1e-99999999999999999999"), std::string("12.5e-400")}) {
    INFO(text);
    CHECK(real(text) == 0.0);
    CHECK(!std::signbit(*real(text)));
    CHECK(std::signbit(*real("-" + text)));
  }
  CHECK(real("0e999999999999999999999") == 0.0);
  CHECK(std::signbit(*real("-0")));
}

TEST_CASE("a float takes what rounds to its greatest value, and no more") {
  const auto narrow = [](std::string_view text) { return json_number::whole(text).to_float(); };
  CHECK(narrow("3.4028235e38") == std::numeric_limits<float>::max());
  CHECK(narrow("-3.4028235e38") == std::numeric_limits<float>::lowest());
  CHECK(!narrow("3.4028236e38"));
  CHECK(!narrow("-1e39"));
  CHECK(narrow("1e-60") == 0.0F);
  CHECK(narrow("0.1") == 0.1F);
}

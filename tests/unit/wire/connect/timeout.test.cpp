// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/connect/timeout.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace wc = polywire::wire::connect;
using namespace std::chrono_literals;
using polywire::duration;
using polywire::status_code;

TEST_CASE("a timeout has one to ten digits") {
  CHECK(wc::parse_timeout("1").value() == 1ms);
  CHECK(wc::parse_timeout("5000").value() == 5s);
  CHECK(wc::parse_timeout("999999999").value() == 999'999'999ms);
  CHECK(wc::parse_timeout("9999999999").value() == 9'999'999'999ms);
  CHECK(wc::parse_timeout("0000000007").value() == 7ms);
}

TEST_CASE("what is no timeout is refused, and shown in bounds") {
  for (const std::string_view text :
       {"", "0", "0000000000", "+1", "-1", " 1", "1 ", "1.0", "1e3", "0x1", "1ms", "10000000000",
        "00000000001", "5,5", "\xd9\xa1"}) {
    CAPTURE(text);
    CHECK(wc::parse_timeout(text).status().code() == status_code::invalid_argument);
  }
  CHECK(wc::parse_timeout("\n" + std::string(1000, 'x')).status().message() ==
        "Connect-Timeout-Ms must be a positive number of at most 10 digits, not '?" +
            std::string(39, 'x') + "...'");
  CHECK(wc::parse_timeout("soon").status().message().ends_with("not 'soon'"));
}

TEST_CASE("what is left of a deadline is written in milliseconds, rounded up") {
  const auto text = [](duration left) { return std::string(wc::timeout_text(left).view()); };
  CHECK(text(2s) == "2000");
  CHECK(text(1ms) == "1");
  CHECK(text(1ms + 1ns) == "2");
  CHECK(text(1ns) == "1");
  CHECK(text(9'999'999'999ms) == "9999999999");
  CHECK(text(9'999'999'999ms + 1ns) == "9999999999");
  CHECK(text(duration::max()) == "9999999999");
}

TEST_CASE("a deadline that has passed counts as one millisecond") {
  CHECK(wc::timeout_text(0s).view() == "1");
  CHECK(wc::timeout_text(-1s).view() == "1");
  CHECK(wc::timeout_text(duration::min()).view() == "1");
}

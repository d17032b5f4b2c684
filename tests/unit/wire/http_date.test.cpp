// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/http_date.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <ctime>
#include <string>

using namespace std::chrono_literals;
using polywire::wire::http_date;
using std::chrono::sys_seconds;

namespace {

std::string text(std::int64_t seconds_since_1970) {
  return std::string(http_date(sys_seconds(std::chrono::seconds(seconds_since_1970))).view());
}

}  // namespace

TEST_CASE("a date is written as in RFC 9110 5.6.7") {
  CHECK(text(784'111'777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(text(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(text(-1) == "Wed, 31 Dec 1969 23:59:59 GMT");
  CHECK(text(951'782'400) == "Tue, 29 Feb 2000 00:00:00 GMT");
  CHECK(text(4'107'542'400) == "Mon, 01 Mar 2100 00:00:00 GMT");
  CHECK(text(2'147'483'648) == "Tue, 19 Jan 2038 03:14:08 GMT");
}

TEST_CASE("a date is right for every day and month, as the C library sees it") {
  for (std::int64_t at = -3'000'000'000; at < 9'000'000'000; at += 86'400 * 3 + 3'607) {
    const auto time = static_cast<std::time_t>(at);
    std::tm parts{};
    REQUIRE(::gmtime_r(&time, &parts) != nullptr);
    char expected[64];
    REQUIRE(std::strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &parts) ==
            http_date::size);
    REQUIRE(text(at) == expected);
  }
}

TEST_CASE("what four digits cannot say becomes the nearest that they can") {
  CHECK(text(253'402'300'799) == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(text(253'402'300'800) == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(text(-62'167'219'200) == "Sat, 01 Jan 0000 00:00:00 GMT");
  CHECK(text(-62'167'219'201) == "Sat, 01 Jan 0000 00:00:00 GMT");
  CHECK(http_date(sys_seconds::max()).view() == "Fri, 31 Dec 9999 23:59:59 GMT");
  CHECK(http_date(sys_seconds::min()).view() == "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST_CASE("a date can be made when compiling") {
  static constexpr http_date date(sys_seconds(784'111'777s));
  STATIC_REQUIRE(date.view() == "Sun, 06 Nov 1994 08:49:37 GMT");
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/interceptor/log_calls.hpp"

#include "support/catch.hpp"
#include "unit/interceptor/fake_context.hpp"

#include <string>
#include <utility>
#include <vector>

namespace log_calls_test {

namespace pw = polywire;
using pw::log_level;
using pw::status;
using test::fake_context;
using namespace std::chrono_literals;

namespace {

std::pair<log_level, std::string> line_of(fake_context&& call, const status& how,
                                          pw::duration took) {
  std::vector<std::pair<log_level, std::string>> said;
  pw::log_calls logs([&](log_level level, std::string_view m) { said.emplace_back(level, m); });
  CHECK(logs.on_start(call).ok());
  CHECK(said.empty());
  logs.on_end(call, how, took);
  REQUIRE(said.size() == 1);
  return said[0];
}

}  // namespace

TEST_CASE("a call is logged as one line of keys and values") {
  const auto [level, line] = line_of(fake_context("a.B/C"), status(), 1500us);
  CHECK(level == log_level::info);
  CHECK(line ==
        "call side=server method=a.B/C type=unary peer=127.0.0.1:5000 code=ok duration_us=1500");
}

TEST_CASE(
    "a call that failed is logged with its outcome, and nothing in its message ends the line") {
  const auto [level, line] =
      line_of(fake_context("a.B/C", pw::call_side::client, pw::call_type::bidi_streaming),
              status(pw::status_code::not_found, "no \"user\"\n\x1b[31m\\ caf\u00e9",
                     pw::outcome::rejected),
              0us);
  CHECK(level == log_level::warning);
  CHECK(line ==
        "call side=client method=a.B/C type=bidi_streaming peer=127.0.0.1:5000 code=not_found "
        "outcome=rejected duration_us=0 "
        "message=\"no \\\"user\\\"\\x0a\\x1b[31m\\\\ caf\u00e9\"");
}

TEST_CASE("what is our own fault is logged as an error, and long texts are cut") {
  const auto [level, line] =
      line_of(fake_context("a.B/C"), status::internal(std::string(1000, 'x')), 1us);
  CHECK(level == log_level::error);
  CHECK(line.size() < 400);
  CHECK(line.ends_with("x...\""));
}

}  // namespace log_calls_test

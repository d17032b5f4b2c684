// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/options.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <stop_token>
#include <type_traits>

using namespace polywire;
using namespace std::chrono_literals;

TEST_CASE("default options have no deadline and ask for nothing") {
  const call_options options;
  CHECK(options.deadline_from(time_point() + 1s) == never);
  CHECK(options.get_metadata().empty());
  CHECK(options.error().ok());
  CHECK(options.get_info() == nullptr);
  CHECK(!options.waits_for_ready());
  CHECK(!options.stop_token().stop_possible());
}

TEST_CASE("a timeout counts from the start of the call") {
  const call_options options = polywire::timeout(2s);
  CHECK(options.deadline_from(time_point() + 1s) == time_point() + 3s);
  CHECK(options.deadline_from(time_point() + 5s) == time_point() + 7s);
}

TEST_CASE("an absurd timeout means never and a negative one is in the past") {
  CHECK(polywire::timeout(std::chrono::hours(1'000'000'000'000'000'000))
            .deadline_from(time_point() + 1s) == never);
  CHECK(polywire::timeout(-1s).deadline_from(time_point() + 5s) == time_point() + 4s);
  CHECK(polywire::timeout(0s).deadline_from(time_point() + 5s) == time_point() + 5s);
}

TEST_CASE("of timeout and deadlines the earliest counts, of timeouts the last") {
  const time_point now = time_point() + 10s;
  CHECK(polywire::timeout(2s).deadline(now + 1s).deadline_from(now) == now + 1s);
  CHECK(polywire::timeout(2s).deadline(now + 3s).deadline_from(now) == now + 2s);
  CHECK(call_options().deadline(now + 3s).deadline(now + 1s).deadline_from(now) == now + 1s);
  CHECK(polywire::timeout(2s).timeout(5s).deadline_from(now) == now + 5s);
}

TEST_CASE("setters chain on temporaries and on named options") {
  call_info info;
  std::stop_source source;
  call_options named;
  named.timeout(1s).metadata("a", "1").capture(info).wait_for_ready().stop_on(source.get_token());
  const call_options chained =
      with_metadata("a", "1").timeout(1s).capture(info).wait_for_ready().stop_on(
          source.get_token());
  for (const call_options* options : {&std::as_const(named), &chained}) {
    CHECK(options->deadline_from(time_point()) == time_point() + 1s);
    CHECK(options->get_metadata().get("a") == "1");
    CHECK(options->get_info() == &info);
    CHECK(options->waits_for_ready());
    CHECK(options->stop_token().stop_possible());
  }
}

TEST_CASE("the first bad pair of metadata is remembered as an error of the call") {
  const call_options options =
      with_metadata("good", "1").metadata("grpc-x", "1").metadata("bad key", "1");
  CHECK(options.error().code() == status_code::invalid_argument);
  CHECK(options.error().reached() == outcome::not_sent);
  CHECK(options.error().message().find("grpc-x") != std::string::npos);
  CHECK(options.get_metadata().count() == 1);
}

TEST_CASE("options are what derives from call_options, and no aggregate") {
  class derived : public call_options {};
  STATIC_REQUIRE(call_options_like<call_options>);
  STATIC_REQUIRE(call_options_like<const call_options&>);
  STATIC_REQUIRE(call_options_like<derived&&>);
  STATIC_REQUIRE(!call_options_like<int>);
  STATIC_REQUIRE(!std::is_aggregate_v<call_options>);
}

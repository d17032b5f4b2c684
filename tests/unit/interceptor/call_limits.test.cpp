// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/interceptor/call_limits.hpp"

#include "polywire/client.hpp"
#include "polywire/inproc.hpp"
#include "polywire/server.hpp"

#include "support/catch.hpp"
#include "support/streams.hpp"
#include "unit/interceptor/fake_context.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace call_limits_test {

namespace pw = polywire;
using pw::status;
using pw::status_code;
using pw::text;
using test::fake_context;
using test::run_until;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<fake_context> make(const std::string& peer, const std::string& method = "a.B/C") {
  return std::make_unique<fake_context>(method, pw::call_side::server, pw::call_type::unary, peer);
}

}  // namespace

TEST_CASE("a host may have so many calls at a time, whatever its ports") {
  pw::call_limits limits = pw::call_limits().peer_calls(2);
  const auto first = make("10.0.0.1:1");
  const auto second = make("10.0.0.1:2");
  const auto third = make("10.0.0.1:3");
  const auto other = make("10.0.0.2:1");
  CHECK(limits.on_start(*first).ok());
  CHECK(limits.on_start(*second).ok());
  CHECK(limits.on_start(*third).code() == status_code::resource_exhausted);
  CHECK(limits.on_start(*other).ok());
  limits.on_end(*first, {}, 1ms);
  CHECK(limits.on_start(*third).ok());
  CHECK(limits.on_start(*make("[::1]:5")).ok());
  CHECK(limits.on_start(*make("unix:/tmp/a")).ok());
}

TEST_CASE("a method may have so many calls at a time, whoever makes them") {
  pw::call_limits limits = pw::call_limits().method_calls(1);
  const auto first = make("10.0.0.1:1");
  CHECK(limits.on_start(*first).ok());
  CHECK(limits.on_start(*make("10.0.0.2:1")).code() == status_code::resource_exhausted);
  CHECK(limits.on_start(*make("10.0.0.2:1", "a.B/D")).ok());
  limits.on_end(*first, status::cancelled("x"), 1ms);
  CHECK(limits.on_start(*make("10.0.0.2:1")).ok());
}

TEST_CASE("a rate allows a burst, and then so many per second of the server's clock") {
  pw::call_limits limits = pw::call_limits().peer_rate(10, 3);
  const auto try_at = [&, begin = make("h:1")->time](pw::duration when) {
    const auto call = make("10.0.0.1:1");
    call->time = begin + when;
    const bool ok = limits.on_start(*call).ok();
    if (ok) limits.on_end(*call, {}, 1ms);
    return ok;
  };
  CHECK(try_at(0ms));
  CHECK(try_at(0ms));
  CHECK(try_at(0ms));
  CHECK_FALSE(try_at(0ms));
  CHECK_FALSE(try_at(99ms));
  CHECK(try_at(100ms));
  CHECK_FALSE(try_at(150ms));
  CHECK(try_at(10s));  // a long pause does not save up more than a burst
  CHECK(try_at(10s));
  CHECK(try_at(10s));
  CHECK_FALSE(try_at(10s));
}

TEST_CASE("what is refused by one limit does not use up another one") {
  pw::call_limits limits = pw::call_limits().peer_rate(1, 2).method_calls(1);
  const auto first = make("10.0.0.1:1");
  CHECK(limits.on_start(*first).ok());
  for (int i = 0; i < 5; ++i) {
    CHECK(limits.on_start(*make("10.0.0.1:1")).code() == status_code::resource_exhausted);
  }
  limits.on_end(*first, {}, 1ms);
  CHECK(limits.on_start(*make("10.0.0.1:1")).ok());  // the second token is still there
}

TEST_CASE("more peers than can be remembered share one limit, and idle ones are forgotten") {
  pw::call_limits limits = pw::call_limits().peer_calls(1);
  std::vector<std::unique_ptr<fake_context>> open;
  for (int i = 0; i < 10'000; ++i) {
    open.push_back(make("peer-" + std::to_string(i) + ":1"));
    REQUIRE(limits.on_start(*open.back()).ok());
  }
  CHECK(limits.on_start(*make("late-1:1")).ok());
  CHECK(limits.on_start(*make("late-2:1")).code() == status_code::resource_exhausted);
  for (const auto& one : open) limits.on_end(*one, {}, 1ms);
  const auto later = make("late-2:1");
  later->time += 2s;
  CHECK(limits.on_start(*later).ok());
  const auto again = make("late-3:1");
  again->time += 2s;
  CHECK(limits.on_start(*again).ok());
}

TEST_CASE("two limits on one server do not mix up their counts") {
  static constexpr pw::unary<text, text> echo{"test.v1.Test/Echo"};
  asio::io_context context;
  pw::server server(context.get_executor(), pw::server_options()
                                                .intercept(pw::call_limits().peer_calls(1))
                                                .intercept(pw::call_limits().method_rate(1, 2)));
  server.handle(echo, [](const text& request) { return request; });
  pw::client client(context.get_executor(), server.listen("inproc://limits").value().url());
  std::vector<status> ended;
  for (int i = 0; i < 3; ++i) {
    client.async_call(echo, text("x"), [&](pw::result<text> r) { ended.push_back(r.status()); });
    REQUIRE(run_until(context, [&] { return ended.size() == static_cast<std::size_t>(i) + 1; }));
  }
  CHECK(ended[0].ok());
  CHECK(ended[1].ok());
  CHECK(ended[2].code() == status_code::resource_exhausted);
  CHECK(ended[2].reached() == pw::outcome::rejected);
}

}  // namespace call_limits_test

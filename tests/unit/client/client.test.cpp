// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/client.hpp"
#include "polywire/inproc.hpp"
#include "polywire/loopback.hpp"
#include "polywire/server.hpp"
#include "polywire/tcp.hpp"
#include "polywire/testing/manual_clock.hpp"

#include "support/catch.hpp"
#include "support/streams.hpp"

#include <optional>
#include <string>

namespace client_test {

namespace pw = polywire;
using pw::outcome;
using pw::result;
using pw::status_code;
using pw::text;
using test::run_until;
using namespace std::chrono_literals;

namespace {

inline constexpr pw::unary<text, text> echo{"test.v1.Test/Echo"};
inline constexpr pw::unary<text, text> lookup{"test.v1.Test/Lookup", pw::no_side_effects};

/// A server and what is called on one context, so that nothing happens by itself.
class world {
 public:
  explicit world(const pw::server_options& options = {}) : server(context.get_executor(), options) {
    server.handle(echo, [](const text& request) { return request; });
  }
  std::string listen(const std::string& url) { return server.listen(url).value().url(); }
  result<text> wait(const std::optional<result<text>>& answer) {
    if (!run_until(context, [&] { return answer.has_value(); })) {
      return pw::status::aborted("the test waited too long");
    }
    return *answer;
  }
  result<text> call(pw::client& client, const pw::unary<text, text>& m, pw::call_options options) {
    std::optional<result<text>> answer;
    client.async_call(m, text("hello"), std::move(options),
                      [&](result<text> r) { answer = std::move(r); });
    CHECK_FALSE(answer);  // never from within the function that starts it
    return wait(answer);
  }

  asio::io_context context;
  pw::server server;
};

}  // namespace

TEST_CASE("a URL that makes no sense is refused when the client is made") {
  CHECK_THROWS_AS(pw::client("tcp://"), pw::bad_url);
  CHECK_THROWS_AS(pw::client("tcp://h:1?no_such_key=1"), pw::bad_url);
  const auto made = pw::client::make("gopher://host:70");
  REQUIRE_FALSE(made);
  CHECK(made.status().code() == status_code::invalid_argument);
  CHECK_THAT(made.status().message(), Catch::Matchers::ContainsSubstring("gopher"));
  CHECK_THAT(made.status().message(), Catch::Matchers::ContainsSubstring("tcp"));
}

TEST_CASE("a client with an executor of its user does not block, and says what to use") {
  world w;
  pw::client client(w.context.get_executor(), w.listen("loopback://block"));
  const auto answer = client.call(echo, "hello");
  CHECK(answer.status().code() == status_code::failed_precondition);
  CHECK(answer.status().reached() == outcome::not_sent);
  CHECK_THAT(answer.status().message(), Catch::Matchers::ContainsSubstring("async_"));
}

TEST_CASE("failures that are known at once still come through the executor") {
  world w;
  pw::client client(w.context.get_executor(), w.listen("loopback://late"));
  const auto past = w.call(client, echo, pw::timeout(0s));
  CHECK(past.status().code() == status_code::deadline_exceeded);
  CHECK(past.status().reached() == outcome::not_sent);
  const auto bad = w.call(client, echo, pw::with_metadata("grpc-thing", "x"));
  CHECK(bad.status().code() == status_code::invalid_argument);
  CHECK(bad.status().reached() == outcome::not_sent);
}

TEST_CASE("a call tells its peer, its metadata and its attempts when it is asked") {
  world w;
  w.server.handle(lookup, [](const text& request, pw::server_context& context) {
    (void)context.add_initial("first", "1");
    (void)context.add_trailing("last", "2");
    return text(request.str() + "/" + std::string(context.metadata().get("tenant").value_or("-")));
  });
  pw::client client(w.context.get_executor(), w.listen("tcp://127.0.0.1:0"));
  pw::call_info info;
  const auto answer =
      w.call(client, lookup, pw::timeout(10s).metadata("Tenant", "a").capture(info));
  REQUIRE(answer);
  CHECK(answer->str() == "hello/a");
  CHECK(info.initial.get("first") == "1");
  CHECK(info.trailing.get("last") == "2");
  CHECK(info.attempts == 1);
  CHECK("tcp://" + info.peer == client.target());
}

TEST_CASE("on a manual clock a deadline passes when the test says so") {
  pw::testing::manual_clock clock;
  world w;
  w.server.handle(lookup, [](const text&, pw::server_context&) -> asio::awaitable<text> {
    asio::steady_timer never_rings(co_await asio::this_coro::executor);
    never_rings.expires_at(asio::steady_timer::time_point::max());
    co_await never_rings.async_wait(asio::use_awaitable);
    co_return text();
  });
  pw::client client(w.context.get_executor(), w.listen("loopback://clock"),
                    pw::client_options().clock(clock));
  std::optional<result<text>> answer;
  client.async_call(lookup, text("x"), pw::timeout(5s),
                    [&](result<text> r) { answer = std::move(r); });
  test::drain(w.context);
  clock.advance(4s);
  test::drain(w.context);
  CHECK_FALSE(answer);
  clock.advance(1s);
  const auto late = w.wait(answer);
  CHECK(late.status().code() == status_code::deadline_exceeded);
  CHECK(late.status().reached() == outcome::maybe_processed);
}

TEST_CASE("a call that waits for readiness is sent when the server is there at last") {
  pw::testing::manual_clock clock;
  world w;
  pw::client client(w.context.get_executor(), "loopback://later",
                    pw::client_options().clock(clock));
  std::optional<result<text>> answer;
  client.async_call(echo, text("x"), pw::timeout(1min).wait_for_ready(),
                    [&](result<text> r) { answer = std::move(r); });
  test::drain(w.context);
  CHECK_FALSE(answer);
  (void)w.listen("loopback://later");
  clock.advance(2s);  // more than the first pause with its jitter
  CHECK(w.wait(answer));
}

TEST_CASE("without that it fails at once, not sent") {
  world w;
  pw::client client(w.context.get_executor(), "loopback://nobody");
  const auto answer = w.call(client, echo, {});
  CHECK(answer.status().code() == status_code::unavailable);
  CHECK(answer.status().reached() == outcome::not_sent);
}

TEST_CASE("handlers that wait when the context is destroyed are destroyed uninvoked") {
  bool invoked = false;
  auto alive = std::make_shared<int>(0);
  const std::weak_ptr<int> watch = alive;
  std::optional<pw::client> client;
  {
    asio::io_context context;
    client.emplace(context.get_executor(), "tcp://127.0.0.1:1");
    client->async_call(echo, text("x"), [&invoked, alive](result<text>) { invoked = true; });
    alive.reset();
    CHECK_FALSE(watch.expired());
  }
  CHECK(watch.expired());
  CHECK_FALSE(invoked);
}

TEST_CASE("destroying the client ends its calls cancelled, each handler once and not inline") {
  for (const char* url : {"loopback://gone", "inproc://gone", "tcp://127.0.0.1:0"}) {
    world w;
    w.server.handle(lookup, [](const text&) -> asio::awaitable<text> {
      asio::steady_timer never_rings(co_await asio::this_coro::executor);
      never_rings.expires_at(asio::steady_timer::time_point::max());
      co_await never_rings.async_wait(asio::use_awaitable);
      co_return text();
    });
    std::optional<pw::client> client;
    client.emplace(w.context.get_executor(), w.listen(url));
    int calls = 0;
    std::optional<result<text>> answer;
    client->async_call(lookup, text("x"), [&](result<text> r) {
      ++calls;
      answer = std::move(r);
    });
    test::drain(w.context);
    client.reset();
    CHECK(calls == 0);
    CHECK(w.wait(answer).status().code() == status_code::cancelled);
    test::drain(w.context);
    CHECK(calls == 1);
  }
}

}  // namespace client_test

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// Server-streaming calls as server-sent events, and GET /healthz.
#include "polywire/health.hpp"
#include "polywire/http.hpp"
#include "polywire/json.hpp"
#include "polywire/server.hpp"

#include "support/catch.hpp"
#include "support/http_exchange.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstring>
#include <memory>
#include <string>

namespace events_test {

namespace pw = polywire;
using Catch::Matchers::ContainsSubstring;
using http_exchange::running;

struct range {
  int from = 0;
  int to = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(range, from, to)

namespace {

inline constexpr pw::server_streaming<range, int> count{"test.v1.Test/Count", pw::no_side_effects};
inline constexpr pw::server_streaming<range, int> fire{"test.v1.Test/Fire"};

asio::awaitable<pw::status> counting(const range& r, pw::writer<int>& out,
                                     pw::server_context& context) {
  if (r.from < 0) co_return pw::status::out_of_range("from is below zero");
  (void)context.add_initial("first", std::to_string(r.from));
  for (int i = r.from; i < r.to; ++i) {
    if (auto sent = co_await out.async_write(i); !sent) co_return sent;
  }
  if (r.to > 100) co_return pw::status::aborted("too\nfar");
  co_return pw::status();
}

pw::server serving() {
  pw::server server;
  server.handle(count, counting);
  server.handle(fire, counting);
  return server;
}

constexpr std::string_view wants_events = "Accept: text/event-stream\r\n";

}  // namespace

TEST_CASE("a method without side effects is read as events by GET") {
  auto server = serving();
  running run(server);
  const auto got = run.ask("GET /test.v1.Test/Count?from=5&to=7", wants_events);
  CHECK(got.status == 200);
  CHECK(got.field("content-type") == "text/event-stream");
  CHECK(got.field("cache-control") == "no-store");
  CHECK(got.field("first") == "5");
  CHECK(got.body == "id: 1\ndata: 5\n\nid: 2\ndata: 6\n\nevent: end\nid: 3\ndata: {}\n\n");
}

TEST_CASE("the end of a stream without messages is a place to come back to, too") {
  auto server = serving();
  running run(server);
  CHECK(run.ask("GET /test.v1.Test/Count").body == "event: end\nid: 1\ndata: {}\n\n");
}

TEST_CASE("the status of the call is the last event") {
  auto server = serving();
  running run(server);
  const auto got = run.ask("GET /test.v1.Test/Count?from=100&to=101", wants_events);
  CHECK(got.status == 200);
  CHECK(got.body ==
        "id: 1\ndata: 100\n\nevent: end\nid: 2\ndata: "
        "{\"code\":\"aborted\",\"message\":\"too\\nfar\"}\n\n");
}

TEST_CASE("a call that fails before its first event fails as HTTP does") {
  auto server = serving();
  running run(server);
  const auto got = run.ask("GET /test.v1.Test/Count?from=-1", wants_events);
  CHECK(got.status == 400);
  CHECK(got.field("content-type") == "application/problem+json");
  CHECK_THAT(got.body, ContainsSubstring("from is below zero"));
  const auto typo = run.ask("GET /test.v1.Test/Count?form=1", wants_events);
  CHECK(typo.status == 400);
  CHECK_THAT(typo.body, ContainsSubstring("'form' is no field"));
}

TEST_CASE("a browser that comes back after the end is told to stay away") {
  auto server = serving();
  running run(server);
  const auto got =
      run.ask("GET /test.v1.Test/Count?to=3", "Accept: text/event-stream\r\nLast-Event-ID: 3\r\n");
  CHECK(got.status == 204);
  CHECK(got.body.empty());
}

TEST_CASE("what changes something is not read by GET, nor what is to be something else") {
  auto server = serving();
  running run(server);
  const auto got = run.ask("GET /test.v1.Test/Fire?to=3", wants_events);
  CHECK(got.status == 405);
  CHECK(got.field("allow") == "POST");
  CHECK(run.ask("GET /test.v1.Test/Count", "Accept: application/json\r\n").status == 406);
}

TEST_CASE("a route to a stream answers with events") {
  auto server = serving();
  server.route("GET /v1/numbers/{from}/{to}", count);
  server.route("POST /v1/numbers", fire);
  running run(server);
  CHECK(run.ask("GET /v1/numbers/5/6", wants_events).body ==
        "id: 1\ndata: 5\n\nevent: end\nid: 2\ndata: {}\n\n");
  CHECK(run.ask_json("POST /v1/numbers", R"({"to":1})").body ==
        "id: 1\ndata: 0\n\nevent: end\nid: 2\ndata: {}\n\n");
  CHECK(run.ask("HEAD /v1/numbers/5/6").status == 405);
}

TEST_CASE("a silent stream shows that it lives, and begins for that") {
  class nobody final : public pw::rpc::session_sink, public pw::rpc::call_sink {
    pw::rpc::call_sink* on_open(pw::rpc::call_id, pw::rpc::method_entry&, const pw::rpc::call_head&,
                                pw::status&) override {
      return this;
    }
    void on_drain() override {}
    void on_capacity() override {}
    void on_metadata(pw::metadata&&) override {}
    void on_message(const pw::incoming&, bool) override {}
    void on_half_close() override {}
    void on_end(pw::status&&, pw::metadata&&) override {}
    void on_sent() override {}
  };
  nobody sink;
  pw::rpc::registry methods;
  (void)methods.add(std::make_unique<pw::rpc::method_entry>(
      count.name(), pw::call_type::server_streaming, pw::no_side_effects));
  const pw::limits bounds;
  pw::rpc::session_config config(bounds, sink);
  config.methods = &methods;
  pw::http_carrier::server_session session(config);
  const auto output = [&] {
    std::string text;
    for (const auto piece : session.output()) text += pw::as_text(piece);
    session.consume_output(text.size());
    return text;
  };
  const std::string_view request = "GET /test.v1.Test/Count HTTP/1.1\r\nHost: x\r\n\r\n";
  const auto room = session.prepare();
  REQUIRE(room.size() >= request.size());
  std::memcpy(room.data(), request.data(), request.size());
  session.commit(request.size());
  CHECK(output().empty());
  CHECK(session.next_timer() == pw::time_point(std::chrono::seconds(15)));
  session.at(session.next_timer());
  session.on_timer();
  CHECK_THAT(output(), ContainsSubstring("200 OK") && ContainsSubstring("\r\n:\n\n\r\n"));
  CHECK(session.next_timer() == pw::time_point(std::chrono::seconds(30)));
}

TEST_CASE("GET /healthz tells that the server serves") {
  auto server = serving();
  running run(server);
  const auto got = run.ask("GET /healthz");
  CHECK(got.status == 200);
  CHECK(got.field("content-type") == "application/json");
  CHECK(got.field("cache-control") == "no-store");
  CHECK(got.body == R"({"status":"SERVING"})");
  CHECK(run.ask("HEAD /healthz").status == 200);
  CHECK(run.ask("POST /healthz").field("allow") == "GET, HEAD, OPTIONS");
  CHECK(run.ask("OPTIONS /healthz").status == 204);
}

TEST_CASE("GET /healthz tells what the health service says") {
  auto server = serving();
  pw::health health;
  health.serve(server);
  running run(server);
  CHECK(run.ask("GET /healthz").body == R"({"status":"SERVING"})");
  health.set("", pw::serving_status::not_serving);
  const auto got = run.ask("GET /healthz");
  CHECK(got.status == 503);
  CHECK(got.body == R"({"status":"NOT_SERVING"})");
}

TEST_CASE("a route at /healthz goes before the one that is built in") {
  auto server = serving();
  pw::health health;
  health.serve(server);
  health.set("x", pw::serving_status::not_serving);
  server.route("GET /healthz", pw::health_check);
  running run(server);
  const auto got = run.ask("GET /healthz?service=x");
  CHECK(got.status == 200);
  CHECK(got.body == R"({"status":"NOT_SERVING"})");
}

}  // namespace events_test

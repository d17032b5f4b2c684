// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/interceptor/metrics.hpp"

#include "polywire/client.hpp"
#include "polywire/server.hpp"
#include "polywire/tcp.hpp"

#include "support/catch.hpp"
#include "unit/interceptor/fake_context.hpp"

#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace metrics_test {

namespace pw = polywire;
using Catch::Matchers::ContainsSubstring;
using pw::call_side;
using pw::call_type;
using pw::status;
using pw::text;
using test::fake_context;
using namespace std::chrono_literals;

namespace {

void count(pw::metrics& m, const std::string& method, const status& how, pw::duration took,
           call_side side = call_side::server, call_type type = call_type::unary) {
  fake_context call(method, side, type);
  CHECK(m.on_start(call).ok());
  m.on_end(call, how, took);
}

/// Reads what the format says: each line a comment or `name[{labels}] number`, families in one
/// piece.
std::size_t check_format(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  std::string family;
  std::set<std::string> families;
  std::set<std::string> samples;
  REQUIRE(text.ends_with('\n'));
  while (std::getline(lines, line)) {
    INFO(line);
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      CHECK(families.insert(family).second);
    } else if (line.starts_with("# TYPE ")) {
      CHECK(line.substr(7, line.find(' ', 7) - 7) == family);
    } else {
      CHECK(line.starts_with(family));
      const auto space = line.rfind(' ');
      REQUIRE(space != std::string::npos);
      CHECK(samples.insert(line.substr(0, space)).second);
      CHECK(line.find_first_not_of("0123456789.", space + 1) == std::string::npos);
    }
  }
  return samples.size();
}

}  // namespace

TEST_CASE("requests are counted by method, type, side and code") {
  pw::metrics m;
  count(m, "a.B/C", {}, 1ms);
  count(m, "a.B/C", {}, 1ms);
  count(m, "a.B/C", status::not_found("x"), 1ms);
  count(m, "a.B/C", {}, 1ms, call_side::client);
  count(m, "orders.new", {}, 1ms, call_side::server, call_type::publish);
  const std::string all = m.text();
  check_format(all);
  const auto has = [&](const std::string& line) {
    CHECK_THAT(all, ContainsSubstring(line + "\n"));
  };
  has(R"(polywire_requests_total{side="server",method="a.B/C",type="unary",code="ok"} 2)");
  has(R"(polywire_requests_total{side="server",method="a.B/C",type="unary",code="not_found"} 1)");
  has(R"(polywire_requests_total{side="client",method="a.B/C",type="unary",code="ok"} 1)");
  has(R"(polywire_requests_total{side="server",method="orders.new",type="publish",code="ok"} 1)");
}

TEST_CASE("durations go into cumulative buckets, each bound into its own") {
  pw::metrics m;
  count(m, "a.B/C", {}, 100us);
  count(m, "a.B/C", {}, 101us);
  count(m, "a.B/C", {}, 2s);
  count(m, "a.B/C", {}, 100s);
  const std::string all = m.text();
  check_format(all);
  const std::string labels = R"(side="server",method="a.B/C",type="unary")";
  const auto has = [&](const std::string& line) {
    CHECK_THAT(all, ContainsSubstring(line + "\n"));
  };
  has("polywire_request_duration_seconds_bucket{" + labels + R"(,le="0.0001"} 1)");
  has("polywire_request_duration_seconds_bucket{" + labels + R"(,le="0.00025"} 2)");
  has("polywire_request_duration_seconds_bucket{" + labels + R"(,le="1"} 2)");
  has("polywire_request_duration_seconds_bucket{" + labels + R"(,le="2.5"} 3)");
  has("polywire_request_duration_seconds_bucket{" + labels + R"(,le="60"} 3)");
  has("polywire_request_duration_seconds_bucket{" + labels + R"(,le="+Inf"} 4)");
  has("polywire_request_duration_seconds_sum{" + labels + "} 102.000201000");
  has("polywire_request_duration_seconds_count{" + labels + "} 4");
}

TEST_CASE("streams and subscriptions that are open show as gauges") {
  pw::metrics m;
  fake_context stream("a.B/C", call_side::server, call_type::bidi_streaming);
  fake_context subscription("orders.>", call_side::client, call_type::subscribe);
  CHECK(m.on_start(stream).ok());
  CHECK(m.on_start(subscription).ok());
  CHECK_THAT(m.text(), ContainsSubstring("polywire_open_streams{side=\"server\"} 1\n"));
  CHECK_THAT(m.text(), ContainsSubstring("polywire_open_subscriptions{side=\"client\"} 1\n"));
  m.on_end(stream, {}, 1ms);
  m.on_end(subscription, {}, 1ms);
  CHECK_THAT(m.text(), ContainsSubstring("polywire_open_streams{side=\"server\"} 0\n"));
  CHECK_THAT(m.text(), ContainsSubstring("polywire_open_subscriptions{side=\"client\"} 0\n"));
}

TEST_CASE("names that callers make up neither break the format nor fill the memory") {
  pw::metrics m;
  count(m, "a\"b\\c\nd", {}, 1ms);
  CHECK_THAT(m.text(), ContainsSubstring(R"(method="a\"b\\c\nd")"));
  check_format(m.text());
  for (int i = 0; i < 5000; ++i) count(m, "made.Up/M" + std::to_string(i), {}, 1ms);
  CHECK_THAT(m.text(), ContainsSubstring(R"(method="other",type="unary",code="ok"} 4001)"));
  const std::size_t samples = check_format(m.text());
  for (int i = 0; i < 5000; ++i) count(m, "more.MadeUp/M" + std::to_string(i), {}, 1ms);
  CHECK(check_format(m.text()) == samples);
}

TEST_CASE("several threads count together") {
  pw::metrics m;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&m] {
      for (int i = 0; i < 1000; ++i) {
        fake_context call("a.B/C");
        (void)m.on_start(call);
        m.on_end(call, {}, 1ms);
        if (i % 100 == 0) (void)m.text();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  CHECK_THAT(m.text(), ContainsSubstring("code=\"ok\"} 4000\n"));
}

TEST_CASE("a server's connections and bytes are shown, also when it is gone") {
  static constexpr pw::unary<text, text> echo{"test.v1.Test/Echo"};
  const auto m = std::make_shared<pw::metrics>();
  {
    pw::server server(pw::server_options().intercept(m));
    m->watch(server);
    server.handle(echo, [](const text& request) { return request; });
    const std::string url = server.listen("tcp://127.0.0.1:0").value().url();
    std::thread runs([&] { server.run(); });
    pw::client client(url, pw::client_options().intercept(m));
    CHECK(client.call(echo, text(std::string(10'000, 'x')), pw::timeout(20s)));
    CHECK(server.stats().connections == 1);
    server.stop();
    runs.join();
  }
  const std::string all = m->text();
  check_format(all);
  CHECK_THAT(all, ContainsSubstring("polywire_connections 0\n"));
  CHECK_THAT(all, ContainsSubstring("polywire_connections_total 1\n"));
  CHECK_THAT(all, ContainsSubstring("side=\"client\",method=\"test.v1.Test/Echo\""));
  CHECK_THAT(all, ContainsSubstring("side=\"server\",method=\"test.v1.Test/Echo\""));
  for (const std::string name : {"polywire_received_bytes_total ", "polywire_sent_bytes_total "}) {
    const auto at = all.find("\n" + name);
    REQUIRE(at != std::string::npos);
    const int bytes = std::stoi(all.substr(at + 1 + name.size()));
    CHECK(bytes > 10'000);
    CHECK(bytes < 11'000);
  }
}

}  // namespace metrics_test

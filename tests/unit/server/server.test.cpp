// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/server.hpp"

#include "polywire/client.hpp"
#include "polywire/inproc.hpp"
#include "polywire/tcp.hpp"

#include "support/catch.hpp"
#include "support/streams.hpp"

#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace server_test {

namespace pw = polywire;
using pw::payload;
using pw::status_code;
using pw::text;
using namespace std::chrono_literals;

namespace {

inline constexpr pw::unary<text, text> echo{"test.v1.Test/Echo"};
inline constexpr pw::unary<text, text> other{"test.v1.Test/Other"};

/// Runs a server until the end of the scope.
class running {
 public:
  explicit running(pw::server& server, unsigned threads = 1)
      : server_(server), thread_([&server, threads] { server.run(threads); }) {}
  ~running() {
    server_.stop();
    thread_.join();
  }

 private:
  pw::server& server_;
  std::thread thread_;
};

text same(const text& request) { return request; }

}  // namespace

TEST_CASE("a method that is handled twice makes listen fail") {
  std::vector<std::string> said;
  pw::server server(pw::server_options().log(
      [&](pw::log_level, std::string_view message) { said.emplace_back(message); }));
  server.handle(echo, same);
  server.handle(echo, same);
  const auto endpoint = server.listen("tcp://127.0.0.1:0");
  CHECK(endpoint.status().code() == status_code::already_exists);
  CHECK_THAT(endpoint.status().message(), Catch::Matchers::ContainsSubstring("test.v1.Test/Echo"));
  CHECK(said.size() == 1);
}

TEST_CASE("a method that is handled after listen is refused by the next listen") {
  pw::server server;
  server.handle(echo, same);
  REQUIRE(server.listen("tcp://127.0.0.1:0"));
  server.handle(other, same);
  const auto second = server.listen("tcp://127.0.0.1:0");
  CHECK(second.status().code() == status_code::failed_precondition);
}

TEST_CASE("listen says what is wrong with an address") {
  pw::server server;
  const auto first = server.listen("tcp://127.0.0.1:0");
  REQUIRE(first);
  CHECK(first->port() != 0);
  CHECK(first->url() == "tcp://127.0.0.1:" + std::to_string(first->port()));
  CHECK(server.listen(first->url()).status().code() == status_code::unavailable);
  CHECK(server.listen("nothing://x").status().code() == status_code::invalid_argument);
  CHECK(server.listen("tcp://127.0.0.1:0?max_calls=many").status().code() ==
        status_code::invalid_argument);
  REQUIRE(server.listen("inproc://server-test"));
  CHECK(server.listen("inproc://server-test").status().code() == status_code::unavailable);
}

TEST_CASE("one server answers at several URLs with several threads") {
  pw::server server;
  server.handle(echo, same);
  const std::vector<std::string> urls = {server.listen("tcp://127.0.0.1:0").value().url(),
                                         server.listen("tcp://127.0.0.1:0").value().url(),
                                         server.listen("inproc://several").value().url()};
  const running run(server, 3);
  for (const auto& url : urls) {
    for (int i = 0; i < 4; ++i) {
      pw::client client(url);
      CHECK(client.call(echo, "x", pw::timeout(10s)).value().str() == "x");
    }
  }
}

TEST_CASE("handle_any sees the name and the bytes of what nobody else handles") {
  pw::server server;
  server.handle(echo, same);
  server.handle_any([](const payload& request, pw::server_context& context) {
    return payload(request.encoding(),
                   std::string(context.method()) + ":" + std::string(request.str()));
  });
  const auto endpoint = server.listen("tcp://127.0.0.1:0").value();
  const running run(server);
  pw::client client(endpoint.url());
  const payload request(pw::format::json, "{}");
  CHECK(client.call_raw("a.b.C/D", request, pw::timeout(10s)).value().str() == "a.b.C/D:{}");
  CHECK(client.call_raw("a.b.C/D", request, pw::timeout(10s)).value().str() == "a.b.C/D:{}");
  CHECK(client.call(echo, "x", pw::timeout(10s)).value().str() == "x");
  CHECK(client.call_raw("no name", request).status().code() == status_code::invalid_argument);
}

TEST_CASE("metadata of a reply above the limit is refused when it is added") {
  pw::limits limits;
  limits.max_metadata = 10;
  limits.max_metadata_entries = 2;
  pw::server server(pw::server_options().limits(limits));
  std::vector<pw::status> added;
  server.handle(echo, [&added](const text& request, pw::server_context& context) {
    added = {context.add_initial("k", std::string(10, 'x')), context.add_initial("k", "12345678"),
             context.add_trailing("a", ""), context.add_trailing("b", ""),
             context.add_trailing("c", "")};
    return request;
  });
  const auto endpoint = server.listen("inproc://metadata-of-a-reply").value();
  const running run(server);
  pw::client client(endpoint.url());
  pw::call_info info;
  REQUIRE(client.call(echo, "x", pw::timeout(10s).capture(info)));
  REQUIRE(added.size() == 5);
  CHECK(added[0].code() == status_code::resource_exhausted);
  CHECK_THAT(added[0].message(), Catch::Matchers::ContainsSubstring("limits::max_metadata (10"));
  CHECK(added[1].ok());
  CHECK(added[3].ok());
  CHECK(added[4].code() == status_code::resource_exhausted);
  CHECK(info.initial.get("k") == "12345678");
  CHECK(info.trailing.count() == 2);
}

TEST_CASE("stop before run, and stop twice, are no trouble") {
  pw::server server;
  server.handle(echo, same);
  REQUIRE(server.listen("tcp://127.0.0.1:0"));
  server.stop();
  server.stop();
  server.run();
  CHECK(server.listen("tcp://127.0.0.1:0").status().code() == status_code::failed_precondition);
}

TEST_CASE("a connection above the limit is told why it is closed, the others go on") {
  pw::limits limits;
  limits.max_connections = 1;
  pw::server server(pw::server_options().limits(limits));
  server.handle(echo, same);
  const auto endpoint = server.listen("tcp://127.0.0.1:0").value();
  const running run(server);
  pw::client first(endpoint.url());
  REQUIRE(first.call(echo, "x", pw::timeout(10s)));
  pw::client second(endpoint.url());
  const auto refused = second.call(echo, "x", pw::timeout(10s));
  CHECK(refused.status().code() == status_code::unavailable);
  CHECK(refused.status().reached() != pw::outcome::maybe_processed);  // safe to repeat
  CHECK_THAT(refused.status().message(),
             Catch::Matchers::ContainsSubstring("too many connections"));
  CHECK(first.call(echo, "y", pw::timeout(10s)));
}

TEST_CASE("a connection that comes when a server has just gone idle is closed") {
  asio::io_context served, calling;
  pw::client client(calling.get_executor(), "inproc://just-idle");
  std::optional<pw::result<text>> answer;
  {
    pw::server server(served.get_executor());
    server.handle(echo, same);
    REQUIRE(server.listen("inproc://just-idle"));
    test::drain(served);
    server.stop();  // not noticed yet
    client.async_call(echo, text("x"), pw::timeout(10s),
                      [&](pw::result<text> r) { answer = std::move(r); });
    test::drain(calling);
    test::drain(served);
    CHECK(server.stats().connections == 0);
  }
  REQUIRE(test::run_until(calling, [&] { return answer.has_value(); }));
  CHECK(answer->status().code() == status_code::unavailable);
}

}  // namespace server_test

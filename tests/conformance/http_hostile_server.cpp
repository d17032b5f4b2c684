// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Section "Misuse of the wire" for HTTP: what a client does about a server that breaks the rules.
#include "polywire/http.hpp"
#include "polywire/testing/conformance/service.hpp"
#include "polywire/testing/hex.hpp"
#include "polywire/testing/scripted_peer.hpp"

#include "support/catch.hpp"

#include <optional>
#include <string>
#include <utility>

using namespace polywire::testing::conformance;
using namespace std::chrono_literals;

namespace http_hostile_server_test {

namespace {

using polywire::outcome;
using polywire::status_code;
using polywire::text;
using polywire::timeout;
using polywire::testing::scripted_peer;

constexpr polywire::unary<text, text> echo{"hostile.v1.Raw/Echo"};
constexpr polywire::unary<text, text> read_only{"hostile.v1.Raw/Get", polywire::idempotent};
constexpr polywire::server_streaming<text, text> download{"hostile.v1.Raw/Download"};
constexpr polywire::topic<text> news{"hostile.v1.news"};

std::string answer(std::string_view body, std::string_view fields = {},
                   std::string_view status = "200 OK", std::string_view type = "application/text") {
  std::string out = "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: ";
  out.append(type).append("\r\n").append(fields).append("Content-Length: ");
  return out.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

/// A raw server.
class raw_server {
 public:
  raw_server() : socket_(scripted_peer::listen()) {}

  std::string url() const { return "http://127.0.0.1:" + std::to_string(socket_.port()); }
  scripted_peer& socket() { return socket_; }
  void accept() { socket_.accept(); }
  void send(std::string_view bytes) { socket_.send(bytes); }
  /// The next request: its head, and its body where it has a length.
  std::string next() {
    std::string request;
    while (!request.ends_with("\r\n\r\n")) request += socket_.receive(1);
    const std::string name = "content-length: ";
    const std::size_t at = request.find(name);
    if (at == std::string::npos) return request;
    return request + socket_.receive(std::stoul(request.substr(at + name.size())));
  }

 private:
  scripted_peer socket_;
};

/// A raw server, and a client with one call that it has received.
class scene {
 public:
  explicit scene(polywire::client_options options = quiet_client())
      : user_(server_.url(), std::move(options)) {
    call();
    server_.accept();
    request_ = server_.next();
  }

  raw_server& server() { return server_; }
  polywire::client& user() { return user_; }
  const std::string& request() const { return request_; }

  void call() { user_.async_call(echo, "question", timeout(patience), answers_.sink()); }
  polywire::result<text> answer() { return answers_.next("the call to end"); }
  std::size_t completions() const { return answers_.total(); }

  /// The client must be able to call again, through a connection of its own.
  void check_reconnects() {
    const std::size_t before = completions();
    call();
    server_.accept();
    server_.next();
    server_.send(http_hostile_server_test::answer("on a new connection"));
    check(value_of(answer(), "the next call") == text("on a new connection"), "its answer");
    check_equal(completions(), before + 1, "completions");
  }

 private:
  raw_server server_;
  arrivals<polywire::result<text>> answers_;
  std::string request_;
  polywire::client user_;
};

polywire::limits small() {
  polywire::limits bounds;
  bounds.max_message = 1'000;
  bounds.max_metadata = 100;
  return bounds;
}

}  // namespace

TEST_CASE("http: a correct server is understood, however its bytes are cut",
          "[conformance][misuse]") {
  scene s;
  CHECK(s.request().starts_with("POST /hostile.v1.Raw/Echo HTTP/1.1\r\n"));
  CHECK(s.request().ends_with("\r\n\r\nquestion"));
  s.server().socket().send_slowly("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + answer("one"));
  CHECK(value_of(s.answer(), "the call") == text("one"));
  s.call();  // on the same connection
  s.server().next();
  s.server().send(answer("two"));
  CHECK(value_of(s.answer(), "the call") == text("two"));
}

TEST_CASE("http: a server that breaks the rules ends its call, once", "[conformance][misuse]") {
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nContent-Type: application/text\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  const std::string scripts[] = {
      std::string("\xf0PW\x01", 4),
      std::string("\x15\x03\x01\x00\x02\x02\x28", 7),
      "HTTP/1.1 200 OK\nContent-Length: 1\n\n1",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n1",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1",
      "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n1",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\n\r\n",
      chunked + "zz\r\n",
      chunked + "1\r\nxx",
      chunked + "ffffffffffffffff1\r\n",
  };
  for (const std::string& script : scripts) {
    INFO(polywire::testing::hex_dump(script));
    scene s;
    s.server().send(script);
    const auto how = s.answer().status();
    CHECK_FALSE(how.ok());
    CHECK(how.reached() == outcome::maybe_processed);
    CHECK(how.message().size() > 10);
    s.check_reconnects();
  }
}

TEST_CASE("http: what is too large ends its call, and nothing is kept of it",
          "[conformance][misuse]") {
  const std::pair<std::string, status_code> scripts[] = {
      {"HTTP/1.1 200 OK\r\nContent-Type: application/text\r\nContent-Length: 1001\r\n\r\n",
       status_code::resource_exhausted},
      {"HTTP/1.1 200 OK\r\nContent-Type: application/text\r\nContent-Length: 9999999999999\r\n\r\n",
       status_code::resource_exhausted},
      {"HTTP/1.1 200 OK\r\nContent-Type: application/text\r\n\r\n" + std::string(1'001, 'x'),
       status_code::resource_exhausted},
      {answer("x", "k: " + std::string(100, 'v') + "\r\n"), status_code::resource_exhausted},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x'), status_code::internal},
      {"HTTP/1.1 200 " + std::string(9'000, 'x'), status_code::internal},
  };
  for (const auto& [script, code] : scripts) {
    INFO(script.substr(0, 60));
    scene s(quiet_client(small()));
    s.server().send(script);
    CHECK(s.answer().status().code() == code);
    CHECK(s.server().socket().closed_by_peer());
    s.check_reconnects();
  }
}

TEST_CASE("http: answers that were not asked for are no answers", "[conformance][misuse]") {
  scene s;
  SECTION("behind an answer") { s.server().send(answer("mine") + answer("for the next one")); }
  SECTION("on an idle connection") {
    s.server().send(answer("mine"));
    s.server().send(answer("", "Connection: close\r\n", "408 Request Timeout"));
  }
  SECTION("behind the end that was announced") {
    s.server().send(answer("mine", "Connection: close\r\n") + answer("for the next one"));
  }
  CHECK(value_of(s.answer(), "the call") == text("mine"));
  CHECK(s.server().socket().closed_by_peer());
  s.check_reconnects();
}

TEST_CASE("http: informational answers end somewhere", "[conformance][misuse]") {
  const std::string hint = "HTTP/1.1 103 Early Hints\r\n\r\n";
  std::string eight;
  for (int i = 0; i < 8; ++i) eight += hint;
  scene s;
  s.server().send(eight + answer("patience"));
  CHECK(value_of(s.answer(), "the call") == text("patience"));
  s.call();
  s.server().next();
  s.server().send(eight + hint);
  CHECK(s.answer().status().code() == status_code::internal);
  s.check_reconnects();
}

TEST_CASE("http: a server that goes away in the middle ends its call", "[conformance][misuse]") {
  const std::string whole = answer("a complete answer");
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, whole.size() - 1}) {
    for (const bool resets : {false, true}) {
      scene s;
      s.server().send(whole.substr(0, size));
      if (resets) {
        s.server().socket().reset();
      } else {
        s.server().socket().close();
      }
      const auto how = s.answer().status();
      CHECK(how.code() == status_code::unavailable);
      CHECK(how.reached() == outcome::maybe_processed);
      s.check_reconnects();
    }
  }
  scene s;
  s.server().send(whole);
  s.server().socket().close();
  CHECK(value_of(s.answer(), "the call") == text("a complete answer"));
}

TEST_CASE("http: only what may be repeated is repeated", "[conformance][misuse]") {
  raw_server server;
  polywire::client user(server.url(), quiet_client());
  const arrivals<polywire::result<text>> answers;
  user.async_call(read_only, "x", timeout(patience), answers.sink());
  server.accept();
  server.next();
  server.socket().close();  // it may have been handled; that does no harm twice
  server.accept();
  server.next();
  server.send(answer("second"));
  CHECK(value_of(answers.next("the call"), "the call") == text("second"));

  // A connection that the server has closed meanwhile was never used: any call is sent elsewhere.
  server.socket().close();
  user.async_call(echo, "x", timeout(patience), answers.sink());
  server.accept();
  server.next();
  server.send(answer("third"));
  CHECK(value_of(answers.next("the call"), "the call") == text("third"));

  user.async_call(echo, "x", timeout(patience), answers.sink());
  server.next();
  server.send(answer("{\"code\":\"unavailable\"}", "polywire-outcome: rejected\r\n",
                     "503 Service Unavailable", "application/json"));
  server.next();  // nobody has seen it
  server.send(answer("fourth"));
  CHECK(value_of(answers.next("the call"), "the call") == text("fourth"));
}

TEST_CASE("http: a stream is what its envelopes say", "[conformance][misuse]") {
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: application/connect+text\r\n"
      "Connection: close\r\n\r\n";
  const std::string one("\0\0\0\0\1x", 6);
  const std::pair<std::string, status_code> scripts[] = {
      {one + std::string("\2\0\0\0\2{}", 7), status_code::ok},
      {one + std::string("\2\0\0\0\x1d", 5) + "{\"error\":{\"code\":\"aborted\"}} ",
       status_code::aborted},
      {one, status_code::internal},
      {one + std::string("\0\0\0", 3), status_code::internal},
      {one + std::string("\x80\0\0\0\1x", 6), status_code::internal},
      {one + std::string("\1\0\0\0\1x", 6), status_code::internal},
      {one + std::string("\0\xff\xff\xff\xff", 5), status_code::resource_exhausted},
      {one + std::string("\2\0\0\0\2{}", 7) + one, status_code::internal},
      {one + std::string("\2\0\0\0\2[]", 7), status_code::internal},
  };
  for (const auto& [body, code] : scripts) {
    INFO(polywire::testing::hex_dump(body));
    raw_server server;
    polywire::client user(server.url(), quiet_client());
    auto reader = user.open(download, "x", timeout(patience));
    server.accept();
    server.next();
    server.send(head + body);
    server.socket().shutdown_write();
    CHECK(reader.read() == text("x"));
    CHECK_FALSE(reader.read());
    CHECK(reader.status().code() == code);
  }
}

TEST_CASE("http: a subscription goes on elsewhere, behind the last event that came",
          "[conformance][misuse]") {
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
      "polywire-position: 7-20\r\n\r\n";
  const std::string ends[] = {
      "",
      "id: 7-22\n",
      "data: no id\n\n",
      "id: 7\ndata: x\n\n",
      "id: 7-22\ndata: no JSON string\n\n",
      "event: lost\ndata: {\"count\":-1}\n\n",
      "event: about\ndata: {\"topic\":\"a..b\"}\n\n",
      "event: about\ndata: {\"key\":\"***\"}\n\n",
  };
  for (const std::string& end : ends) {
    INFO(end.substr(0, 60));
    raw_server server;
    polywire::client user(server.url(), quiet_client(small()));
    const arrivals<polywire::subscription<text>> made;
    user.async_subscribe(news, made.sink());
    server.accept();
    CHECK(server.next().starts_with("GET /topics/hostile.v1.news?format=text&from=now HTTP/1.1"));
    server.send(head + "id: 7-21\ndata: \"first\"\n\n");
    auto events = made.next("the subscription");
    const auto read = [&] {
      const arrivals<std::optional<polywire::event<text>>> came;
      events.async_read(came.sink());
      return came.next("an event");
    };
    const auto first = read();
    REQUIRE(first.has_value());
    CHECK(first->message() == text("first"));
    server.send(end);
    server.socket().shutdown_write();
    server.accept();
    CHECK(server.next().find("from=7-21") != std::string::npos);
    server.send(head + "id: 7-22\ndata: \"second\"\n\n");
    const auto second = read();
    REQUIRE(second.has_value());
    CHECK(second->message() == text("second"));
  }
}

TEST_CASE("http: an event that is too large ends its subscription", "[conformance][misuse]") {
  for (const std::size_t size : {999U, 1'000U, 1'001U, 4'000U}) {
    raw_server server;
    polywire::client user(server.url(), quiet_client(small()));
    const arrivals<polywire::subscription<text>> made;
    user.async_subscribe(news, made.sink());
    server.accept();
    server.next();
    server.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\npolywire-position: 7-20\r\n\r\n"
        "id: 7-21\ndata: \"" +
        std::string(size, 'x') + "\"\n\n");
    auto events = made.next("the subscription");
    const arrivals<std::optional<polywire::event<text>>> came;
    events.async_read(came.sink());
    const auto event = came.next("an event, or the end");
    CHECK(event.has_value() == (size <= 1'000));
    if (!event) CHECK(events.status().code() == status_code::resource_exhausted);
  }
}

}  // namespace http_hostile_server_test

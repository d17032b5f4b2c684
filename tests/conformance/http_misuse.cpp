// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Section "Misuse of the wire" for HTTP: what a server does about a client that breaks the rules.
// Whatever that is, the server lives, and no other connection notices.
#include "polywire/http.hpp"
#include "polywire/testing/conformance/service.hpp"
#include "polywire/testing/manual_clock.hpp"
#include "polywire/testing/scripted_peer.hpp"

#include "support/catch.hpp"

#include <atomic>
#include <string>
#include <utility>
#include <vector>

using namespace polywire::testing::conformance;
using namespace std::chrono_literals;

namespace http_misuse_test {

namespace {

using polywire::text;
using polywire::testing::scripted_peer;

constexpr polywire::unary<text, text> echo{"misuse.v1.Raw/Echo"};
constexpr polywire::unary<text, text> wait{"misuse.v1.Raw/Wait"};
constexpr polywire::server_streaming<text, text> flood{"misuse.v1.Raw/Flood"};
constexpr polywire::topic<text> news{"misuse.v1.news"};

std::string post(std::string_view name, std::string_view body, std::string_view fields = {},
                 std::string_view type = "application/text") {
  std::string out = "POST /" + std::string(name) + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: ";
  out.append(type).append("\r\n").append(fields).append("Content-Length: ");
  return out.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}
const std::string question = post(echo.name(), "question");

/// A client that says what no correct one would.
class raw_client {
 public:
  explicit raw_client(std::uint16_t port) : socket_(scripted_peer::connect(port)) {}

  scripted_peer& socket() { return socket_; }
  void send(std::string_view bytes) { socket_.send(bytes); }

  /// The status and the body of the next answer, whose head says its length.
  std::pair<int, std::string> next() {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) head += socket_.receive(1);
    const std::string name = "content-length: ";
    const std::size_t at = head.find(name);
    check(at != std::string::npos, "an answer without a length:\n" + head);
    return {std::stoi(head.substr(9)), socket_.receive(std::stoul(head.substr(at + name.size())))};
  }
  /// The status of the only answer, behind which the server closes.
  int last() {
    const std::string all = socket_.receive_until_eof();
    check(all.starts_with("HTTP/1.1 ") && all.find("\nHTTP/1.1 ") == std::string::npos,
          "not one answer:\n" + all);
    return std::stoi(all.substr(9));
  }

 private:
  scripted_peer socket_;
};

/// A server, a well-behaved client with a call in flight, and a raw client.
class scene {
 public:
  explicit scene(polywire::server_options options = quiet_server())
      : service_(
            "http://127.0.0.1:0", [this](polywire::server& s) { configure(s); },
            std::move(options)),
        bystander_(service_.url(), quiet_client()),
        raw_(port()) {
    bystander_.async_call(wait, "undisturbed", answers_.sink());
    entered_.next("the other client's call");
  }
  ~scene() { door_.open(); }

  raw_client& raw() { return raw_; }
  std::uint16_t port() const { return service_.endpoint().port(); }
  polywire::server& server() { return service_.get(); }
  int echoed() const { return echoed_; }

  /// The server and its other connections must be as they were.
  void check_undisturbed() {
    auto back = bystander_.call(echo, "x", polywire::timeout(patience));
    check_ok(back.status(), "a call of the other client");
    check_equal(answers_.total(), 0, "the other client's call ended");
    door_.open();
    auto waited = answers_.next("the other client's call");
    check(value_of(waited, "the other client's call") == text("undisturbed"), "its answer");
    raw_client fresh(port());
    fresh.send(question);
    check(fresh.next() == std::pair(200, std::string("question")), "a new connection");
  }

 private:
  void configure(polywire::server& s) {
    s.handle(echo, [this](const text& t) { return ++echoed_, t; });
    s.handle(wait, [this](const text& t) -> asio::awaitable<text> {
      entered_.put(true);
      co_await door_.wait();
      co_return t;
    });
    s.handle(flood,
             [](const text&, polywire::writer<text>& out) -> asio::awaitable<polywire::status> {
               const text block(std::string(30'000, 'x'));
               for (;;) {
                 auto sent = co_await out.async_write(block, asio::use_awaitable);
                 if (!sent) co_return sent;
               }
             });
    s.offer(news, polywire::accept_publish());
  }

  gate door_;
  std::atomic<int> echoed_ = 0;
  arrivals<bool> entered_;
  arrivals<polywire::result<text>> answers_;
  running_server service_;
  polywire::client bystander_;
  raw_client raw_;
};

}  // namespace

TEST_CASE("http: what is no HTTP is told so and closed", "[conformance][misuse]") {
  const std::pair<std::string, int> openings[] = {
      {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},  // TLS
      {std::string("\xf0PW\x01", 4), 400},
      {std::string("\0\0\0", 3), 400},
      {"SSH-2.0-x\r\n\r\n", 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"GET / HTTP/3.0\r\nHost: localhost\r\n\r\n", 505},
      {"GET /\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: localhost\n\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"CONNECT a:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n", 501},
      {"GET /" + std::string(9'000, 'x'), 414},
      {"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(70'000, 'x'), 431},
  };
  for (const auto& [opening, status] : openings) {
    INFO(opening.substr(0, 40));
    scene s;
    s.raw().send(opening);
    CHECK(s.raw().last() == status);
    s.check_undisturbed();
  }
}

TEST_CASE("http: a request that may be two is none", "[conformance][misuse]") {
  const std::string begin =
      "POST /misuse.v1.Raw/Echo HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: application/text\r\n";
  const std::string fields[] = {
      "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
      "Content-Length: 4\r\nContent-Length: 0\r\n",
      "Content-Length : 0\r\n",
      "Content-Length: 0\r\n folded\r\n",
      "Transfer-Encoding: chunked, chunked\r\n",
      "Transfer-Encoding: \x0b"
      "chunked\r\n",
  };
  for (const std::string& field : fields) {
    INFO(field);
    scene s;
    s.raw().send(begin + field + "\r\n0\r\n\r\n" + question);
    CHECK(s.raw().last() == 400);
    CHECK(s.echoed() == 0);
    s.check_undisturbed();
  }
}

TEST_CASE("http: a call is understood however its bytes are cut", "[conformance][misuse]") {
  scene s;
  const std::pair<int, std::string> good(200, "question");
  for (std::size_t cut = 1; cut < question.size(); ++cut) {
    s.raw().send(question.substr(0, cut));
    s.raw().send(question.substr(cut));
    REQUIRE(s.raw().next() == good);
  }
  s.raw().socket().send_slowly(question);
  CHECK(s.raw().next() == good);
  std::string all;
  for (int i = 0; i < 1'000; ++i) all += post(echo.name(), std::to_string(i));
  s.raw().send(all);
  for (int i = 0; i < 1'000; ++i) REQUIRE(s.raw().next() == std::pair(200, std::to_string(i)));
  s.check_undisturbed();
}

TEST_CASE("http: what breaks a rule of its call ends that call alone", "[conformance][misuse]") {
  polywire::limits bounds;
  bounds.max_message = 1'000;
  bounds.max_metadata = 100;
  scene s(quiet_server(bounds));
  const std::pair<std::string, int> requests[] = {
      {post("no.such.Service/Method", "x"), 404},
      {post("nowhere", "x"), 404},
      {"GET /misuse.v1.Raw/Flood HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
      {post(echo.name(), "x", "", "text/plain"), 415},
      {post(echo.name(), "x", "", "application/connect+text"), 415},
      {post(echo.name(), "x", "k: " + std::string(100, 'v') + "\r\n"), 429},
      {post(echo.name(), "x", "k-bin: ???\r\n"), 400},
      {post(echo.name(), "x", "Connect-Timeout-Ms: soon\r\n"), 400},
      {post(echo.name(), "x", "Connect-Protocol-Version: 7\r\n"), 400},
      {post(echo.name(), "\xff"), 400},
      {post("topics/no.such.topic", "x"), 404},
      {post("topics/a..b", "x"), 400},
      {"GET /topics/misuse.v1.news?from=nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
  };
  for (const auto& [request, status] : requests) {
    INFO(request);
    s.raw().send(request + question);
    CHECK(s.raw().next().first == status);
    CHECK(s.raw().next() == std::pair(200, std::string("question")));  // on the same connection
  }
  s.raw().send(post(echo.name(), std::string(1'000, 'x')));
  CHECK(s.raw().next().first == 200);
  s.raw().send(post(echo.name(), std::string(1'001, 'x')) + question);
  CHECK(s.raw().last() == 413);
  s.check_undisturbed();
}

TEST_CASE("http: a truncated call is never handled", "[conformance][misuse]") {
  for (std::size_t size = 1; size < question.size(); size += 7) {
    scene s;
    s.raw().send(question.substr(0, size));
    s.raw().socket().shutdown_write();
    CHECK(s.raw().socket().receive_until_eof().empty());
    CHECK(s.echoed() == 0);
  }
  scene s;  // a whole one is, and answered
  s.raw().send(question + question);
  s.raw().socket().shutdown_write();
  CHECK(s.raw().next().first == 200);
  CHECK(s.raw().next().first == 200);
  CHECK(s.raw().socket().receive_until_eof().empty());
  s.check_undisturbed();
}

TEST_CASE("http: a client that is slow or silent is closed in time", "[conformance][misuse]") {
  const polywire::limits bounds;
  const std::tuple<std::string, polywire::duration, int> scripts[] = {
      {"", bounds.idle_timeout, 0},
      {question.substr(0, 10), bounds.handshake_timeout, 408},
      {question.substr(0, question.size() - 1), bounds.read_progress_timeout, 408},
      {question, bounds.idle_timeout, 200},
  };
  for (const auto& [bytes, limit, status] : scripts) {
    INFO(bytes);
    polywire::testing::manual_clock time;
    auto options = quiet_server();
    running_server service(
        "http://127.0.0.1:0",
        [](polywire::server& s) { s.handle(echo, [](const text& t) { return t; }); },
        options.clock(time));
    raw_client slow(service.endpoint().port());
    raw_client witness(service.endpoint().port());  // its answer: what came before is read
    slow.send(bytes);
    witness.send(question);
    CHECK(witness.next().first == 200);
    if (status == 200) CHECK(slow.next().first == 200);
    time.advance(limit - 1s);
    raw_client second(service.endpoint().port());
    second.send(question);
    CHECK(second.next().first == 200);
    time.advance(2s);
    if (status == 408) {
      CHECK(slow.last() == 408);
    } else {
      CHECK(slow.socket().receive_until_eof().empty());
    }
  }
}

TEST_CASE("http: a client that does not read its answers stops being read",
          "[conformance][misuse]") {
  scene s;
  std::string many;
  const std::string request = post(echo.name(), std::string(1'000, 'x'));
  for (int i = 0; i < 1'000; ++i) many += request;
  // What both kernels buffer, and 256 KiB of answers; then nothing more is taken.
  std::size_t sent = 0;
  bool stuck = false;
  while (!stuck && sent < (std::size_t{100} << 20)) {
    try {
      s.raw().socket().send(many, 300ms);
      sent += many.size();
    } catch (const std::runtime_error&) {
      stuck = true;
    }
  }
  CHECK(stuck);
  s.check_undisturbed();
}

TEST_CASE("http: a stream that nobody reads is bounded, and harms nobody",
          "[conformance][misuse]") {
  scene s;
  s.raw().send(post(flood.name(), std::string("\0\0\0\0\1x", 6), "", "application/connect+text"));
  CHECK(s.raw().socket().receive(12) == "HTTP/1.1 200");
  s.check_undisturbed();
  s.raw().socket().reset();
  for (int i = 0; i < 5'000 && s.server().stats().connections > 2; ++i) {
    std::this_thread::sleep_for(1ms);
  }
  CHECK(s.server().stats().connections <= 2);
}

TEST_CASE("http: connections above the limit are told so", "[conformance][misuse]") {
  polywire::limits bounds;
  bounds.max_connections = 3;
  scene s(quiet_server(bounds));  // the bystander's and the raw one
  s.raw().send(question);
  CHECK(s.raw().next().first == 200);
  raw_client third(s.port());
  third.send(question);
  CHECK(third.next().first == 200);
  raw_client fourth(s.port());
  CHECK(fourth.last() == 503);
}

}  // namespace http_misuse_test

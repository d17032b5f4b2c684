// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/server.hpp"
#include "polywire/gzip.hpp"
#include "polywire/http.hpp"
#include "polywire/json.hpp"

#include "gzip_text.hpp"
#include "support/catch.hpp"
#include "support/raw_http.hpp"

#include <string>
#include <thread>

namespace pw = polywire;
using polywire::text;
using test::envelope;
using test::zipped;

namespace {

constexpr pw::unary<text, text> echo{"test.v1.Gzip/Echo"};
constexpr pw::unary<std::string, std::string> look{"test.v1.Gzip/Look", pw::no_side_effects};
constexpr pw::unary<text, text> fail{"test.v1.Gzip/Fail"};
constexpr pw::client_streaming<text, text> join{"test.v1.Gzip/Join"};

constexpr std::size_t limit = 5'000;

/// A server that takes messages of up to `limit` bytes, and a connection to it.
class served {
 public:
  served() {
    server_.handle(echo, [](const text& message) { return message; });
    server_.handle(look, [](const std::string& message) { return message; });
    server_.handle(fail, [](const text& message) -> pw::result<text> {
      return pw::status::aborted(message.str());
    });
    server_.handle(join, [](pw::reader<text>& messages) -> asio::awaitable<text> {
      std::string all;
      while (auto message = co_await messages.async_read()) all += message->str();
      co_return text(all);
    });
    const auto endpoint = server_.listen("http://127.0.0.1:0?max_message=" + std::to_string(limit));
    peer = pw::testing::scripted_peer::connect(endpoint.value().port());
    thread_ = std::thread([this] { server_.run(); });
  }
  ~served() {
    server_.stop();
    thread_.join();
  }

  test::http_message call(const std::string& method, const std::string& fields,
                          std::string_view body) {
    peer.send(test::with_length(
        "POST /test.v1.Gzip/" + method + " HTTP/1.1\r\nhost: localhost\r\n" + fields, body));
    return test::read_response(peer);
  }
  test::http_message unary(const std::string& fields, std::string_view body,
                           const std::string& method = "Echo") {
    return call(method, "content-type: application/text\r\n" + fields, body);
  }
  test::http_message stream(const std::string& fields, std::string_view body) {
    return call("Join", "content-type: application/connect+text\r\n" + fields, body);
  }

  pw::testing::scripted_peer peer = pw::testing::scripted_peer::listen();

 private:
  pw::server server_;
  std::thread thread_;
};

const std::string accepts = "accept-encoding: gzip\r\n";
const std::string packs = "content-encoding: gzip\r\n";

}  // namespace

TEST_CASE("an answer is compressed from 1 KiB on, where the client accepts that") {
  served s;
  for (const std::size_t size : {1'023U, 1'024U, 1'025U}) {
    const std::string message = test::noise(size);
    const auto answer = s.unary(accepts, message);
    CHECK(answer.status == 200);
    CHECK(answer.field("content-encoding") == (size < 1'024 ? "" : "gzip"));
    CHECK((size < 1'024 ? answer.body : test::unzipped(answer.body)) == message);
    CHECK(s.unary("", message).body == message);
  }
}

TEST_CASE("what the client says about codings is read as RFC 9110 has it") {
  served s;
  const std::string message(2'000, 'x');
  for (const char* const list : {"gzip", "br, GZIP", "gzip;q=0.5, br", " , br;q=1 ,gzip ; q=1"}) {
    CHECK(s.unary(std::string("accept-encoding: ") + list + "\r\n", message)
              .field("content-encoding") == "gzip");
  }
  for (const char* const list : {"identity", "br", "gzip;q=0", "gzip; Q=0.000", "xgzip", "*"}) {
    const auto answer = s.unary(std::string("accept-encoding: ") + list + "\r\n", message);
    CHECK(answer.field("content-encoding").empty());
    CHECK(answer.body == message);
  }
}

TEST_CASE("the answer to a request that is compressed is compressed, however short") {
  served s;
  const auto answer = s.unary(accepts + packs, zipped("hello"));
  CHECK(answer.status == 200);
  CHECK(answer.field("content-encoding") == "gzip");
  CHECK(test::unzipped(answer.body) == "hello");
  CHECK(s.unary(packs, zipped("hello")).body == "hello");
  CHECK(s.unary("content-encoding: identity\r\n", "hello").body == "hello");
}

TEST_CASE("an empty message is never compressed") {
  served s;
  const auto answer = s.unary(accepts + packs, "");
  CHECK(answer.status == 200);
  CHECK(answer.field("content-encoding").empty());
  CHECK(answer.body.empty());
}

TEST_CASE("errors are compressed where that pays") {
  served s;
  const auto answer = s.unary(accepts, std::string(2'000, 'x'), "Fail");
  CHECK(answer.status == 409);
  CHECK(answer.field("content-encoding") == "gzip");
  CHECK(test::unzipped(answer.body) ==
        R"({"code":"aborted","message":")" + std::string(2'000, 'x') + R"("})");
  CHECK(s.unary(accepts, "x", "Fail").body == R"({"code":"aborted","message":"x"})");
}

TEST_CASE("an unknown coding is unimplemented, and the known ones are listed") {
  served s;
  const auto answer = s.unary("content-encoding: br\r\n", "hello");
  CHECK(answer.status == 501);
  CHECK(answer.field("accept-encoding") == "gzip");
  CHECK(answer.body == R"({"code":"unimplemented","message":"the compression 'br' is not known )"
                       R"(here; there is gzip, identity"})");
  const auto end = s.stream("connect-content-encoding: br\r\n", envelope("hello"));
  CHECK(end.status == 200);
  CHECK(end.field("connect-accept-encoding") == "gzip");
  CHECK(end.body.find(R"("code":"unimplemented")") != std::string::npos);
}

TEST_CASE("a message may inflate to the limit and not beyond") {
  served s;
  for (const std::size_t size : {limit - 1, limit, limit + 1, std::size_t{1'000'000}}) {
    for (const bool shrinks : {true, false}) {
      if (!shrinks && size > limit + 1) continue;
      const std::string message = shrinks ? std::string(size, 'x') : test::noise(size);
      CAPTURE(size, shrinks);
      const auto answer = s.unary(packs, zipped(message));
      if (size <= limit) {
        CHECK(answer.body == message);
      } else {
        CHECK(answer.status == 429);
        CHECK(answer.body.starts_with(R"({"code":"resource_exhausted")"));
      }
      const auto end = s.stream("connect-content-encoding: gzip\r\n",
                                envelope(zipped(message), 1) + envelope("."));
      CHECK((end.body.find("resource_exhausted") == std::string::npos) == (size <= limit));
    }
  }
}

TEST_CASE("in a stream with a compression the limit holds for what is not compressed, too") {
  served s;
  for (const std::size_t size : {limit - 1, limit, limit + 1}) {
    const auto end = s.stream("connect-content-encoding: gzip\r\n", envelope(test::noise(size)));
    CHECK((end.body.find("resource_exhausted") == std::string::npos) == (size <= limit));
  }
}

TEST_CASE("what is not gzip is invalid") {
  served s;
  const auto answer = s.unary(packs, "hello");
  CHECK(answer.status == 400);
  CHECK(answer.body.starts_with(R"({"code":"invalid_argument","message":"not gzip)"));
  CHECK(s.unary(packs, zipped("hello").substr(0, 12)).status == 400);
  CHECK(s.unary(packs, zipped("hello")).body == "hello");  // the connection goes on
}

TEST_CASE("in a stream each message is compressed or not") {
  served s;
  const std::string three = envelope(zipped("one "), 1) + envelope("two ") + envelope("", 1) +
                            envelope(zipped("three"), 1);
  CHECK(s.stream("connect-content-encoding: gzip\r\n", three).body ==
        envelope("one two three") + envelope("{}", 2));

  const auto answer = s.stream("connect-accept-encoding: gzip\r\n", envelope("short"));
  CHECK(answer.field("connect-content-encoding") == "gzip");
  CHECK(answer.body == envelope("short") + envelope("{}", 2));
  const std::string message(1'024, 'x');
  const std::string packed = s.stream("connect-accept-encoding: gzip\r\n", envelope(message)).body;
  CHECK(packed == envelope(zipped(message), 1) + envelope("{}", 2));

  // Nothing was agreed on.
  const auto refused = s.stream("", envelope(zipped("one"), 1));
  CHECK(refused.body.find(R"("code":"internal")") != std::string::npos);
}

TEST_CASE("a GET may have a compressed message") {
  served s;
  s.peer.send("GET /test.v1.Gzip/Look?connect=v1&encoding=json&compression=gzip&base64=1&message=" +
              pw::to_base64(pw::as_bytes(zipped("\"hello\"")), pw::base64_form::url_unpadded) +
              " HTTP/1.1\r\nhost: localhost\r\n\r\n");
  const auto answer = test::read_response(s.peer);
  CHECK(answer.status == 200);
  CHECK(answer.body == "\"hello\"");
  CHECK(answer.field("vary") == "accept-encoding");
}

TEST_CASE("an event is not compressed by itself") {
  served s;
  s.peer.send(
      test::with_length("POST /topics/a.b HTTP/1.1\r\nhost: localhost\r\ncontent-type: "
                        "application/text\r\ncontent-encoding: gzip\r\n",
                        zipped("hello")));
  CHECK(test::read_response(s.peer).status == 415);
}

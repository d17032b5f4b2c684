// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/client.hpp"
#include "polywire/gzip.hpp"
#include "polywire/http.hpp"
#include "polywire/json.hpp"

#include "gzip_text.hpp"
#include "support/catch.hpp"
#include "support/raw_http.hpp"

#include <future>
#include <string>

namespace pw = polywire;
using polywire::status_code;
using polywire::text;
using test::envelope;
using test::zipped;

namespace {

constexpr pw::unary<text, text> echo{"test.v1.Gzip/Echo"};
constexpr pw::unary<std::string, std::string> look{"test.v1.Gzip/Look", pw::no_side_effects};
constexpr pw::server_streaming<text, text> list{"test.v1.Gzip/List"};

constexpr std::size_t limit = 5'000;

/// A client that takes messages of up to `limit` bytes, and the server by hand that it calls.
class calling {
 public:
  explicit calling(const std::string& keys = {})
      : client("http://127.0.0.1:" + std::to_string(peer.port()) +
               "?attempts=1&max_message=" + std::to_string(limit) + keys) {}

  /// What the client says to this answer, in which `fields` are beside the type.
  pw::result<text> answered(const std::string& fields, std::string_view body,
                            const std::string& start = "200 OK\r\ncontent-type: application/text") {
    auto reply = std::async(std::launch::async, [&] { return client.call(echo, text("hello")); });
    peer.accept();
    request = test::read_request(peer);
    peer.send(test::with_length("HTTP/1.1 " + start + "\r\nconnection: close\r\n" + fields, body));
    return reply.get();
  }
  /// The messages of a stream that is answered like this, and its status.
  std::string streamed(const std::string& fields, const std::string& body) {
    auto reply = std::async(std::launch::async, [&] {
      std::string all;
      auto messages = client.open(list, text("hello"));
      for (const auto& message : messages) all += message.str() + "|";
      return all + messages.status().to_string();
    });
    peer.accept();
    request = test::read_request(peer);
    peer.send(test::with_length(
        "HTTP/1.1 200 OK\r\ncontent-type: application/connect+text\r\nconnection: close\r\n" +
            fields,
        body));
    return reply.get();
  }

  pw::testing::scripted_peer peer = pw::testing::scripted_peer::listen();
  pw::client client;
  test::http_message request;
};

const std::string packs = "content-encoding: gzip\r\n";
const std::string stream_packs = "connect-content-encoding: gzip\r\n";

}  // namespace

TEST_CASE("a client that knows gzip says so, and reads it") {
  calling c;
  CHECK(c.answered(packs, zipped("hello"))->str() == "hello");
  CHECK(c.request.field("accept-encoding") == "gzip");
  CHECK(c.request.field("content-encoding").empty());
  CHECK(c.request.body == "hello");
  CHECK(c.answered(packs, "")->str().empty());
  CHECK(c.answered("", "plain")->str() == "plain");
}

TEST_CASE("an answer may inflate to the limit and not beyond") {
  calling c;
  for (const std::size_t size : {limit - 1, limit, limit + 1, std::size_t{1'000'000}}) {
    CAPTURE(size);
    const std::string message(size, 'x');
    const auto code = size <= limit ? status_code::ok : status_code::resource_exhausted;
    CHECK(c.answered(packs, zipped(message)).status().code() == code);
    const std::string ended =
        c.streamed(stream_packs, envelope(zipped(message), 1) + envelope(zipped("{}"), 3));
    CHECK((ended == message + "|ok") == (size <= limit));
    CHECK((ended.find("resource_exhausted") != std::string::npos) == (size > limit));
  }
  // What does not shrink is longer as it comes.
  const std::string message = test::noise(limit);
  CHECK(c.answered(packs, zipped(message))->str() == message);
}

TEST_CASE("an answer that cannot be inflated is the server's fault") {
  calling c;
  CHECK(c.answered(packs, "hello").status().code() == status_code::internal);
  const auto unknown = c.answered("content-encoding: br\r\n", "hello").status();
  CHECK(unknown.code() == status_code::internal);
  CHECK(unknown.message().find("'br' is not known here; there is gzip") != std::string::npos);
  CHECK(c.streamed(stream_packs, envelope("hello", 1)).starts_with("internal: "));
  CHECK(c.streamed("connect-content-encoding: br\r\n", "").starts_with("internal: "));
  CHECK(c.streamed(packs, zipped(envelope("{}", 2))).starts_with("internal: "));
  CHECK(c.streamed("", envelope(zipped("hello"), 1)).starts_with("internal: "));
}

TEST_CASE("an error may be compressed") {
  calling c;
  const std::string error = R"({"code":"aborted","message":"oops"})";
  const std::string start = "409 Conflict\r\ncontent-type: application/json";
  CHECK(c.answered(packs, zipped(error), start).status().to_string() == "aborted: oops");
  CHECK(c.answered(packs, error, start).status().code() == status_code::unknown);
  CHECK(c.answered("content-encoding: br\r\n", error, start).status().code() ==
        status_code::unknown);
}

TEST_CASE("in a stream each message is compressed or not, the last one too") {
  calling c;
  CHECK(c.streamed(stream_packs, envelope(zipped("one"), 1) + envelope("two") + envelope("", 1) +
                                     envelope(zipped(R"({"error":{"code":"aborted"}})"), 3)) ==
        "one|two||aborted");
  CHECK(c.request.field("connect-accept-encoding") == "gzip");
  CHECK(c.request.field("accept-encoding").empty());
  CHECK(c.streamed("", envelope("one") + envelope("{}", 2)) == "one|ok");
}

TEST_CASE("with compression=gzip requests are compressed") {
  calling c("&compression=gzip");
  CHECK(c.answered("", "plain")->str() == "plain");
  CHECK(c.request.field("content-encoding") == "gzip");
  CHECK(c.request.body == zipped("hello"));
  CHECK(c.streamed("", envelope("{}", 2)) == "ok");
  CHECK(c.request.field("connect-content-encoding") == "gzip");
  CHECK(c.request.body == envelope(zipped("hello"), 1));
}

TEST_CASE("with get=true and compression=gzip the message in the query is compressed") {
  calling c("&compression=gzip&get=true");
  auto reply =
      std::async(std::launch::async, [&] { return c.client.call(look, std::string("hello")); });
  c.peer.accept();
  const auto request = test::read_request(c.peer);
  c.peer.send(test::with_length(
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n",
      zipped("\"there\"")));
  CHECK(reply.get().value() == "there");
  CHECK(request.method == "GET");
  CHECK(request.target ==
        "/test.v1.Gzip/Look?connect=v1&base64=1&compression=gzip&encoding=json&message=" +
            pw::to_base64(pw::as_bytes(zipped("\"hello\"")), pw::base64_form::url_unpadded));
  CHECK(request.field("content-type").empty());
  CHECK(request.field("content-encoding").empty());
}

TEST_CASE("an unknown compression in a URL is an error that lists the known ones") {
  const auto made = pw::client::make("http://127.0.0.1:1?compression=br");
  CHECK(made.status().code() == status_code::invalid_argument);
  CHECK(made.status().message() ==
        "bad URL: key 'compression': the compression 'br' is not known here; there is gzip, "
        "identity");
  CHECK(pw::client::make("http://127.0.0.1:1?compression=identity").status().ok());
}

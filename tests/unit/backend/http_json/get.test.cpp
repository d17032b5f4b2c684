// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/client.hpp"
#include "polywire/http.hpp"
#include "polywire/json.hpp"
#include "polywire/protobuf.hpp"
#include "polywire/server.hpp"

#include "note.pb.h"
#include "support/catch.hpp"
#include "support/raw_http.hpp"

#include <future>
#include <string>
#include <string_view>
#include <thread>

namespace pw = polywire;
using polywire::status_code;
using polywire::test::Note;

namespace {

constexpr pw::unary<Note, Note> look{"test.v1.Get/Look", pw::no_side_effects};
constexpr pw::unary<Note, Note> change{"test.v1.Get/Change"};
constexpr pw::unary<Note, Note> repeat{"test.v1.Get/Repeat", pw::idempotent};
constexpr pw::unary<pw::text, pw::text> read_text{"test.v1.Get/Text", pw::no_side_effects};

/// A server with these methods, and a connection to it.
class served {
 public:
  served() {
    const auto echo = [](const Note& note) { return note; };
    server_.handle(look, echo);
    server_.handle(change, echo);
    server_.handle(repeat, echo);
    const auto endpoint = server_.listen("http://127.0.0.1:0");
    url = endpoint.value().url();
    peer = pw::testing::scripted_peer::connect(endpoint->port());
    thread_ = std::thread([this] { server_.run(); });
  }
  ~served() {
    server_.stop();
    thread_.join();
  }

  test::http_message ask(const std::string& target, const std::string& method = "GET",
                         const std::string& fields = {}) {
    peer.send(method + " /test.v1.Get/" + target + " HTTP/1.1\r\nhost: localhost\r\n" + fields +
              "\r\n");
    return test::read_response(peer);
  }

  std::string url;
  pw::testing::scripted_peer peer = pw::testing::scripted_peer::listen();

 private:
  pw::server server_;
  std::thread thread_;
};

/// A client and the server by hand that it calls.
class calling {
 public:
  explicit calling(const std::string& keys)
      : client("http://127.0.0.1:" + std::to_string(peer.port()) + keys) {}

  /// The request by which this is called.
  template <class Method, class Message>
  test::http_message request(const Method& method, const Message& message, const std::string& type,
                             const std::string& reply) {
    auto done =
        std::async(std::launch::async, [&] { return client.call(method, message).status().ok(); });
    peer.accept();
    auto sent = test::read_request(peer);
    peer.send(test::with_length(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: " + type + "\r\n", reply));
    CHECK(done.get());
    return sent;
  }

  pw::testing::scripted_peer peer = pw::testing::scripted_peer::listen();
  pw::client client;
};

Note note(std::int64_t number, std::string text) {
  Note made;
  made.set_number(number);
  made.set_text(std::move(text));
  return made;
}

}  // namespace

TEST_CASE("a method that only reads is called by GET") {
  served s;
  const std::string json = R"({"number":"7","text":"a b"})";
  const auto plain =
      s.ask("Look?connect=v1&encoding=json&message=%7B%22number%22:7,%22text%22:%22a+b%22%7D");
  CHECK(plain.status == 200);
  CHECK(plain.field("content-type") == "application/json");
  CHECK(plain.body == json);
  const auto coded =
      s.ask("Look?message=" + pw::to_base64(pw::as_bytes(json), pw::base64_form::url_unpadded) +
            "&base64=1&encoding=json");
  CHECK(coded.body == json);
  const std::string binary = note(7, "a b").SerializeAsString();
  const auto proto = s.ask("Look?base64=1&encoding=proto&message=" +
                           pw::to_base64(pw::as_bytes(binary), pw::base64_form::url_unpadded));
  CHECK(proto.field("content-type") == "application/proto");
  CHECK(proto.body == binary);
  CHECK(s.ask("Look?encoding=proto&message=").body.empty());
}

TEST_CASE("a GET has its timeout and its metadata in fields, as a POST has") {
  served s;
  const std::string query = "Look?encoding=json&message=%7B%7D";
  CHECK(s.ask(query, "GET", "connect-timeout-ms: 5000\r\nx-user: a\r\n").status == 200);
  CHECK(s.ask(query, "GET", "connect-timeout-ms: soon\r\n").status == 400);
  CHECK(s.ask(query, "GET", "connect-protocol-version: 2\r\n").status == 400);
}

TEST_CASE("a GET that is malformed says what is wrong") {
  served s;
  const auto wrong = [&](const std::string& query, unsigned status, std::string_view what) {
    CAPTURE(query);
    const auto answer = s.ask("Look" + query);
    CHECK(answer.status == status);
    CHECK(answer.body.find(what) != std::string::npos);
  };
  wrong("", 400, "the query has no 'encoding'");
  wrong("?encoding=json", 400, "the query has no 'message'");
  wrong("?encoding=json&message=%7B%7D&connect=v2", 400, "must be v1");
  wrong("?encoding=json&message=%7B%7D&message=%7B%7D", 400, "has 'message' twice");
  wrong("?encoding=json&base64=1&message=!", 400, "is not base64");
  wrong("?encoding=json&message=%7B", 400, "invalid_argument");
  wrong("?encoding=json&message=%zz", 400, "");
  wrong("?encoding=xml&message=%7B%7D", 415, "not one of json, proto");
  wrong("?encoding=json&message=%7B%7D&compression=gzip", 501, "'gzip' is not known here");
}

TEST_CASE("methods that change something are not called by GET") {
  served s;
  for (const char* const name : {"Change", "Repeat"}) {
    const auto answer = s.ask(std::string(name) + "?encoding=json&message=%7B%7D");
    CHECK(answer.status == 405);
    CHECK(answer.field("allow") == "POST");
  }
  const auto answer = s.ask("Look", "DELETE");
  CHECK(answer.status == 405);
  CHECK(answer.field("allow") == "GET, POST");
}

TEST_CASE("a client uses GET for what only reads, if it is told to") {
  const auto by = [](const auto& method, const std::string& keys) {
    return calling(keys).request(method, note(7, "x"), "application/proto", "");
  };
  const auto sent = by(look, "?get=true");
  CHECK(sent.method == "GET");
  CHECK(sent.target == "/test.v1.Get/Look?connect=v1&base64=1&encoding=proto&message=CAcSAXg");
  CHECK(sent.field("content-type").empty());
  CHECK(by(look, "").method == "POST");
  CHECK(by(look, "?get=false").method == "POST");
  CHECK(by(change, "?get=true").method == "POST");
  CHECK(by(repeat, "?get=true").method == "POST");
  CHECK(calling("?get=true").request(read_text, pw::text("x"), "application/text", "").method ==
        "POST");
}

TEST_CASE("a GET whose target would be longer than 8,000 bytes is a POST") {
  const std::size_t around = std::string(
                                 "/test.v1.Get/Look?connect=v1&base64=1&encoding=proto&"
                                 "message=")
                                 .size();
  // Three bytes are four in base64, without padding; five of them are number, tags and length.
  const std::size_t most = (8'000 - around) * 3 / 4 - 5;
  for (const std::size_t size : {most - 1, most, most + 1}) {
    calling c("?get=true");
    const auto sent = c.request(look, note(7, std::string(size, 'x')), "application/proto", "");
    CAPTURE(size, sent.target.size());
    CHECK(sent.method == (size <= most ? "GET" : "POST"));
    CHECK(sent.target.size() <= 8'000);
  }
}

TEST_CASE("a client and a server of ours understand each other by GET") {
  served s;
  pw::client client(s.url + "?get=true&format=json");
  CHECK(client.call(look, note(7, "grüß dich")).value().text() == "grüß dich");
  CHECK(client.call(look, Note()).value().number() == 0);
}

TEST_CASE("with format=json messages that know both are sent as JSON") {
  calling c("?format=json");
  const auto sent = c.request(change, note(7, "x"), "application/json", "{}");
  CHECK(sent.field("content-type") == "application/json");
  CHECK(sent.body == R"({"number":"7","text":"x"})");
  CHECK(calling("?format=json").request(read_text, pw::text("x"), "application/text", "").body ==
        "x");
  CHECK(calling("?format=proto").request(change, note(7, "x"), "application/proto", "").body ==
        note(7, "x").SerializeAsString());
}

TEST_CASE("the keys of http:// are read where they belong") {
  const auto refused = [](const std::string& query) {
    return pw::client::make("http://127.0.0.1:1" + query).status().message();
  };
  CHECK(refused("?get=maybe").starts_with("bad URL: key 'get': "));
  CHECK(refused("?compression=gzip") ==
        "bad URL: key 'compression': the compression 'gzip' is not known here; there is identity; "
        "<polywire/gzip.hpp> brings gzip");
  CHECK(refused("?format=xml") == "bad URL: key 'format': expected json or proto");
  CHECK(refused("?got=true").find("did you mean get?") != std::string::npos);
  CHECK(refused("?get=true&ca=x").find("unknown key 'ca'") != std::string::npos);
  pw::server server;
  CHECK(server.listen("http://127.0.0.1:0?get=true").status().message() ==
        "bad URL: key 'get': it is for clients");
}

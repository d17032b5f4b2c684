// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/backend/http_carrier/client_session.hpp"

#include "support/catch.hpp"
#include "unit/backend/http_carrier/harness.hpp"

namespace http_client_session_test {

using namespace http_tests;
using enum pw::call_type;

namespace {

const std::string ok = answer("\"hi\"");
const std::string end_of_stream = envelope("{}", pw::wire::connect::end_stream_flag);
const std::string stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: application/connect+json\r\nTransfer-Encoding: "
    "chunked\r\n\r\n";
const std::string events_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
    "polywire-position: 7-20\r\n\r\n";

/// What a client hears that is fed `bytes` in these pieces, and what becomes of its connection.
lines conversation(pw::call_type type, std::string_view bytes,
                   const std::vector<std::size_t>& cuts) {
  calling client;
  client.call(type);
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    client.send(bytes.substr(from, cut - from));
    from = cut;
  }
  client.send(bytes.substr(from));
  lines log = client.heard();
  std::erase(log, "capacity");  // none, when something stands behind the answer
  log.emplace_back(client.session->finished() ? "finished" : "open");
  return log;
}
/// The only line that a client hears after this answer.
std::string heard_after(std::string_view bytes, const pw::limits& bounds = pw::limits(),
                        pw::call_type type = unary) {
  calling client(bounds);
  client.call(type);
  client.send(bytes);
  const lines heard = client.heard();
  CHECK(client.session->finished());
  CHECK(client.session->calls() == 0);
  return heard.size() == 1 ? heard[0] : std::to_string(heard.size()) + " lines";
}

}  // namespace

TEST_CASE("every answer means the same however its bytes are cut", "[http]") {
  const std::string event = "id: 7-21\ndata: \"x\"\n\n";
  const std::pair<pw::call_type, std::string> golden[] = {
      {unary, ok},
      {unary, "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + ok},
      {unary, answer("\"hi\"", "200 OK", "Connection: close\r\na: b\r\ntrailer-c: d\r\n")},
      {unary, answer("{\"code\":\"not_found\",\"message\":\"no\"}", "404 Not Found",
                     "polywire-outcome: rejected\r\n")},
      {unary, answer("<html>", "502 Bad Gateway", "", "text/html")},
      {unary, ok + ok},
      {unary, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n1"},
      {unary, "HTTP/1.1 204 No Content\r\n\r\n"},
      {server_streaming,
       stream_head + chunk(envelope("1") + envelope("2")) + chunk(end_of_stream) + no_more_chunks},
      {server_streaming, stream_head + chunk(envelope("1")) + no_more_chunks},
      {server_streaming, stream_head + chunk(end_of_stream + "x") + no_more_chunks},
      {publish, "HTTP/1.1 204 No Content\r\n\r\n"},
      {subscribe, events_head + chunk(":\n\n" + event) +
                      chunk("event: lost\ndata: {\"count\":3,\"kind\":\"exact\"}\n\n" + event) +
                      chunk("event: end\ndata: {\"code\":\"unavailable\"}\n\n")},
  };
  for (const auto& [type, bytes] : golden) {
    INFO(bytes);
    const lines whole = conversation(type, bytes, {});
    CHECK(whole.size() > 1);
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      REQUIRE(conversation(type, bytes, {cut}) == whole);
    }
    std::vector<std::size_t> each(bytes.size() - 1);
    for (std::size_t i = 0; i < each.size(); ++i) each[i] = i + 1;
    CHECK(conversation(type, bytes, each) == whole);
  }
}

TEST_CASE("a connection carries one call after the other", "[http]") {
  calling client;
  for (int i = 0; i < 3; ++i) {
    CHECK(client.session->capacity() == 1);
    client.call();
    CHECK(client.session->capacity() == 0);
    client.send(ok);
    CHECK(client.heard() == lines{"message '\"hi\"' last", "end ok", "capacity"});
  }
  CHECK(client.requests[0] ==
        "POST /a.B/C HTTP/1.1\r\nhost: server:80\r\ncontent-type: application/json\r\n"
        "connect-protocol-version: 1\r\ncontent-length: 3\r\n\r\n\"q\"");
  CHECK(client.requests[2] == client.requests[0]);
}

TEST_CASE("a connection is not used again when it is out of step, or to be closed", "[http]") {
  const std::pair<const char*, std::string> answers[] = {
      {"something stands behind the answer", ok + ok},
      {"half of something", ok + "H"},
      {"it says so", answer("\"hi\"", "200 OK", "Connection: close\r\n")},
      {"a server of HTTP/1.0", "HTTP/1.0" + ok.substr(8)},
  };
  for (const auto& [why, bytes] : answers) {
    INFO(why);
    calling client;
    client.call();
    client.send(bytes);
    CHECK(client.heard() == lines{"message '\"hi\"' last", "end ok"});
    CHECK(client.session->finished());
    CHECK(client.session->capacity() == 0);
  }
  calling idle;
  idle.call();
  idle.send(ok).send("HTTP/1.1 408 Request Timeout\r\n\r\n");
  CHECK(idle.session->finished());
}

TEST_CASE("what comes before the request has left answers nothing: the call goes elsewhere",
          "[http]") {
  calling client;
  client.call();
  client.send(ok);
  (void)client.heard();
  client.call(unary, false);
  CHECK(client.session->reads_first());
  client.send(answer("{}", "408 Request Timeout", "Connection: close\r\n"));
  CHECK(client.heard() == lines{"end unavailable: the server spoke on an idle connection "
                                "(not_sent)"});
  CHECK(client.session->finished());
  CHECK(client.session->output().empty());

  calling stale;
  stale.call();
  stale.send(ok);
  (void)stale.heard();
  stale.call(unary, false);
  stale.session->eof();
  CHECK(stale.heard() ==
        lines{"end unavailable: the peer closed the connection during the call (not_sent)"});

  // A server that refuses a new connection does not wait for what would be asked.
  calling fresh;
  fresh.call(unary, false);
  fresh.send(answer("{\"code\":\"unavailable\",\"message\":\"full\"}", "503 Service Unavailable",
                    "Connection: close\r\npolywire-outcome: rejected\r\n"));
  CHECK(fresh.heard() == lines{"end unavailable: full (rejected)"});
}

TEST_CASE("callers may cancel, close and send inside every callback", "[http]") {
  enum class command { cancel, close, lost, half_close, send };
  const std::string answers = stream_head +
                              chunk(envelope("1") + envelope("2") + envelope("3") + end_of_stream) +
                              no_more_chunks;
  for (const command what :
       {command::cancel, command::close, command::lost, command::half_close, command::send}) {
    calling client;
    const rpc::call_id id = client.call(client_streaming);
    client.layer.all[0]->on_message_hook = [&](const pw::incoming&, bool) {
      switch (what) {
        case command::cancel: client.session->cancel(id); break;
        case command::close: client.session->close(pw::status::cancelled("x")); break;
        case command::lost: client.session->lost(pw::status::unavailable("x")); break;
        case command::half_close: client.session->half_close(id); break;
        case command::send: (void)client.session->send(id, text("1", pw::format::json), true);
      }
    };
    client.send(answers);
    const lines heard = client.heard();
    const bool ends = what == command::cancel || what == command::close || what == command::lost;
    CHECK(client.session->calls() == 0);
    CHECK(client.session->finished() == ends);
    if (what == command::cancel) CHECK(heard == lines{"message '1'"});
    if (what == command::close) {
      CHECK(heard == lines{"message '1'", "end cancelled: x (maybe_processed)"});
    }
    if (!ends) CHECK(heard.size() == 5);
    client.session->cancel(id);  // too late, and harmless
    client.session->close(pw::status::cancelled("again"));
    CHECK(client.heard().empty());
  }
}

TEST_CASE("a subscription that is cancelled in the middle hears no further event", "[http]") {
  calling client;
  const rpc::call_id id = client.call(subscribe);
  client.layer.all[0]->on_message_hook = [&](const pw::incoming&, bool) {
    client.session->cancel(id);
  };
  const std::string event = "id: 7-21\ndata: \"x\"\n\n";
  client.send(events_head + chunk(event + event + event));
  CHECK(client.heard() == lines{"confirmed after 7-20 number 0", "event 21 '\"x\"'"});
  CHECK(client.session->resets());
}

TEST_CASE("messages after the last one are refused", "[http]") {
  calling client;
  const rpc::call_id id = client.call(client_streaming);
  CHECK(client.session->send(id, text("1", pw::format::json), true));
  const std::string sent = text_of(*client.session);
  CHECK(sent.ends_with(no_more_chunks));
  CHECK(client.session->send(id, text("2", pw::format::json), false).status().code() ==
        pw::status_code::failed_precondition);
  client.session->half_close(id);
  CHECK(text_of(*client.session).empty());
}

TEST_CASE("a message that was held wakes its own call only", "[http]") {
  pw::limits bounds;
  bounds.call_credit = 1'000;
  calling client(bounds);
  const rpc::call_id id = client.call(client_streaming);
  const std::string large(2'000, '1');
  CHECK(client.session->send(id, text(large, pw::format::json), false).value() == rpc::sent::held);
  (void)text_of(*client.session, 1'000);
  CHECK(client.heard().empty());
  (void)text_of(*client.session, 900);
  CHECK(client.heard() == lines{"sent"});
  CHECK(client.session->send(id, text(large, pw::format::json), true).value() == rpc::sent::held);
  client.send(stream_head + chunk(envelope("1") + end_of_stream) + no_more_chunks);
  (void)client.heard();
  client.call();
  for (const std::string& line : client.heard()) CHECK(line != "sent");
}

TEST_CASE("an answer before the request is whole ends the call, and the connection", "[http]") {
  calling client;
  client.call(client_streaming);
  client.send(answer("{\"code\":\"aborted\",\"message\":\"enough\"}", "409 Conflict"));
  CHECK(client.heard() == lines{"end aborted: enough (processed)"});
  CHECK(client.session->resets());
}

TEST_CASE("an answer may end with the connection, where nothing else says its length", "[http]") {
  calling client;
  client.call();
  client.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n\"h");
  client.send("i\"");
  client.session->eof();
  CHECK(client.heard() == lines{"message '\"hi\"' last", "end ok"});
  CHECK_FALSE(client.session->resets());

  for (const std::string& half :
       {ok.substr(0, ok.size() - 1), ok.substr(0, 20), stream_head + chunk("\"h"), std::string()}) {
    calling cut;
    cut.call();
    cut.send(half);
    cut.session->eof();
    const lines heard = cut.heard();
    REQUIRE(heard.size() == 1);
    CHECK((heard[0].find("(maybe_processed)") != std::string::npos ||
           heard[0].find("which was not asked for") != std::string::npos));
  }
}

TEST_CASE("answers that break the rules end the call as an error of the server", "[http]") {
  const std::string bad[] = {
      "\xf0PW\x01",
      "SSH-2.0-x\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\n1",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\n folded\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      stream_head.substr(0, stream_head.find("Content")) +
          "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
  };
  for (const std::string& bytes : bad) {
    INFO(bytes);
    const std::string heard = heard_after(bytes);
    CHECK(heard.starts_with("end internal: the server's answer is no HTTP that can be read: "));
    CHECK(heard.ends_with("(maybe_processed)"));
  }
  const std::string hint = "HTTP/1.1 103 Early Hints\r\n\r\n";
  std::string eight;
  for (int i = 0; i < 8; ++i) eight += hint;
  calling patient;
  patient.call();
  patient.send(eight + ok);
  CHECK(patient.heard().size() == 3);
  CHECK(heard_after(eight + hint + ok).starts_with("end internal"));
}

TEST_CASE("answers above the limits end their call", "[http]") {
  pw::limits bounds;
  bounds.max_message = 1'000;
  bounds.max_metadata = 100;
  const std::string type = "application/json";
  for (const std::size_t size : {999U, 1'000U}) {
    calling client(bounds);
    client.call();
    client.send(answer(std::string(size, '1')));
    CHECK(client.heard().at(0) == "message " + std::to_string(size) + " bytes last");
  }
  CHECK(heard_after(answer(std::string(1'001, '1')), bounds).starts_with("end resource_exhausted"));
  CHECK(heard_after(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + std::string(1'001, '1'),
            bounds)
            .starts_with("end resource_exhausted"));
  CHECK(
      heard_after(stream_head + chunk(envelope(std::string(1'001, '1'))), bounds, server_streaming)
          .starts_with("end resource_exhausted"));
  CHECK(heard_after(answer("1", "200 OK", "k: " + std::string(100, 'v') + "\r\n"), bounds)
            .starts_with("end resource_exhausted"));
  CHECK(heard_after(answer("1", "200 OK", "Vary: " + std::string(60'000, 'v') + "\r\n"))
            .starts_with("end internal"));
  CHECK(heard_after("HTTP/1.1 200 " + std::string(9'000, 'r')).starts_with("end internal"));
}

TEST_CASE("half an answer is given up when nothing more of it comes", "[http]") {
  calling client;
  client.call();
  CHECK(client.session->next_timer() == pw::never);  // the service may take its time
  client.send(ok.substr(0, ok.size() - 1));
  CHECK(client.session->next_timer() == client.now + 30s);
  client.session->at(client.now + 30s - 1ms);
  client.session->on_timer();
  CHECK(client.heard().empty());
  client.session->at(client.now + 30s);
  client.session->on_timer();
  CHECK(client.heard().at(0).starts_with("end unavailable: half an answer"));
  CHECK(client.session->resets());
  CHECK(client.session->next_timer() == pw::never);
}

TEST_CASE("a client that drains takes no more calls", "[http]") {
  calling client;
  client.call();
  client.session->drain();
  CHECK_FALSE(client.session->finished());
  client.send(ok);
  CHECK(client.heard() == lines{"message '\"hi\"' last", "end ok"});
  CHECK(client.session->finished());
  CHECK(client.session->capacity() == 0);
}

TEST_CASE("statuses of servers that do not speak our protocol", "[http]") {
  const std::pair<const char*, const char*> codes[] = {
      {"400 Bad Request", "internal"},
      {"401 Unauthorized", "unauthenticated"},
      {"403 Forbidden", "permission_denied"},
      {"404 Not Found", "unimplemented"},
      {"429 Too Many Requests", "unavailable"},
      {"502 Bad Gateway", "unavailable"},
      {"503 Service Unavailable", "unavailable"},
      {"504 Gateway Timeout", "unavailable"},
      {"500 Internal Server Error", "unknown"},
      {"301 Moved Permanently", "unknown"},
  };
  for (const auto& [status, code] : codes) {
    calling client;
    client.call();
    client.send(answer("<html>", status, "", "text/html"));
    const lines heard = client.heard();
    INFO(status);
    CHECK(heard.at(0).starts_with(std::string("end ") + code + ": the server answered HTTP "));
    CHECK(client.session->capacity() == 1);
  }
}

}  // namespace http_client_session_test

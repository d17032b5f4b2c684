// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/backend/http_carrier/server_session.hpp"

#include "support/catch.hpp"
#include "unit/backend/http_carrier/harness.hpp"

namespace http_server_session_test {

using namespace http_tests;

namespace {

const std::string hi = post("/a.B/Unary", "\"hi\"");

/// Everything that a server hears and says, in the end with its connection's state.
lines conversation(std::string_view bytes, const std::vector<std::size_t>& cuts,
                   const pw::limits& bounds = pw::limits()) {
  serving server(bounds);
  server.echoing();
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    server.send(bytes.substr(from, cut - from));
    from = cut;
  }
  server.send(bytes.substr(from));
  lines log = server.heard();
  for (std::string& line : server.answers()) {
    if (!line.starts_with("100")) log.push_back(std::move(line));  // only who waits gets it
  }
  log.emplace_back(server.state());
  return log;
}

std::string old(std::string request) { return request.replace(request.find("/1.1"), 4, "/1.0"); }

}  // namespace

TEST_CASE("every conversation means the same however its bytes are cut", "[http]") {
  const std::string golden[] = {
      hi + hi,
      "\r\n" + hi + "\r\n" + hi,
      post("/a.B/Unary", "\"hi\"", "Connection: close\r\n") + hi,
      post("/a.B/Unary", "\"hi\"", "Expect: 100-continue\r\n") + hi,
      post("/a.B/Nowhere", "\"hi\"") + hi,
      post("/nowhere", "\"hi\"", "Expect: 100-continue\r\n") + hi,
      "HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n" + hi,
      "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" + hi,
      "GET /a.B/Unary HTTP/1.1\r\nHost: a\r\n\r\n" + hi,
      old(hi) + hi,
      old(post("/a.B/Unary", "\"hi\"", "Connection: keep-alive\r\n")) + hi,
      stream("/a.B/Both") + chunk(envelope("\"x\"")) + chunk(envelope("\"y\"")) + no_more_chunks +
          hi,
      stream("/a.B/Both") + chunk(envelope("\"x\"") + envelope("1").substr(0, 3)) +
          chunk(envelope("1").substr(3)) + "0\r\nTrailer: x\r\n\r\n" + hi,
      stream("/a.B/Both") + chunk(envelope("\"x\"") + "\x80...."),
      stream("/a.B/Both") + chunk(envelope("\"x\"")) + "zz\r\n",
      post("/topics/t.a", "\"event\"", "ce-partitionkey: k%20\r\n") + hi,
      std::string("GET /topics/t.a?from=last-3 HTTP/1.1\r\nHost: a\r\n\r\n"),
      std::string("\x16\x03\x01\x02\x00\x01\x00", 7),
      hi + "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n" + hi,
  };
  for (const std::string& bytes : golden) {
    INFO(bytes);
    const lines whole = conversation(bytes, {});
    CHECK(whole.size() > 1);
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      REQUIRE(conversation(bytes, {cut}) == whole);
    }
    std::vector<std::size_t> each(bytes.size() - 1);
    for (std::size_t i = 0; i < each.size(); ++i) each[i] = i + 1;
    CHECK(conversation(bytes, each) == whole);
  }
}

TEST_CASE("a connection is used again, and a thousand pipelined requests keep their order",
          "[http]") {
  serving server;
  server.echoing();
  std::string all;
  lines expected;
  for (int i = 0; i < 1'000; ++i) {
    all += post("/a.B/Unary", std::to_string(i));
    expected.push_back("200 '" + std::to_string(i) + "'");
  }
  CHECK(server.send(all).answers() == expected);
  CHECK(server.state() == "open");
}

TEST_CASE("what is pipelined waits for the call before it", "[http]") {
  serving server;
  server.send(post("/a.B/Unary", "1") + post("/a.B/Unary", "2") + post("/a.B/Unary", "3"));
  for (rpc::call_id id = 1; id <= 3; ++id) {
    const std::string n = std::to_string(id);
    CHECK(server.heard() == lines{n + ": open a.B/Unary json", n + ": message '" + n + "' last"});
    server.reply(id, "r" + n);
    CHECK(server.answers() == lines{"200 'r" + n + "'"});
    server.pass(0s);
  }
  CHECK(server.session->calls() == 0);
}

TEST_CASE("who does not read its answers gets no more of them", "[http]") {
  pw::limits bounds;
  bounds.call_credit = 10'000;
  serving server(bounds);
  server.echoing();
  const std::string request = post("/a.B/Unary", std::string(1'000, '1'));
  std::string all;
  for (int i = 0; i < 100; ++i) all += request;
  server.send(all);
  const std::size_t waiting = server.session->output()[0].size();
  CHECK(waiting >= 10'000);
  CHECK(waiting < 12'000);
  CHECK_FALSE(server.session->wants_input());  // there is enough to do
  CHECK(server.session->next_timer() == pw::never);
  std::size_t answered = 0;
  for (int rounds = 0; answered < 100; ++rounds) {
    REQUIRE(rounds < 100);
    answered += server.answers().size();
    server.pass(0s);
  }
  CHECK(server.session->wants_input());
  CHECK(server.state() == "open");
}

TEST_CASE("a client that has asked and closed its direction still gets its answers", "[http]") {
  serving server;
  server.send(post("/a.B/Unary", "1") + post("/a.B/Unary", "2"));
  server.session->eof();
  CHECK(server.state() == "open");
  server.reply(1, "one");
  server.pass(0s);
  CHECK(server.state() == "open");
  server.reply(2, "two");
  CHECK(server.answers() == lines{"200 'one'", "200 'two'"});
  CHECK(server.state() == "closed");

  serving half;  // a request that is not whole is none
  half.send(hi + hi.substr(0, hi.size() - 1));
  half.reply(1, "one");
  half.pass(0s);
  half.session->eof();
  CHECK(half.heard().back() ==
        "2: end cancelled: the client closed the connection during the call "
        "(maybe_processed)");
  CHECK(half.state() == "closed");

  serving streaming;  // for a stream it is a cancel
  streaming.send(stream("/a.B/Both") + no_more_chunks);
  streaming.session->eof();
  CHECK(streaming.layer.all[0]->ended);
  CHECK(streaming.state() == "closed");

  serving idle;
  idle.session->eof();
  CHECK(idle.state() == "closed");

  serving refused;  // what was answered already is not lost
  refused.send(post("/nowhere", "1234").substr(0, 90));
  refused.session->eof();
  CHECK(refused.state() == "closed");
  CHECK(refused.answers().size() == 1);
}

TEST_CASE("a client that is gone cancels its call, whatever it was", "[http]") {
  for (const std::string& request :
       {hi, stream("/a.B/Both"), post("/topics/t.a", "1"),
        std::string("GET /topics/t.%3E HTTP/1.1\r\nHost: a\r\n\r\n")}) {
    serving server;
    server.send(request);
    server.session->lost(pw::status::unavailable("reset by peer"));
    CHECK(server.layer.all.at(0)->how.code() == pw::status_code::cancelled);
    server.session->end(1, nullptr, {}, {});  // too late, and harmless
    CHECK(server.answers().empty());
    CHECK(server.session->calls() == 0);
  }
}

TEST_CASE("handlers may end, close and drain inside every callback", "[http]") {
  enum class command { end, reject, close, drain, lost };
  for (const command what :
       {command::end, command::reject, command::close, command::drain, command::lost}) {
    for (const bool on_message : {true, false}) {
      serving server;
      const auto act = [&](rpc::call_id id) {
        switch (what) {
          case command::end: server.session->end(id, nullptr, pw::status::aborted("x"), {}); break;
          case command::reject: server.session->reject(id, pw::status::aborted("x")); break;
          case command::close: server.session->close(pw::status::unavailable("x")); break;
          case command::drain: server.session->drain(); break;
          case command::lost: server.session->lost(pw::status::unavailable("x")); break;
        }
      };
      server.layer.on_open_hook = [&](rpc::call_id id, call_end& call) {
        if (on_message) {
          call.on_message_hook = [&act, id](const pw::incoming&, bool) { act(id); };
        } else {
          call.on_half_close_hook = [&act, id] { act(id); };
        }
      };
      server.send(stream("/a.B/Both") + chunk(envelope("1") + envelope("2") + envelope("3")) +
                  no_more_chunks);
      if (what == command::drain) {
        CHECK(server.session->calls() == 1);
        server.session->end(1, nullptr, {}, {});
      }
      CHECK(server.session->calls() == 0);
      const auto messages = static_cast<std::size_t>(
          std::count_if(server.layer.events.begin(), server.layer.events.end(),
                        [](const std::string& line) { return line.starts_with("1: message"); }));
      const bool ends_at_first = on_message && what != command::drain;
      CHECK(messages == (ends_at_first ? 1U : 3U));
    }
  }
}

TEST_CASE("a call that the session has held room for does not wake the next one", "[http]") {
  pw::limits bounds;
  bounds.call_credit = 1'000;
  serving server(bounds);
  server.send(stream("/a.B/Down") + chunk(envelope("1")) + no_more_chunks);
  const std::string large(2'000, '1');
  CHECK(server.session->send(1, text(large, pw::format::json), false).value() == rpc::sent::held);
  server.session->end(1, nullptr, {}, {});
  server.send(stream("/a.B/Down") + chunk(envelope("1")) + no_more_chunks);
  (void)server.heard();
  while (!take_output(*server.session).empty()) server.pass(0s);
  for (const std::string& line : server.heard()) CHECK(line != "2: sent");
}

TEST_CASE("closing answers in the call's own form, and claims only what is true", "[http]") {
  const pw::status why = pw::status::unavailable("the server is stopping");
  {
    serving unary;  // its handler runs: nobody may repeat it unasked
    unary.send(hi);
    unary.session->close(why);
    const std::string said = text_of(*unary.session);
    CHECK(said.starts_with("HTTP/1.1 503 "));
    CHECK(said.find("connection: close\r\n") != std::string::npos);
    CHECK(said.find("rejected") == std::string::npos);
    CHECK(said.ends_with("{\"code\":\"unavailable\",\"message\":\"the server is stopping\"}"));
    CHECK(unary.layer.all[0]->ended);
    CHECK(unary.state() == "lingers");
  }
  {
    serving streaming;
    streaming.send(stream("/a.B/Down") + chunk(envelope("1")) + no_more_chunks);
    CHECK(streaming.session->send(1, text("1", pw::format::json), false));
    streaming.session->close(why);
    const std::string said = text_of(*streaming.session);
    CHECK(said.find("\"unavailable\"") != std::string::npos);
    CHECK(said.ends_with(no_more_chunks));
    CHECK(streaming.state() == "lingers");
  }
  {
    serving fresh;  // whatever it asks, nothing was done
    fresh.session->close(why);
    const lines said = fresh.answers();
    REQUIRE(said.size() == 1);
    CHECK(said[0].starts_with("503 close rejected"));
  }
  {
    serving idle;
    idle.echoing().send(hi);
    (void)idle.answers();
    idle.session->close(why);
    CHECK(idle.answers().empty());
    CHECK(idle.state() == "closed");
  }
}

TEST_CASE("a server that drains closes behind the call in flight, and refuses what comes then",
          "[http]") {
  serving busy;
  busy.send(hi);
  busy.session->drain();
  busy.reply(1, "\"last\"");
  CHECK(busy.answers() == lines{"200 close '\"last\"'"});
  CHECK(busy.state() == "lingers");

  serving idle;
  idle.session->drain();
  CHECK(idle.state() == "closed");

  serving within;  // half a head has come
  within.send(hi.substr(0, 20));
  within.session->drain();
  CHECK(within.state() == "open");
  within.send(hi.substr(20));
  const lines said = within.answers();
  REQUIRE(said.size() == 1);
  CHECK(said[0].starts_with("503 close rejected"));
  CHECK(within.heard().empty());
}

TEST_CASE("a connection lingers for a while behind its last answer", "[http]") {
  const auto closed = [] {
    auto server = std::make_unique<serving>();
    server->echoing().send(post("/a.B/Unary", "1", "Connection: close\r\n"));
    CHECK(server->answers() == lines{"200 close '1'"});
    CHECK(server->state() == "lingers");
    return server;
  };
  auto by_time = closed();
  by_time->pass(2s - 1ms);
  CHECK(by_time->state() == "lingers");
  by_time->pass(1ms);
  CHECK(by_time->state() == "closed");

  auto by_size = closed();
  by_size->send(std::string(256 << 10, 'x'));
  CHECK(by_size->state() == "lingers");
  by_size->send("x");
  CHECK(by_size->state() == "closed");

  auto by_peer = closed();
  by_peer->session->eof();
  CHECK(by_peer->state() == "closed");
  CHECK(closed()->send(hi).answers().empty());
}

TEST_CASE("requests of HTTP/1.0 are answered as they can be understood", "[http]") {
  serving server;
  server.echoing();
  server.send(old(post("/a.B/Unary", "1", "Connection: keep-alive\r\n")));
  const std::string said = text_of(*server.session);
  CHECK(said.find("connection: keep-alive\r\n") != std::string::npos);
  const std::string body = envelope("1");
  server.send(old(post("/a.B/Down", body, "", "application/connect+json")));
  const std::string streamed = text_of(*server.session);
  CHECK(streamed.find("chunked") == std::string::npos);
  CHECK(streamed.find("connection: close\r\n") != std::string::npos);
  CHECK(server.state() == "lingers");  // the end of the stream is its end
}

TEST_CASE("an answer to HEAD has the length and no body", "[http]") {
  serving server;
  server.echoing().send("HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
  const std::string said = text_of(*server.session);
  CHECK(said.find("content-length: ") != std::string::npos);
  CHECK(said.ends_with("\r\n\r\n"));
  server.send("HEAD /a.B/Unary HTTP/1.1\r\nHost: a\r\n\r\n" + hi);
  const std::string refused = text_of(*server.session);
  CHECK(refused.find("allow: POST") != std::string::npos);
  CHECK(refused.find("\r\n\r\nHTTP/1.1 200 OK\r\n") != std::string::npos);
}

TEST_CASE("100 (Continue) is for who waits for it", "[http]") {
  const std::string asks = "Expect: 100-continue\r\n";
  const std::string request = post("/a.B/Unary", "\"hi\"", asks);
  const std::size_t head = request.find("\r\n\r\n") + 4;
  serving waits;
  waits.echoing().send(request.substr(0, head));
  CHECK(waits.answers() == lines{"100"});
  CHECK(waits.send(request.substr(head)).answers() == lines{"200 '\"hi\"'"});

  serving impatient;
  CHECK(impatient.echoing().send(request).answers() == lines{"200 '\"hi\"'"});

  // Whoever got a final answer instead may never send its body: what comes then is not clear.
  serving nowhere;
  const std::string lost = post("/nowhere", "1", asks);
  nowhere.send(lost.substr(0, lost.size() - 1));
  CHECK(nowhere.answers().at(0).starts_with("404 close"));
  CHECK(nowhere.state() == "lingers");

  serving refused;
  refused.layer.refuse_with = pw::status::permission_denied("no");
  refused.send(request.substr(0, head));
  CHECK(refused.answers().at(0).starts_with("403 close rejected"));

  pw::limits small;
  small.max_message = 3;
  serving large(small);
  large.send(request.substr(0, head));
  CHECK(large.answers().at(0).starts_with("413 close rejected"));
}

TEST_CASE("a body of a known length that nobody wants is skipped up to 256 KiB", "[http]") {
  const std::size_t most = 256 << 10;
  for (const std::size_t size : {most - 1, most}) {
    serving server;
    server.echoing().send(post("/nowhere", std::string(size, 'x')) + hi);
    const lines said = server.answers();
    REQUIRE(said.size() == 2);
    CHECK(said[0].starts_with("404"));
    CHECK_FALSE(said[0].starts_with("404 close"));
    CHECK(said[1] == "200 '\"hi\"'");
  }
  serving server;
  server.echoing().send(post("/nowhere", std::string(most + 1, 'x')) + hi);
  const lines said = server.answers();
  REQUIRE(said.size() == 1);
  CHECK(said[0].starts_with("404 close"));
}

TEST_CASE("a call that ends before its request has come leaves the connection in step", "[http]") {
  serving server;
  server.send(stream("/a.B/Both") + chunk(envelope("1")));
  server.session->end(1, nullptr, pw::status::aborted("enough"), {});
  CHECK(server.state() == "open");
  server.echoing().send(chunk(envelope("2")) + no_more_chunks + hi);
  CHECK(server.answers().back() == "200 '\"hi\"'");
}

TEST_CASE("the rest of a body never hides the next request from who may send one", "[http]") {
  const std::string rest = chunk(std::string(400 << 10, 'x')) + no_more_chunks;
  serving ended;
  ended.send(stream("/a.B/Both"));
  ended.session->end(1, nullptr, pw::status::aborted("enough"), {});
  CHECK(ended.echoing().send(rest + hi).answers().back() == "200 '\"hi\"'");

  serving nowhere;
  nowhere.echoing().send(stream("/nowhere") + rest + hi);
  CHECK(nowhere.answers().back() == "200 '\"hi\"'");

  serving endless;
  endless.send(stream("/nowhere"));
  for (int i = 0; i < 29; ++i) {
    endless.send(chunk(std::string(100'000, 'x')));
    endless.pass(1s);
  }
  CHECK(endless.answers().size() == 1);
  CHECK(endless.state() == "open");
  endless.send(chunk("x"));
  endless.pass(1s);
  CHECK(endless.session->finished());
  CHECK(endless.session->resets());

  serving broken;  // where the next request would begin is not known
  broken.send(stream("/nowhere") + "zz\r\n" + hi);
  CHECK(broken.answers().size() == 1);
  CHECK(broken.state() == "lingers");
}

}  // namespace http_server_session_test

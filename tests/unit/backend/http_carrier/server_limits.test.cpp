// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// A server at the limits of what a client may do: each just below, at, and just above it.
#include "polywire/backend/http_carrier/server_session.hpp"

#include "polywire/backend/http_carrier/head_limits.hpp"

#include "support/catch.hpp"
#include "unit/backend/http_carrier/harness.hpp"

#include <functional>

namespace http_server_limits_test {

using namespace http_tests;

namespace {

const std::string hi = post("/a.B/Unary", "1");

/// What a server says to one request, whole and a byte at a time, and that it closes then.
std::string refusal(const std::string& request, const pw::limits& bounds = pw::limits()) {
  serving whole(bounds);
  whole.echoing().send(request);
  serving slow(bounds);
  slow.echoing().trickle(request);
  const lines said = whole.answers();
  const bool same = slow.answers() == said && whole.state() == slow.state();
  if (!same || said.size() != 1) return std::to_string(said.size()) + " answers, or not the same";
  return said[0].substr(0, 9) + " " + std::string(whole.state());
}
/// Requests that are good up to a size, and beyond it are refused.
void around(std::size_t limit, const std::function<std::string(std::size_t)>& request,
            const std::string& refused, const pw::limits& bounds = pw::limits()) {
  for (const std::size_t size : {limit - 1, limit}) {
    INFO(size << " of " << limit);
    serving server(bounds);
    const lines said = server.echoing().send(request(size) + hi).answers();
    REQUIRE(said.size() == 2);
    CHECK(said[0].starts_with("20"));
    CHECK(said[1] == "200 '1'");
  }
  CHECK(refusal(request(limit + 1), bounds) == refused);
}

}  // namespace

TEST_CASE("L1: the first line", "[http]") {
  around(
      8 << 10,
      [](std::size_t size) {
        const std::string line = "POST /a.B/Unary? HTTP/1.1\r\n";
        std::string request = hi;
        return request.insert(15, "?" + std::string(size - line.size(), 'q'));
      },
      "414 close lingers");
}

TEST_CASE("L2: the header section, in bytes and in fields", "[http]") {
  pw::limits bounds;
  const std::size_t head = hi.size() - 1 - (hi.find('\n') + 1);
  around(
      pw::http_carrier::head_limits(bounds).max_fields_size,
      [&](std::size_t size) {
        // No metadata: that has a limit of its own, which ends the call alone.
        return post("/a.B/Unary", "1", "Accept: " + std::string(size - head - 10, 'a') + "\r\n");
      },
      "431 close lingers", bounds);
  bounds.max_metadata_entries = 10;
  around(
      pw::http_carrier::head_limits(bounds).max_fields,
      [](std::size_t count) {
        std::string fields;
        for (std::size_t i = 3; i < count; ++i) fields += "Accept: a\r\n";
        return post("/a.B/Unary", "1", fields);
      },
      "431 close lingers", bounds);
}

TEST_CASE("L2: metadata, whose call ends alone", "[http]") {
  pw::limits bounds;
  bounds.max_metadata = 100;
  bounds.max_metadata_entries = 5;
  const auto answer = [&](const std::string& fields) {
    serving server(bounds);
    const lines said = server.echoing().send(post("/a.B/Unary", "1", fields) + hi).answers();
    REQUIRE(said.size() == 2);
    CHECK(said[1] == "200 '1'");
    return said[0].substr(0, 12);
  };
  CHECK(answer("k: " + std::string(98, 'v') + "\r\n") == "200 '1'");
  CHECK(answer("k: " + std::string(99, 'v') + "\r\n") == "200 '1'");
  CHECK(answer("k: " + std::string(100, 'v') + "\r\n") == "429 rejected");
  std::string fields;
  for (int i = 0; i < 5; ++i) fields += "k: v\r\n";
  CHECK(answer(fields) == "200 '1'");
  CHECK(answer(fields + "k: v\r\n") == "429 rejected");
}

TEST_CASE("L3: messages, with their size before them and in chunks", "[http]") {
  pw::limits bounds;
  bounds.max_message = 1'000;
  around(
      1'000, [](std::size_t size) { return post("/a.B/Unary", std::string(size, '1')); },
      "413 close lingers", bounds);
  const auto chunked = [](std::size_t size) {
    return "POST /a.B/Unary HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
           "Transfer-Encoding: chunked\r\n\r\n" +
           chunk(std::string(500, '1')) + chunk(std::string(size - 500, '1')) + no_more_chunks;
  };
  around(1'000, chunked, "413 close lingers", bounds);
  around(
      1'000, [](std::size_t size) { return post("/topics/t.a", std::string(size, '1')); },
      "413 close lingers", bounds);
}

TEST_CASE("L3: a message of a stream that is too large ends the stream", "[http]") {
  pw::limits bounds;
  bounds.max_message = 1'000;
  for (const std::size_t size : {999U, 1'000U, 1'001U}) {
    serving server(bounds);
    server.echoing().send(stream("/a.B/Both") + chunk(envelope(std::string(size, '1'))) +
                          no_more_chunks + hi);
    const std::string said = text_of(*server.session);
    CHECK((said.find("resource_exhausted") != std::string::npos) == (size == 1'001));
    CHECK(said.ends_with("\r\n\r\n1"));  // the connection goes on
  }
}

TEST_CASE("L5: chunk extensions and trailers", "[http]") {
  const auto request = [](const std::string& extension, const std::string& trailers) {
    return "POST /a.B/Unary HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
           "Transfer-Encoding: chunked\r\n\r\n1" +
           extension + "\r\n1\r\n0\r\n" + trailers + "\r\n";
  };
  around(
      16 << 10, [&](std::size_t size) { return request(";" + std::string(size - 1, 'e'), ""); },
      "400 close lingers");
  around(
      16 << 10,
      [&](std::size_t size) { return request("", "t: " + std::string(size - 7, 't') + "\r\n"); },
      "431 close lingers");
}

TEST_CASE("L10: behind a call that runs, about 16 KiB are read ahead", "[http]") {
  serving server;
  server.send(hi);
  CHECK(server.session->wants_input());
  const std::string request = post("/a.B/Unary", std::string((16 << 10) - 200, '1'));
  server.send(request.substr(0, 10'000));
  CHECK(server.session->wants_input());
  server.send(request.substr(10'000) + std::string(200, ' '));
  CHECK_FALSE(server.session->wants_input());
  server.reply(1, "1");
  server.pass(0s);
  CHECK(server.session->wants_input());
}

TEST_CASE("L12: the head of a request has 10 seconds, however it trickles", "[http]") {
  serving slow;
  slow.send(hi.substr(0, 5));
  for (int i = 0; i < 9; ++i) {
    slow.pass(1s);
    slow.send(hi.substr(5 + static_cast<std::size_t>(i), 1));
  }
  slow.pass(1s - 1ms);
  CHECK(slow.answers().empty());
  slow.pass(1ms);
  CHECK(slow.answers().at(0).starts_with("408 close"));
  CHECK(slow.state() == "lingers");

  serving again;  // counted from the first byte
  again.echoing().send(hi);
  again.pass(50s);
  again.send("P");
  again.pass(10s - 1ms);
  CHECK(again.send(hi.substr(1)).answers().size() == 2);
}

TEST_CASE("L13: a body may pause for 30 seconds", "[http]") {
  serving server;
  server.echoing().send(hi.substr(0, hi.size() - 1));
  server.pass(30s - 1ms);
  CHECK(server.state() == "open");
  server.pass(1ms);
  CHECK(server.answers().at(0).starts_with("408 close"));
  CHECK(server.state() == "lingers");

  serving moving;
  moving.echoing().send(stream("/a.B/Up"));
  for (int i = 0; i < 10; ++i) {
    moving.pass(29s);
    moving.send(chunk(envelope("1")));
  }
  CHECK(moving.send(no_more_chunks).state() == "open");

  serving held;  // it is our handler that does not read
  held.bounds.call_credit = 100;
  const std::string large = envelope(std::string(200, '1'));
  held.send(stream("/a.B/Up") + chunk(large));
  CHECK_FALSE(held.session->wants_input());
  held.pass(1h);
  CHECK(held.state() == "open");
  held.session->consumed(1, large.size());
  CHECK(held.session->wants_input());
  held.pass(30s - 1ms);
  CHECK(held.state() == "open");
  held.pass(1ms);
  CHECK(held.state() == "lingers");

  serving behind;  // the body has 30 seconds from where its request begins
  behind.send(hi + hi.substr(0, hi.size() - 1));
  behind.pass(1h);
  behind.reply(1, "1");
  behind.pass(30s - 1ms);
  CHECK(behind.answers().size() == 1);
  CHECK(behind.state() == "open");

  serving early;  // answered before it has come
  early.send(stream("/a.B/Up") + chunk(large));
  early.session->end(1, nullptr, pw::status::aborted("x"), {});
  early.pass(30s);
  CHECK(early.state() == "reset");
}

TEST_CASE("L14: an idle connection is closed without a word after 120 seconds", "[http]") {
  serving server;
  server.echoing().send(hi);
  (void)server.answers();
  server.pass(120s - 1ms);
  CHECK(server.state() == "open");
  server.pass(1ms);
  CHECK(server.state() == "closed");
  CHECK(server.answers().empty());
  CHECK(server.bounds.pool_idle_timeout < server.bounds.idle_timeout);  // clients go first

  serving unused;  // a client's pool has connected, and has no request yet
  unused.pass(120s - 1ms);
  CHECK(unused.state() == "open");
  unused.pass(1ms);
  CHECK(unused.answers().empty());
  CHECK(unused.state() == "closed");

  serving running;
  running.send(hi);
  running.pass(1h);
  CHECK(running.state() == "open");
}

TEST_CASE("L15: a stream whose client does not read holds its handler", "[http]") {
  pw::limits bounds;
  bounds.call_credit = 10'000;
  serving server(bounds);
  server.send(stream("/a.B/Down") + chunk(envelope("1")) + no_more_chunks);
  const std::string kilobyte(1'000, '1');
  int sent = 0;
  while (server.session->send(1, text(kilobyte, pw::format::json), false).value() ==
         rpc::sent::done) {
    ++sent;
  }
  CHECK(sent == 9);
  (void)server.heard();
  (void)text_of(*server.session, 7'000);
  CHECK(server.heard().empty());
  (void)text_of(*server.session, 1'000);
  CHECK(server.heard() == lines{"1: sent"});
}

TEST_CASE("a subscription shows signs of life, one every 15 seconds", "[http]") {
  serving server;
  server.layer.on_open_hook = [&](rpc::call_id id, call_end& call) {
    call.on_half_close_hook = [&server, id] { server.session->confirm(id, position(7, 20, 0)); };
  };
  server.send("GET /topics/t.a HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(text_of(*server.session).find("polywire-position: ") != std::string::npos);
  for (int i = 0; i < 5; ++i) {
    server.pass(15s - 1ms);
    CHECK(text_of(*server.session).empty());
    server.pass(1ms);
    CHECK(text_of(*server.session) == chunk(":\n\n"));
  }
  auto event = text("1", pw::format::json);
  const pw::event_head head = event_at(21);
  event.with(head);
  CHECK(server.session->send(1, event, false));
  (void)text_of(*server.session);
  server.pass(15s - 1ms);
  CHECK(text_of(*server.session).empty());
}

TEST_CASE("what the client does wrong has its status, and ends the connection", "[http]") {
  const std::pair<std::string, std::string> requests[] = {
      {"POST  /a.B/Unary HTTP/1.1\r\nHost: a\r\n\r\n", "400 close lingers"},
      {"POST /a.B/Unary HTTP/1.1\r\n\r\n", "400 close lingers"},
      {"POST /a/../a.B/Unary HTTP/1.1\r\nHost: a\r\n\r\n", "400       open"},
      {"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", "501 close lingers"},
      {post("/a.B/Unary", "1", "Expect: 200-ok\r\n"), "417 close lingers"},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "505 close lingers"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505 close lingers"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
       "501 close lingers"},
      {std::string("\x16\x03\x01\x02\x00\x01\x00", 7), "400 close lingers"},
      {std::string("\xf0PW\x01", 4), "400 close lingers"},
  };
  for (const auto& [request, answered] : requests) {
    INFO(request);
    std::string said = refusal(request);
    if (said.starts_with("400 '") || said.ends_with(" open"))
      said = said.substr(0, 3) + "       open";
    CHECK(said == answered);
  }
}

TEST_CASE("never two requests where there is one", "[http]") {
  // Each hides a second request from somebody who reads by other rules (RFC 9112 11.2). The number:
  // how many calls there may be.
  const std::string hidden = post("/a.B/Unary", "\"hidden\"");
  const std::string size = std::to_string(hidden.size());
  const std::string begin =
      "POST /a.B/Unary HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n";
  const std::pair<std::string, int> attempts[] = {
      {begin + "Content-Length: " + size + "\r\n\r\n" + hidden, 1},
      {begin + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, 0},
      {begin + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + hidden, 0},
      {begin + "Content-Length: 0\r\nContent-Length: " + size + "\r\n\r\n" + hidden, 0},
      {begin + "Content-Length: 0, 0\r\n\r\n" + hidden, 0},
      {begin + "Content-Length: +0\r\n\r\n" + hidden, 0},
      {begin + "Content-Length: 0x0\r\n\r\n" + hidden, 0},
      {begin + "Content-Length : 0\r\n\r\n" + hidden, 0},
      {begin + "Content-Length: 0\r\n folded: x\r\n\r\n" + hidden, 0},
      {begin + " Content-Length: 0\r\n\r\n" + hidden, 0},
      {begin + "Content-Length: 0\n\r\n" + hidden, 0},
      {begin + "X: y\nContent-Length: 0\r\n\r\n" + hidden, 0},
      {begin + "X: y\rContent-Length: 0\r\n\r\n" + hidden, 0},
      {begin + std::string("X: \0\r\n\r\n", 8) + hidden, 0},
      {begin + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden, 0},
      {begin + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + hidden, 0},
      {begin + "Transfer-Encoding: identity\r\n\r\n" + hidden, 0},
      {begin +
           "Transfer-Encoding:\x0b"
           "chunked\r\n\r\n0\r\n\r\n" +
           hidden,
       0},
      {begin + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
       0},
      {begin + "Transfer-Encoding: chunked\r\n\r\n0\n\r\n" + hidden, 0},
      {begin + "Transfer-Encoding: chunked\r\n\r\n-0\r\n\r\n" + hidden, 0},
      {begin + "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + hidden, 0},
      {begin + "Transfer-Encoding: chunked\r\n\r\n1\r\n11\r\n0\r\n\r\n" + hidden, 0},
      {begin + "Transfer-Encoding: chunked\r\n\r\n1;a=\"\r\n1\r\n0\r\n\r\n" + hidden, 0},
      {begin + "Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n1\r\n0\r\n\r\n" + hidden, 0},
      {begin + "Transfer-Encoding: chunked\r\n\r\n1\r\n1\r\n0\r\nContent-Length: 5\r\n\r\n" +
           hidden,
       0},
      {"POST /a.B/Unary HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden, 0},
      {begin + "Connection: close\r\nContent-Length: 1\r\n\r\n1" + hidden, 1},
      {"GET /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: " + size + "\r\n\r\n" + hidden, 0},
      {"HEAD /nowhere HTTP/1.1\r\nHost: a\r\nContent-Length: " + size + "\r\n\r\n" + hidden, 0},
      {begin + "Expect: 100-continue\r\nContent-Length: " + size + "\r\n\r\n" + hidden, 1},
      {"POST /nowhere HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: " + size +
           "\r\n\r\n" + hidden,
       0},
  };
  for (const auto& [bytes, calls] : attempts) {
    INFO(bytes);
    for (const bool slowly : {false, true}) {
      serving server;
      server.echoing();
      if (slowly) {
        server.trickle(bytes);
      } else {
        server.send(bytes);
      }
      int heard = 0;
      for (const std::string& line : server.layer.events) {
        heard += line.find("message") != std::string::npos;
        CHECK(line.find("message '\"hidden\"'") == std::string::npos);
      }
      CHECK(heard == calls);
    }
  }
}

}  // namespace http_server_limits_test

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// Whole conversations as bytes: the ones that docs/protocols.md shows, and that bytes mean the same
// however they are cut.
#include "polywire/backend/framed/backend.hpp"

#include "support/catch.hpp"
#include "unit/backend/framed/scripted.hpp"
#include "unit/wire/frame/hex.hpp"

namespace conversations_test {

using namespace framed_tests;

namespace {

/// What a client with a subscription hears and says when it is fed `bytes` in two pieces.
lines listen_to(pw::bytes_view bytes, std::size_t cut) {
  scripted client(rpc::role::client);
  (void)try_subscribe(*client.session, "t.>", *client.layer.make()).value();
  (void)client.frames();
  feed(*client.session, bytes.first(cut));
  feed(*client.session, bytes.subspan(cut));
  lines log = client.heard();
  for (std::string& f : client.frames()) log.push_back(std::move(f));
  return log;
}

/// What a server hears and says when it is fed `bytes` in the given pieces; its handlers answer.
lines serve(pw::bytes_view bytes, const std::vector<std::size_t>& cuts) {
  scripted server(rpc::role::server);
  (void)server.frames();
  server.layer.on_open_hook = [&](rpc::call_id id, call_end& sink) {
    sink.on_message_hook = [&server, id](const pw::incoming& m, bool last) {
      std::optional<pw::payload> read;
      (void)m.read(read, server.bounds);
      const pw::outgoing back(pw::format::text, read->data().view());
      server.session->consumed(id, m.cost());
      if (last) {
        server.session->end(id, &back, {}, {});
      } else {
        (void)server.session->send(id, back, false);
      }
    };
    sink.on_half_close_hook = [&server, id] {
      server.session->end(id, nullptr, pw::status::aborted("so be it"), {});
    };
  };
  lines log;
  std::size_t from = 0;
  const auto take = [&](std::size_t to) {
    feed(*server.session, bytes.subspan(from, to - from));
    from = to;
  };
  for (const std::size_t cut : cuts) take(cut);
  take(bytes.size());
  log = server.heard();
  // The connection's credit is given back at the end of a read: where that is, is not part of it.
  for (std::string& f : server.frames()) {
    if (!f.starts_with("credit")) log.push_back(std::move(f));
  }
  log.push_back(server.session->finished() ? "finished" : "open");
  return log;
}

std::vector<script> golden() {
  std::vector<script> all;
  all.push_back(script()
                    .greeting()
                    .call(1, wf::flag_last, "hi", 1, "a.B/Unary")
                    .call(2, wf::flag_last, "again", 1));
  all.push_back(script()
                    .greeting()
                    .call(7, 0, nullptr, 1, "a.B/Both")
                    .call(7, 0, "one")
                    .call(9, 0, nullptr, 1)
                    .call(7, 0, "")
                    .call(9, wf::flag_cancel)
                    .call(7, wf::flag_last));
  all.push_back(script()
                    .greeting()
                    .call(1, 0, nullptr, 0, "a.B/Up")
                    .part(1, 100, 250)
                    .ping(3)
                    .part(1, 100)
                    .call(2, wf::flag_last, "between", 0, "a.B/Unary")
                    .part(1, 50, 0, wf::flag_last));
  all.push_back(script().greeting().call(1, 0, "x", 0, "a.B/Nowhere").call(2, 0, "x", 3));
  all.push_back(
      script().greeting().call(1, 0, "x", 0, "a.B/Both").goodbye(pw::status::unavailable("bye")));
  all.push_back(script().greeting().call(1, wf::flag_last, "x", 0, "a.B/Both").call(1, 0, "late"));
  pw::subscribe_head asked;
  asked.start = pw::start_at::last(3);
  asked.group = "g";
  all.push_back(script()
                    .greeting()
                    .subscribe(1, "t.>", asked, 1)
                    .call(2, wf::flag_last, "event", 2, "t.x")
                    .subscribe(3, "", asked, 1)
                    .call(1, wf::flag_cancel));
  all.push_back(script().greeting().subscribe(1, "t.>").subscribe(2, "a.B/Unary"));
  return all;
}

}  // namespace

TEST_CASE("every conversation means the same however its bytes are cut in two", "[framed]") {
  for (const script& s : golden()) {
    const pw::bytes_view bytes(s.bytes());
    const lines whole = serve(bytes, {});
    CHECK(whole.size() > 2);
    for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
      REQUIRE(serve(bytes, {cut}) == whole);
    }
  }
}

TEST_CASE("every conversation means the same a few bytes at a time", "[framed]") {
  for (const script& s : golden()) {
    const pw::bytes_view bytes(s.bytes());
    const lines whole = serve(bytes, {});
    for (const std::size_t step : {1U, 2U, 3U, 7U}) {
      std::vector<std::size_t> cuts;
      for (std::size_t at = step; at < bytes.size(); at += step) cuts.push_back(at);
      CHECK(serve(bytes, cuts) == whole);
    }
  }
}

TEST_CASE("events mean the same however their bytes are cut in two", "[framed][topics]") {
  const script events =
      script()
          .greeting()
          .confirm(1, position(7, 2, 3))
          .event(1, event_at(3, "t.x", "key"), "one", 1)
          .event(1, event_at(4, "", "", pw::loss(5, pw::loss::kind::at_least)), nullptr, 1)
          .part(1, 20, 50)
          .ping(1)
          .part(1, 30, 0, 0)
          .event(1, event_at(5, "t.y"), "two")
          .call(1, wf::flag_end);
  const pw::bytes_view bytes(events.bytes());
  const lines whole = listen_to(bytes, bytes.size());
  CHECK(whole == lines{"confirmed after 7-2 number 3", "event 3 of t.x key key 'one'",
                       "event 4 lost 5+ of t.x 50 bytes", "event 5 of t.y 'two'", "end ok",
                       "pong 1"});
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) REQUIRE(listen_to(bytes, cut) == whole);
}

TEST_CASE("two sessions understand each other one byte at a time", "[framed]") {
  linked pair;
  pair.server_owner.on_open_hook = [&](rpc::call_id id, call_end& sink) {
    sink.on_message_hook = [&pair, id](const pw::incoming&, bool) {
      const auto back = text("pong");
      pair.server->end(id, &back, {}, {});
    };
  };
  call_end sink(pair.said_to_client());
  for (int i = 0; i < 3; ++i) pair.open("a.B/Unary", sink, "ping", true);
  pair.move(1);
  CHECK(pair.said_to_client() == lines{"message 'pong' last", "end ok", "message 'pong' last",
                                       "end ok", "message 'pong' last", "end ok"});
}

// "A unary call in bytes" of docs/protocols.md.
TEST_CASE("the documented unary call, byte by byte", "[framed]") {
  const std::string greeting =
      "f0 50 57 01 18 62 16 08 80 80 80 02 10 64 18 80 80 04 20 80 80 10 28 80 80 40 30 e8 07";
  scripted client(rpc::role::client);
  auto methods = std::make_unique<rpc::registry>();
  REQUIRE(methods->add(entry("a.B/C", pw::call_type::unary)).ok());
  owner layer;
  const pw::limits bounds;
  rpc::session_config config(bounds, layer);
  config.methods = methods.get();
  pw::framed::server_session server(config);

  const pw::metadata none;
  rpc::call_head head("a.B/C", pw::call_type::unary, none, pw::format::protobuf);
  head.deadline = client.now + 2s;
  const pw::outgoing hi(pw::format::protobuf, pw::as_bytes("hi"));
  REQUIRE(client.session->open(head, *client.layer.make("first "), &hi, true));
  auto sent = take_output(*client.session);
  CHECK(frame_tests::to_hex(sent) ==
        greeting + " 15 08 01 10 01 18 01 2a 05 61 2e 42 2f 43 40 80 89 7a 22 02 68 69");
  feed(server, sent);
  const pw::outgoing ok(pw::format::protobuf, pw::as_bytes("ok"));
  server.end(1, &ok, {}, {});
  auto answer = take_output(server);
  CHECK(frame_tests::to_hex(answer) == greeting + " 08 08 01 10 04 22 02 6f 6b");

  head.deadline = pw::never;
  REQUIRE(client.session->open(head, *client.layer.make("second "), &hi, true));
  sent = take_output(*client.session);
  CHECK(frame_tests::to_hex(sent) == "0a 08 02 10 01 18 01 22 02 68 69");
  feed(server, sent);
  feed(*client.session, answer);
  server.end(2, nullptr, pw::status::not_found("no user"), {});
  answer = take_output(server);
  CHECK(frame_tests::to_hex(answer) == "11 08 02 10 04 52 0b 08 05 12 07 6e 6f 20 75 73 65 72");
  feed(*client.session, answer);
  CHECK(client.heard() == lines{"first message 'ok' last", "first end ok",
                                "second end not_found: no user (processed)"});
}

// The example of "Credits" in docs/protocols.md.
TEST_CASE("the documented large message has the credits that the document says", "[framed]") {
  scripted server(rpc::role::server);
  server.greet();
  server.send(script().call(7, 0, nullptr, 0, "a.B/Up"));
  lines credits;
  const auto part = [&](std::uint32_t size, std::uint32_t total, std::uint32_t flags) {
    server.send(script().part(7, size, total, flags));
    for (std::string& f : server.frames()) credits.push_back(std::move(f));
  };
  part(65'000, 600'000, wf::flag_more);
  part(65'000, 0, wf::flag_more);
  CHECK(credits.empty());
  part(65'000, 0, wf::flag_more);
  CHECK(credits == lines{"7: credit 195096"});
  credits.clear();
  for (int i = 0; i < 6; ++i) part(65'000, 0, wf::flag_more);
  part(15'000, 0, wf::flag_last);
  CHECK(credits == lines{"7: credit 195096", "7: credit 195096", "credit 585288"});
  server.session->consumed(7, server.served(7).costs[0]);
  CHECK(server.frames().empty());  // 15,032 are not worth a frame
}

TEST_CASE("the protocol makes sessions for both sides", "[framed]") {
  const auto& protocol = pw::framed::protocol;
  CHECK(protocol.formats.contains(pw::format::json));
  CHECK_FALSE(protocol.one_call_per_connection);
  CHECK(protocol.make_linked == nullptr);
  CHECK(protocol.refusal(pw::call_type::bidi_streaming).empty());
  CHECK(protocol.refusal(pw::call_type::subscribe).empty());
  owner layer;
  const pw::limits bounds;
  rpc::session_config config(bounds, layer);
  const auto methods = usual_methods();
  config.methods = methods.get();
  CHECK(protocol.make_client(config)->capacity() == 100);
  CHECK(protocol.make_server(config)->capacity() == 0);
}

}  // namespace conversations_test

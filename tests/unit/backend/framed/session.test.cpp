// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/backend/framed/session.hpp"

#include "support/catch.hpp"
#include "unit/backend/framed/scripted.hpp"

namespace session_test {

using namespace framed_tests;

namespace {

/// What a server says to a script that follows its greeting.
lines answer_to(const script& s) {
  scripted server(rpc::role::server);
  server.greet();
  server.send(s);
  return server.frames();
}
std::string broken(const std::string& problem) {
  return "goodbye invalid_argument: protocol error: " + problem + " (processed)";
}
script open_call(std::uint32_t id, std::string_view name = "a.B/Both") {
  return script().call(id, 0, nullptr, 0, name);
}

}  // namespace

TEST_CASE("each side greets at once, with its limits", "[framed]") {
  pw::limits bounds;
  bounds.max_message = 1'000'000;
  bounds.max_calls = 7;
  bounds.call_credit = 50'000;
  bounds.connection_credit = 60'000;
  for (const rpc::role role : {rpc::role::client, rpc::role::server}) {
    scripted one(role, bounds);
    const auto said = take_output(*one.session);
    const pw::bytes_view all(said);
    REQUIRE(all.size() > 4);
    CHECK(std::equal(wf::preface.begin(), wf::preface.end(), all.begin()));
    wf::frame f;
    const auto parsed = wf::decode(all.subspan(4), wf::max_frame_default, f);
    REQUIRE(parsed.size == all.size() - 4);
    REQUIRE(f.has_hello);
    CHECK(f.hello.max_message == 1'000'000);
    CHECK(f.hello.max_calls == 7);
    CHECK(f.hello.max_frame == 65'536);
    CHECK(f.hello.call_credit == 50'000);
    CHECK(f.hello.connection_credit == 60'000);
  }
}

TEST_CASE("credits with which nobody could send are announced as 4 KiB", "[framed]") {
  pw::limits bounds;
  bounds.call_credit = 0;
  bounds.connection_credit = 1;
  scripted server(rpc::role::server, bounds);
  const auto said = take_output(*server.session);
  wf::frame f;
  (void)wf::decode(pw::bytes_view(said).subspan(4), wf::max_frame_default, f);
  CHECK(f.hello.call_credit == 4'096);
  CHECK(f.hello.connection_credit == 4'096);
}

TEST_CASE("a wrong preface closes at the first wrong byte, with a reason", "[framed]") {
  for (const std::string_view garbage :
       {std::string_view("GET / HTTP/1.1\r\n"), std::string_view("\xf0PW\x02", 4),
        std::string_view("\xf0PX", 3), std::string_view("\0", 1)}) {
    scripted server(rpc::role::server);
    (void)server.frames();
    feed(*server.session, pw::as_bytes(garbage));
    CHECK(server.session->finished());
    CHECK(server.frames() == lines{broken("this is not polywire's frames, version 1")});
  }
  scripted server(rpc::role::server);
  feed(*server.session, pw::as_bytes(std::string_view("\xf0PW", 3)));
  CHECK_FALSE(server.session->finished());
}

TEST_CASE("a peer that speaks TLS is told so, however its bytes are cut", "[framed]") {
  for (const std::string_view record : {"\x16\x03\x01", "\x15\x03\x03"}) {
    for (const std::size_t step : {1U, 3U}) {
      scripted server(rpc::role::server);
      (void)server.frames();
      for (std::size_t at = 0; at < record.size(); at += step) {
        feed(*server.session, pw::as_bytes(record.substr(at, step)));
      }
      CHECK(server.frames() == lines{broken("the peer speaks TLS, and this side does not: tls:// "
                                            "instead of tcp://")});
    }
  }
  scripted server(rpc::role::server);
  (void)server.frames();
  feed(*server.session, pw::as_bytes(std::string_view("\x16")));
  CHECK_FALSE(server.session->finished());
  feed(*server.session, pw::as_bytes(std::string_view("x")));
  CHECK(server.frames() == lines{broken("this is not polywire's frames, version 1")});
}

TEST_CASE("the first frame is a hello, and no other is", "[framed]") {
  scripted early(rpc::role::server);
  (void)early.frames();
  early.send(script().raw(wf::preface).call(1, wf::flag_last, "x", 0, "a.B/Unary"));
  CHECK(early.frames() == lines{broken("the first frame is not a hello")});
  CHECK(early.heard().empty());

  scripted ping(rpc::role::client);
  (void)ping.frames();
  ping.send(script().raw(wf::preface).ping(1));
  CHECK(ping.frames() == lines{broken("the first frame is not a hello")});

  wf::frame hello;
  hello.has_hello = true;
  CHECK(answer_to(script().add(hello)) == lines{broken("a second hello")});
}

TEST_CASE("a frame that is too large closes the connection on its length alone", "[framed]") {
  const std::byte length[] = {std::byte{0x81}, std::byte{0x80}, std::byte{0x04}};  // 65,537
  CHECK(answer_to(script().raw(length)) == lines{broken("a frame is larger than was announced")});
  const std::byte endless[] = {std::byte{0x81}, std::byte{0x80}, std::byte{0x80},
                               std::byte{0x80}, std::byte{0x80}, std::byte{0x80}};
  CHECK(answer_to(script().raw(endless)) ==
        lines{broken("the length of a frame takes more than 5 bytes")});
  CHECK(answer_to(script().part(9, 65'536 - 12)).empty());
}

TEST_CASE("a malformed frame closes the connection", "[framed]") {
  const std::byte cut_off[] = {std::byte{2}, std::byte{0x22}, std::byte{5}};
  const auto said = answer_to(script().raw(cut_off));
  REQUIRE(said.size() == 1);
  CHECK(said[0].starts_with("goodbye invalid_argument: protocol error: "));
}

TEST_CASE("flags of the wrong side close the connection", "[framed]") {
  CHECK(answer_to(open_call(1).call(1, wf::flag_end)) ==
        lines{broken("a flag came from the wrong side")});
  for (const std::uint32_t flag : {wf::flag_last, wf::flag_cancel}) {
    scripted client(rpc::role::client);
    client.greet();
    call_end sink(client.layer.events);
    const auto id = client.open("a.B/Both", sink, nullptr, false);
    (void)client.frames();
    client.send(script().call(id, flag));
    CHECK(client.frames() == lines{broken("a flag came from the wrong side")});
    CHECK(client.heard() ==
          lines{"end unavailable: protocol error: a flag came from the wrong side "
                "(maybe_processed)"});
  }
}

TEST_CASE("unknown flags are ignored", "[framed]") {
  scripted server(rpc::role::server);
  server.greet();
  server.send(script().call(1, wf::flag_last | 0xfffffff0, "x", 0, "a.B/Unary"));
  CHECK(server.heard() == lines{"1: open a.B/Unary text", "1: message 'x' last"});
}

TEST_CASE("a part of a message ends nothing, and has a payload", "[framed]") {
  const std::string problem = broken("a part of a message ends something, or is no part");
  for (const std::uint32_t flag : {wf::flag_last, wf::flag_cancel}) {
    CHECK(answer_to(open_call(1).part(1, 5, 10, wf::flag_more | flag)) == lines{problem});
  }
  CHECK(answer_to(open_call(1).call(1, wf::flag_more)) == lines{problem});
  scripted client(rpc::role::client);
  client.greet();
  call_end sink(client.layer.events);
  const auto id = client.open("a.B/Both", sink, nullptr, false);
  (void)client.frames();
  client.send(script().part(id, 5, 10, wf::flag_more | wf::flag_end));
  CHECK(client.frames() == lines{problem});
}

TEST_CASE("a message without a call closes the connection", "[framed]") {
  CHECK(answer_to(script().call(0, 0, "x")) == lines{broken("a message came without a call")});
}

TEST_CASE("a ping is answered with its own number, also by 0", "[framed]") {
  CHECK(answer_to(script().ping(7).ping(0)) == lines{"pong 7", "pong 0"});
}

TEST_CASE("a silent peer is pinged twice and then given up", "[framed]") {
  scripted client(rpc::role::client);
  client.greet();
  call_end sink(client.layer.events);
  client.open("a.B/Unary", sink, "x", true);
  (void)client.frames();
  CHECK(client.session->next_timer() == client.now + 30s);
  client.pass(29s);
  CHECK(client.frames().empty());
  client.pass(1s);
  CHECK(client.frames() == lines{"ping 1"});
  client.pass(30s);
  CHECK(client.frames() == lines{"ping 2"});
  client.pass(29s);
  CHECK_FALSE(client.session->finished());
  client.pass(1s);
  CHECK(client.session->finished());
  CHECK(client.session->next_timer() == pw::never);
  REQUIRE(sink.ended);
  CHECK(sink.how.code() == pw::status_code::unavailable);
  CHECK(sink.how.reached() == pw::outcome::maybe_processed);
  const lines said = client.frames();
  REQUIRE(said.size() == 1);
  CHECK(said[0].starts_with("goodbye unavailable: the peer is silent"));
}

TEST_CASE("any byte is a sign of life", "[framed]") {
  scripted server(rpc::role::server);
  server.greet();
  server.pass(30s);
  CHECK(server.frames() == lines{"ping 1"});
  server.pass(20s);
  wf::frame pong;
  pong.has_pong = true;
  pong.pong = 1;
  server.send(script().add(pong));
  server.pass(29s);
  CHECK(server.frames().empty());
  server.pass(1s);
  CHECK(server.frames() == lines{"ping 1"});
}

TEST_CASE("a ping interval of forever never rings", "[framed]") {
  pw::limits bounds;
  bounds.ping_interval = pw::duration::max();
  scripted server(rpc::role::server, bounds);
  server.greet();
  CHECK(server.session->next_timer() == pw::never);
}

TEST_CASE("a peer that does not greet is given up after 10 seconds, however it trickles",
          "[framed]") {
  scripted server(rpc::role::server);
  (void)server.frames();
  CHECK(server.session->next_timer() == server.now + 10s);
  server.pass(9s);
  feed(*server.session, pw::bytes_view(wf::preface).first(3));
  server.pass(999ms);
  CHECK_FALSE(server.session->finished());
  server.pass(1ms);
  CHECK(server.session->finished());
  CHECK(server.frames() ==
        lines{"goodbye unavailable: the peer did not greet in time (limits::handshake_timeout) "
              "(processed)"});
}

TEST_CASE("half a frame closes the connection when no byte follows for 30 seconds", "[framed]") {
  scripted server(rpc::role::server);
  server.greet();
  script s;
  s.call(1, wf::flag_last, "a message", 0, "a.B/Unary");
  const pw::bytes_view frame(s.bytes());
  for (std::size_t i = 0; i + 1 < frame.size(); ++i) {  // slow is not stuck
    feed(*server.session, frame.subspan(i, 1));
    CHECK(server.session->next_timer() == server.now + 30s);
    server.pass(29s);
    REQUIRE_FALSE(server.session->finished());
  }
  feed(*server.session, frame.last(1));
  CHECK(server.heard() == lines{"1: open a.B/Unary text", "1: message 'a message' last"});

  feed(*server.session, frame.first(3));
  server.pass(30s);
  CHECK(server.session->finished());
  CHECK(server.frames() ==
        lines{"goodbye unavailable: half a frame came and no more (limits::read_progress_timeout) "
              "(processed)"});
}

TEST_CASE("the end of the peer's stream ends every call", "[framed]") {
  linked pair;
  call_end a(pair.said_to_client(), "a ");
  pair.open("a.B/Unary", a, "x", true);
  pair.move();
  pair.client->eof();
  pair.server->eof();
  CHECK(pair.said_to_client() ==
        lines{"a end unavailable: the peer closed the connection during the call "
              "(maybe_processed)"});
  CHECK(pair.said_to_server().back() ==
        "1: end unavailable: the peer closed the connection during the call (maybe_processed)");
  CHECK(pair.client->finished());
  CHECK(pair.client->calls() == 0);
  CHECK(take_output(*pair.client).empty());
}

TEST_CASE("a lost connection says of each call whether its opening had left", "[framed]") {
  linked pair;
  pair.move();
  call_end left(pair.said_to_client(), "left ");
  call_end half(pair.said_to_client(), "half ");
  call_end kept(pair.said_to_client(), "kept ");
  pair.open("a.B/Unary", left, "x", true);
  const std::size_t whole = pair.client->output()[0].size();
  pair.open("a.B/Unary", half, "x", true);
  pair.open("a.B/Unary", kept, "x", true);
  pair.client->consume_output(whole + 5);
  pair.client->lost(pw::status::unavailable("reset"));
  CHECK(left.how.reached() == pw::outcome::maybe_processed);
  CHECK(half.how.reached() == pw::outcome::not_sent);
  CHECK(kept.how.reached() == pw::outcome::not_sent);
}

TEST_CASE("a call of which only the opening has left may be processed", "[framed]") {
  linked pair;
  pair.move();
  call_end sink(pair.said_to_client());
  const std::string large(600'000, 'x');
  const auto id = pair.open("a.B/Up", sink, large.c_str(), false);
  (void)take_output(*pair.client, 64);
  pair.client->lost(pw::status::unavailable("reset"));
  CHECK(id == 1);
  CHECK(sink.how.reached() == pw::outcome::maybe_processed);
}

TEST_CASE("closing ends calls as maybe processed, for their openings still go out", "[framed]") {
  linked pair;
  pair.move();
  call_end sink(pair.said_to_client());
  pair.open("a.B/Unary", sink, "x", true);
  pair.client->close(pw::status::cancelled("the client was closed"));
  CHECK(pair.said_to_client() == lines{"end cancelled: the client was closed (maybe_processed)"});
  pair.client->close(pw::status::cancelled("again"));
  pair.client->drain();
  pair.to_server();
  CHECK(pair.said_to_server() ==
        lines{"1: open a.B/Unary text", "1: message 'x' last",
              "1: end unavailable: the client closed the connection: the client was closed "
              "(maybe_processed)"});
  CHECK(pair.server->finished());
}

TEST_CASE("closing without a reason is no drain", "[framed]") {
  scripted server(rpc::role::server);
  server.greet();
  server.session->close({});
  CHECK(server.session->finished());
  CHECK(server.frames() == lines{"goodbye unavailable: the connection was closed (rejected)"});
}

TEST_CASE("a server that closes says whether it saw the calls that are open", "[framed]") {
  for (const bool seen : {false, true}) {
    linked pair;
    pair.move();
    call_end answered(pair.said_to_client());
    const auto first = pair.open("a.B/Unary", answered, "x", true);
    pair.to_server();
    pair.server->end(first, nullptr, {}, {});
    call_end sink(pair.said_to_client());
    pair.open("a.B/Unary", sink, "y", true);
    if (seen) pair.to_server();
    pair.server->close(pw::status::unavailable("no room"));
    pair.move();
    CHECK(answered.how.ok());
    CHECK(sink.how.to_string() == "unavailable: the peer closed the connection: no room");
    CHECK(sink.how.reached() == (seen ? pw::outcome::maybe_processed : pw::outcome::rejected));
  }
}

TEST_CASE("a call that was answered in part was not rejected, whatever the goodbye says",
          "[framed]") {
  scripted client(rpc::role::client);
  client.greet();
  call_end sink(client.layer.events);
  client.open("a.B/Down", sink, "x", true);
  (void)client.frames();
  client.send(
      script()
          .call(1, 0, "part")
          .goodbye(pw::status(pw::status_code::unavailable, "liar", pw::outcome::rejected)));
  CHECK(sink.how.reached() == pw::outcome::maybe_processed);
}

TEST_CASE("a peer that makes us answer and does not read is given up", "[framed]") {
  scripted server(rpc::role::server);
  server.greet();
  script pings;
  for (std::uint32_t i = 0; i < 10'000; ++i) pings.ping(0xffffffff);
  std::size_t rounds = 0;
  std::size_t most = 0;
  while (!server.session->finished() && rounds < 1'000) {
    server.send(pings);
    most = std::max(most, server.session->output()[0].size());
    ++rounds;
  }
  CHECK(server.session->finished());
  CHECK(most < 1'400'000);
  const auto said = server.frames();
  CHECK(said.back() ==
        "goodbye resource_exhausted: the peer does not read its answers (processed)");
}

TEST_CASE("a server that drains refuses new calls, finishes the others and lingers", "[framed]") {
  linked pair;
  pair.move();
  call_end before(pair.said_to_client(), "before ");
  call_end late(pair.said_to_client(), "late ");
  const auto first = pair.open("a.B/Unary", before, "x", true);
  pair.to_server();
  pair.server->drain();
  pair.server->drain();
  pair.open("a.B/Unary", late, "y", true);  // has not heard of it
  pair.to_server();
  pair.to_client();
  CHECK(pair.said_to_client() ==
        lines{"drain", "late end unavailable: the server is stopping (rejected)"});
  CHECK(pair.client->capacity() == 0);
  CHECK_FALSE(pair.client->finished());
  pair.pass(2s);
  CHECK_FALSE(pair.server->finished());
  const auto reply = text("done");
  pair.server->end(first, &reply, {}, {});
  CHECK(pair.server->finished());
  pair.to_client();
  CHECK(pair.said_to_client().back() == "before end ok");
  CHECK(pair.client->finished());
}

TEST_CASE("a server that drains without calls stays until its clients have heard", "[framed]") {
  scripted server(rpc::role::server);
  server.greet();
  server.session->drain();
  CHECK(server.frames() == lines{"goodbye ok"});
  CHECK_FALSE(server.session->finished());
  CHECK(server.session->next_timer() == server.now + 2s);
  server.pass(2s);
  CHECK(server.session->finished());
}

TEST_CASE("a client that drains opens nothing more and is finished with its last call",
          "[framed]") {
  linked pair;
  pair.move();
  call_end sink(pair.said_to_client());
  const auto id = pair.open("a.B/Unary", sink, "x", true);
  pair.client->drain();
  CHECK(pair.client->capacity() == 0);
  call_end no(pair.said_to_client());
  CHECK(pair.try_open("a.B/Unary", no, "x", true).status().reached() == pw::outcome::not_sent);
  pair.move();
  CHECK_FALSE(pair.client->finished());
  pair.server->end(id, nullptr, {}, {});
  pair.move();
  CHECK(sink.how.ok());
  CHECK(pair.client->finished());
}

TEST_CASE("a goodbye with an error loses the open calls of both sides", "[framed]") {
  const pw::status why = pw::status::resource_exhausted("too much");
  scripted client(rpc::role::client);
  client.greet();
  call_end sink(client.layer.events);
  client.open("a.B/Unary", sink, "x", true);
  (void)client.frames();
  client.send(script().goodbye(why));
  CHECK(client.heard() == lines{"end unavailable: the peer closed the connection: too much "
                                "(maybe_processed)"});
  CHECK(client.session->finished());

  scripted server(rpc::role::server);
  server.greet();
  server.send(open_call(1).goodbye(why));
  CHECK(server.heard().back() ==
        "1: end unavailable: the client closed the connection: too much (maybe_processed)");
  CHECK(server.session->finished());
}

TEST_CASE("a session that is finished takes no bytes and no commands", "[framed]") {
  linked pair;
  pair.move();
  call_end sink(pair.said_to_client());
  const auto id = pair.open("a.B/Both", sink, nullptr, false);
  pair.move();
  pair.server->close(pw::status::unavailable("gone"));
  const auto heard = pair.said_to_server().size();
  const auto room = pair.server->prepare();
  std::ranges::fill(room.first(100), std::byte{0xff});
  pair.server->commit(100);
  pair.server->end(id, nullptr, {}, {});
  pair.server->consumed(id, 100);
  pair.server->eof();
  pair.server->lost(pw::status::unavailable("twice"));
  CHECK_FALSE(pair.server->send(id, text("x"), false));
  CHECK(pair.said_to_server().size() == heard);
  pair.to_client();
  CHECK(sink.how.to_string() == "unavailable: the peer closed the connection: gone");
}

}  // namespace session_test

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/backend/framed/server_session.hpp"

#include "support/catch.hpp"
#include "unit/backend/framed/scripted.hpp"

namespace server_session_test {

using namespace framed_tests;

namespace {

pw::metadata one(std::string_view key, std::string_view value) {
  pw::metadata m;
  if (!m.add(key, value)) throw std::logic_error("bad metadata");
  return m;
}

/// A server after the greeting.
class greeted : public scripted {
 public:
  explicit greeted(const pw::limits& own = pw::limits()) : scripted(rpc::role::server, own) {
    greet();
  }
  void end(rpc::call_id id, const pw::status& how = {}, const pw::metadata& trailing = {}) {
    session->end(id, nullptr, how, trailing);
  }
  void answer(rpc::call_id id, std::string_view message, const pw::metadata& trailing = {}) {
    const auto last = text(message);
    session->end(id, &last, {}, trailing);
  }
};

void check_closed(scripted& server, const std::string& problem) {
  CHECK(server.session->finished());
  const lines said = server.frames();
  REQUIRE_FALSE(said.empty());
  CHECK(said.back() == "goodbye invalid_argument: protocol error: " + problem + " (processed)");
}

}  // namespace

TEST_CASE("a unary call is opened, heard and answered", "[framed]") {
  greeted server;
  wf::frame f;
  const pw::metadata m = one("tenant", "a");
  f.call = 1;
  f.flags = wf::flag_last;
  f.name = "a.B/Unary";
  f.encoding = pw::format::json;
  f.has_timeout = true;
  f.timeout_us = 2'000'000;
  f.metadata = &m;
  f.has_payload = true;
  f.payload = pw::as_bytes("hi");
  server.send(script().add(f));
  CHECK(server.heard() ==
        lines{"1: open a.B/Unary json tenant=a in 2000000us", "1: message 'hi' last"});
  server.answer(1, "ok");
  CHECK(server.frames() == lines{"1: payload 'ok' end"});
  CHECK(server.session->calls() == 0);
}

TEST_CASE("an absurd timeout is none, and none at all is a deadline that has passed", "[framed]") {
  greeted server;
  wf::frame f;
  f.name = "a.B/Unary";
  f.has_timeout = true;
  for (const std::uint64_t us : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    ++f.call;
    f.timeout_us = us;
    server.send(script().add(f));
  }
  CHECK(server.heard() == lines{"1: open a.B/Unary protobuf in 0us", "2: open a.B/Unary protobuf"});
}

TEST_CASE("every type of call, as a client sees it", "[framed]") {
  linked pair;
  pair.move();
  call_end sink(pair.said_to_client());
  const auto id = pair.open("a.B/Both", sink, nullptr, false);
  (void)pair.client->send(id, text("one"), false);
  pair.move();
  (void)pair.server->send(id, text("two"), false);
  pair.move();
  (void)pair.client->send(id, text("three"), true);
  pair.move();
  (void)pair.server->send(id, text("four"), true);
  pair.server->end(id, nullptr, pw::status::aborted("enough"), one("t", "x"));
  pair.move();
  CHECK(pair.said_to_server() ==
        lines{"1: open a.B/Both text", "1: message 'one'", "1: message 'three' last"});
  CHECK(pair.said_to_client() ==
        lines{"message 'two'", "message 'four'", "end aborted: enough (processed) t=x"});
}

TEST_CASE("metadata of the reply goes first, and once", "[framed]") {
  greeted server;
  server.send(script().call(1, 0, nullptr, 0, "a.B/Both"));
  server.session->reply(1, one("k", "v"));
  server.session->reply(1, one("k", "again"));
  CHECK(server.session->send(1, text("x"), false));
  server.session->reply(1, one("k", "late"));
  server.end(1);
  CHECK(server.frames() == lines{"1: metadata k=v", "1: payload 'x'", "1: end"});
}

TEST_CASE("a reply without metadata says nothing of it", "[framed]") {
  greeted server;
  server.send(script().call(1, 0, nullptr, 0, "a.B/Both"));
  server.session->reply(1, {});
  CHECK(server.frames().empty());
}

TEST_CASE("metadata of the reply that is too large ends the call as an error of the server",
          "[framed]") {
  pw::limits raised;
  raised.max_metadata = 200'000;
  for (const bool limits_allow : {false, true}) {
    greeted server(limits_allow ? raised : pw::limits());
    const pw::metadata large = one("k", std::string(limits_allow ? 65'600 : 33'000, 'v'));
    const lines failed{
        "1: end internal: the metadata of the reply is too large to be sent "
        "(processed)"};
    server.send(script().call(1, 0, nullptr, 0, "a.B/Both"));
    server.session->reply(1, large);
    CHECK(server.session->send(1, text("x"), false).status().code() == pw::status_code::internal);
    server.answer(1, "ok");
    CHECK(server.frames() == failed);

    server.send(script().call(1, 0, nullptr, 0, "a.B/Both"));
    server.answer(1, "ok", large);
    CHECK(server.frames() == failed);

    server.send(script().call(1, 0, nullptr, 0, "a.B/Both"));
    server.end(1, pw::status::not_found("x"), large);
    CHECK(server.frames() == failed);
    CHECK(server.session->calls() == 0);
  }
}

TEST_CASE("a status that fits no frame is shortened", "[framed]") {
  greeted server;
  server.send(script().call(1, 0, nullptr, 0, "a.B/Both"));
  server.end(1, pw::status::not_found(std::string(70'000, 'm')), one("k", "v"));
  CHECK(server.frames() == lines{"1: end not_found: " + std::string(1'024, 'm') + " (processed)"});
}

TEST_CASE("only the session may say that no handler saw the call", "[framed]") {
  for (const pw::outcome o :
       {pw::outcome::rejected, pw::outcome::not_sent, pw::outcome::maybe_processed}) {
    greeted server;
    server.send(script().call(1, 0, nullptr, 0, "a.B/Both"));
    server.end(1, pw::status::unavailable("a server behind this one").set_reached(o));
    CHECK(server.frames() == lines{"1: end unavailable: a server behind this one (processed)"});
  }
}

TEST_CASE("a call of a method that is not served is rejected", "[framed]") {
  greeted server;
  server.send(script().call(1, wf::flag_last, "x", 0, "a.B/Nowhere"));
  server.send(script().call(2, wf::flag_last, "x", 0, "no name\n"));
  server.send(script().call(3, wf::flag_last, "x", 0, "a.B/" + std::string(1'000, 'x')));
  CHECK(server.heard().empty());
  CHECK(server.frames() ==
        lines{"1: end unimplemented: no method 'a.B/Nowhere' here (rejected)",
              "2: end unimplemented: no method '(malformed name)' here (rejected)",
              "3: end unimplemented: no method '(malformed name)' here (rejected)"});
}

TEST_CASE("a call that the layer above refuses is rejected", "[framed]") {
  greeted server;
  server.layer.refuse_with = pw::status::permission_denied("no");
  server.send(script().call(1, 0, "x", 0, "a.B/Both").call(1, wf::flag_last, "y"));
  CHECK(server.frames() == lines{"1: end permission_denied: no (rejected)"});
  CHECK(server.session->calls() == 0);
}

TEST_CASE("calls above the limit are rejected, and ids are free again after the end", "[framed]") {
  pw::limits bounds;
  bounds.max_calls = 2;
  greeted server(bounds);
  script s;
  for (std::uint32_t id = 1; id <= 3; ++id) s.call(id, wf::flag_last, "x", 0, "a.B/Unary");
  server.send(s);
  CHECK(server.frames() == lines{"3: end resource_exhausted: more than 2 calls on one connection "
                                 "(limits::max_calls) (rejected)"});
  server.answer(1, "ok");
  server.send(script().call(1, wf::flag_last, "again", 0, "a.B/Unary"));
  server.answer(1, "ok");
  CHECK(server.frames() == lines{"1: payload 'ok' end", "1: payload 'ok' end"});
}

TEST_CASE("metadata above the limits, or not allowed, rejects the call", "[framed]") {
  pw::limits bounds;
  bounds.max_metadata = 50;
  greeted server(bounds);
  wf::frame f;
  const pw::metadata large = one("k", std::string(50, 'v'));
  f.call = 1;
  f.name = "a.B/Unary";
  f.metadata = &large;
  server.send(script().add(f));
  CHECK(server.frames() == lines{"1: end resource_exhausted: metadata of more than 50 bytes "
                                 "(limits::max_metadata) (rejected)"});
  // metadata "grpc-x" = "1"
  const std::string_view entry(
      "\x0a\x06grpc-x\x12\x01"
      "1",
      11);
  std::string frame;
  frame
      .append(
          "\x1a\x08\x02\x2a\x09"
          "a.B/Unary\x4a\x0b")
      .append(entry);
  frame[0] = static_cast<char>(frame.size() - 1);
  server.send(script().raw(pw::as_bytes(frame)));
  const lines said = server.frames();
  REQUIRE(said.size() == 1);
  CHECK(said[0].starts_with("2: end invalid_argument: metadata key 'grpc-x'"));
  CHECK(said[0].ends_with("(rejected)"));
  CHECK(server.heard().empty());
}

TEST_CASE("a name is bound by its first use and used by its number from then on", "[framed]") {
  greeted server;
  server.send(script()
                  .call(1, wf::flag_last, "x", 3, "a.B/Unary")
                  .call(2, wf::flag_last, "y", 3)
                  .call(3, wf::flag_last, "z", 0, "a.B/Up"));
  CHECK(server.heard() == lines{"1: open a.B/Unary text", "1: message 'x' last",
                                "2: open a.B/Unary text", "2: message 'y' last",
                                "3: open a.B/Up text", "3: message 'z' last"});
}

TEST_CASE("a number is bound whatever becomes of the call, and to any name", "[framed]") {
  greeted server;
  server.send(script()
                  .call(1, wf::flag_last, "x", 1, "a.B/Nowhere")
                  .call(2, wf::flag_last, "x", 1)
                  .call(3, wf::flag_last, "x", 2, std::string(60'000, '?'))
                  .call(4, wf::flag_last, "x", 2));
  CHECK(server.frames() ==
        lines{"1: end unimplemented: no method 'a.B/Nowhere' here (rejected)",
              "2: end unimplemented: no method 'a.B/Nowhere' here (rejected)",
              "3: end unimplemented: no method '(malformed name)' here (rejected)",
              "4: end unimplemented: no method '(malformed name)' here (rejected)"});
}

TEST_CASE("numbers that break the rules close the connection", "[framed]") {
  greeted unbound;
  unbound.send(script().call(1, wf::flag_last, "x", 1));
  check_closed(unbound, "a method number is not bound to a name");
  greeted twice;
  twice.send(script().call(1, 0, "x", 1, "a.B/Unary").call(2, 0, "x", 1, "a.B/Unary"));
  check_closed(twice, "a method number is out of range or bound twice");
  greeted beyond;
  beyond.send(script().call(1, 0, "x", 1'025, "a.B/Unary"));
  check_closed(beyond, "a method number is out of range or bound twice");
  greeted last;
  last.send(script().call(1, 0, "x", 1'024, "a.B/Unary"));
  CHECK_FALSE(last.session->finished());
}

TEST_CASE("any number will do for a call", "[framed]") {
  greeted server;
  script s;
  for (const std::uint32_t id : {0xfffffffeU, 0xffffffffU, 5'000'000U, 1'024U, 1U}) {
    s.call(id, wf::flag_last, "x", 0, "a.B/Unary");
  }
  server.send(s);
  CHECK(server.session->calls() == 5);
  server.answer(0xfffffffe, "a");
  server.answer(0xffffffff, "b");
  server.answer(5'000'000, "c");
  CHECK(server.frames() == lines{"4294967294: payload 'a' end", "4294967295: payload 'b' end",
                                 "5000000: payload 'c' end"});
  server.send(script().call(0xfffffffe, wf::flag_last, "x", 0, "a.B/Unary"));
  CHECK(server.session->calls() == 3);
}

TEST_CASE("messages out of order close the connection", "[framed]") {
  greeted open_twice;
  open_twice.send(script().call(1, 0, nullptr, 0, "a.B/Both").call(1, 0, nullptr, 0, "a.B/Both"));
  check_closed(open_twice, "a call is opened twice");
  greeted closed_twice;
  closed_twice.send(script().call(1, wf::flag_last, "x", 0, "a.B/Both").call(1, wf::flag_last));
  check_closed(closed_twice, "a call's messages end twice");
  greeted late;
  late.send(script().call(1, wf::flag_last, "x", 0, "a.B/Both").call(1, 0, "late"));
  check_closed(late, "a message came after the end of its direction");
  greeted within;
  within.send(script().call(1, 0, nullptr, 0, "a.B/Both").part(1, 5, 10).call(1, wf::flag_last));
  check_closed(within, "a call's messages end within one");
}

TEST_CASE("half-closes with and without a message", "[framed]") {
  greeted server;
  server.send(script().call(1, wf::flag_last, nullptr, 0, "a.B/Both"));
  server.send(script().call(2, 0, nullptr, 0, "a.B/Both").call(2, 0, "x").call(2, wf::flag_last));
  CHECK(server.heard() == lines{"1: open a.B/Both text", "1: half_close", "2: open a.B/Both text",
                                "2: message 'x'", "2: half_close"});
}

TEST_CASE("what comes for a call that is over is ignored until it is opened again", "[framed]") {
  greeted server;
  server.send(script().call(1, 0, "x", 0, "a.B/Both"));
  server.end(1, pw::status::aborted("enough"));
  (void)server.heard();
  server.send(script()
                  .call(1, 0, "late")
                  .part(1, 100, 200)
                  .credit(1, 50)
                  .call(1, wf::flag_last)
                  .call(1, wf::flag_cancel)
                  .call(1, 0, "new", 0, "a.B/Both"));
  CHECK_FALSE(server.session->finished());
  CHECK(server.heard() == lines{"1: open a.B/Both text", "1: message 'new'"});
}

TEST_CASE("a cancel is answered with an end, and the handler hears of it", "[framed]") {
  greeted server;
  server.send(script().call(1, 0, "x", 0, "a.B/Both").call(1, wf::flag_cancel));
  CHECK(server.heard() == lines{"1: open a.B/Both text", "1: message 'x'",
                                "1: end cancelled: the client cancelled the call (processed)"});
  CHECK(server.frames() == lines{"1: end cancelled: the client cancelled the call (processed)"});
  server.end(1);
  server.send(script().call(1, wf::flag_cancel));
  CHECK(server.frames().empty());
  server.send(script().call(2, wf::flag_cancel, nullptr, 0, "a.B/Both"));
  CHECK(server.frames() == lines{"2: end cancelled: the client cancelled the call (processed)"});
}

TEST_CASE("a cancel ends a call whose end waits behind a message", "[framed]") {
  greeted server;
  server.send(script().call(1, wf::flag_last, "x", 0, "a.B/Both"));
  const std::string large(600'000, 'm');
  CHECK(server.session->send(1, text(large), false).value() == rpc::sent::held);
  server.end(1);
  (void)server.frames();
  CHECK(server.session->calls() == 1);
  (void)server.heard();
  server.send(script().call(1, wf::flag_cancel));
  CHECK(server.heard().empty());
  CHECK(server.session->calls() == 0);
  CHECK(server.frames() == lines{"1: end cancelled: the client cancelled the call (processed)"});
}

TEST_CASE("messages for a call whose end waits are dropped, and must still be in order",
          "[framed]") {
  greeted server;
  server.send(script().call(1, 0, "x", 0, "a.B/Both"));
  const std::string large(600'000, 'm');
  (void)server.session->send(1, text(large), false);
  server.end(1);
  (void)server.heard();
  server.send(script().call(1, 0, "y").part(1, 100, 200).part(1, 100).call(1, wf::flag_last, "z"));
  CHECK(server.heard().empty());
  CHECK_FALSE(server.session->finished());
  server.send(script().call(1, 0, "late"));
  CHECK(server.session->finished());
}

TEST_CASE("a request above the limit is rejected when no handler saw the call", "[framed]") {
  pw::limits bounds;
  bounds.max_message = 1'000;
  const std::string problem =
      "end resource_exhausted: the message has more than 1000 bytes (limits::max_message) ";
  greeted server(bounds);
  server.send(script().call(1, 0, nullptr, 0, "a.B/Unary").part(1, 1'001, 0, wf::flag_last));
  CHECK(server.frames() == lines{"1: " + problem + "(rejected)"});
  server.send(script().call(2, 0, nullptr, 0, "a.B/Down").part(2, 100, 1'001).part(2, 901, 0, 0));
  CHECK(server.frames() == lines{"2: " + problem + "(rejected)"});
  server.send(script().call(3, 0, nullptr, 0, "a.B/Up").part(3, 1'001, 0, wf::flag_last));
  CHECK(server.frames() == lines{"3: " + problem + "(processed)"});
  server.send(script().call(4, 0, "x", 0, "a.B/Unary").part(4, 1'001, 0, wf::flag_last));
  CHECK(server.frames() == lines{"4: " + problem + "(processed)"});
  server.send(script().call(5, 0, nullptr, 0, "a.B/Unary").part(5, 1'000, 0, wf::flag_last));
  CHECK(server.heard().back() == "5: message 1000 bytes last");
}

TEST_CASE("a reply that cannot be sent ends the call with the reason", "[framed]") {
  greeted server;
  server.send(script().call(1, wf::flag_last, "x", 0, "a.B/Unary"));
  const pw::text bad(std::string("\xff"));
  const pw::outgoing reply(bad, pw::format::text);
  server.session->end(1, &reply, {}, {});
  const lines said = server.frames();
  REQUIRE(said.size() == 1);
  CHECK(said[0].starts_with("1: end internal: the reply cannot be sent: the text is not UTF-8"));

  scripted small(rpc::role::server);
  wf::hello hello = script::usual_hello();
  hello.max_message = 10;
  small.greet(hello);
  small.send(script().call(1, wf::flag_last, "x", 0, "a.B/Unary"));
  const auto large = text("more than ten bytes");
  small.session->end(1, &large, {}, {});
  CHECK(small.frames() ==
        lines{"1: end resource_exhausted: the reply cannot be sent: the message has 19 bytes, the "
              "peer takes at most 10 (processed)"});
}

TEST_CASE("a message beside an error is not sent", "[framed]") {
  greeted server;
  server.send(script().call(1, wf::flag_last, "x", 0, "a.B/Unary"));
  const auto message = text("x");
  server.session->end(1, &message, pw::status::not_found("y"), {});
  CHECK(server.frames() == lines{"1: end not_found: y (processed)"});
}

TEST_CASE("a call may be ended in every callback", "[framed]") {
  greeted server;
  server.layer.on_open_hook = [&](rpc::call_id id, call_end& sink) {
    if (id == 1) server.end(id, pw::status::aborted("at once"));
    sink.on_message_hook = [&server, id](const pw::incoming&, bool) { server.answer(id, "ok"); };
    sink.on_half_close_hook = [&server, id] { server.end(id); };
  };
  server.send(script()
                  .call(1, wf::flag_last, "x", 0, "a.B/Unary")
                  .call(2, wf::flag_last, "x", 0, "a.B/Unary")
                  .call(3, 0, "x", 0, "a.B/Both")
                  .call(3, 0, "y")
                  .call(4, wf::flag_last, nullptr, 0, "a.B/Up"));
  CHECK(server.heard() == lines{"1: open a.B/Unary text", "2: open a.B/Unary text",
                                "2: message 'x' last", "3: open a.B/Both text", "3: message 'x'",
                                "4: open a.B/Up text", "4: half_close"});
  CHECK(server.frames() == lines{"1: end aborted: at once (processed)", "2: payload 'ok' end",
                                 "3: payload 'ok' end", "4: end"});
  CHECK(server.session->calls() == 0);
}

TEST_CASE("the connection may be closed while a call is opened", "[framed]") {
  greeted server;
  server.layer.on_open_hook = [&](rpc::call_id, call_end&) {
    server.session->close(pw::status::unavailable("enough"));
  };
  server.send(script().call(1, wf::flag_last, "x", 0, "a.B/Unary").call(2, 0, "y", 0, "a.B/Up"));
  CHECK(server.heard() == lines{"1: open a.B/Unary text",
                                "1: end unavailable: the connection was closed (processed)"});
}

TEST_CASE("a server opens no calls", "[framed]") {
  greeted server;
  CHECK(server.session->capacity() == 0);
  const pw::metadata none;
  const rpc::call_head head("a.B/Unary", pw::call_type::unary, none, pw::format::text);
  CHECK_FALSE(server.session->open(head, *server.layer.make(), nullptr, true));
  server.session->half_close(1);
  server.session->cancel(1);
  CHECK(server.frames().empty());
}

TEST_CASE("ends wait for their turn when the output is full, and none is lost", "[framed]") {
  greeted server;
  const pw::metadata large = one("k", std::string(30'000, 'v'));
  script s;
  for (std::uint32_t id = 1; id <= 100; ++id) s.call(id, wf::flag_last, "x", 0, "a.B/Unary");
  server.send(s);
  for (std::uint32_t id = 1; id <= 100; ++id) server.end(id, {}, large);
  CHECK(server.session->output()[0].size() < 1'200'000);
  server.send(script().ping(1));
  CHECK_FALSE(server.session->finished());
  CHECK(server.session->calls() > 50);
  CHECK(server.frames().size() == 101);
  CHECK(server.session->calls() == 0);
}

}  // namespace server_session_test

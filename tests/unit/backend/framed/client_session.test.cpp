// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/backend/framed/client_session.hpp"

#include "support/catch.hpp"
#include "unit/backend/framed/scripted.hpp"

namespace client_session_test {

using namespace framed_tests;

namespace {

pw::metadata one(std::string_view key, std::string_view value) {
  pw::metadata m;
  if (!m.add(key, value)) throw std::logic_error("bad metadata");
  return m;
}

/// A client after the greeting.
class greeted : public scripted {
 public:
  explicit greeted(const pw::limits& own = pw::limits(),
                   const wf::hello& said = script::usual_hello())
      : scripted(rpc::role::client, own) {
    greet(said);
    (void)heard();
  }
  call_end& sink(const std::string& name = {}) { return *layer.make(name); }
};

script end_of(std::uint32_t id, const pw::status& how, const pw::metadata& trailing = {}) {
  wf::frame f;
  f.call = id;
  f.flags = wf::flag_end;
  if (!how.ok()) f.status = &how;
  if (!trailing.empty()) f.metadata = &trailing;
  return script().add(f);
}
script metadata_of(std::uint32_t id, const pw::metadata& m, std::uint32_t flags = 0) {
  wf::frame f;
  f.call = id;
  f.flags = flags;
  f.metadata = &m;
  return script().add(f);
}

}  // namespace

TEST_CASE("a unary call takes one frame, and the name goes once", "[framed]") {
  greeted client;
  client.open("a.B/Unary", client.sink(), "hi", true);
  client.open("a.B/Unary", client.sink(), "again", true);
  client.open("a.B/Up", client.sink(), nullptr, false);
  CHECK(client.frames() == lines{"1: method 1 name a.B/Unary payload 'hi' last",
                                 "2: method 1 payload 'again' last", "3: method 2 name a.B/Up"});
}

TEST_CASE("an answer is one frame: message and end together", "[framed]") {
  greeted client;
  const auto id = client.open("a.B/Unary", client.sink(), "hi", true);
  client.send(script().call(id, wf::flag_end, "ok"));
  CHECK(client.heard() == lines{"message 'ok' last", "end ok"});
  CHECK(client.session->calls() == 0);
}

TEST_CASE("metadata, messages, status and trailing metadata arrive in order", "[framed]") {
  greeted client;
  const auto id = client.open("a.B/Down", client.sink(), "hi", true);
  client.send(metadata_of(id, one("k", "v")));
  client.send(script().call(id, 0, "one").call(id, 0, ""));
  client.send(end_of(id, pw::status::not_found("no user"), one("t", "w")));
  CHECK(client.heard() == lines{"metadata k=v", "message 'one'", "message ''",
                                "end not_found: no user (processed) t=w"});
}

TEST_CASE("metadata may come with the first message, and not after it", "[framed]") {
  greeted client;
  const auto id = client.open("a.B/Down", client.sink(), "hi", true);
  wf::frame f;
  const pw::metadata m = one("k", "v");
  f.call = id;
  f.metadata = &m;
  f.has_payload = true;
  client.send(script().add(f));
  CHECK(client.heard() == lines{"metadata k=v", "message ''"});
  client.send(metadata_of(id, m));
  CHECK(client.session->finished());
  CHECK(client.heard() == lines{"end unavailable: protocol error: initial metadata came after a "
                                "message (maybe_processed)"});
}

TEST_CASE("metadata comes once, and not after the first part of a message", "[framed]") {
  for (const bool part : {false, true}) {
    greeted client;
    const auto id = client.open("a.B/Down", client.sink(), "hi", true);
    if (part) {
      client.send(script().part(id, 10, 20));
    } else {
      client.send(metadata_of(id, one("k", "v")));
    }
    CHECK_FALSE(client.session->finished());
    client.send(metadata_of(id, one("k", "v")));
    CHECK(client.session->finished());
  }
}

TEST_CASE("a frame for a call that is not open closes the connection", "[framed]") {
  greeted client;
  const auto id = client.open("a.B/Unary", client.sink("a "), "hi", true);
  client.open("a.B/Unary", client.sink("b "), "hi", true);
  client.send(script().call(id, wf::flag_end));
  CHECK(client.heard() == lines{"a end ok"});
  client.send(script().call(id, wf::flag_end));
  CHECK(client.heard() ==
        lines{"b end unavailable: protocol error: a frame came for a call that is "
              "not open (maybe_processed)"});
  CHECK(client.session->finished());
}

TEST_CASE("a number is used again only after the end", "[framed]") {
  greeted client;
  const auto first = client.open("a.B/Unary", client.sink(), "hi", true);
  const auto second = client.open("a.B/Unary", client.sink(), "hi", true);
  CHECK(second != first);
  client.session->cancel(first);
  CHECK(client.open("a.B/Unary", client.sink(), "hi", true) == 3);
  client.send(script().call(first, wf::flag_end));
  CHECK(client.open("a.B/Unary", client.sink(), "hi", true) == first);
}

TEST_CASE("a cancelled call hears nothing more, and what still comes for it is dropped",
          "[framed]") {
  greeted client;
  const auto id = client.open("a.B/Both", client.sink(), "hi", false);
  client.session->cancel(id);
  client.session->cancel(id);
  (void)client.frames();
  client.session->half_close(id);
  client.session->consumed(id, 100);
  CHECK_FALSE(client.session->send(id, text("x"), false));
  CHECK(client.frames().empty());
  CHECK(client.session->calls() == 1);
  client.send(metadata_of(id, one("k", "v")));
  client.send(script().call(id, 0, "late").part(id, 1'000, 5'000));
  client.send(end_of(id, pw::status::cancelled("as you said")));
  CHECK(client.heard().empty());
  CHECK(client.session->calls() == 0);
  CHECK_FALSE(client.session->finished());
}

TEST_CASE("a cancel behind the opening goes out as one frame", "[framed]") {
  greeted client;
  const auto id = client.open("a.B/Unary", client.sink(), "hi", true);
  client.session->cancel(id);
  CHECK(client.frames() == lines{"1: method 1 name a.B/Unary payload 'hi' last", "1: cancel"});
}

TEST_CASE("what a cancelled call receives still gives back the connection's credit", "[framed]") {
  greeted client;
  const auto id = client.open("a.B/Both", client.sink(), nullptr, false);
  client.session->cancel(id);
  (void)client.frames();
  for (int i = 0; i < 9; ++i) client.send(script().part(id, 60'000, 600'000));
  CHECK(client.frames() == lines{"credit 540288"});
}

TEST_CASE("a cancel in the middle of a message drops the rest of it", "[framed]") {
  linked pair;
  pair.move();
  call_end sink(pair.said_to_client());
  const std::string large(600'000, 'x');
  const auto id = pair.open("a.B/Up", sink, large.c_str(), false);
  pair.to_server();
  pair.client->cancel(id);
  pair.move();
  CHECK(pair.said_to_server() == lines{"1: open a.B/Up text",
                                       "1: end cancelled: the client cancelled the call "
                                       "(processed)"});
  CHECK(pair.said_to_client().empty());
  CHECK(pair.client->calls() == 0);
  CHECK(pair.server->calls() == 0);
}

TEST_CASE("a cancel that meets the end on its way harms nobody", "[framed]") {
  linked pair;
  pair.move();
  call_end sink(pair.said_to_client());
  const auto id = pair.open("a.B/Unary", sink, "x", true);
  pair.to_server();
  const auto reply = text("done");
  pair.server->end(id, &reply, {}, {});
  pair.client->cancel(id);
  pair.move();
  CHECK(pair.said_to_client().empty());
  CHECK(pair.client->calls() == 0);
  const auto again = pair.open("a.B/Unary", sink, "y", true);
  CHECK(again == id);
  pair.move();
  CHECK(pair.said_to_server().back() == "1: message 'y' last");
}

TEST_CASE("messages and the half-close", "[framed]") {
  greeted client;
  const auto id = client.open("a.B/Both", client.sink(), nullptr, false);
  CHECK(client.session->send(id, text("one"), false).value() == rpc::sent::done);
  CHECK(client.session->send(id, text(""), false).value() == rpc::sent::done);
  client.session->half_close(id);
  client.session->half_close(id);
  const auto late = client.session->send(id, text("late"), false);
  CHECK(late.status().code() == pw::status_code::failed_precondition);
  CHECK(client.frames() ==
        lines{"1: method 1 name a.B/Both", "1: payload 'one'", "1: payload ''", "1: last"});

  const auto other = client.open("a.B/Both", client.sink(), nullptr, false);
  CHECK(client.session->send(other, text("all"), true).value() == rpc::sent::done);
  client.session->half_close(other);
  CHECK(client.frames() == lines{"2: method 1", "2: payload 'all' last"});
  const auto none = client.open("a.B/Both", client.sink(), nullptr, true);
  client.session->half_close(none);
  CHECK(client.frames() == lines{"3: method 1 last"});
}

TEST_CASE("the time that is left goes with the opening", "[framed]") {
  greeted client;
  const pw::metadata none;
  rpc::call_head head("a.B/Unary", pw::call_type::unary, none, pw::format::text);
  for (const auto left : {pw::duration(1'500us), pw::duration(1ns), pw::duration(-5s)}) {
    head.deadline = client.now + left;
    (void)client.session->open(head, client.sink(), nullptr, true);
  }
  head.deadline = pw::never;
  (void)client.session->open(head, client.sink(), nullptr, true);
  CHECK(client.frames() == lines{"1: method 1 name a.B/Unary timeout 1500 last",
                                 "2: method 1 timeout 1 last", "3: method 1 timeout 0 last",
                                 "4: method 1 last"});
}

TEST_CASE("metadata above the limits is refused before anything is sent", "[framed]") {
  greeted client;
  (void)client.frames();
  pw::metadata many;
  for (int i = 0; i < 129; ++i) (void)many.add("k", "v");
  for (const pw::metadata& m : {one("k", std::string(33'000, 'v')), many}) {
    const rpc::call_head head("a.B/Unary", pw::call_type::unary, m, pw::format::text);
    const auto first = text("x");
    const auto opened = client.session->open(head, client.sink(), &first, true);
    CHECK(opened.status().code() == pw::status_code::resource_exhausted);
    CHECK(opened.status().reached() == pw::outcome::not_sent);
  }
  CHECK(client.frames().empty());
  CHECK(client.session->calls() == 0);
  client.open("a.B/Unary", client.sink(), "x", true);
  CHECK(client.frames() == lines{"1: method 1 name a.B/Unary payload 'x' last"});
}

TEST_CASE("metadata that fits no frame is refused, even if the limits allow it", "[framed]") {
  pw::limits bounds;
  bounds.max_metadata = 200'000;
  greeted client(bounds);
  const pw::metadata m = one("k", std::string(65'600, 'v'));
  const rpc::call_head head("a.B/Unary", pw::call_type::unary, m, pw::format::text);
  const auto opened = client.session->open(head, client.sink(), nullptr, true);
  CHECK(opened.status().code() == pw::status_code::resource_exhausted);
  CHECK(opened.status().reached() == pw::outcome::not_sent);
  CHECK(client.frames().empty());

  const pw::metadata fits = one("k", std::string(64'000, 'v'));
  const rpc::call_head good("a.B/Unary", pw::call_type::unary, fits, pw::format::text);
  const std::string message(5'000, 'm');  // which does not fit beside it
  const auto first = text(message);
  REQUIRE(client.session->open(good, client.sink(), &first, true));
  const auto said = client.frames();
  REQUIRE(said.size() == 2);
  CHECK(said[0].starts_with("1: method 1 name a.B/Unary"));
  CHECK(said[1] == "1: payload 5000 bytes last");
}

TEST_CASE("what is no method name is refused before anything is sent", "[framed]") {
  greeted client;
  for (const std::string& name : {std::string("nowhere"), "a.B/" + std::string(300, 'x')}) {
    const pw::metadata none;
    const rpc::call_head head(name, pw::call_type::unary, none, pw::format::text);
    const auto opened = client.session->open(head, client.sink(), nullptr, true);
    CHECK(opened.status().code() == pw::status_code::invalid_argument);
    CHECK(opened.status().reached() == pw::outcome::not_sent);
  }
  CHECK(client.frames().empty());
}

TEST_CASE("a message that cannot be encoded opens nothing and binds no name", "[framed]") {
  greeted client;
  const pw::metadata none;
  const rpc::call_head head("a.B/Unary", pw::call_type::unary, none, pw::format::text);
  const pw::text bad(std::string("\xff\xff"));
  const pw::outgoing first(bad, pw::format::text);
  const auto opened = client.session->open(head, client.sink(), &first, true);
  CHECK(opened.status().code() == pw::status_code::invalid_argument);
  CHECK(opened.status().reached() == pw::outcome::not_sent);
  CHECK(client.session->calls() == 0);
  CHECK(client.frames().empty());
  client.open("a.B/Unary", client.sink(), "x", true);
  CHECK(client.frames() == lines{"1: method 1 name a.B/Unary payload 'x' last"});
}

TEST_CASE("the peer says how many calls there may be, and is obeyed", "[framed]") {
  pw::limits own;
  scripted client(rpc::role::client, own);
  CHECK(client.session->capacity() == 100);
  wf::hello said = script::usual_hello();
  said.max_calls = 2;
  client.greet(said);
  CHECK(client.heard().empty());
  CHECK(client.session->capacity() == 2);
  call_end sink(client.layer.events);
  const auto a = client.open("a.B/Unary", sink, "x", true);
  client.open("a.B/Unary", sink, "x", true);
  CHECK(client.session->capacity() == 0);
  client.session->cancel(a);
  CHECK(client.session->capacity() == 0);
  client.send(script().call(a, wf::flag_end));
  CHECK(client.heard() == lines{"capacity"});
  CHECK(client.session->capacity() == 1);

  scripted more(rpc::role::client, own);
  said.max_calls = 500;
  more.greet(said);
  CHECK(more.heard() == lines{"capacity"});
  CHECK(more.session->capacity() == 500);
}

TEST_CASE("a full output takes no calls until it has been written", "[framed]") {
  greeted client;
  const pw::metadata m = one("k", std::string(30'000, 'v'));
  const rpc::call_head head("a.B/Unary", pw::call_type::unary, m, pw::format::text);
  int opened = 0;
  while (client.session->capacity() > 0) {
    REQUIRE(client.session->open(head, client.sink(), nullptr, true));
    ++opened;
  }
  CHECK(opened == 35);
  CHECK_FALSE(client.session->open(head, client.sink(), nullptr, true));
  client.send(script().ping(1));
  CHECK_FALSE(client.session->finished());
  (void)client.frames();
  CHECK(client.heard() == lines{"capacity"});
  CHECK(client.session->capacity() == 65);
}

TEST_CASE("metadata that breaks the limits cancels its call and no other", "[framed]") {
  pw::limits bounds;
  bounds.max_metadata = 100;
  greeted client(bounds);
  const auto a = client.open("a.B/Down", client.sink("a "), "x", true);
  const auto b = client.open("a.B/Down", client.sink("b "), "x", true);
  const auto c = client.open("a.B/Down", client.sink("c "), "x", true);
  (void)client.frames();
  client.send(metadata_of(a, one("k", std::string(100, 'v'))));
  CHECK(client.heard() ==
        lines{"a end resource_exhausted: metadata of more than 100 bytes (limits::max_metadata) "
              "(processed)"});
  CHECK(client.frames() == lines{"1: cancel"});
  client.send(script().call(a, 0, "late").call(a, wf::flag_end));
  client.send(end_of(b, {}, one("k", std::string(100, 'v'))));
  CHECK(client.heard() ==
        lines{"b end resource_exhausted: metadata of more than 100 bytes (limits::max_metadata) "
              "(processed)"});
  client.send(script().call(c, wf::flag_end));
  CHECK(client.heard() == lines{"c end ok"});
}

TEST_CASE("a reply above the limit cancels its call and no other", "[framed]") {
  pw::limits bounds;
  bounds.max_message = 1'000;
  for (const bool in_parts : {false, true}) {
    greeted client(bounds);
    const auto a = client.open("a.B/Down", client.sink("a "), "x", true);
    const auto b = client.open("a.B/Down", client.sink("b "), "x", true);
    (void)client.frames();
    client.send(in_parts ? script().part(a, 500, 1'001).part(a, 501, 0, 0)
                         : script().part(a, 1'001, 0, 0));
    CHECK(client.heard() == lines{"a end resource_exhausted: the reply has more than 1000 bytes "
                                  "(limits::max_message) (processed)"});
    CHECK(client.frames() == lines{"1: cancel"});
    client.send(script().call(a, wf::flag_end).part(b, 1'000, 0, wf::flag_end));
    CHECK(client.heard() == lines{"b message 1000 bytes last", "b end ok"});
  }
}

TEST_CASE("a malformed status closes the connection", "[framed]") {
  greeted client;
  client.open("a.B/Unary", client.sink(), "x", true);
  const std::byte frame[] = {std::byte{8},    std::byte{0x08}, std::byte{1},
                             std::byte{0x10}, std::byte{4},    std::byte{0x52},
                             std::byte{2},    std::byte{0x12}, std::byte{9}};
  client.send(script().raw(frame));
  CHECK(client.session->finished());
  CHECK(client.heard() ==
        lines{"end unavailable: protocol error: a status is malformed (maybe_processed)"});
}

TEST_CASE("a call may be cancelled, and others opened, in every callback", "[framed]") {
  greeted client;
  call_end& first = client.sink("first ");
  const auto id = client.open("a.B/Down", first, "x", true);
  first.on_message_hook = [&](const pw::incoming&, bool) {
    client.session->cancel(id);
    client.open("a.B/Down", client.sink("next "), "y", true);
  };
  client.send(script().call(id, 0, "one").call(id, 0, "two").call(id, wf::flag_end, "three"));
  CHECK(client.heard() == lines{"first message 'one'"});
  CHECK(client.session->calls() == 1);

  call_end& second = client.sink("second ");
  const auto other = client.open("a.B/Unary", second, "x", true);
  second.on_end_hook = [&] { client.open("a.B/Unary", client.sink("third "), "z", true); };
  client.send(script().call(other, wf::flag_end));
  CHECK(client.session->calls() == 2);
  CHECK(client.frames().back() == "1: method 2 payload 'z' last");
}

TEST_CASE("the connection may be closed in a callback", "[framed]") {
  greeted client;
  call_end& a = client.sink("a ");
  const auto id = client.open("a.B/Down", a, "x", true);
  client.open("a.B/Down", client.sink("b "), "x", true);
  a.on_message_hook = [&](const pw::incoming&, bool) {
    client.session->close(pw::status::cancelled("enough"));
  };
  client.send(script().call(id, 0, "one").call(id, wf::flag_end, "two"));
  CHECK(client.heard() == lines{"a message 'one'", "a end cancelled: enough (maybe_processed)",
                                "b end cancelled: enough (maybe_processed)"});
}

TEST_CASE("a peer that drains is reported once", "[framed]") {
  greeted client;
  const auto id = client.open("a.B/Unary", client.sink(), "x", true);
  client.send(script().goodbye({}).goodbye({}));
  CHECK(client.heard() == lines{"drain"});
  CHECK(client.session->capacity() == 0);
  client.send(script().call(id, wf::flag_end, "ok"));
  CHECK(client.heard() == lines{"message 'ok' last", "end ok"});
  CHECK(client.session->finished());
}

TEST_CASE("more names than numbers: the rest goes in full", "[framed]") {
  wf::hello said = script::usual_hello();
  said.max_calls = 2'000;
  greeted client({}, said);
  std::vector<std::string> names;
  for (int i = 0; i < 1'025; ++i) {
    names.push_back("a.B/M" + std::to_string(i));
    client.open(names.back(), client.sink(), nullptr, true);
  }
  (void)client.frames();
  client.open(names[1'024], client.sink(), nullptr, true);
  client.open(names[1'023], client.sink(), nullptr, true);
  CHECK(client.frames() == lines{"1026: name a.B/M1024 last", "1027: method 1024 last"});
}

}  // namespace client_session_test

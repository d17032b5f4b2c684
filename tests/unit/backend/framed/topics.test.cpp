// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// Topics between framed sessions: publishing, and subscriptions with their events.
#include "polywire/backend/framed/event_reader.hpp"

#include "support/catch.hpp"
#include "unit/backend/framed/scripted.hpp"
#include "unit/wire/frame/hex.hpp"

namespace topics_test {

using namespace framed_tests;

namespace {

/// A client and a server that have greeted each other.
class greeted_pair : public linked {
 public:
  explicit greeted_pair(const pw::limits& client_limits = pw::limits(),
                        const pw::limits& server_limits = pw::limits())
      : linked(client_limits, server_limits) {
    move();
    said_to_client().clear();
  }
  rpc::call_id subscribe(std::string_view pattern, call_end& sink) {
    const auto id = try_subscribe(*client, pattern, sink).value();
    move();
    server->confirm(id, position(7, 0, 1));
    return id;
  }
  rpc::sent publish(rpc::call_id id, const pw::event_head& head, std::string_view message) {
    return server->send(id, text(message).with(head), false).value();
  }
};

/// A client with the subscription 1 of "prices.>", confirmed.
class subscriber : public scripted {
 public:
  explicit subscriber(bool confirmed = true) : scripted(rpc::role::client) {
    greet();
    (void)try_subscribe(*session, "prices.>", *layer.make()).value();
    if (confirmed) send(script().confirm(1, position(7, 0, 1)));
    (void)frames();
    (void)heard();
  }
};

class greeted_server : public scripted {
 public:
  explicit greeted_server(const pw::limits& own = pw::limits()) : scripted(rpc::role::server, own) {
    greet();
  }
};

void check_closed(scripted& s, const std::string& problem) {
  CHECK(s.session->finished());
  const lines said = s.frames();
  REQUIRE_FALSE(said.empty());
  CHECK(said.back() == "goodbye invalid_argument: protocol error: " + problem + " (processed)");
}

/// Room for so many subscriptions, and one call.
pw::limits room_for(std::uint32_t subscriptions) {
  pw::limits l;
  l.max_subscriptions = subscriptions;
  l.max_calls = 1;
  return l;
}

}  // namespace

TEST_CASE("publishing is one frame, with the key of the event, and its end", "[framed][topics]") {
  scripted client(rpc::role::client);
  client.greet();
  call_end sink(client.layer.events);
  CHECK(try_publish(*client.session, "prices.gold", sink, "12", "ounce").value() == 1);
  CHECK(try_publish(*client.session, "prices.gold", sink, "13").value() == 2);
  CHECK(client.frames() == lines{"1: method 1 name prices.gold key ounce payload '12' last",
                                 "2: method 1 payload '13' last"});

  greeted_pair pair;
  call_end published(pair.said_to_client());
  const auto id = try_publish(*pair.client, "prices.gold", published, "12", "ounce").value();
  pair.move();
  CHECK(pair.said_to_server() ==
        lines{"1: open prices.gold text key ounce", "1: message '12' last"});
  pair.server->end(id, nullptr, {}, {});
  pair.move();
  CHECK(pair.said_to_client() == lines{"end ok"});
}

TEST_CASE("a subscription says all that it asks for, in one frame", "[framed][topics]") {
  greeted_pair pair;
  call_end sink(pair.said_to_client());
  pw::subscribe_head asked;
  asked.policy = pw::overflow::disconnect;
  asked.lag = pw::lag_limit(5, 600);
  asked.group = "workers";
  CHECK(try_subscribe(*pair.client, "prices.*", sink, asked));
  asked.start = pw::start_at::last(10);
  asked.policy = pw::overflow::drop_newest;
  CHECK(try_subscribe(*pair.client, "prices.gold", sink, asked));
  asked.start = pw::start_at::after(pw::event_id(~std::uint64_t{0}, 9));
  asked.sequence = 4;
  asked.policy = pw::overflow::block;
  CHECK(try_subscribe(*pair.client, "prices.>", sink, asked));
  asked = pw::subscribe_head();
  asked.start = pw::start_at::earliest();
  CHECK(try_subscribe(*pair.client, ">", sink, asked));
  CHECK(try_subscribe(*pair.client, "prices.*", sink));
  pair.move();
  CHECK(pair.said_to_server() ==
        lines{"1: open prices.* text from now disconnect 5/600 group workers", "1: half_close",
              "2: open prices.gold text from last 10 drop_newest 5/600 group workers",
              "2: half_close",
              "3: open prices.> text from after 18446744073709551615-9 number 4 block 5/600 group "
              "workers",
              "3: half_close", "4: open > text from earliest drop_oldest 1024/1048576",
              "4: half_close", "5: open prices.* text from now drop_oldest 1024/1048576",
              "5: half_close"});
}

TEST_CASE("a subscription and an event, byte by byte", "[framed][topics]") {
  scripted client(rpc::role::client);
  client.greet();
  pw::subscribe_head asked;
  asked.start = pw::start_at::last(2);
  const pw::metadata none;
  rpc::call_head head("a.b", pw::call_type::subscribe, none, pw::format::json);
  head.subscribe = &asked;
  REQUIRE(client.session->open(head, *client.layer.make(), nullptr, true));
  CHECK(frame_tests::to_hex(take_output(*client.session)) ==
        "1b 08 01 10 01 18 01 2a 03 61 2e 62 30 01 82 01 0b 08 02 10 02 38 80 08 40 80 80 40");

  greeted_server server;
  server.send(script().subscribe(1, "a.b"));
  server.session->confirm(1, position(5, 9, 3));
  CHECK(server.session->send(1, text("x").with(event_at(10)), false));
  CHECK(frame_tests::to_hex(take_output(*server.session)) ==
        "0b 08 01 aa 01 06 08 05 10 09 18 03 08 08 01 90 01 0a 22 01 78");
}

TEST_CASE("the position comes before the events, and these with all that goes with them",
          "[framed][topics]") {
  greeted_pair pair;
  call_end sink(pair.said_to_client());
  const auto id = pair.subscribe("prices.>", sink);
  pair.publish(id, event_at(3, "prices.gold", "ounce"), "12");
  pair.publish(id, event_at(4, "prices.gold", "", pw::loss(2, pw::loss::kind::exact)), "13");
  pair.publish(id, event_at(9, "prices.oil", "", pw::loss(5, pw::loss::kind::at_least)), "");
  pair.publish(id, event_at(10, "", "", pw::loss(0, pw::loss::kind::unknown)), "14");
  pair.server->end(id, nullptr, pw::status::resource_exhausted("too slow"), {});
  pair.move();
  CHECK(pair.said_to_client() ==
        lines{"confirmed after 7-0 number 1", "event 3 of prices.gold key ounce '12'",
              "event 4 lost 2 of prices.gold '13'", "event 9 lost 5+ of prices.oil ''",
              "event 10 lost 0 or who knows '14'", "end resource_exhausted: too slow (processed)"});
  CHECK(pair.client->calls() == 0);
  CHECK(pair.server->calls() == 0);
}

TEST_CASE("a topic's name goes once, and its number in every subscription", "[framed][topics]") {
  greeted_server server;
  server.send(script().subscribe(1, "prices.>").subscribe(2, "*.gold"));
  for (const std::uint32_t id : {1U, 2U, 1U}) {
    CHECK(server.session->send(id, text("x").with(event_at(3, "prices.gold")), false));
  }
  CHECK(server.session->send(1, text("x").with(event_at(4, "prices.oil")), false));
  CHECK(server.frames() == lines{"1: method 1 name prices.gold event 3 payload 'x'",
                                 "2: method 1 event 3 payload 'x'",
                                 "1: method 1 event 3 payload 'x'",
                                 "1: method 2 name prices.oil event 4 payload 'x'"});

  subscriber client;
  client.send(script()
                  .event(1, event_at(3, "prices.gold"), "x", 1'024)
                  .event(1, event_at(4), "y", 1'024)
                  .event(1, event_at(5, "prices.oil"), "z"));
  CHECK(client.heard() == lines{"event 3 of prices.gold 'x'", "event 4 of prices.gold 'y'",
                                "event 5 of prices.oil 'z'"});
}

TEST_CASE("more topics than numbers: the rest of the names go in full", "[framed][topics]") {
  greeted_pair pair;
  call_end sink(pair.said_to_client());
  const auto id = pair.subscribe("t.>", sink);
  std::vector<std::string> names;
  for (int i = 0; i < 1'030; ++i) names.push_back("t." + std::to_string(i));
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      pair.publish(id, event_at(i + 1, names[i]), "x");
      pair.move();
      CHECK(pair.said_to_client().back() ==
            "event " + std::to_string(i + 1) + " of " + names[i] + " 'x'");
    }
  }
}

TEST_CASE("an event that is refused binds no number", "[framed][topics]") {
  greeted_server server;
  server.send(script().subscribe(1, "prices.>"));
  const std::string large(5'000'000, 'x');
  CHECK(server.session->send(1, text(large).with(event_at(1, "prices.gold")), false)
            .status()
            .code() == pw::status_code::resource_exhausted);
  CHECK_FALSE(server.session->send(9, text("x").with(event_at(1, "prices.gold")), false));
  CHECK(server.session->send(1, text("x").with(event_at(2, "prices.oil")), false));
  CHECK(server.frames() == lines{"1: method 1 name prices.oil event 2 payload 'x'"});
}

TEST_CASE("numbers and names of topics that break the rules close the connection",
          "[framed][topics]") {
  const auto closed = [](const script& s, const std::string& problem) {
    subscriber client;
    client.send(s);
    check_closed(client, problem);
  };
  closed(script().event(1, event_at(3), "x", 1), "a topic's number is not bound to a name");
  closed(script().event(1, event_at(3, "a"), "x", 1).event(1, event_at(4, "b"), "x", 1),
         "a topic's number is out of range or bound twice");
  closed(script().event(1, event_at(3, "a"), "x", 1'025),
         "a topic's number is out of range or bound twice");
  for (const char* name : {"a..b", "prices.>", "a.B/Unary", "*", " ", "caf\xc3\xa9"}) {
    closed(script().event(1, event_at(3, name), "x"), "a topic's name is malformed");
  }
  closed(script().event(1, event_at(3, std::string(256, 'a')), "x"), "a topic's name is malformed");
}

TEST_CASE("a method's number and a topic's number have nothing to do with each other",
          "[framed][topics]") {
  greeted_pair pair;
  call_end sink(pair.said_to_client());
  pair.open("a.B/Unary", sink, "x", true);
  const auto id = pair.subscribe("prices.>", sink);
  pair.publish(id, event_at(1, "prices.gold"), "x");  // 1, as the method
  pair.move();
  CHECK(pair.said_to_client().back() == "event 1 of prices.gold 'x'");
  CHECK_FALSE(pair.client->finished());
}

TEST_CASE("an event larger than a frame: what goes with it goes ahead, then the parts",
          "[framed][topics]") {
  greeted_server server;
  server.send(script().subscribe(1, "prices.>"));
  const std::string large(100'000, 'x');
  const auto lost = pw::loss(2, pw::loss::kind::at_least);
  CHECK(server.session->send(1, text(large).with(event_at(3, "prices.gold", "k", lost)), false)
            .value() == rpc::sent::done);
  CHECK(server.frames() == lines{"1: method 1 name prices.gold event 3 lost 2+ key k",
                                 "1: size 100000 more payload 65504 bytes",
                                 "1: payload 34496 bytes"});

  greeted_pair pair;
  call_end sink(pair.said_to_client());
  const auto id = pair.subscribe("prices.>", sink);
  pair.publish(id, event_at(3, "prices.gold", "k", lost), large);
  pair.publish(id, event_at(4, "prices.gold"), "small");
  pair.move(1'000);
  CHECK(pair.said_to_client() == lines{"confirmed after 7-0 number 1",
                                       "event 3 lost 2+ of prices.gold key k 100000 bytes",
                                       "event 4 of prices.gold 'small'"});
}

TEST_CASE("what goes with an event may stand with the first part of its message",
          "[framed][topics]") {
  subscriber client;
  const std::string half(60, 'x');
  wf::frame f;
  f.call = 1;
  f.flags = wf::flag_more;
  f.event = 3;
  f.key = "k";
  f.message_size = 120;
  f.has_payload = true;
  f.payload = pw::as_bytes(half);
  client.send(script().add(f));
  client.send(script().part(1, 60, 0, 0).event(1, event_at(4), "next"));
  CHECK(client.heard() == lines{"event 3 key k 120 bytes", "event 4 'next'"});
}

TEST_CASE("an event waits for credit, and the number of its topic does not", "[framed][topics]") {
  pw::limits tight;
  tight.call_credit = 4'096;
  greeted_pair pair(tight);
  call_end sink(pair.said_to_client());
  const auto first = pair.subscribe("prices.>", sink);
  const auto second = pair.subscribe("*.gold", sink);
  pair.move();
  pair.said_to_client().clear();
  const std::string large(4'000, 'x');
  CHECK(pair.publish(first, event_at(1, "prices.oil"), large) == rpc::sent::done);
  CHECK(pair.publish(first, event_at(2, "prices.gold", "k"), large) == rpc::sent::held);
  CHECK_FALSE(pair.server->send(first, text("x").with(event_at(3)), false));
  CHECK(pair.publish(second, event_at(2, "prices.gold", "k"), "x") == rpc::sent::done);
  pair.said_to_server().clear();
  pair.move();
  CHECK(pair.said_to_client() ==
        lines{"event 1 of prices.oil 4000 bytes", "event 2 of prices.gold key k 'x'"});
  CHECK(pair.said_to_server().empty());
  pair.client->consumed(first, sink.costs[0]);
  pair.move();
  CHECK(pair.said_to_client().back() == "event 2 of prices.gold key k 4000 bytes");
  CHECK(pair.said_to_server() == lines{"1: sent"});
}

TEST_CASE("events out of order close the connection", "[framed][topics]") {
  const auto closed = [](const script& s, const std::string& problem) {
    subscriber client;
    client.send(s);
    check_closed(client, problem);
  };
  closed(script().call(1, 0, "no id"), "an event came without its id");
  closed(script().part(1, 10, 20), "an event came without its id");
  closed(script().call(1, wf::flag_end, "no id"), "an event came without its id");
  closed(script().event(1, event_at(3), nullptr).event(1, event_at(4), "x"),
         "an event came within another one");
  closed(script().event(1, event_at(3), nullptr).part(1, 10, 20).event(1, event_at(4), nullptr),
         "an event came within another one");
  closed(script().event(1, event_at(3, "", std::string(256, 'k')), "x"),
         "the key of an event is too long");
  closed(script().confirm(1, position(7, 0, 1)),
         "a position is malformed, comes twice, or outside of a subscription");

  subscriber unconfirmed(false);
  unconfirmed.send(script().event(1, event_at(3), "x"));
  check_closed(unconfirmed, "an event came before the subscription was confirmed");
}

TEST_CASE("events and positions outside of a subscription close the connection",
          "[framed][topics]") {
  for (const bool event : {false, true}) {
    scripted client(rpc::role::client);
    client.greet();
    call_end sink(client.layer.events);
    client.open("a.B/Down", sink, "x", true);
    client.send(event ? script().event(1, event_at(3), "x")
                      : script().confirm(1, position(1, 0, 1)));
    check_closed(client,
                 event ? "an event came outside of a subscription"
                       : "a position is malformed, comes twice, or outside of a subscription");
    CHECK(sink.how.code() == pw::status_code::unavailable);
  }
}

TEST_CASE("a position that is malformed closes the connection", "[framed][topics]") {
  subscriber client(false);
  client.send(script().raw(frame_tests::from_hex("06 08 01 aa 01 01 08")));
  check_closed(client, "a position is malformed, comes twice, or outside of a subscription");
}

TEST_CASE("a subscription that asks for what nobody knows closes the connection",
          "[framed][topics]") {
  const auto closed = [](const char* subscribe, const std::string& problem) {
    greeted_server server;
    auto body = frame_tests::from_hex(std::string("08 01 10 01 2a 01 'a' 82 01 ") + subscribe);
    body.insert(body.begin(), static_cast<std::byte>(body.size()));
    server.send(script().raw(body));
    check_closed(server, problem);
    CHECK(server.heard().empty());
  };
  closed("02 08 04", "a subscription begins where nobody knows");
  closed("02 30 04", "an overflow policy is not known");
  closed("01 08", "a field is cut off");
  closed("02 0a 00", "a field has another type than in frame.proto");
}

TEST_CASE("what a subscription leaves out has its default, and nothing is left of a lag of 0",
          "[framed][topics]") {
  greeted_server server;
  server.send(script().raw(frame_tests::from_hex("0a 08 01 10 01 2a 01 'a' 82 01 00")));
  CHECK(server.heard() ==
        lines{"1: open a protobuf from now drop_oldest 1024/1048576", "1: half_close"});
}

TEST_CASE("names and what is done with them must go together", "[framed][topics]") {
  greeted_server method;
  method.send(script().subscribe(1, "a.B/Unary"));
  check_closed(method, "a subscription names no topic");
  greeted_server malformed;
  malformed.send(script().subscribe(1, "a..b"));
  check_closed(malformed, "a subscription names no topic");

  greeted_server server;  // nobody publishes to a pattern, in words or by number
  server.send(script()
                  .call(1, wf::flag_last, "x", 0, "a.*")
                  .subscribe(2, "a.*", pw::subscribe_head(), 5)
                  .call(3, wf::flag_last, "x", 5)
                  .call(4, wf::flag_last, "x", 0, "a..b"));
  CHECK(server.frames() ==
        lines{"1: end not_found: nobody offers the topic 'a.*' here (rejected)",
              "3: end not_found: nobody offers the topic 'a.*' here (rejected)",
              "4: end unimplemented: no method '(malformed name)' here (rejected)"});
  CHECK(server.heard() ==
        lines{"2: open a.* text from now drop_oldest 1024/1048576", "2: half_close"});
}

TEST_CASE("a topic's number serves publishing and subscribing alike", "[framed][topics]") {
  greeted_server server;
  server.send(script()
                  .call(1, wf::flag_last, "x", 5, "prices.gold")
                  .subscribe(2, "", pw::subscribe_head(), 5)
                  .call(3, wf::flag_last, "y", 5));
  CHECK(server.heard() == lines{"1: open prices.gold text", "1: message 'x' last",
                                "2: open prices.gold text from now drop_oldest 1024/1048576",
                                "2: half_close", "3: open prices.gold text",
                                "3: message 'y' last"});
}

TEST_CASE("where nobody hosts topics they are not found", "[framed][topics]") {
  greeted_server server;
  *server.methods = rpc::registry();
  server.send(script().call(1, wf::flag_last, "x", 0, "prices.gold").subscribe(2, "prices.>"));
  CHECK(server.frames() ==
        lines{"1: end not_found: nobody offers the topic 'prices.gold' here (rejected)",
              "2: end not_found: nobody offers the topic 'prices.>' here (rejected)"});
}

TEST_CASE("what is no topic, or does not fit a frame, is refused before anything is sent",
          "[framed][topics]") {
  scripted client(rpc::role::client);
  client.greet();
  call_end sink(client.layer.events);
  const auto refused = [&](const pw::result<rpc::call_id>& opened, pw::status_code code) {
    CHECK(opened.status().code() == code);
    CHECK(opened.status().reached() == pw::outcome::not_sent);
    CHECK(client.frames().empty());
    CHECK(client.session->calls() == 0);
  };
  using enum pw::status_code;
  refused(try_publish(*client.session, "a..b", sink, "x"), invalid_argument);
  refused(try_publish(*client.session, "a.B/Unary", sink, "x"), invalid_argument);
  refused(try_subscribe(*client.session, "a.>.b", sink), invalid_argument);
  refused(try_publish(*client.session, "a", sink, "x", std::string(70'000, 'k')),
          resource_exhausted);
  pw::subscribe_head asked;
  const std::string group(70'000, 'g');
  asked.group = group;
  refused(try_subscribe(*client.session, "a", sink, asked), resource_exhausted);

  CHECK(try_subscribe(*client.session, "a.*", sink));  // binds the name, which is no topic
  (void)client.frames();
  CHECK(try_publish(*client.session, "a.*", sink, "x").status().code() == invalid_argument);
  CHECK(client.frames().empty());
}

TEST_CASE("a client opens no more subscriptions than the server takes", "[framed][topics]") {
  scripted client(rpc::role::client);
  wf::hello hello;
  hello.max_calls = 1;
  hello.max_subscriptions = 2;
  client.greet(hello);
  call_end sink(client.layer.events);
  for (int i = 0; i < 2; ++i) {
    CHECK(client.session->has_room(pw::call_type::subscribe));
    CHECK(try_subscribe(*client.session, "a", sink));
  }
  CHECK_FALSE(client.session->has_room(pw::call_type::subscribe));
  CHECK(try_subscribe(*client.session, "a", sink).status().reached() == pw::outcome::not_sent);
  CHECK(client.frames().size() == 2);

  // Calls have their own room.
  CHECK(client.session->capacity() == 1);
  CHECK(client.session->has_room(pw::call_type::publish));
  client.open("a.B/Unary", sink, "x", true);
  CHECK(client.session->capacity() == 0);
  CHECK_FALSE(client.session->has_room(pw::call_type::publish));

  // A place is free again when the end has come, not before.
  (void)client.heard();
  client.session->cancel(1);
  CHECK_FALSE(client.session->has_room(pw::call_type::subscribe));
  client.send(script().call(1, wf::flag_end));
  CHECK(client.heard() == lines{"capacity"});
  CHECK(client.session->has_room(pw::call_type::subscribe));
  CHECK(client.session->capacity() == 0);
  client.send(script().call(3, wf::flag_end));
  CHECK(client.heard() == lines{"end ok", "capacity"});
}

TEST_CASE("room for subscriptions is told when the hello or a written output brings it",
          "[framed][topics]") {
  scripted client(rpc::role::client);
  call_end sink(client.layer.events);
  for (int i = 0; i < 1'000; ++i) REQUIRE(try_subscribe(*client.session, "a", sink));
  CHECK_FALSE(client.session->has_room(pw::call_type::subscribe));
  wf::hello hello;
  hello.max_calls = 1;
  hello.max_subscriptions = 1'001;
  client.send(script().greeting(hello));
  CHECK(client.heard() == lines{"capacity"});
  CHECK(client.session->has_room(pw::call_type::subscribe));

  const auto id = client.open("a.B/Up", sink, nullptr, false);
  const std::string large(60'000, 'x');
  client.send(script().credit(id, 10'000'000).credit(0, 10'000'000));
  while (client.session->has_room(pw::call_type::subscribe)) {
    REQUIRE(client.session->send(id, text(large), false).value() == rpc::sent::done);
  }
  (void)client.heard();
  (void)client.frames();
  CHECK(client.heard() == lines{"capacity"});  // calls have none, subscriptions have
}

TEST_CASE("a server rejects subscriptions above its limit, and calls have their own",
          "[framed][topics]") {
  greeted_server server(room_for(2));
  server.send(script()
                  .subscribe(1, "a")
                  .subscribe(2, "a")
                  .subscribe(3, "a")
                  .call(4, wf::flag_last, "x", 0, "a.B/Unary")
                  .call(5, wf::flag_last, "x", 0, "a"));
  CHECK(server.frames() ==
        lines{"3: end resource_exhausted: more than 2 subscriptions on one connection "
              "(limits::max_subscriptions) (rejected)",
              "5: end resource_exhausted: more than 1 calls on one connection (limits::max_calls) "
              "(rejected)"});
  server.session->end(2, nullptr, pw::status::unavailable("enough"), {});
  server.send(script().subscribe(3, "a"));
  CHECK(server.frames() == lines{"2: end unavailable: enough (processed)"});
  CHECK(server.session->calls() == 3);
}

TEST_CASE("a subscription that the layer above refuses takes no room", "[framed][topics]") {
  greeted_server server(room_for(1));
  server.layer.refuse_with = pw::status::permission_denied("no");
  server.send(script().subscribe(1, "a"));
  server.layer.refuse_with = {};
  server.send(script().subscribe(2, "a"));
  server.session->reject(2, pw::status::unauthenticated("who?"));
  server.send(script().subscribe(3, "a").subscribe(4, "a"));
  const lines said = server.frames();
  REQUIRE(said.size() == 3);
  CHECK(said[0] == "1: end permission_denied: no (rejected)");
  CHECK(said[1] == "2: end unauthenticated: who? (rejected)");
  CHECK(said[2].starts_with("4: end resource_exhausted"));
}

TEST_CASE("a cancelled subscription hears nothing more, and its place is free after the end",
          "[framed][topics]") {
  greeted_pair pair(pw::limits(), room_for(1));
  call_end sink(pair.said_to_client());
  const auto id = pair.subscribe("prices.>", sink);
  pair.publish(id, event_at(1, "prices.gold"), "x");
  pair.client->cancel(id);
  CHECK_FALSE(pair.client->has_room(pw::call_type::subscribe));
  pair.move();
  CHECK(pair.said_to_client() == lines{"capacity"});
  CHECK(pair.said_to_server().back() ==
        "1: end cancelled: the client cancelled the call (processed)");
  CHECK(pair.client->calls() == 0);
  CHECK(pair.server->calls() == 0);

  // The topic's number was bound by what was dropped.
  const auto again = pair.subscribe("prices.>", sink);
  pair.publish(again, event_at(2, "prices.gold"), "y");
  pair.move();
  CHECK(pair.said_to_client().back() == "event 2 of prices.gold 'y'");
}

TEST_CASE("a subscription may be cancelled between what goes with an event and its message",
          "[framed][topics]") {
  subscriber client;
  client.send(script().event(1, event_at(3, "prices.gold"), nullptr, 1).part(1, 10, 30));
  client.session->cancel(1);
  client.send(script().part(1, 20, 0, 0).event(1, event_at(4), "late", 1).call(1, wf::flag_end));
  CHECK(client.heard().empty());
  CHECK_FALSE(client.session->finished());
  CHECK(client.session->calls() == 0);
}

TEST_CASE("a subscription may be ended and cancelled in every callback", "[framed][topics]") {
  greeted_pair pair;
  for (const bool when_confirmed : {true, false}) {
    call_end sink(pair.said_to_client());
    const auto id = try_subscribe(*pair.client, "a", sink).value();
    const auto leave = [&] { pair.client->cancel(id); };
    if (when_confirmed) {
      sink.on_confirmed_hook = leave;
    } else {
      sink.on_message_hook = [&](const pw::incoming&, bool) { leave(); };
    }
    pair.move();
    pair.said_to_client().clear();
    pair.server->confirm(id, position(7, 0, 1));
    for (std::uint64_t i = 1; i < 4; ++i) pair.publish(id, event_at(i), "x");
    pair.move();
    CHECK(pair.said_to_client().size() == (when_confirmed ? 1U : 2U));
    CHECK(pair.client->calls() == 0);
  }
  pair.server_owner.on_open_hook = [&](rpc::call_id id, call_end&) {
    pair.server->confirm(id, position(7, 0, 1));
    pair.server->end(id, nullptr, pw::status::aborted("at once"), {});
  };
  call_end sink(pair.said_to_client());
  pair.said_to_client().clear();
  (void)try_subscribe(*pair.client, "a", sink).value();
  pair.move();
  CHECK(pair.said_to_client() ==
        lines{"confirmed after 7-0 number 1", "end aborted: at once (processed)"});
  CHECK(pair.server->calls() == 0);
}

TEST_CASE("what a subscriber sends is left to the layer above", "[framed][topics]") {
  greeted_server server;
  wf::frame f;
  const pw::subscribe_head asked;
  f.call = 1;
  f.name = "a";
  f.subscribe = &asked;
  f.has_payload = true;
  server.send(script().add(f).call(1, wf::flag_last, "more"));
  CHECK(server.heard() == lines{"1: open a protobuf from now drop_oldest 1024/1048576",
                                "1: message ''", "1: message 'more' last"});
}

TEST_CASE("only a subscription is confirmed, and only by a server", "[framed][topics]") {
  greeted_pair pair;
  call_end sink(pair.said_to_client());
  const auto id = pair.open("a.B/Both", sink);
  pair.move();
  pair.server->confirm(id, position(7, 0, 1));
  pair.server->confirm(9, position(7, 0, 1));
  pair.client->confirm(id, position(7, 0, 1));
  pair.move();
  CHECK(pair.said_to_client().empty());
  CHECK_FALSE(pair.client->finished());
  CHECK_FALSE(pair.server->finished());
}

TEST_CASE("a subscription that is lost says whether its opening had left", "[framed][topics]") {
  greeted_pair pair;
  call_end confirmed(pair.said_to_client());
  call_end unsent(pair.said_to_client());
  pair.subscribe("a", confirmed);
  pair.move();
  (void)try_subscribe(*pair.client, "b", unsent).value();
  pair.client->lost(pw::status::unavailable("gone"));
  CHECK(confirmed.how.reached() == pw::outcome::maybe_processed);
  CHECK(unsent.how.reached() == pw::outcome::not_sent);
}

}  // namespace topics_test

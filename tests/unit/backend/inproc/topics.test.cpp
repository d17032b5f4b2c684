// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// Topics between the two ends of one process.
#include "polywire/backend/inproc/server_session.hpp"

#include "support/catch.hpp"
#include "unit/backend/inproc/couple.hpp"

using namespace inproc_tests;

namespace {

/// A couple with a subscription, which the server has confirmed.
class subscribed : public couple {
 public:
  explicit subscribed(std::string_view pattern = "prices.>") {
    id = try_subscribe(*client, pattern, sink()).value();
    to_server();
    server->confirm(id, position(7, 0, 1));
  }
  rpc::sent publish(const pw::event_head& head, std::string_view message) {
    return server->send(id, text(message).with(head), false).value();
  }
  rpc::call_id id = 0;
};

pw::limits room_for(std::uint32_t subscriptions) {
  pw::limits l;
  l.max_subscriptions = subscriptions;
  l.max_calls = 1;
  return l;
}

}  // namespace

TEST_CASE("within the process: publishing takes the key of the event along", "[inproc][topics]") {
  couple pair;
  const auto id =
      try_publish(*pair.client, "prices.gold", pair.sink(), "12", std::string("ounce")).value();
  pair.move();
  CHECK(pair.server_heard() == lines{"1: open prices.gold text key ounce", "1: message '12' last"});
  pair.server->end(id, nullptr, {}, {});
  pair.move();
  CHECK(pair.client_heard() == lines{"end ok"});
}

TEST_CASE("within the process: a subscription says all that it asks for", "[inproc][topics]") {
  couple pair;
  {
    pw::subscribe_head asked;
    const std::string group("workers");  // gone when the server reads it
    asked.start = pw::start_at::after(pw::event_id(7, 9));
    asked.sequence = 4;
    asked.policy = pw::overflow::block;
    asked.lag = pw::lag_limit(5, 600);
    asked.group = group;
    CHECK(try_subscribe(*pair.client, "prices.>", pair.sink(), asked));
  }
  CHECK(try_subscribe(*pair.client, "prices.>", pair.sink()));
  pair.move();
  CHECK(pair.server_heard() ==
        lines{"1: open prices.> text from after 7-9 number 4 block 5/600 group workers",
              "1: half_close", "2: open prices.> text from now drop_oldest 1024/1048576",
              "2: half_close"});
}

TEST_CASE("within the process: the position, then the events with all that goes with them",
          "[inproc][topics]") {
  subscribed pair;
  {
    const std::string topic("prices.gold");  // both gone when the client reads them
    const std::string key("ounce");
    pair.publish(event_at(3, topic, key, pw::loss(2, pw::loss::kind::at_least)), "12");
  }
  pair.publish(event_at(4, "prices.oil"), "13");
  pair.server->end(pair.id, nullptr, pw::status::resource_exhausted("too slow"), {});
  pair.move();
  CHECK(pair.client_heard() ==
        lines{"confirmed after 7-0 number 1", "event 3 lost 2+ of prices.gold key ounce '12'",
              "event 4 of prices.oil '13'", "end resource_exhausted: too slow (processed)"});
  CHECK(pair.client->calls() == 0);
  CHECK(pair.server->calls() == 0);
}

TEST_CASE("within the process: an event waits for its reader", "[inproc][topics]") {
  subscribed pair;
  std::uint64_t offset = 1;
  while (pair.publish(event_at(offset, "prices.gold", "k"), "x") == rpc::sent::done) ++offset;
  CHECK(offset == 65);
  CHECK_FALSE(pair.server->send(pair.id, text("x").with(event_at(66)), false));
  pair.move();
  CHECK(pair.client_heard().back() == "event 64 of prices.gold key k 'x'");
  (void)pair.server_heard();
  pair.client->consumed(pair.id, 64);
  pair.move();
  CHECK(pair.server_heard() == lines{"1: sent"});
  CHECK(pair.client_heard() == lines{"event 65 of prices.gold key k 'x'"});
}

TEST_CASE("within the process: a subscription that is served and ended while it opens",
          "[inproc][topics]") {
  for (const bool waits : {false, true}) {
    couple pair;
    pair.server_owner.on_open_hook = [&](rpc::call_id id, call_end&) {
      pair.server->confirm(id, position(7, 0, 1));
      for (std::uint64_t i = 1; i <= (waits ? 65U : 2U); ++i) {
        REQUIRE(pair.server->send(id, text("x").with(event_at(i)), false));
      }
      pair.server->end(id, nullptr, pw::status::aborted("too slow"), {});
    };
    const auto id = try_subscribe(*pair.client, "a", pair.sink()).value();
    pair.move();
    CHECK(pair.server->calls() == (waits ? 1 : 0));
    pair.client->consumed(id, 64);
    pair.move();
    const lines heard = pair.client_heard();
    CHECK(heard.size() == (waits ? 67 : 4));
    CHECK(heard.back() == "end aborted: too slow (processed)");
    CHECK(pair.server->calls() == 0);
    CHECK(pair.server_heard().size() == 1);  // the opening, and nothing after the end
  }
}

TEST_CASE("within the process: what is no topic is refused before anything is sent",
          "[inproc][topics]") {
  couple pair;
  for (const auto& refused : {try_publish(*pair.client, "a..b", pair.sink(), "x"),
                              try_publish(*pair.client, "a.*", pair.sink(), "x"),
                              try_publish(*pair.client, "a.B/Unary", pair.sink(), "x"),
                              try_subscribe(*pair.client, "a.>.b", pair.sink())}) {
    CHECK(refused.status().code() == pw::status_code::invalid_argument);
    CHECK(refused.status().reached() == pw::outcome::not_sent);
  }
  CHECK(pair.client->outbox().empty());
}

TEST_CASE("within the process: where nobody hosts topics they are not found", "[inproc][topics]") {
  couple pair;
  *pair.methods = rpc::registry();
  (void)try_publish(*pair.client, "a.b", pair.sink("publish "), "x");
  (void)try_subscribe(*pair.client, "a.*", pair.sink("subscribe "));
  pair.move();
  CHECK(pair.client_heard() ==
        lines{"publish end not_found: nobody offers the topic 'a.b' here (rejected)",
              "subscribe end not_found: nobody offers the topic 'a.*' here (rejected)"});
}

TEST_CASE("within the process: subscriptions and calls have room of their own",
          "[inproc][topics]") {
  couple pair(room_for(2));
  for (int i = 0; i < 2; ++i) CHECK(try_subscribe(*pair.client, "a", pair.sink()));
  CHECK_FALSE(pair.client->has_room(pw::call_type::subscribe));
  CHECK(try_subscribe(*pair.client, "a", pair.sink()).status().reached() == pw::outcome::not_sent);
  CHECK(pair.client->capacity() == 1);
  pair.open("a.B/Unary", pair.sink(), "x", true);
  CHECK_FALSE(pair.client->has_room(pw::call_type::publish));
  pair.move();
  CHECK(pair.client_heard().empty());

  pair.client->cancel(1);
  CHECK_FALSE(pair.client->has_room(pw::call_type::subscribe));
  pair.move();
  CHECK(pair.client_heard() == lines{"capacity"});
  CHECK(pair.client->has_room(pw::call_type::subscribe));
  CHECK(pair.client->capacity() == 0);
}

TEST_CASE("within the process: a server rejects what is above its limits", "[inproc][topics]") {
  couple pair(pw::limits(), room_for(1));
  pair.client->meet(pw::limits());  // as if it had more room
  for (const char* name : {"a ", "b "}) {
    (void)try_subscribe(*pair.client, "t", pair.sink(name)).value();
    (void)try_publish(*pair.client, "t", pair.sink(name), "x").value();
  }
  pair.move();
  CHECK(pair.client_heard() ==
        lines{"b end resource_exhausted: more than 1 subscriptions on one connection "
              "(limits::max_subscriptions) (rejected)",
              "b end resource_exhausted: more than 1 calls on one connection (limits::max_calls) "
              "(rejected)"});
}

TEST_CASE("within the process: a cancelled subscription hears nothing more", "[inproc][topics]") {
  subscribed pair;
  pair.publish(event_at(1, "prices.gold"), "x");
  pair.client->cancel(pair.id);
  pair.move();
  CHECK(pair.client_heard().empty());
  CHECK(pair.server_heard().back() ==
        "1: end cancelled: the client cancelled the call (processed)");
  CHECK(pair.client->calls() == 0);
  CHECK(pair.server->calls() == 0);
}

TEST_CASE("within the process: only a subscription is confirmed, and only by a server",
          "[inproc][topics]") {
  couple pair;
  const auto id = pair.open("a.B/Both", pair.sink());
  pair.to_server();
  pair.server->confirm(id, position(7, 0, 1));
  pair.server->confirm(9, position(7, 0, 1));
  pair.client->confirm(id, position(7, 0, 1));
  pair.move();
  CHECK(pair.client_heard().empty());
}

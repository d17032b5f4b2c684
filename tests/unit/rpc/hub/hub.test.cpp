// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/rpc/hub/hub.hpp"

#include "hub_world.hpp"
#include "support/catch.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace hub_test {

using namespace hub_test;
using Catch::Matchers::ContainsSubstring;
using code = pw::status_code;

TEST_CASE("an event reaches every subscriber of its topic, in order, and nobody else") {
  world w;
  w.offer("a");
  w.offer("b");
  reader one, two, other;
  for (reader* each : {&one, &two}) REQUIRE(w.subscribe(*each, request("a")));
  REQUIRE(w.subscribe(other, request("b")));
  w.post_all("a", "1 2 3");
  CHECK(one.take_all() == "1 2 3");
  CHECK(two.take_all() == "1 2 3");
  CHECK(other.take_all().empty());
}

TEST_CASE("publishing without subscribers succeeds, and offsets are hub-wide from 1") {
  world w;
  w.offer("a");
  w.offer("b");
  CHECK(w.post("a", "x")->value() == pw::event_id(7, 1));
  CHECK(w.post("b", "x")->value() == pw::event_id(7, 2));
  CHECK(w.hub.stats().published == 2);
  CHECK(w.hub.stats().topics == 2);
}

TEST_CASE("offers are refused when they are no pattern or made twice") {
  world w;
  w.offer("a..b");
  CHECK(w.offered.code() == code::invalid_argument);
  w.offer("a.>");
  CHECK(w.offered.ok());
  w.offer("a.>");
  CHECK(w.offered.code() == code::already_exists);
}

TEST_CASE("a publish that cannot be says why") {
  pw::limits bounds;
  bounds.max_message = 10;
  bounds.max_topics = 2;
  world w(bounds);
  w.offer("plain");
  w.offer("open.*", pw::accept_publish());
  const auto post = [&](std::string_view topic, std::string_view text, bool remote) {
    return w.post(topic, text, nullptr, remote)->status();
  };
  CHECK(post("nowhere", "x", false).code() == code::not_found);
  CHECK_THAT(post("nowhere", "x", false).message(), ContainsSubstring("nowhere"));
  CHECK(post("open.*", "x", false).code() == code::invalid_argument);
  CHECK(post("plain", "x", true).code() == code::permission_denied);
  CHECK(post("plain", "x", false).ok());
  CHECK(post("plain", "12345678901", false).code() == code::resource_exhausted);
  CHECK(post("open.a", "\xff", true).code() == code::invalid_argument);
  CHECK(post("open.a", "x", true).ok());
  CHECK(post("open.b", "x", true).code() == code::resource_exhausted);
  rpc::publication p;
  p.topic = "plain";
  p.encoding = pw::format::json;
  CHECK(w.hub.publish(p, w.now, nullptr)->status().code() == code::invalid_argument);
  p.encoding = pw::format::text;
  const std::string key(256, 'k');
  p.key = key;
  CHECK(w.hub.publish(p, w.now, nullptr)->status().code() == code::invalid_argument);
  CHECK(w.hub.stats().published == 2);
}

TEST_CASE("a subscription that cannot be says why") {
  world w;
  w.offer("a");
  w.offer("b.>", pw::allow_block());
  reader r;
  const auto refused = [&](const rpc::subscribe_request& how) {
    return w.subscribe(r, how).code();
  };
  CHECK(refused(request("a b")) == code::invalid_argument);
  CHECK(refused(request("c")) == code::not_found);
  CHECK(refused(request("c.*")) == code::not_found);
  CHECK(refused(request("a").when_full(pw::overflow::block)) == code::permission_denied);
  CHECK(refused(request(">").when_full(pw::overflow::block)) == code::permission_denied);
  CHECK(refused(request("b.*").when_full(pw::overflow::block)) == code::ok);
  CHECK(refused(request("a").in_group("g").from(pw::start_at::last(1))) ==
        code::failed_precondition);
  CHECK(refused(request("b.x").in_group("g").when_full(pw::overflow::block)) ==
        code::failed_precondition);
  CHECK(refused(request("a").in_group("g.h")) == code::invalid_argument);
  CHECK(refused(request("a").from(pw::start_at::after({7, 1}))) == code::invalid_argument);
}

TEST_CASE("the type of a name is its own offer's, then the first pattern's") {
  world w;
  w.offer("a.>");
  REQUIRE(w.hub.offer("a.*", rpc::topic_type_of<pw::bytes>, {}));
  REQUIRE(w.hub.offer("a.own", rpc::topic_type_of<pw::bytes>, {}));
  const auto speaks_text = [&](std::string_view name) {
    return w.hub.type_of(name)->formats.contains(pw::format::text);
  };
  CHECK(speaks_text("a.any"));
  CHECK_FALSE(speaks_text("a.own"));
  CHECK(speaks_text("*.x.>"));
  CHECK(w.hub.type_of("b") == nullptr);
  CHECK(w.hub.type_of("b.>") == nullptr);
  CHECK(w.hub.type_of("a") == nullptr);
}

TEST_CASE("patterns meet when one name can match both") {
  using rpc::detail::patterns_meet;
  CHECK(patterns_meet("a.*", "*.b"));
  CHECK(patterns_meet("a.>", "*.b.c"));
  CHECK(patterns_meet(">", "a"));
  CHECK(patterns_meet("a.b", "a.b"));
  CHECK_FALSE(patterns_meet("a.>", "a"));
  CHECK_FALSE(patterns_meet("a.*", "a.b.c"));
  CHECK_FALSE(patterns_meet("a.*", "b.*"));
}

TEST_CASE("a pattern sees its topics in the order of publishing, also those that come later") {
  world w;
  w.offer("o.>");
  w.offer("p");
  reader all, some;
  REQUIRE(w.subscribe(all, request("o.>")));
  REQUIRE(w.subscribe(some, request("o.*.x")));
  w.post_all("o.b", "1");
  w.post_all("o.a", "2");
  w.post_all("p", "no");
  w.post_all("o.b", "3");
  w.post_all("o.a.x", "4");
  w.post_all("o.a", "5");
  w.home.drain();
  CHECK(all.take_all() == "1 2 3 4 5");
  CHECK(some.take_all() == "4");
  w.post_all("o.c", "6");
  w.post_all("o.b", "7");
  w.home.drain();
  CHECK(all.take_all() == "6 7");
  CHECK(all.mine->sequence() == 0);
}

TEST_CASE(
    "a pattern is told of nothing that its thread has not heard of yet, so that nothing is late") {
  world w;
  w.offer("o.*");
  reader r;
  REQUIRE(w.subscribe(r, request("o.*")));
  w.post_all("o.b", "1");
  CHECK(r.take() == "nothing");
  w.post_all("o.a", "2");
  w.home.drain();
  CHECK(r.calls == 1);
  w.post_all("o.b", "3");
  CHECK(r.take_all() == "1 2");
  w.home.drain();
  CHECK(r.calls == 2);
  CHECK(r.take_all() == "3");
}

TEST_CASE("a subscription starts now, at the earliest, at the last, or after an event") {
  world w;
  w.offer("a", pw::keep(4));
  w.offer("b");
  w.post_all("b", "b");
  w.post_all("a", "1 2 3 4 5 6");  // offsets 2 to 7, of which 4 stay
  w.post_all("b", "b");
  for (const auto policy : {pw::overflow::drop_oldest, pw::overflow::drop_newest}) {
    const auto start = [&](pw::start_at where, std::uint64_t number = 0) {
      reader r;
      const auto made =
          w.subscribe(r, request("a").from(where).number(number).when_full(policy).most(2));
      if (!made) return made.message();
      const auto stands = std::to_string(r.mine->position().offset()) + "#" +
                          std::to_string(r.mine->sequence()) + ": ";
      return stands + r.take_all();
    };
    CHECK(start({}) == "8#7: ");
    CHECK(start(pw::start_at::earliest()) == "3#3: 3 4 5 6");
    CHECK(start(pw::start_at::last(2)) == "5#5: 5 6");
    CHECK(start(pw::start_at::last(0)) == "8#7: ");
    CHECK(start(pw::start_at::last(100)) == "3#3: 3 4 5 6");
    CHECK(start(pw::start_at::after({7, 5})) == "5#5: 5 6");
    CHECK(start(pw::start_at::after({7, 8})) == "8#7: ");
    // Everything since then is there, whatever the number says.
    CHECK(start(pw::start_at::after({7, 3}), 1) == "3#3: 3 4 5 6");
    CHECK(start(pw::start_at::after({7, 2}), 2) == "2#2: -1 3 4 5 6");
    CHECK(start(pw::start_at::after({7, 0}), 1) == "0#1: -2 3 4 5 6");
    CHECK(start(pw::start_at::after({7, 0})) == "0#2: >1 3 4 5 6");
    CHECK(start(pw::start_at::after({7, 0}), 3) == "0#2: >1 3 4 5 6");
    CHECK(start(pw::start_at::after({6, 100})) == "3#3: ?0 3 4 5 6");
    CHECK_THAT(start(pw::start_at::after({7, 9})), ContainsSubstring("7-8"));
  }
}

TEST_CASE("a pattern starts at the earliest, at the last of all topics, or after an event") {
  world w;
  w.offer("o.*", pw::keep(3));
  w.post_all("o.a", "a1 a2");
  w.post_all("o.b", "b3 b4 b5 b6");  // b3 goes
  w.post_all("o.a", "a7");
  for (const auto policy : {pw::overflow::drop_oldest, pw::overflow::drop_newest}) {
    const auto start = [&](pw::start_at where) {
      reader r;
      REQUIRE(w.subscribe(r, request("o.>").from(where).when_full(policy).most(2)));
      const auto stands = std::to_string(r.mine->position().offset()) + ": ";
      return stands + r.take_all();
    };
    CHECK(start({}) == "7: ");
    CHECK(start(pw::start_at::earliest()) == "0: a1 a2 b4 b5 b6 a7");
    CHECK(start(pw::start_at::last(4)) == "3: b4 b5 b6 a7");
    CHECK(start(pw::start_at::last(0)) == "7: ");
    CHECK(start(pw::start_at::after({7, 4})) == "4: b5 b6 a7");
    CHECK(start(pw::start_at::after({7, 2})) == "2: >1 b4 b5 b6 a7");
    CHECK(start(pw::start_at::after({1, 2})) == "0: ?0 a1 a2 b4 b5 b6 a7");
  }
}

TEST_CASE("a client that adds events and losses to its number resumes with an exact loss") {
  world w;
  w.offer("a", pw::keep(2));
  reader r;
  REQUIRE(w.subscribe(r, request("a")));
  std::uint64_t number = r.mine->sequence();
  w.post_all("a", "1 2 3");
  CHECK(r.take() == "-1 2");
  number += 2;
  CHECK(r.mine->sequence() == number);
  CHECK(r.mine->position() == r.last);
  w.post_all("a", "4 5 6");  // 3, 4 go
  reader again;
  REQUIRE(w.subscribe(again, request("a").from(pw::start_at::after(r.last)).number(number)));
  CHECK(again.mine->sequence() == number);
  CHECK(again.take_all() == "-2 5 6");
  CHECK(again.mine->sequence() == 7);
}

TEST_CASE("a thread is woken once until it drains, and then calls those who have something") {
  world w;
  w.offer("a");
  w.offer("b");
  std::vector<std::unique_ptr<reader>> many;
  for (int i = 0; i < 10; ++i) {
    many.push_back(std::make_unique<reader>());
    REQUIRE(w.subscribe(*many.back(), request("a")));
  }
  reader other, pattern, queue;
  REQUIRE(w.subscribe(other, request("b")));
  REQUIRE(w.subscribe(pattern, request("*")));
  REQUIRE(w.subscribe(queue, request("a").when_full(pw::overflow::drop_newest)));
  w.post_all("a", "1 2 3");
  CHECK(w.home.wakes == 1);
  CHECK(many[0]->calls == 0);
  w.home.drain();
  for (const auto& each : many) CHECK(each->calls == 1);
  CHECK(pattern.calls == 1);
  CHECK(queue.calls == 1);
  CHECK(other.calls == 0);
  w.home.drain();
  CHECK(many[0]->calls == 1);
  w.post_all("a", "4");
  CHECK(w.home.wakes == 2);
}

TEST_CASE("subscribers may come and go inside on_ready") {
  class busy final : public rpc::subscriber {
   public:
    explicit busy(std::function<void()> f) : what(std::move(f)) {}
    void on_ready() override {
      ++calls;
      what();
    }
    std::function<void()> what;
    int calls = 0;
    rpc::subscription_ptr mine;
  };
  for (const auto policy : {pw::overflow::drop_oldest, pw::overflow::drop_newest}) {
    for (const auto* name : {"a", "*"}) {
      world w;
      w.offer("a");
      reader late, doomed;
      const auto ask = request(name).when_full(policy);
      busy first([&] {
        first.mine.reset();
        doomed.mine.reset();
        if (!late.mine) REQUIRE(w.subscribe(late, ask));
        w.post_all("a", "2");
      });
      first.mine = w.hub.subscribe(ask, first, w.home).value();
      REQUIRE(w.subscribe(doomed, ask));
      w.post_all("a", "1");
      w.home.drain();
      CHECK(first.calls == 1);
      CHECK(doomed.calls == 0);
      w.home.drain();
      CHECK(late.calls == 1);
      CHECK(late.take_all() == "2");
      CHECK(w.hub.stats().subscribers == 1);
    }
  }
}

TEST_CASE("who has left gets nothing, and who comes back finds the topic as it was") {
  world w;
  w.offer("a");
  reader r;
  REQUIRE(w.subscribe(r, request("a")));
  w.post_all("a", "1");
  r.mine.reset();
  w.home.drain();
  CHECK(r.calls == 0);
  w.post_all("a", "2");
  CHECK(w.home.wakes == 1);  // nobody is there to be woken for
  REQUIRE(w.subscribe(r, request("a").from(pw::start_at::earliest())));
  CHECK(r.take_all() == "1 2");
}

TEST_CASE("closing ends every subscription once and every later request, with the reason") {
  world w;
  w.offer("a", pw::allow_block());
  reader cursor, pattern, queue, member;
  REQUIRE(w.subscribe(cursor, request("a")));
  REQUIRE(w.subscribe(pattern, request("*")));
  REQUIRE(w.subscribe(queue, request("a").when_full(pw::overflow::block).most(1)));
  REQUIRE(w.subscribe(member, request("a").in_group("g")));
  REQUIRE(w.post("a", "1")->has_value());
  waiter waits;
  REQUIRE_FALSE(w.post("a", "2", &waits));
  w.hub.close(pw::status::unavailable("enough"));
  w.hub.close(pw::status::unavailable("again"));
  CHECK(waits.done->status().message() == "enough");
  w.home.drain();
  w.home.drain();
  for (reader* each : {&cursor, &pattern, &queue, &member}) {
    CHECK(each->calls == 1);
    CHECK(each->take() == "nothing");
    CHECK(each->mine->ended().message() == "enough");
  }
  CHECK(w.post("a", "3")->status().message() == "enough");
  CHECK(w.subscribe(cursor, request("a")).message() == "enough");
}

TEST_CASE("events and subscriptions may outlive the hub") {
  reader r;
  rpc::delivery kept;
  thread home;
  {
    world w;
    w.offer("a");
    r.mine = w.hub.subscribe(request("a"), r, home).value();
    w.post_all("a", "1 2");
    REQUIRE(r.mine->take(kept));
    r.mine->stalled();
  }
  home.drain();
  CHECK(r.calls == 1);
  CHECK(r.take() == "nothing");
  CHECK(r.mine->ended().code() == code::unavailable);
  r.mine.reset();
  CHECK(kept.what->topic() == "a");
}

TEST_CASE("a thousand subscribers hold no events: a cursor is small and the log is shared") {
  STATIC_REQUIRE(sizeof(rpc::detail::topic_cursor) <= 192);
  world w;
  w.offer("a");
  std::vector<std::unique_ptr<reader>> many;
  for (int i = 0; i < 1'000; ++i) {
    many.push_back(std::make_unique<reader>());
    REQUIRE(w.subscribe(*many.back(), request("a")));
  }
  w.post_all("a", "1 2");
  rpc::delivery first;
  for (auto& each : many) {
    REQUIRE(each->mine->take(first));
    each->mine->stalled();
  }
  CHECK(first.what.use_count() == 2);  // the log's and ours
  CHECK(w.hub.stats().subscribers == 1'000);
}

}  // namespace hub_test

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "hub_world.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <string>

namespace hub_overflow_test {

using namespace hub_test;
using namespace std::chrono_literals;
using code = pw::status_code;
using pw::overflow;

TEST_CASE("drop_oldest goes on with the newest within the limit and tells the loss") {
  world w;
  w.offer("a");
  reader r, large;
  REQUIRE(w.subscribe(r, request("a").most(3)));
  REQUIRE(w.subscribe(large, request("a").most(100, 4)));
  w.post_all("a", "1 2 3");
  CHECK(r.take_all() == "1 2 3");
  w.post_all("a", "4 5 6 7 8");
  CHECK(r.take_all() == "-2 6 7 8");
  CHECK(large.take_all() == "-4 5 6 7 8");
  w.post_all("a", "long-word");
  CHECK(large.take_all() == "long-word");
  CHECK(w.hub.stats().lost == 6);
}

TEST_CASE("the topic's own history bounds the lag as well") {
  world w;
  w.offer("a", pw::keep(2));
  reader r, strict;
  REQUIRE(w.subscribe(r, request("a")));
  REQUIRE(w.subscribe(strict, request("a").when_full(overflow::disconnect)));
  w.post_all("a", "1 2 3");
  CHECK(r.take_all() == "-1 2 3");
  w.home.drain();
  CHECK(strict.mine->ended().code() == code::resource_exhausted);
}

TEST_CASE("what was there before a subscription does not count as its lag") {
  world w;
  w.offer("a");
  w.post_all("a", "1 2 3 4");
  reader oldest, strict, newest;
  const auto early = pw::start_at::earliest();
  REQUIRE(w.subscribe(oldest, request("a").from(early).most(2)));
  REQUIRE(w.subscribe(strict, request("a").from(early).most(2).when_full(overflow::disconnect)));
  REQUIRE(w.subscribe(newest, request("a").from(early).most(2).when_full(overflow::drop_newest)));
  w.post_all("a", "5 6");
  w.home.drain();
  CHECK(oldest.take() == "1");
  oldest.mine->stalled();
  CHECK(strict.take_all() == "1 2 3 4 5 6");
  w.post_all("a", "7");
  CHECK(oldest.take_all() == "-4 6 7");
  CHECK(newest.take_all() == "1 2 3 4 5 6");
  w.post_all("a", "8");
  CHECK(newest.take_all() == "-1 8");
}

TEST_CASE("what was taken in advance goes back when the subscriber stalls, and then counts") {
  world w;
  w.offer("a");
  reader r;
  REQUIRE(w.subscribe(r, request("a").most(2)));
  w.post_all("a", "1 2");
  CHECK(r.take() == "1");
  CHECK(r.mine->sequence() == 2);
  r.mine->stalled();
  CHECK(r.mine->sequence() == 2);
  w.post_all("a", "3 4");
  CHECK(r.take_all() == "-1 3 4");
}

TEST_CASE("a cursor reads any number of events in order, whatever its batches") {
  world w;
  w.offer("a");
  reader r;
  REQUIRE(w.subscribe(r, request("a")));
  std::string all;
  for (int i = 0; i < 100; ++i) {
    all.append(i > 0 ? " " : "").append(std::to_string(i));
    w.post_all("a", std::to_string(i));
  }
  CHECK(r.take_all() == all);
}

TEST_CASE("drop_newest keeps what came first, and tells the loss with the next that it gets") {
  world w;
  w.offer("a");
  reader r;
  REQUIRE(w.subscribe(r, request("a").most(2).when_full(overflow::drop_newest)));
  CHECK(r.mine->sequence() == 1);
  w.post_all("a", "1 2 3 4");
  CHECK(r.take() == "1");
  w.post_all("a", "5");
  CHECK(r.take_all() == "2 -2 5");
  CHECK(r.mine->sequence() == 6);
  CHECK(w.hub.stats().lost == 2);
  reader small;
  REQUIRE(w.subscribe(small, request("a").most(10, 3).when_full(overflow::drop_newest)));
  w.post_all("a", "longer x");
  CHECK(small.take_all() == "longer");
  w.post_all("a", "12 34");
  CHECK(small.take_all() == "-1 12");
}

TEST_CASE("disconnect ends a subscription that lags, once, and says why") {
  for (const auto* name : {"a", "*"}) {
    world w;
    w.offer("a");
    reader r;
    REQUIRE(w.subscribe(r, request(name).most(2).when_full(overflow::disconnect)));
    w.post_all("a", "1 2");
    w.home.drain();
    CHECK(r.mine->ended().ok());
    w.post_all("a", "3");
    w.home.drain();
    CHECK(r.calls == 2);
    CHECK(r.mine->ended().code() == code::resource_exhausted);
    CHECK(r.take() == "nothing");
    w.post_all("a", "4");
    w.home.drain();
    CHECK(r.calls == 2);
    CHECK(r.take() == "nothing");
  }
}

TEST_CASE(
    "a pattern that lags goes on with the newest of all topics, and knows the least it lost") {
  world w;
  w.offer("o.*");
  reader r, bytes;
  REQUIRE(w.subscribe(r, request("o.*").most(3)));
  REQUIRE(w.subscribe(bytes, request("o.*").most(100, 4)));
  w.post_all("o.a", "a1 a2");
  w.post_all("o.b", "b3");
  w.post_all("o.a", "a4");
  w.post_all("o.b", "b5");
  w.home.drain();
  CHECK(r.take_all() == ">2 b3 a4 b5");
  CHECK(bytes.take_all() == ">3 a4 b5");
  CHECK(w.hub.stats().lost == 5);
}

TEST_CASE("a pattern whose topics drop events before it looked says so") {
  world w;
  w.offer("o.*", pw::keep(2));
  reader r;
  REQUIRE(w.subscribe(r, request("o.*")));
  w.post_all("o.a", "1 2 3 4 5");
  w.post_all("o.b", "6");
  w.home.drain();
  CHECK(r.take() == ">3 4");
  w.post_all("o.a", "7 8");  // 5 goes although it was announced
  CHECK(r.take_all() == "6");
  w.home.drain();
  CHECK(r.take_all() == ">1 7 8");
}

TEST_CASE("what topics dropped by themselves does not count as a pattern's lag") {
  for (const bool swapped : {false, true}) {
    world w;
    w.offer("o.*", pw::keep(3));
    reader r;
    REQUIRE(w.subscribe(r, request("o.*").most(4)));
    w.post_all(swapped ? "o.b" : "o.a", "1 2 3 4 5");
    w.post_all(swapped ? "o.a" : "o.b", "6 7 8");
    w.home.drain();
    CHECK(r.take_all() == ">4 5 6 7 8");
    w.post_all("o.a", "9");
    w.home.drain();
    CHECK(r.take_all() == "9");
  }
}

TEST_CASE("a subscriber that stalls costs the others nothing") {
  world w;
  w.offer("a");
  reader stalled, good;
  good.eager = true;
  REQUIRE(w.subscribe(stalled, request("a").most(2)));
  REQUIRE(w.subscribe(good, request("a").most(2)));
  for (int i = 0; i < 9; ++i) {
    w.post_all("a", std::to_string(i));
    w.home.drain();
  }
  CHECK(good.got == "0 1 2 3 4 5 6 7 8");
  CHECK(stalled.take_all() == "-7 7 8");
}

TEST_CASE("with block the topic waits for room, first come first served, and nothing is lost") {
  world w;
  w.offer("a", pw::allow_block());
  reader slow, other;
  REQUIRE(w.subscribe(slow, request("a").most(2).when_full(overflow::block)));
  REQUIRE(w.subscribe(other, request("a")));
  w.post_all("a", "1 2");
  waiter third, fourth;
  CHECK_FALSE(w.post("a", "3", &third));
  CHECK_FALSE(w.post("a", "4", &fourth));
  const auto impatient = w.post("a", "5");
  CHECK(impatient->status().code() == code::resource_exhausted);
  CHECK(other.take_all() == "1 2");
  CHECK(slow.take() == "1");
  CHECK(third.done->value() == pw::event_id(7, 3));
  CHECK_FALSE(fourth.done);
  CHECK(other.take_all() == "3");
  CHECK(slow.take_all() == "2 3 4");
  CHECK(fourth.done->value() == pw::event_id(7, 4));
  w.post_all("a", "5");
  CHECK(slow.take_all() == "5");
  CHECK(w.hub.stats().lost == 0);
}

TEST_CASE("block counts bytes as well, and lets one event in, however large") {
  world w;
  w.offer("a", pw::allow_block());
  reader slow;
  REQUIRE(w.subscribe(slow, request("a").most(10, 4).when_full(overflow::block)));
  w.post_all("a", "very-long");
  waiter waits;
  CHECK_FALSE(w.post("a", "x", &waits));
  CHECK(slow.take() == "very-long");
  CHECK(waits.done->has_value());
}

TEST_CASE("only the topics of a slow subscriber wait, and a pattern may make several wait") {
  world w;
  w.offer("o.*", pw::allow_block());
  w.offer("p", pw::allow_block());
  reader slow;
  REQUIRE(w.subscribe(slow, request("o.*").most(1).when_full(overflow::block)));
  w.post_all("o.a", "1");
  waiter a, b;
  CHECK_FALSE(w.post("o.a", "2", &a));
  CHECK_FALSE(w.post("o.b", "3", &b));
  CHECK(w.post("p", "x")->has_value());
  CHECK(slow.take_all() == "1 2 3");
  CHECK(a.done->has_value());
  CHECK(b.done->has_value());
}

TEST_CASE("a subscriber that makes its topic wait for too long is ended, and publishing goes on") {
  pw::limits bounds;
  bounds.block_timeout = 10s;
  world w(bounds);
  w.offer("a", pw::allow_block());
  reader slow, fine;
  REQUIRE(w.subscribe(slow, request("a").most(1).when_full(overflow::block)));
  REQUIRE(w.subscribe(fine, request("a")));
  w.post_all("a", "1");
  w.now += 5s;
  waiter second, third;
  CHECK_FALSE(w.post("a", "2", &second));
  w.now += 1s;
  CHECK_FALSE(w.post("a", "3", &third));
  CHECK(w.events.timers == std::vector{pw::time_point(15s)});
  w.hub.on_time(pw::time_point(14s));
  CHECK_FALSE(second.done);
  w.hub.on_time(pw::time_point(15s));
  CHECK(second.done->has_value());
  CHECK(third.done->has_value());
  w.home.drain();
  CHECK(slow.take() == "nothing");
  CHECK(slow.mine->ended().code() == code::resource_exhausted);
  CHECK(fine.take_all() == "1 2 3");
  w.post_all("a", "4");
  CHECK(fine.take_all() == "4");
}

TEST_CASE("the timer is wanted again for those who have waited for a shorter time") {
  pw::limits bounds;
  bounds.block_timeout = 10s;
  world w(bounds);
  w.offer("a", pw::allow_block());
  w.offer("b", pw::allow_block());
  reader one, two;
  REQUIRE(w.subscribe(one, request("a").most(1).when_full(overflow::block)));
  REQUIRE(w.subscribe(two, request("b").most(1).when_full(overflow::block)));
  w.post_all("a", "1");
  w.post_all("b", "1");
  waiter a, b;
  CHECK_FALSE(w.post("a", "2", &a));
  w.now += 4s;
  CHECK_FALSE(w.post("b", "2", &b));
  w.hub.on_time(pw::time_point(10s));
  CHECK(a.done);
  CHECK_FALSE(b.done);
  CHECK(w.events.timers == std::vector{pw::time_point(10s), pw::time_point(14s)});
}

TEST_CASE("a subscriber that leaves makes nobody wait any more") {
  world w;
  w.offer("a", pw::allow_block());
  reader slow;
  REQUIRE(w.subscribe(slow, request("a").most(1).when_full(overflow::block)));
  w.post_all("a", "1");
  waiter waits;
  CHECK_FALSE(w.post("a", "2", &waits));
  slow.mine.reset();
  CHECK(waits.done->has_value());
}

TEST_CASE("a waiter that is forgotten is not called, and its event is not published") {
  world w;
  w.offer("a", pw::allow_block());
  reader slow;
  REQUIRE(w.subscribe(slow, request("a").most(1).when_full(overflow::block)));
  w.post_all("a", "1");
  waiter gone, stays;
  CHECK_FALSE(w.post("a", "2", &gone));
  CHECK_FALSE(w.post("a", "3", &stays));
  w.hub.forget(gone);
  CHECK(slow.take_all() == "1 3");
  CHECK_FALSE(gone.done);
  CHECK(stays.done->has_value());
}

TEST_CASE("a waiter may publish, and forget itself and others, while it is called") {
  class forgetful final : public rpc::publish_waiter {
   public:
    void on_published(pw::result<pw::event_id>) override {
      w->hub.forget(*this);
      w->hub.forget(*next);
      (void)w->post("a", "from-waiter", again);
    }
    world* w = nullptr;
    waiter* next = nullptr;
    waiter* again = nullptr;
  };
  world w;
  w.offer("a", pw::allow_block());
  reader slow, other;
  REQUIRE(w.subscribe(slow, request("a").most(2).when_full(overflow::block)));
  w.post_all("a", "1 2");
  forgetful first;
  waiter second, again;
  first.w = &w;
  first.next = &second;
  first.again = &again;
  CHECK_FALSE(w.post("a", "3", &first));
  CHECK_FALSE(w.post("a", "4", &second));
  slow.mine.reset();  // both are published, and only one hears of it
  CHECK_FALSE(second.done);
  CHECK_FALSE(again.done);
  CHECK(w.hub.stats().published == 5);
}

TEST_CASE("a group gives each event to one member, in turn") {
  world w;
  w.offer("a");
  reader one, two, alone, elsewhere;
  REQUIRE(w.subscribe(one, request("a").in_group("g")));
  REQUIRE(w.subscribe(two, request("a").in_group("g")));
  REQUIRE(w.subscribe(elsewhere, request("a").in_group("h")));
  REQUIRE(w.subscribe(alone, request("a")));
  w.post_all("a", "1 2 3 4 5");
  CHECK(one.take_all() == "1 3 5");
  CHECK(two.take_all() == "2 4");
  CHECK(elsewhere.take_all() == "1 2 3 4 5");
  CHECK(alone.take_all() == "1 2 3 4 5");
  CHECK(one.mine->sequence() == 0);
}

TEST_CASE("a group passes over members without room, and loses what nobody has room for") {
  world w;
  w.offer("a");
  reader small, large;
  REQUIRE(w.subscribe(small, request("a").in_group("g").most(1)));
  REQUIRE(w.subscribe(large, request("a").in_group("g").most(3)));
  w.post_all("a", "1 2 3 4 5 6");
  CHECK(w.hub.stats().lost == 2);
  CHECK(small.take_all() == "1");
  w.post_all("a", "7 8");
  CHECK(small.take_all() == "-2 7");
  CHECK(large.take_all() == "2 3 4");
  w.post_all("a", "9 10");
  CHECK(small.take_all() + "|" + large.take_all() == "10|-1 9");
}

TEST_CASE("what a member of a group leaves behind goes to the others") {
  world w;
  w.offer("o.*");
  reader one, two;
  REQUIRE(w.subscribe(one, request("o.*").in_group("g")));
  REQUIRE(w.subscribe(two, request("o.*").in_group("g")));
  w.post_all("o.a", "1 2");
  w.post_all("o.b", "3 4");
  w.home.drain();
  CHECK(one.take() == "1");
  CHECK(two.calls == 1);
  one.mine.reset();
  w.home.drain();
  CHECK(two.calls == 2);
  CHECK(two.take_all() == "2 4 3");
  two.mine.reset();
  CHECK(w.hub.stats().subscribers == 0);
}

}  // namespace hub_overflow_test

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/handlers.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

/// Section "Pub/sub": who gets which events.
namespace polywire::inline v1::testing::conformance::topics {

/// The next event; fails when none comes.
template <class T>
event<T> next(subscription<T>& from, std::string_view what,
              const std::source_location& where = std::source_location::current()) {
  arrivals<std::optional<event<T>>> read;
  from.async_read(read.sink());
  auto got = read.next(what, where);
  if (!got)
    fail(std::string(what) + ": the subscription ended: " + from.status().to_string(), where);
  return std::move(*got);
}

/// A subscription that must work.
template <class T>
subscription<T> made(subscription<T> one,
                     const std::source_location& where = std::source_location::current()) {
  if (!one) check_ok(one.status(), "subscribing", where);
  return one;
}

/// The next `count` events must be numbered from `first` on, without a loss.
template <class M, class T>
void expect(subscription<T>& from, int first, int count,
            const std::source_location& where = std::source_location::current()) {
  std::uint64_t before = 0;
  for (int i = 0; i < count; ++i) {
    const auto got = next(from, "event " + std::to_string(first + i), where);
    check_equal(M::number(got.message()), first + i, "its number", where);
    check(got.lost_before().none(), "nothing was lost before it", where);
    check(got.id().offset() > before, "offsets grow", where);
    before = got.id().offset();
  }
}

template <class M, class T>
void publish(server& by, const topic<T>& where, int first, int count, std::size_t size = 0,
             const std::source_location& from = std::source_location::current()) {
  const std::string text(size, 'x');
  for (int i = 0; i < count; ++i) {
    const auto event = M::make(first + i, text);
    check_ok(by.publish(where, event), "publishing", from);
  }
}

template <class M>
void one_to_many(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.offer(api::news, accept_publish()); });
  client one(service.url(), quiet_client());
  client two(service.url(), quiet_client());
  auto a = made(one.subscribe(api::news));
  auto b = made(one.subscribe(api::news));
  auto c = made(two.subscribe(api::news));
  publish<M>(service.get(), api::news, 1, 10);
  for (int i = 11; i <= 20; ++i) {
    const auto event = M::make(i, "from afar");
    check_ok(two.publish(api::news, event, timeout(patience)), "publishing across the wire");
  }
  for (auto* each : {&a, &b, &c}) expect<M>(*each, 1, 20);
}

template <class M>
void what_an_event_carries(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.offer(api::news, accept_publish()); });
  client user(service.url(), quiet_client());
  auto events = made(user.subscribe(api::news));
  const auto plain = M::make(1, "plain");
  const auto keyed = M::make(2, std::string("ünïcode \0 \xf0\x9f\x98\x80", 16));
  // Several frames, but all three are well within the lag that a subscriber may have.
  const auto large = M::make(3, std::string(std::size_t{1} << 19, 'l'));
  check_ok(user.publish(api::news, plain, timeout(patience)), "publishing");
  check_ok(user.publish(api::news, keyed, key("user/7").timeout(patience)), "with a key");
  check_ok(service.get().publish(api::news, large, key("\x01\xff")),
           "a large one, and a binary key");
  const auto first = next(events, "the plain one");
  check_equal(first.topic(), "conformance.v1.news", "its topic");
  check_equal(first.key(), "", "its key");
  check(M::text(first.message()) == M::text(plain), "the message");
  const auto second = next(events, "the one with a key");
  check_equal(second.key(), "user/7", "its key");
  check(M::text(second.message()) == M::text(keyed), "the message");
  check_equal(second.id().epoch(), first.id().epoch(), "the epoch");
  const auto third = next(events, "the large one");
  check_equal(third.key(), "\x01\xff", "its key");
  check(M::text(third.message()) == M::text(large), "the message");
  check(event_id::parse(third.id().to_string()) == third.id(), "an id survives its text");
}

template <class M>
void order_of_publishers(const environment& env) {
  using api = contracts<M>;
  running_server service(
      env.listen_url(), [](server& s) { s.offer(api::news, accept_publish().keep(10'000)); },
      quiet_server(), 2);
  client user(service.url(), quiet_client());
  auto events = made(user.subscribe(api::news, from_now().lag(10'000)));
  constexpr int each = 100;
  std::vector<std::thread> publishers;
  for (int t = 0; t < 4; ++t) {
    publishers.emplace_back([&, t] {
      client own(service.url(), quiet_client());
      for (int i = 0; i < each; ++i) {
        const auto event = M::make(t * 1000 + i, "");
        if (t % 2 == 0) {
          (void)own.publish(api::news, event, timeout(patience));
        } else {
          (void)service.get().publish(api::news, event);
        }
      }
    });
  }
  for (auto& one : publishers) one.join();
  std::map<std::int64_t, std::int64_t> last;
  for (int i = 0; i < 4 * each; ++i) {
    const auto got = next(events, "an event of four publishers");
    check(got.lost_before().none(), "nothing is lost");
    const auto number = M::number(got.message());
    check_equal(number % 1000, last[number / 1000]++, "the order of one publisher");
  }
}

template <class M>
void no_leaks_between_topics(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) {
    s.offer(api::news);
    s.offer(api::sport);
  });
  client user(service.url(), quiet_client());
  auto news = made(user.subscribe(api::news));
  auto sport = made(user.subscribe(api::sport));
  for (int i = 0; i < 20; ++i) {
    publish<M>(service.get(), i % 2 == 0 ? api::news : api::sport, i, 1);
  }
  for (int i = 0; i < 10; ++i) {
    check_equal(M::number(next(news, "news").message()), 2 * i, "news");
    check_equal(M::number(next(sport, "sport").message()), 2 * i + 1, "sport");
  }
}

template <class M>
void patterns(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) {
    s.offer(api::news, accept_publish());
    s.offer(api::rooms, accept_publish());
  });
  client user(service.url(), quiet_client());
  auto all = made(user.subscribe(api::everything));
  auto rooms = made(user.subscribe(api::rooms));
  const auto say = [&](std::string_view room, int number) {
    const auto event = M::make(number, "");
    check_ok(user.publish(api::rooms, room, event, timeout(patience)), room);
  };
  publish<M>(service.get(), api::news, 1, 1);
  say("conformance.v1.rooms.red", 2);
  say("conformance.v1.rooms.blue", 3);
  const auto event = M::make(4, "");
  check_ok(service.get().publish(api::rooms, "conformance.v1.rooms.red", event), "red again");
  const char* const from_all[] = {"conformance.v1.news", "conformance.v1.rooms.red",
                                  "conformance.v1.rooms.blue", "conformance.v1.rooms.red"};
  for (int i = 0; i < 4; ++i) {
    const auto got = next(all, "an event of any topic");
    check_equal(M::number(got.message()), i + 1, "the order over all topics");
    check_equal(got.topic(), from_all[i], "its topic");
    if (i == 0) continue;
    const auto same = next(rooms, "an event of a room");
    check_equal(M::number(same.message()), i + 1, "the order over the rooms");
    check_equal(same.topic(), from_all[i], "its topic");
  }
  check_status(user.publish(api::rooms, "conformance.v1.halls.red", event),
               status_code::invalid_argument, outcome::not_sent,
               "a name the pattern does not take");
}

template <class M>
void queue_groups(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.offer(api::news); });
  client one(service.url(), quiet_client());
  client two(service.url(), quiet_client());
  arrivals<std::int64_t> got;
  std::vector<subscription<typename M::note>> members;
  std::vector<std::thread> readers;
  for (client* each : {&one, &one, &two}) {
    members.push_back(made(each->subscribe(api::news, from_now().group("workers"))));
  }
  auto other = made(one.subscribe(api::news, from_now().group("others")));
  auto alone = made(two.subscribe(api::news));
  for (auto& member : members) {
    readers.emplace_back([&member, got] {
      for (const auto& event : member) got.put(M::number(event.message()));
    });
  }
  publish<M>(service.get(), api::news, 0, 90);
  got.wait_for(90, "the group to get every event");
  expect<M>(other, 0, 90);
  expect<M>(alone, 0, 90);
  for (auto& member : members) member.cancel();
  for (auto& reader : readers) reader.join();
  std::set<std::int64_t> numbers;
  for (int i = 0; i < 90; ++i) numbers.insert(got.next("an event"));
  check_equal(numbers.size(), 90, "each event went to one member");
  check_equal(got.total(), 90, "and to no other");
}

template <class M>
void where_to_begin(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.offer(api::news, keep(15)); });
  client user(service.url(), quiet_client());
  auto first = made(user.subscribe(api::news));
  publish<M>(service.get(), api::news, 1, 5);
  expect<M>(first, 1, 4);
  const auto fifth = next(first, "the fifth");
  publish<M>(service.get(), api::news, 6, 15);
  auto now = made(user.subscribe(api::news, from_now()));
  auto earliest = made(user.subscribe(api::news, from_earliest()));
  auto last = made(user.subscribe(api::news, from_last(3)));
  auto too_many = made(user.subscribe(api::news, from_last(1000)));
  auto behind = made(user.subscribe(api::news, from_after(fifth.id())));
  publish<M>(service.get(), api::news, 21, 1);
  expect<M>(now, 21, 1);
  expect<M>(earliest, 6, 16);
  expect<M>(last, 18, 4);
  expect<M>(too_many, 6, 16);
  expect<M>(behind, 6, 16);
  const auto future = user.subscribe(
      api::news, from_after(event_id(fifth.id().epoch(), fifth.id().offset() + 1000)));
  check_code(future.status(), status_code::invalid_argument, "beginning behind an event to come");
}

template <class M>
void unsubscribing(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.offer(api::news); });
  client user(service.url(), quiet_client());
  auto stays = made(user.subscribe(api::news));
  {
    auto left = made(user.subscribe(api::news));
    publish<M>(service.get(), api::news, 1, 1);
    expect<M>(left, 1, 1);
    arrivals<std::optional<event<typename M::note>>> read;
    left.async_read(read.sink());
    left.cancel();
    check(!read.next("the read to end"), "a cancelled subscription gives nothing");
    check_code(left.status(), status_code::cancelled, "how it ended");
    auto dropped = made(user.subscribe(api::news));
  }
  publish<M>(service.get(), api::news, 2, 3);
  expect<M>(stays, 1, 4);
  auto again = made(user.subscribe(api::news));
  publish<M>(service.get(), api::news, 5, 1);
  expect<M>(again, 5, 1);
}

template <class M>
void refusals(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.offer(api::news); });
  client user(service.url(), quiet_client());
  const auto event = M::make(1, "");
  check_status(user.publish(api::sport, event, timeout(patience)), status_code::not_found,
               outcome::rejected, "publishing to a topic that nobody offers");
  check_code(service.get().publish(api::sport, event), status_code::not_found,
             "within the service");
  check_status(user.publish(api::news, event, timeout(patience)), status_code::permission_denied,
               outcome::rejected, "publishing where only the service does");
  check_ok(service.get().publish(api::news, event), "publishing with no subscriber");
  check_status(user.subscribe(api::sport).status(), status_code::not_found, outcome::rejected,
               "subscribing to a topic that nobody offers");
  check_code(user.subscribe(api::news, from_now().overflow(overflow::block)).status(),
             status_code::permission_denied, "making the topic wait where that is not allowed");
  check_code(user.subscribe(api::news, from_earliest().group("g")).status(),
             status_code::failed_precondition, "a group that begins in the past");
  check_code(user.subscribe(api::news, from_now().group("no such name!")).status(),
             status_code::invalid_argument, "a group whose name is none");
  client nobody(env.listen_url(), quiet_client());
  const auto lonely = nobody.subscribe(api::news);
  check_status(lonely.status(), status_code::unavailable, outcome::not_sent,
               "subscribing where nobody listens");
}

template <class M>
void a_thousand_subscribers(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  constexpr std::size_t count = 1'000;
  // So many handshakes at once may take longer than one should.
  running_server service(
      env.listen_url(), [](server& s) { s.offer(api::news); }, quiet_server(timeless()), 2);
  client one(service.url(), quiet_client(timeless()));
  client two(service.url(), quiet_client(timeless()));
  arrivals<bool> ready;
  arrivals<std::int64_t> got;
  std::vector<subscription<note>> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    (i % 2 == 0 ? one : two).async_subscribe(api::news, [&, i](subscription<note> made) {
      const bool good = static_cast<bool>(made);
      all[i] = std::move(made);
      ready.put(good);
    });
  }
  for (std::size_t i = 0; i < count; ++i) check(ready.next("a subscription"), "it was made");
  publish<M>(service.get(), api::news, 1, 3);
  for (auto& each : all) expect<M>(each, 1, 3);
}

template <class M>
void many_at_once(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.offer(api::news); });
  client user(service.url(), quiet_client());
  auto events = made(user.subscribe(api::news));
  arrivals<std::vector<event<typename api::note>>> some;
  events.async_read_some(10, some.sink());  // waits for the first
  publish<M>(service.get(), api::news, 1, 100);
  int number = 0;
  for (;;) {
    const auto batch = some.next("some events");
    check(!batch.empty() && batch.size() <= 10, "from one to as many as were asked for");
    for (const auto& each : batch) {
      check_equal(M::number(each.message()), ++number, "the number of an event");
    }
    if (number == 50) break;
    events.async_read_some(std::min<std::size_t>(10, static_cast<std::size_t>(50 - number)),
                           some.sink());
  }
  expect<M>(events, 51, 1);  // one by one, in between
  while (number < 99) {
    for (const auto& each : events.read_some()) {
      check_equal(M::number(each.message()), 1 + ++number, "the number of an event");
    }
  }
  events.async_read_some(10, some.sink());
  events.cancel();
  check(some.next("the end").empty(), "the end is empty");
}

template <class M>
void without_topics(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); });
  client user(service.url(), quiet_client());
  const auto event = M::make(1, "");
  check_status(user.publish(api::news, event), status_code::unimplemented, outcome::not_sent,
               "publishing over a protocol without topics");
  check_status(user.subscribe(api::news).status(), status_code::unimplemented, outcome::not_sent,
               "subscribing over a protocol without topics");
}

/// Runs a scenario where there are topics; elsewhere they have to be refused.
template <class M, void (*Run)(const environment&)>
void run(const environment& env) {
  env.can().topics() ? Run(env) : without_topics<M>(env);
}

template <class M>
inline constexpr scenario all[] = {
    {"topics", "every subscriber gets every event, whoever published it", run<M, one_to_many<M>>},
    {"topics", "events carry topic, key and id", run<M, what_an_event_carries<M>>},
    {"topics", "the order of each publisher is kept", run<M, order_of_publishers<M>>},
    {"topics", "topics do not leak into each other", run<M, no_leaks_between_topics<M>>},
    {"topics", "patterns take all topics that match, in one order", run<M, patterns<M>>},
    {"topics", "a queue group gets each event once", run<M, queue_groups<M>>},
    {"topics", "subscribers begin where they ask to", run<M, where_to_begin<M>>},
    {"topics", "unsubscribing stops the events, for nobody else", run<M, unsubscribing<M>>},
    {"topics", "what is not allowed is refused", run<M, refusals<M>>},
    {"topics", "events are read many at a time", run<M, many_at_once<M>>},
    {"topics", "a thousand subscribers", run<M, a_thousand_subscribers<M>>},
};

}  // namespace polywire::inline v1::testing::conformance::topics

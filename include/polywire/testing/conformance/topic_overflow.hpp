// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/topics.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

/// Section "Pub/sub": subscribers that are too slow.
namespace polywire::inline v1::testing::conformance::topic_overflow {

using topics::expect;
using topics::made;
using topics::next;
using topics::publish;

// More than any backend holds on the way to a subscriber that does not read and has little credit.
inline constexpr int flood = 400;
inline constexpr std::size_t event_size = 512;
/// A flood of events of this size is more than can be under way.
inline std::size_t large_event_size(const environment& env) {
  return std::max(event_size, 2 * env.can().buffers() / flood);
}

// Nobody is cut off for not reading, however long that takes here.
inline server_options patient_server() { return quiet_server(timeless()); }
inline client_options little_credit() {
  limits bounds = timeless();
  bounds.call_credit = std::uint32_t{16} << 10;
  return quiet_client(bounds);
}

/// What a subscriber saw of a flood.
struct tally {
  int got = 0;
  std::uint64_t lost = 0;
  std::int64_t last = 0;
};

/// Reads until an event with this number, or the end.
template <class M, class T>
tally read_until(subscription<T>& from, std::int64_t number) {
  tally seen;
  while (seen.last < number) {
    const auto got = next(from, "event " + std::to_string(number));
    check_equal(got.lost_before().how() == loss::kind::exact, true,
                "losses of one topic are exact");
    check_equal(M::number(got.message()),
                seen.last + 1 + static_cast<std::int64_t>(got.lost_before().count()),
                "event and losses follow each other");
    seen.last = M::number(got.message());
    seen.lost += got.lost_before().count();
    ++seen.got;
  }
  return seen;
}

template <class M>
void drop_oldest(const environment& env) {
  using api = contracts<M>;
  running_server service(
      env.listen_url(), [](server& s) { s.offer(api::news, keep(1'000, std::size_t{1} << 30)); },
      patient_server());
  client user(service.url(), little_credit());
  client other(service.url(), quiet_client());
  auto slow = made(user.subscribe(api::news, from_now().lag(10)));
  auto quick = made(other.subscribe(api::news, from_now().lag(1'000, std::size_t{1} << 30)));
  for (int i = 1; i <= flood; i += 100) {
    publish<M>(service.get(), api::news, i, 100, large_event_size(env));
    expect<M>(quick, i, 100);
  }
  const tally seen = read_until<M>(slow, flood);
  check(seen.lost > 0, "the slow one lost something");
  check_equal(static_cast<std::uint64_t>(seen.got) + seen.lost, flood, "nothing is missing");
  publish<M>(service.get(), api::news, flood + 1, 5);
  expect<M>(slow, flood + 1, 5);
}

template <class M>
void drop_newest(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.offer(api::news); }, patient_server());
  client user(service.url(), little_credit());
  auto slow = made(user.subscribe(api::news, from_now().lag(10).overflow(overflow::drop_newest)));
  publish<M>(service.get(), api::news, 1, flood, large_event_size(env));
  std::int64_t in_a_row = 0;
  std::uint64_t lost = 0;
  // It gets the beginning; the next one that it has room for tells of the rest.
  const auto first = next(slow, "the first");
  check_equal(M::number(first.message()), 1, "the oldest are kept");
  in_a_row = 1;
  std::int64_t newest = flood;
  while (lost == 0) {
    arrivals<std::optional<event<typename M::note>>> read;
    slow.async_read(read.sink());
    auto got = read.next_within(50ms);
    while (!got) {
      publish<M>(service.get(), api::news, static_cast<int>(++newest), 1);
      got = read.next_within(50ms);
    }
    if (!*got) fail("the subscription ended: " + slow.status().to_string());
    lost = (*got)->lost_before().count();
    const auto number = M::number((*got)->message());
    check_equal(number, in_a_row + 1 + static_cast<std::int64_t>(lost), "events follow each other");
    if (lost == 0) in_a_row = number;
  }
  check(in_a_row < flood, "the newest were lost");
}

template <class M>
void disconnect(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.offer(api::news); }, patient_server());
  client user(service.url(), little_credit());
  auto slow = made(user.subscribe(api::news, from_now().lag(10).overflow(overflow::disconnect)));
  publish<M>(service.get(), api::news, 1, flood, large_event_size(env));
  std::int64_t last = 0;
  while (true) {
    arrivals<std::optional<event<typename M::note>>> read;
    slow.async_read(read.sink());
    const auto got = read.next("an event, or the end");
    if (!got) break;
    check_equal(M::number(got->message()), ++last, "what came before the end is whole");
  }
  check_code(slow.status(), status_code::resource_exhausted, "how it ended");
  check(last < flood, "it did not get everything");
  auto again = made(user.subscribe(api::news));
  publish<M>(service.get(), api::news, 1, 1);
  expect<M>(again, 1, 1);
}

template <class M>
void block(const environment& env) {
  using api = contracts<M>;
  running_server service(
      env.listen_url(),
      [](server& s) {
        s.offer(api::news, allow_block().accept_publish());
        s.offer(api::sport);
      },
      patient_server());
  client user(service.url(), little_credit());
  client publisher(service.url(), quiet_client());
  auto slow = made(user.subscribe(api::news, from_now().lag(10).overflow(overflow::block)));
  auto sport = made(user.subscribe(api::sport));
  arrivals<status> done;
  std::atomic<int> published = 0;
  std::jthread source([&] {
    const std::string text(large_event_size(env), 'x');
    for (int i = 1; i <= flood; ++i) {
      const auto event = M::make(i, text);
      auto how = i % 2 == 0 ? service.get().publish(api::news, event)
                            : publisher.publish(api::news, event, timeout(patience));
      if (!how) return done.put(how);
      ++published;
    }
    done.put(status());
  });
  // The topic waits; others do not.
  check(!done.next_within(200ms).has_value(), "the publisher waits for the subscriber");
  publish<M>(service.get(), api::sport, 1, 3);
  expect<M>(sport, 1, 3);
  check(published.load() < flood, "not everything was published");
  expect<M>(slow, 1, flood);
  source.join();
  check_ok(done.next("the publisher"), "publishing");
}

template <class M>
void block_is_bounded(const environment& env) {
  using api = contracts<M>;
  limits bounds = timeless();
  bounds.block_timeout = 300ms;
  running_server service(
      env.listen_url(), [](server& s) { s.offer(api::news, allow_block().accept_publish()); },
      quiet_server(bounds));
  client user(service.url(), little_credit());
  client other(service.url(), quiet_client());
  auto slow = made(user.subscribe(api::news, from_now().lag(10).overflow(overflow::block)));
  publish<M>(service.get(), api::news, 1, flood, large_event_size(env));
  const auto event = M::make(flood + 1, "");
  check_ok(other.publish(api::news, event, timeout(patience)), "publishing afterwards");
  std::int64_t last = 0;
  for (const auto& got : slow) check_equal(M::number(got.message()), ++last, "what came is whole");
  check_code(slow.status(), status_code::resource_exhausted, "how the one that blocked ended");
}

template <class M>
void nobody_waits_for_a_slow_one(const environment& env) {
  using api = contracts<M>;
  constexpr int quick_ones = 99;
  running_server service(
      env.listen_url(), [](server& s) { s.offer(api::news, keep(10'000, 64 << 20)); },
      patient_server(), 2);
  client user(service.url(), little_credit());
  client slow_user(service.url(), little_credit());
  auto stalled = made(slow_user.subscribe(api::news, from_now().lag(20)));
  std::vector<subscription<typename M::note>> all;
  for (int i = 0; i < quick_ones; ++i) {
    all.push_back(made(user.subscribe(api::news, from_now().lag(10'000, 64 << 20))));
  }
  constexpr int count = 60;
  publish<M>(service.get(), api::news, 1, count, event_size);
  for (auto& each : all) expect<M>(each, 1, count);
  const tally seen = read_until<M>(stalled, count);
  check_equal(static_cast<std::uint64_t>(seen.got) + seen.lost, count, "the stalled one is told");
}

template <class M>
inline constexpr scenario all[] = {
    {"topics", "drop_oldest: a slow subscriber goes on with the newest",
     topics::run<M, drop_oldest<M>>},
    {"topics", "drop_newest: a slow subscriber keeps the oldest", topics::run<M, drop_newest<M>>},
    {"topics", "disconnect: a slow subscriber is ended", topics::run<M, disconnect<M>>},
    {"topics", "block: the topic waits, and only it", topics::run<M, block<M>>},
    {"topics", "block: not for ever", topics::run<M, block_is_bounded<M>>},
    {"topics", "one stalled of a hundred: the others lose nothing",
     topics::run<M, nobody_waits_for_a_slow_one<M>>},
};

}  // namespace polywire::inline v1::testing::conformance::topic_overflow

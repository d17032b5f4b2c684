// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/shared_thread.hpp"
#include "polywire/testing/conformance/line.hpp"
#include "polywire/testing/conformance/topics.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Section "Pub/sub": subscribers that lose their connection, or their server.
namespace polywire::inline v1::testing::conformance::topic_resume {

using topics::expect;
using topics::made;
using topics::next;
using topics::publish;

inline client_options quick_to_return() {
  limits bounds;
  bounds.reconnect_min = 20ms;
  bounds.reconnect_max = 100ms;
  bounds.reconnect_spacing = 10ms;
  return quiet_client(bounds);
}

template <class M>
void offers(server& s) {
  s.offer(contracts<M>::news, keep(100, 16 << 20));
  s.offer(contracts<M>::sport, keep(100).accept_publish());
}

/// Cuts the connection on the thread of the clients that share one.
inline void cut(const line& cable) {
  arrivals<bool> done;
  asio::post(io::shared_thread::instance().get_executor(), [&] {
    cable.cut();
    done.put(true);
  });
  done.next("the cut");
}

template <class M>
void nothing_is_lost_within_the_history(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), &offers<M>);
  const line cable;
  client_options options = quick_to_return();
  options.stream_hook(cable.hook());
  client user(service.url(), options);
  auto one = made(user.subscribe(api::news));
  auto all = made(user.subscribe(api::everything));
  int number = 1;
  for (int round = 0; round < 10; ++round) {
    publish<M>(service.get(), api::news, number, 3);
    if (round % 2 == 0) expect<M>(one, number, 3);
    cut(cable);
    publish<M>(service.get(), api::news, number + 3, 30);
    const bool read = round % 2 == 0;
    expect<M>(one, read ? number + 3 : number, read ? 30 : 33);
    expect<M>(all, number, 33);
    number += 33;
  }
}

template <class M>
void what_the_history_has_not_is_counted(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), &offers<M>);
  const line cable;
  client_options options = quick_to_return();
  options.stream_hook(cable.hook());
  asio::io_context context(1);
  client user(context.get_executor(), service.url(), options);
  // The client's thread is this one: nothing is heard while it does something else.
  std::optional<subscription<typename M::note>> one;
  user.async_subscribe(api::news, [&](auto made) { one.emplace(std::move(made)); });
  run_until(context, [&] { return one.has_value(); }, "the subscription");
  check_ok(*one ? status() : one->status(), "subscribing");
  const auto read = [&] {
    std::optional<std::optional<event<typename M::note>>> got;
    one->async_read([&](auto event) { got.emplace(std::move(event)); });
    run_until(context, [&] { return got.has_value(); }, "an event");
    check(got->has_value(), "the subscription goes on");
    return std::move(**got);
  };
  int number = 1;
  for (int round = 0; round < 5; ++round) {
    publish<M>(service.get(), api::news, number, 2);
    for (int i = 0; i < 2; ++i) check_equal(M::number(read().message()), number + i, "before");
    cable.cut();
    publish<M>(service.get(), api::news, number + 2, 150);
    const auto first = read();
    check_equal(M::number(first.message()), number + 52, "the oldest that was kept");
    check(first.lost_before() == loss(50, loss::kind::exact),
          "50 were lost, exactly: " + std::to_string(first.lost_before().count()));
    for (int i = 53; i < 152; ++i) check_equal(M::number(read().message()), number + i, "after");
    number += 152;
  }
}

template <class M>
void a_server_that_starts_again(const environment& env) {
  using api = contracts<M>;
  std::optional<running_server> service;
  service.emplace(env.listen_url(), &offers<M>);
  const std::string url = service->url();
  client user(url, quick_to_return());
  auto one = made(user.subscribe(api::news));
  auto all = made(user.subscribe(api::everything));
  std::uint64_t epoch = 0;
  for (int round = 0; round < 5; ++round) {
    publish<M>(service->get(), api::news, 1, 3);
    for (auto* each : {&one, &all}) {
      const auto first = next(*each, "the first event of a server");
      check_equal(M::number(first.message()), 1, "events of the new server come from its first on");
      check_equal(first.lost_before().how() == loss::kind::unknown, round > 0,
                  "what the dead server still had is not known");
      check(first.id().epoch() != epoch || each == &all, "each server has an epoch of its own");
      epoch = first.id().epoch();
      expect<M>(*each, 2, 2);
    }
    service.reset();
    service.emplace(url, &offers<M>);
  }
}

template <class M>
void a_stop_delivers_what_was_published(const environment& env) {
  using api = contracts<M>;
  limits bounds;
  bounds.drain_timeout = patience;  // all of it is to arrive, however slow the machine
  std::optional<running_server> service;
  service.emplace(env.listen_url(), &offers<M>, quiet_server(bounds));
  const std::string url = service->url();
  client user(url, quick_to_return());
  auto one = made(user.subscribe(api::news, from_now().lag(100, 16 << 20)));
  publish<M>(service->get(), api::news, 1, 100, 16'384);  // more than there is credit for
  service->get().stop();
  expect<M>(one, 1, 100);
  service->stopped().next("run() to return");
  service.reset();
  service.emplace(url, [](server& s) { s.offer(api::sport); });
  arrivals<std::optional<event<typename M::note>>> read;
  one.async_read(read.sink());
  check(!read.next("the end"), "the topic is not there any more");
  check_code(one.status(), status_code::not_found, "how it ended");
}

template <class M>
void a_group_comes_back(const environment& env) {
  using api = contracts<M>;
  std::optional<running_server> service;
  service.emplace(env.listen_url(), &offers<M>);
  const std::string url = service->url();
  client user(url, quick_to_return());
  auto member = made(user.subscribe(api::news, from_now().group("workers")));
  publish<M>(service->get(), api::news, 1, 2);
  expect<M>(member, 1, 2);
  service.reset();
  service.emplace(url, &offers<M>);
  arrivals<std::optional<event<typename M::note>>> read;
  member.async_read(read.sink());
  std::optional<std::optional<event<typename M::note>>> got;
  int number = 10;
  while (!got) {  // a group begins now, whenever that is
    publish<M>(service->get(), api::news, number++, 1);
    got = read.next_within(20ms);
  }
  check(got->has_value(), "the member is back");
  check((**got).lost_before().how() == loss::kind::unknown, "nobody knows what it missed");
}

template <class M>
void behind_an_event_of_a_dead_server(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), &offers<M>);
  const line cable;
  client_options options = quick_to_return();
  options.stream_hook(cable.hook());
  client user(service.url(), options);
  auto one = made(user.subscribe(api::news, from_after(event_id(1, 7))));
  cut(cable);  // the loss must not be forgotten with the connection
  publish<M>(service.get(), api::news, 1, 1);
  check(next(one, "the event").lost_before().how() == loss::kind::unknown, "nobody knows the loss");
}

template <class M>
void a_reader_that_stands_still(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), &offers<M>);
  const line cable;
  limits bounds;
  bounds.reconnect_min = bounds.reconnect_spacing = 10ms;
  bounds.call_credit = std::uint32_t{16} << 10;
  client_options options = quiet_client(bounds);
  options.stream_hook(cable.hook());
  client user(service.url(), options);
  auto one = made(user.subscribe(api::news, from_now().lag(100, 16 << 20)));
  publish<M>(service.get(), api::news, 1, 90, 1'000);
  // It stays away once as much is unread as one connection may bring.
  // A publish goes behind the subscription that wants to come back, on the same connection.
  const auto other = M::make(1, "");
  std::size_t subscribers = 1;
  for (int round = 0; round < 4; ++round) {
    cut(cable);
    check_ok(user.publish(api::sport, other, timeout(patience).wait_for_ready()), "publishing");
    subscribers = service.get().stats().subscribers;
  }
  check_equal(subscribers, 0, "subscribers that come back for a reader that does not read");
  expect<M>(one, 1, 90);
  publish<M>(service.get(), api::news, 91, 1);
  expect<M>(one, 91, 1);
}

template <class M>
void more_subscriptions_than_calls_may_wait(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), &offers<M>);
  const line cable;
  limits bounds;
  bounds.reconnect_min = bounds.reconnect_spacing = 10ms;
  bounds.max_queue = 3;
  client_options options = quiet_client(bounds);
  options.stream_hook(cable.hook());
  client user(service.url(), options);
  std::vector<subscription<typename M::note>> all;
  for (int i = 0; i < 10; ++i) all.push_back(made(user.subscribe(api::news)));
  cut(cable);
  publish<M>(service.get(), api::news, 1, 3);
  for (auto& each : all) expect<M>(each, 1, 3);
}

template <class M>
void gone_with_the_client(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), &offers<M>);
  std::optional<client> user;
  user.emplace(service.url(), quick_to_return());
  auto one = made(user->subscribe(api::news));
  arrivals<std::optional<event<typename M::note>>> read;
  one.async_read(read.sink());
  user.reset();
  check(!read.next("the read to end"), "there is no event");
  check_code(one.status(), status_code::cancelled, "how it ended");
}

template <class M>
inline constexpr scenario over_streams[] = {
    {"faults", "after a loss of the connection nothing is lost and nothing comes twice",
     topics::run<M, nothing_is_lost_within_the_history<M>>},
    {"faults", "what the history does not have any more is counted",
     topics::run<M, what_the_history_has_not_is_counted<M>>},
    {"faults", "a reader that stands still does not pile up events with every connection",
     topics::run<M, a_reader_that_stands_still<M>>},
    {"faults", "all subscriptions come back, however few calls may wait",
     topics::run<M, more_subscriptions_than_calls_may_wait<M>>},
    {"faults", "a start behind an event of a dead server tells of the loss",
     topics::run<M, behind_an_event_of_a_dead_server<M>>},
};

template <class M>
inline constexpr scenario all[] = {
    {"topics", "subscribers go on with a server that starts again",
     topics::run<M, a_server_that_starts_again<M>>},
    {"topics", "a server that stops delivers what was published",
     topics::run<M, a_stop_delivers_what_was_published<M>>},
    {"topics", "members of a group come back", topics::run<M, a_group_comes_back<M>>},
    {"topics", "subscriptions end with their client", topics::run<M, gone_with_the_client<M>>},
};

}  // namespace polywire::inline v1::testing::conformance::topic_resume

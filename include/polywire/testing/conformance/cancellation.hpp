// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/handlers.hpp"

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/thread_pool.hpp>

#include <atomic>
#include <deque>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

/// Section "Deadline and cancellation": cancellation.
namespace polywire::inline v1::testing::conformance::cancellation {

template <class M>
void one_of_many(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  constexpr std::size_t calls = 8;
  std::vector<gate> doors(calls);
  arrivals<std::size_t> entered;
  arrivals<std::size_t> cancelled;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, [&](const note& n, server_context& context) -> asio::awaitable<note> {
      const auto index = static_cast<std::size_t>(M::number(n));
      const std::stop_callback told(context.stop_token(), [&, index] { cancelled.put(index); });
      entered.put(index);
      co_await doors[index].wait();
      co_return n;
    });
  });
  client user(service.url(), quiet_client());
  std::vector<std::stop_source> stops(calls);
  std::vector<arrivals<result<note>>> answers(calls);
  for (std::size_t i = 0; i < calls; ++i) {
    user.async_call(api::echo, M::make(static_cast<std::int64_t>(i), ""),
                    timeout(patience).stop_on(stops[i].get_token()), answers[i].sink());
  }
  entered.wait_for(calls, "the calls to arrive");
  stops[3].request_stop();
  check_code(answers[3].next("the cancelled call").status(), status_code::cancelled,
             "the cancelled call");
  check_equal(cancelled.next("the handler's context to hear of it"), 3, "whose context heard");
  for (std::size_t i = 0; i < calls; ++i) {
    if (i == 3) continue;
    check_equal(answers[i].total(), 0, "completions of the other calls");
    doors[i].open();
    auto answer = answers[i].next("an answer");
    check_equal(M::number(value_of(answer, "another call")), i, "whose answer it is");
  }
  check_equal(cancelled.total(), 1, "contexts that heard of a cancellation");
}

template <class M>
void by_slot(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  gate door;
  arrivals<bool> entered;
  arrivals<bool> cancelled;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, waits<M>(door, entered, cancelled));
    s.handle(api::other, echoes<M>);
  });
  asio::io_context context(1);
  client user(context.get_executor(), service.url(), quiet_client());
  asio::cancellation_signal signal;
  std::optional<result<note>> ended;
  std::optional<result<note>> other;
  user.async_call(api::echo, M::make(1, ""), timeout(patience),
                  asio::bind_cancellation_slot(signal.slot(), [&](result<note> r) {
                    check(!ended, "completed twice");
                    ended = std::move(r);
                  }));
  run_until(context, [&] { return entered.total() == 1; }, "the handler");
  signal.emit(asio::cancellation_type::terminal);
  check(!ended, "completed inside the emit");
  run_until(context, [&] { return ended.has_value(); }, "the cancelled call");
  check_code(ended->status(), status_code::cancelled, "the cancelled call");
  run_until(context, [&] { return cancelled.total() == 1; }, "the handler's context");
  user.async_call(api::other, M::make(2, ""), timeout(patience),
                  [&](result<note> r) { other = std::move(r); });
  run_until(context, [&] { return other.has_value(); }, "the next call");
  check_equal(M::number(value_of(*other, "the next call")), 2, "its number");
}

template <class M>
void before_sending(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  std::atomic<int> handled = 0;
  std::string gone;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, [&](const note& n) { return ++handled, n; });
  });
  client user(service.url(), quiet_client());
  std::stop_source stop;
  stop.request_stop();
  check_status(
      user.call(api::echo, M::make(1, ""), call_options().stop_on(stop.get_token())).status(),
      status_code::cancelled, outcome::not_sent, "a call cancelled before it began");
  check_equal(handled.load(), 0, "calls that reached the handler");

  gone = running_server(env.listen_url(), [](server& s) { s.handle(api::other, echoes<M>); }).url();
  client waiting(gone, quiet_client());
  std::stop_source later;
  arrivals<result<note>> answers;
  waiting.async_call(api::echo, M::make(1, ""),
                     timeout(patience).wait_for_ready().stop_on(later.get_token()), answers.sink());
  later.request_stop();
  check_status(answers.next("the cancelled call").status(), status_code::cancelled,
               outcome::not_sent, "a call cancelled while it waits for a connection");
}

template <class M>
void late_reply(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  gate door;
  arrivals<bool> entered;
  arrivals<bool> left;
  asio::thread_pool pool(2);
  const opens_at_exit opens(door);  // before the pool is joined
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(
        api::echo,
        [&](const note& n) {
          entered.put(true);
          door.wait_blocking();
          left.put(true);
          return n;
        },
        on(pool));
    s.handle(api::other, echoes<M>);
  });
  client user(service.url(), quiet_client());
  std::stop_source stop;
  arrivals<result<note>> answers;
  user.async_call(api::echo, M::make(13, "late"), timeout(patience).stop_on(stop.get_token()),
                  answers.sink());
  entered.next("the handler");
  stop.request_stop();
  check_status(answers.next("the cancelled call").status(), status_code::cancelled,
               outcome::maybe_processed, "the cancelled call");
  door.open();
  left.next("the handler to return");
  for (int i = 0; i < 20; ++i) {
    auto back = user.call(api::other, M::make(i, "next"), timeout(patience));
    check_equal(M::number(value_of(back, "a call after it")), i, "whose answer it is");
  }
  check_equal(answers.total(), 1, "completions of the cancelled call");
}

template <class M>
void racing_with_completion(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); });
  client user(service.url(), quiet_client());
  constexpr std::size_t calls = 300;
  std::vector<std::stop_source> stops(calls);
  std::vector<arrivals<result<note>>> answers(calls);
  std::atomic<std::size_t> begun = 0;
  std::thread canceller([&] {
    for (std::size_t i = 0; i < calls; ++i) {
      while (begun.load() <= i) std::this_thread::yield();
      stops[i].request_stop();
    }
  });
  for (std::size_t i = 0; i < calls; ++i) {
    user.async_call(api::echo, M::make(static_cast<std::int64_t>(i), ""),
                    timeout(patience).stop_on(stops[i].get_token()), answers[i].sink());
    begun.store(i + 1);
  }
  canceller.join();
  for (std::size_t i = 0; i < calls; ++i) {
    auto answer = answers[i].next("a completion");
    if (answer) {
      check_equal(M::number(*answer), i, "whose answer it is");
    } else {
      check_code(answer.status(), status_code::cancelled, "a cancelled call");
    }
  }
  check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(), "the next call");
  for (const auto& one : answers) check_equal(one.total(), 1, "completions of each call");
}

template <class M>
void more_than_the_connection_takes(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  limits bounds;
  bounds.max_calls = 4;
  gate door;
  arrivals<bool> entered;
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::echo, waits<M>(door, entered));
        s.handle(api::other, echoes<M>);
      },
      quiet_server(bounds));
  client user(service.url(), quiet_client());
  check_ok(user.call(api::other, M::make(1, ""), timeout(patience)).status(),
           "the call that learns what the server takes");
  std::vector<std::stop_source> stops(12);
  std::vector<arrivals<result<note>>> answers(12);
  for (std::size_t i = 0; i < stops.size(); ++i) {
    user.async_call(api::echo, M::make(static_cast<std::int64_t>(i), ""),
                    timeout(patience).stop_on(stops[i].get_token()), answers[i].sink());
  }
  entered.wait_for(4, "the first calls");
  stops[10].request_stop();  // among those that queue
  check_code(answers[10].next("the cancelled call").status(), status_code::cancelled,
             "a call cancelled while it queued");
  stops[0].request_stop();
  stops[1].request_stop();
  check_code(answers[0].next("the cancelled call").status(), status_code::cancelled, "a call");
  check_code(answers[1].next("the cancelled call").status(), status_code::cancelled, "a call");
  door.open();
  for (std::size_t i : {2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 11U}) {
    auto answer = answers[i].next("an answer");
    check_equal(M::number(value_of(answer, "a call that queued")), i, "whose answer it is");
  }
}

template <class M>
void through_a_chain(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  gate door;
  arrivals<bool> entered;
  arrivals<bool> cancelled;
  running_server last(env.listen_url(),
                      [&](server& s) { s.handle(api::echo, waits<M>(door, entered, cancelled)); });
  client to_last(last.url(), quiet_client());
  running_server first(env.listen_url(), [&](server& s) {
    s.handle(api::echo,
             [&](const note& n, server_context& context) -> asio::awaitable<result<note>> {
               co_return co_await to_last.async_call(api::echo, n, within(context));
             });
  });
  client user(first.url(), quiet_client());
  std::stop_source stop;
  arrivals<result<note>> answers;
  user.async_call(api::echo, M::make(1, ""), timeout(patience).stop_on(stop.get_token()),
                  answers.sink());
  entered.next("the last service");
  stop.request_stop();
  check_code(answers.next("the cancelled call").status(), status_code::cancelled, "the call");
  cancelled.next("the last service's context to hear of it");
}

template <class M>
inline constexpr scenario all[] = {
    {"cancellation", "cancelling one of many reaches its handler and leaves the others alone",
     &one_of_many<M>},
    {"cancellation", "a cancellation slot cancels its call", &by_slot<M>},
    {"cancellation", "a call cancelled before it is sent never is", &before_sending<M>},
    {"cancellation", "a reply after the cancel is swallowed", &late_reply<M>},
    {"cancellation", "a cancel that races with the answer completes each call once",
     &racing_with_completion<M>},
    {"cancellation", "calls beyond what the server takes wait their turn and can be cancelled",
     &more_than_the_connection_takes<M>},
    {"cancellation", "a cancel goes through a chain of services", &through_a_chain<M>},
};

}  // namespace polywire::inline v1::testing::conformance::cancellation

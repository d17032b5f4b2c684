// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/handlers.hpp"
#include "polywire/testing/manual_clock.hpp"

#include <asio/thread_pool.hpp>

#include <atomic>
#include <optional>
#include <stop_token>
#include <string>

/// Section "Deadline and cancellation": deadlines.
namespace polywire::inline v1::testing::conformance::deadlines {

template <class M>
void handlers_see_the_rest(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  arrivals<duration> left;
  arrivals<bool> endless;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, [&](const note& n, server_context& context) {
      left.put(context.remaining());
      endless.put(context.deadline() == never);
      return n;
    });
  });
  client user(service.url(), quiet_client());
  check_ok(user.call(api::echo, M::make(1, ""), timeout(60s)).status(), "the call");
  const duration rest = left.next("the handler");
  check(rest <= 60s, "more time is left than the caller gave");
  check(rest > 30s, "the caller's time was lost on the way");
  check(!endless.next("the handler"), "the handler sees no deadline");
  check_ok(user.call(api::echo, M::make(1, "")).status(), "a call without deadline");
  check(endless.next("the handler"), "the handler sees a deadline that nobody gave");
  check_ok(user.call(api::echo, M::make(1, ""), timeout(std::chrono::hours(1) * 1e18)).status(),
           "a timeout beyond all clocks");
  check_ok(user.call(api::echo, M::make(1, ""), timeout(duration::max())).status(),
           "the longest duration");
}

template <class M>
void already_past(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  std::atomic<int> handled = 0;
  std::optional<running_server> service;
  service.emplace(env.listen_url(), [&](server& s) {
    s.handle(api::echo, [&](const note& n) { return ++handled, n; });
  });
  const std::string url = service->url();
  client user(url, quiet_client());
  auto all_past = [&] {
    const auto an_hour_ago = std::chrono::steady_clock::now() - std::chrono::hours(1);
    for (const call_options& options :
         {timeout(0s), timeout(-1s), timeout(duration::min()),
          timeout(-std::chrono::hours(1) * 1e18), call_options().deadline(an_hour_ago),
          timeout(1h).deadline(an_hour_ago)}) {
      check_status(user.call(api::echo, M::make(1, ""), options).status(),
                   status_code::deadline_exceeded, outcome::not_sent, "a deadline in the past");
    }
  };
  all_past();  // without a connection
  check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(), "a call in time");
  all_past();  // with one
  check_equal(handled.load(), 1, "calls that reached the handler");
  service.reset();
  all_past();  // the server is gone, which must not be noticed
}

template <class M>
void expiry_before_sending(const environment& env) {
  using api = contracts<M>;
  // A URL that could be listened on, and is not.
  const std::string url =
      running_server(env.listen_url(), [](server& s) { s.handle(api::other, echoes<M>); }).url();
  client user(url, quiet_client());
  auto back = user.call(api::echo, M::make(1, ""), timeout(40ms).wait_for_ready());
  check_status(back.status(), status_code::deadline_exceeded, outcome::not_sent,
               "a call that waited for a connection");
}

template <class M>
void expiry_while_the_handler_runs(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  manual_clock time;
  gate door;
  arrivals<bool> entered;
  arrivals<bool> cancelled;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, waits<M>(door, entered, cancelled));
    s.handle(api::other, echoes<M>);
  });
  client_options options = quiet_client(timeless());
  options.clock(time);
  client user(service.url(), options);  // the server's clock stands beside it, and goes on
  arrivals<result<note>> answers;
  user.async_call(api::echo, M::make(1, ""), timeout(1h), answers.sink());
  entered.next("the handler");
  time.advance(59min);
  check_ok(user.call(api::other, M::make(1, ""), timeout(1h)).status(), "a call before the expiry");
  check_equal(answers.total(), 0, "answers before the expiry");
  time.advance(2min);
  check_status(answers.next("the expiry").status(), status_code::deadline_exceeded,
               outcome::maybe_processed, "a call that took too long");
  cancelled.next("the handler's context to hear of it");
  check_ok(user.call(api::other, M::make(1, ""), timeout(1h)).status(), "the call after it");
}

template <class M>
void expiry_in_real_time(const environment& env) {
  using api = contracts<M>;
  gate door;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, waits<M>(door, {}));
    s.handle(api::other, echoes<M>);
  });
  client user(service.url(), quiet_client());
  for (int i = 0; i < 3; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    auto back = user.call(api::echo, M::make(1, ""), timeout(30ms));
    const auto took = std::chrono::steady_clock::now() - begin;
    check_code(back.status(), status_code::deadline_exceeded, "a call that takes for ever");
    check(took >= 30ms, "the call gave up before its time");
    check(took < 5s, "the call gave up long after its time");
    check_ok(user.call(api::other, M::make(1, ""), timeout(patience)).status(), "the next call");
  }
}

template <class M>
void expiry_at_the_server(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  manual_clock time;
  gate door;
  arrivals<bool> entered;
  arrivals<bool> cancelled;
  server_options options = quiet_server(timeless());
  options.clock(time);
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::echo, waits<M>(door, entered, cancelled));
        s.handle(api::other, echoes<M>);
      },
      options);
  client user(service.url(), quiet_client());
  arrivals<result<note>> answers;
  user.async_call(api::echo, M::make(1, ""), timeout(1h), answers.sink());
  entered.next("the handler");
  time.advance(59min);
  check_ok(user.call(api::other, M::make(1, ""), timeout(1h)).status(), "a call before the expiry");
  check_equal(cancelled.total(), 0, "cancellations before the expiry");
  time.advance(2min);
  cancelled.next("the handler's context to hear of the expiry");
  check_code(answers.next("the answer").status(), status_code::deadline_exceeded,
             "a call that the server gave up");
  check_ok(user.call(api::other, M::make(1, ""), timeout(1h)).status(), "the call after it");
}

template <class M>
void expiry_before_a_late_reply(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  manual_clock time;
  gate door;
  arrivals<bool> entered;
  arrivals<bool> left;
  asio::thread_pool pool(2);
  const opens_at_exit opens(door);  // before the pool is joined
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(
        api::echo,
        [&](const note& n) {  // blocks, and hears nothing of deadlines
          entered.put(true);
          door.wait_blocking();
          left.put(true);
          return n;
        },
        on(pool));
    s.handle(api::other, echoes<M>);
  });
  client_options options = quiet_client(timeless());
  options.clock(time);
  client user(service.url(), options);
  arrivals<result<note>> answers;
  user.async_call(api::echo, M::make(13, "late"), timeout(1h), answers.sink());
  entered.next("the handler");
  time.advance(2h);
  check_code(answers.next("the expiry").status(), status_code::deadline_exceeded, "the call");
  door.open();
  left.next("the handler to return");
  for (int i = 0; i < 20; ++i) {  // the late reply must reach none of these
    auto back = user.call(api::other, M::make(i, "next"), timeout(1h));
    check_equal(M::number(value_of(back, "a call after it")), i, "whose answer it is");
  }
  check_equal(answers.total(), 1, "completions of the late call");
}

template <class M>
void very_short_timeouts(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(env.listen_url(), [](server& s) {
    s.handle(api::echo, [](const note& n) -> asio::awaitable<note> {
      co_await yield();
      co_return n;
    });
  });
  client user(service.url(), quiet_client());
  std::vector<arrivals<result<note>>> answers(200);
  for (std::size_t i = 0; i < answers.size(); ++i) {  // expiry races with the answers
    user.async_call(api::echo, M::make(static_cast<std::int64_t>(i), ""),
                    timeout(std::chrono::microseconds(1 + 20 * i)), answers[i].sink());
  }
  for (std::size_t i = 0; i < answers.size(); ++i) {
    auto answer = answers[i].next("a completion");
    if (answer) {
      check_equal(M::number(*answer), i, "whose answer it is");
    } else {
      check_code(answer.status(), status_code::deadline_exceeded, "a call that was too slow");
    }
  }
  check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(), "the next call");
  for (const auto& one : answers) check_equal(one.total(), 1, "completions of each call");
}

template <class M>
void budget_of_a_chain(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  manual_clock time;
  arrivals<duration> left;
  server_options options = quiet_server(timeless());
  options.clock(time);
  client_options user_options = quiet_client(timeless());
  user_options.clock(time);
  running_server last(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::echo, [&](const note& n, server_context& context) {
          left.put(context.remaining());
          return n;
        });
      },
      options);
  auto relay_to = [&](client& next) {
    return [&](const note& n, server_context& context) -> asio::awaitable<result<note>> {
      left.put(context.remaining());
      time.advance(10s);  // what its own work takes
      co_return co_await next.async_call(api::echo, n, within(context));
    };
  };
  client to_last(last.url(), user_options);
  running_server middle(
      env.listen_url(), [&](server& s) { s.handle(api::echo, relay_to(to_last)); }, options);
  client to_middle(middle.url(), user_options);
  running_server first(
      env.listen_url(), [&](server& s) { s.handle(api::echo, relay_to(to_middle)); }, options);
  client user(first.url(), user_options);
  auto back = user.call(api::echo, M::make(3, "through three"), timeout(60s));
  check_equal(M::text(value_of(back, "a chain of three")), "through three", "its text");
  for (const duration most : {60s, 50s, 40s}) {
    const duration rest = left.next("a service of the chain");
    check(rest <= most, "a service was given more time than was left");
    check(rest > most - 5s, "time was lost between two services");
  }
}

template <class M>
inline constexpr scenario all[] = {
    {"deadlines", "the handler sees the remaining time", &handlers_see_the_rest<M>},
    {"deadlines", "a deadline that is past sends nothing", &already_past<M>},
    {"deadlines", "a call may expire before it is sent", &expiry_before_sending<M>},
    {"deadlines", "a call may expire while its handler runs, which is told",
     &expiry_while_the_handler_runs<M>},
    {"deadlines", "a call expires in real time too", &expiry_in_real_time<M>},
    {"deadlines", "the server gives up at the deadline by itself", &expiry_at_the_server<M>},
    {"deadlines", "a reply after the expiry reaches nobody", &expiry_before_a_late_reply<M>},
    {"deadlines", "expiry that races with the answer completes each call once",
     &very_short_timeouts<M>},
    {"deadlines", "the budget shrinks through a chain of three services", &budget_of_a_chain<M>},
};

}  // namespace polywire::inline v1::testing::conformance::deadlines

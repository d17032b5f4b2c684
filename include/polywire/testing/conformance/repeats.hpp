// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/handlers.hpp"
#include "polywire/testing/conformance/line.hpp"

#include <atomic>
#include <optional>

/// Calls that a client repeats by itself; part of the section on faults.
namespace polywire::inline v1::testing::conformance::repeats {

template <class M>
void what_may_be_repeated(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  gate door;
  const opens_at_exit opens(door);
  std::atomic<int> entered = 0;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::repeatable, [&](const note& n) -> asio::awaitable<note> {
      if (++entered == 1) co_await door.wait();
      co_return n;
    });
  });
  asio::io_context context(1);
  const line cable;
  client user(context.get_executor(), service.url(), quiet_client().stream_hook(cable.hook()));
  std::optional<result<note>> ended;
  call_info info;
  user.async_call(api::repeatable, M::make(1, ""), timeout(patience).capture(info),
                  [&](result<note> r) { ended = std::move(r); });
  run_until(context, [&] { return entered.load() == 1; }, "the handler");
  cable.cut();
  run_until(context, [&] { return ended.has_value(); }, "the call to end");
  check_ok(ended->status(), "an idempotent call whose first attempt was lost");
  check_equal(M::number(**ended), 1, "its number");
  check_equal(info.attempts, 2, "attempts");
  check_equal(entered.load(), 2, "handlers that ran");
}

template <class M>
void within_the_budget(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  gate door;
  const opens_at_exit opens(door);
  std::atomic<int> entered = 0;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::repeatable, [&](const note& n) -> asio::awaitable<note> {
      ++entered;
      co_await door.wait();
      co_return n;
    });
  });
  limits bounds;
  bounds.max_attempts = 100;
  bounds.repeat_budget = 0.5;
  asio::io_context context(1);
  const line cable;
  client user(context.get_executor(), service.url(),
              quiet_client(bounds).stream_hook(cable.hook()));
  // The first ten repeats are free, and each call brings half a one.
  for (const int attempts : {11, 1, 2, 1, 2}) {
    entered = 0;
    std::optional<result<note>> ended;
    call_info info;
    user.async_call(api::repeatable, M::make(1, ""), timeout(patience).capture(info),
                    [&](result<note> r) { ended = std::move(r); });
    for (int i = 1; i <= attempts; ++i) {
      run_until(context, [&] { return entered.load() == i; }, "the handler");
      cable.cut();
    }
    run_until(context, [&] { return ended.has_value(); }, "the call to end");
    check_status(ended->status(), status_code::unavailable, outcome::maybe_processed,
                 "a call that is lost each time");
    check_equal(info.attempts, attempts, "attempts");
  }
}

}  // namespace polywire::inline v1::testing::conformance::repeats

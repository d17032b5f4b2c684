// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/handlers.hpp"
#include "polywire/testing/conformance/line.hpp"
#include "polywire/testing/conformance/repeats.hpp"
#include "polywire/testing/manual_clock.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

/// Section "Faults": connections that break. Only for backends that have some.
namespace polywire::inline v1::testing::conformance::faults {

inline client_options through(const line& cable) {
  client_options options = quiet_client();
  options.stream_hook(cable.hook());
  return options;
}

template <class M>
void lost_while_the_handler_runs(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  gate door;
  const opens_at_exit opens(door);
  arrivals<bool> entered;
  arrivals<bool> cancelled;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, waits<M>(door, entered, cancelled));
    s.handle(api::other, echoes<M>);
  });
  client bystander(service.url(), quiet_client());
  arrivals<result<note>> undisturbed;
  bystander.async_call(api::echo, M::make(2, ""), timeout(patience), undisturbed.sink());
  entered.next("the other client's call");

  asio::io_context context(1);
  const line cable;
  client user(context.get_executor(), service.url(), through(cable));
  std::optional<result<note>> ended;
  call_info info;
  user.async_call(api::echo, M::make(1, ""), timeout(2 * patience).capture(info),
                  [&](result<note> r) { ended = std::move(r); });
  run_until(context, [&] { return entered.total() == 2; }, "the handler");
  const auto begin = std::chrono::steady_clock::now();
  cable.cut();
  run_until(context, [&] { return ended.has_value(); }, "the call to end");
  check(std::chrono::steady_clock::now() - begin < 5s, "a lost connection is found out at once");
  check_status(ended->status(), status_code::unavailable, outcome::maybe_processed,
               "a call whose connection was lost");
  check_equal(info.attempts, 1, "attempts of a call that may not be repeated");
  cancelled.next("the handler's context to hear of it");

  ended.reset();
  user.async_call(api::other, M::make(3, ""), timeout(patience),
                  [&](result<note> r) { ended = std::move(r); });
  run_until(context, [&] { return ended.has_value(); }, "the next call");
  check_equal(M::number(value_of(*ended, "the next call")), 3, "its number");

  check_equal(undisturbed.total(), 0, "the other client's call ended");
  door.open();
  auto other = undisturbed.next("the other client's answer");
  check_equal(M::number(value_of(other, "the other client's call")), 2, "its number");
  check_equal(entered.total(), 2, "handlers that ran");
}

template <class M>
void lost_mid_stream(const environment& env) {
  if (!env.can().server_streaming()) return;
  using api = contracts<M>;
  using note = typename M::note;
  gate door;
  const opens_at_exit opens(door);
  arrivals<bool> cancelled;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(
        api::download,
        [&](const note&, writer<note>& out, server_context& context) -> asio::awaitable<status> {
          const std::stop_callback told(context.stop_token(), [&] { cancelled.put(true); });
          for (int i = 0; i < 3; ++i) {
            (void)co_await out.async_write(M::make(i, ""), asio::use_awaitable);
          }
          co_await door.wait();
          co_return status();
        });
  });
  const line cable;
  on_own_context(
      service.url(),
      [&](client& user) -> asio::awaitable<void> {
        auto notes = co_await user.async_open(api::download, M::make(1, ""), timeout(2 * patience));
        for (int i = 0; i < 3; ++i) {
          auto n = co_await notes.async_read();
          check(n && M::number(*n) == i, "a message before the loss");
        }
        cable.cut();
        auto n = co_await notes.async_read();
        check(!n, "a message after the loss");
        check_status(notes.status(), status_code::unavailable, outcome::maybe_processed,
                     "a stream whose connection was lost");
      },
      through(cable));
  cancelled.next("the handler's context to hear of it");
}

/// Cuts the client's first connection after 0, 1, 2, … bytes, until a call passes uncut.
template <class M, class Cut>
void sweep(const environment& env, Cut cut) {
  using api = contracts<M>;
  using note = typename M::note;
  std::atomic<int> handled = 0;
  running_server service(env.listen_url(), [&](server& s) {
    auto handler = [&](const note& n) { return ++handled, n; };
    s.handle(api::echo, handler);
    s.handle(api::repeatable, handler);
  });
  bool was_cut = true;
  std::size_t bytes = 0;
  for (; was_cut && bytes < 5000; ++bytes) {
    const std::string what = "cut after " + std::to_string(bytes) + " bytes: ";
    was_cut = false;
    for (const auto* method : {&api::echo, &api::repeatable}) {
      asio::io_context context(1);
      const line cable;
      cut(cable, bytes);
      client user(context.get_executor(), service.url(), through(cable));
      std::optional<result<note>> ended;
      handled = 0;
      user.async_call(*method, M::make(7, "seven"), timeout(patience),
                      [&](result<note> r) { ended = std::move(r); });
      run_until(context, [&] { return ended.has_value(); }, what + "the call to end");
      if (*ended) {
        check_equal(M::text(**ended), "seven", what + "the answer");
      } else {
        check_code(ended->status(), status_code::unavailable, what + "the call");
        check(!method->is_idempotent(), what + "it could have been repeated");
        check_equal(ended->status().reached(), outcome::maybe_processed, what + "the outcome");
      }
      if (!method->is_idempotent()) {
        check(handled.load() <= 1, what + "the call was processed twice");
      }
      ended.reset();
      user.async_call(api::echo, M::make(8, "eight"), timeout(patience),
                      [&](result<note> r) { ended = std::move(r); });
      run_until(context, [&] { return ended.has_value(); }, what + "the next call to end");
      // The cut may only be noticed now, with this call on its way.
      if (!*ended) check_code(ended->status(), status_code::unavailable, what + "the next call");
      was_cut = was_cut || cable.was_cut();
    }
  }
  check(!was_cut, "a call takes more bytes than a sweep can have");
  check(bytes > 20, "the sweep met no bytes");
}

template <class M>
void reset_at_every_byte_read(const environment& env) {
  sweep<M>(env, [](const line& cable, std::size_t bytes) { cable.cut_after_reading(bytes); });
}
template <class M>
void reset_at_every_byte_written(const environment& env) {
  sweep<M>(env, [](const line& cable, std::size_t bytes) { cable.cut_after_writing(bytes); });
}

template <class M>
void one_byte_at_a_time(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  const line server_cable;
  const line client_cable;
  server_cable.trickle();
  client_cable.trickle();
  server_options options = quiet_server();
  options.stream_hook(server_cable.hook());
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::mirror, [](const typename M::values& v) { return v; });
        s.handle(api::echo, [](const note& n) -> result<note> {
          if (M::number(n) < 0) return status::not_found("negative");
          return n;
        });
        if (!env.can().server_streaming()) return;
        s.handle(api::download, sends<M>);
      },
      options);
  client user(service.url(), through(client_cable));
  for (const auto& [what, value] : M::samples()) {
    auto back = user.call(api::mirror, value, timeout(patience));
    check(M::same(value_of(back, what), value), what + ": came back different");
  }
  check_code(user.call(api::echo, M::make(-1, ""), timeout(patience)).status(),
             status_code::not_found, "an error");
  if (!env.can().server_streaming()) return;
  auto notes = user.open(api::download, M::make(20, std::string(1000, 'x')), timeout(patience));
  int next = 0;
  while (auto n = notes.read()) check_equal(M::number(*n), next++, "number of a message");
  check_ok(notes.status(), "the stream");
  check_equal(next, 20, "messages");
}

// Where nobody asks for signs of life, calls need a deadline.
inline call_options unless_found_out(const environment& env, const limits& bounds) {
  return env.can().pings() ? call_options() : timeout(2 * bounds.ping_interval);
}
inline status_code found_out(const environment& env) {
  return env.can().pings() ? status_code::unavailable : status_code::deadline_exceeded;
}

template <class M>
void a_server_that_vanishes(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  manual_clock time;
  gate door;
  const opens_at_exit opens(door);
  arrivals<bool> entered;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, waits<M>(door, entered));
    s.handle(api::other, echoes<M>);
  });
  asio::io_context context(1);
  const line cable;
  client_options options = through(cable);
  options.clock(time);
  client user(context.get_executor(), service.url(), options);
  std::optional<result<note>> ended;
  user.async_call(api::other, M::make(1, ""), [&](result<note> r) { ended = std::move(r); });
  run_until(context, [&] { return ended.has_value(); }, "a call before");
  ended.reset();
  const limits bounds;
  user.async_call(api::echo, M::make(1, ""), unless_found_out(env, bounds),
                  [&](result<note> r) { ended = std::move(r); });
  run_until(context, [&] { return entered.total() == 1; }, "the handler");
  cable.go_dead();
  std::chrono::steady_clock::duration passed{};
  while (!ended && passed < 4 * bounds.ping_interval) {
    time.advance(5s);
    passed += 5s;
    context.restart();
    while (context.poll_one() > 0) {
    }
  }
  check(ended.has_value(), "nobody noticed that the server is gone");
  check_status(ended->status(), found_out(env), outcome::maybe_processed,
               "a call whose server vanished");
  check(passed > bounds.ping_interval, "the client gave up too early");
}

template <class M>
void a_server_that_never_speaks(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  manual_clock time;
  running_server service(env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); });
  asio::io_context context(1);
  const line cable;
  cable.go_dead();  // half open from the beginning: connected, and nothing comes through
  client_options options = through(cable);
  options.clock(time);
  client user(context.get_executor(), service.url(), options);
  const limits bounds;
  std::optional<result<note>> ended;
  user.async_call(api::echo, M::make(1, ""), unless_found_out(env, bounds),
                  [&](result<note> r) { ended = std::move(r); });
  run_until(context, [&] { return cable.made() == 1; }, "the connection");
  for (std::chrono::steady_clock::duration passed{}; !ended && passed < 4 * bounds.ping_interval;
       passed += 5s) {
    time.advance(5s);
    context.restart();
    while (context.poll_one() > 0) {
    }
  }
  check(ended.has_value(), "nobody noticed that the server does not speak");
  check_status(ended->status(), found_out(env), outcome::maybe_processed,
               "a call to a server that does not speak");
}

template <class M>
void a_client_that_vanishes(const environment& env) {
  if (!env.can().pings()) return;
  using api = contracts<M>;
  using note = typename M::note;
  manual_clock time;
  gate door;
  const opens_at_exit opens(door);
  arrivals<bool> entered;
  arrivals<bool> cancelled;
  const line cable;
  server_options options = quiet_server();
  options.clock(time);
  options.stream_hook(cable.hook());
  running_server service(
      env.listen_url(), [&](server& s) { s.handle(api::echo, waits<M>(door, entered, cancelled)); },
      options);
  client user(service.url(), quiet_client());
  arrivals<result<note>> answers;
  user.async_call(api::echo, M::make(1, ""), answers.sink());
  entered.next("the handler");
  cable.go_dead();
  bool told = false;
  for (int i = 0; i < 200 && !told; ++i) {  // its thread follows the clock at its own pace
    time.advance(5s);
    told = cancelled.next_within(50ms).has_value();
  }
  check(told, "nobody noticed that the client is gone");
  check_code(answers.next("the client's call").status(), status_code::unavailable,
             "the call of a client that the server gave up");
}

template <class M>
void too_many_connections(const environment& env) {
  using api = contracts<M>;
  limits bounds;
  bounds.max_connections = 2;
  running_server service(
      env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); }, quiet_server(bounds));
  std::optional<client> first;
  first.emplace(service.url(), quiet_client());
  client second(service.url(), quiet_client());
  client third(service.url(), quiet_client());
  check_ok(first->call(api::echo, M::make(1, ""), timeout(patience)).status(), "the first client");
  check_ok(second.call(api::echo, M::make(2, ""), timeout(patience)).status(), "the second");
  check_code(third.call(api::echo, M::make(3, ""), timeout(patience)).status(),
             status_code::unavailable, "one client more than the server takes");
  check_ok(second.call(api::echo, M::make(2, ""), timeout(patience)).status(), "the second again");
  first.reset();
  auto back = third.call(api::echo, M::make(3, ""), timeout(patience).wait_for_ready());
  check_ok(back.status(), "the third when the first has gone");
}

template <class M>
inline constexpr scenario all[] = {
    {"faults", "a connection lost while a handler runs ends its calls and no others",
     &lost_while_the_handler_runs<M>},
    {"faults", "only what may be repeated is repeated", &repeats::what_may_be_repeated<M>},
    {"faults", "repeats are no multiple of the calls", &repeats::within_the_budget<M>},
    {"faults", "a connection lost ends its streams", &lost_mid_stream<M>},
    {"faults", "a reset at any byte read ends the call with a true outcome",
     &reset_at_every_byte_read<M>},
    {"faults", "a reset at any byte written ends the call with a true outcome",
     &reset_at_every_byte_written<M>},
    {"faults", "one byte at a time gives the same results", &one_byte_at_a_time<M>},
    {"faults", "a server that vanishes without a word is found out", &a_server_that_vanishes<M>},
    {"faults", "a server that never says a word is given up", &a_server_that_never_speaks<M>},
    {"faults", "a client that vanishes without a word is found out", &a_client_that_vanishes<M>},
    {"faults", "connections over the limit are refused and the others served",
     &too_many_connections<M>},
};

}  // namespace polywire::inline v1::testing::conformance::faults

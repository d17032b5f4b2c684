// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/interceptors.hpp"

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

/// Section "Interceptors": those that take their time.
namespace polywire::inline v1::testing::conformance::awaited_interceptors {

using interceptors::recorder;

/// Is awaited until its gate opens.
class waiting {
 public:
  waiting(gate door, arrivals<bool> entered, status says = {})
      : door_(std::move(door)), entered_(std::move(entered)), says_(std::move(says)) {}
  asio::awaitable<status> on_start(call_context&) {
    entered_.put(true);
    co_await door_.wait();
    co_return says_;
  }

 private:
  gate door_;
  arrivals<bool> entered_;
  status says_;
};

template <class M>
void awaited(const environment& env) {
  using api = contracts<M>;
  const gate server_door;
  const gate client_door;
  const opens_at_exit one(server_door);
  const opens_at_exit other(client_door);
  const arrivals<bool> at_server;
  const arrivals<bool> at_client;
  auto serving = quiet_server();
  serving.intercept(waiting(server_door, at_server));
  auto calling = quiet_client();
  calling.intercept(waiting(client_door, at_client));
  running_server service(
      env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); }, serving);
  client user(service.url(), calling);
  const arrivals<result<typename M::note>> answers;
  user.async_call(api::echo, M::make(7, "seven"), timeout(patience), answers.sink());
  at_client.next("the client's interceptor");
  check_equal(at_server.total(), 0, "calls that the server has seen");
  client_door.open();
  at_server.next("the server's interceptor");
  check_equal(answers.total(), 0, "answers");
  server_door.open();
  auto answer = answers.next("the answer");
  check_equal(M::text(value_of(answer, "the call")), "seven", "what came back");
}

template <class M>
void awaited_streams(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  if (!env.can().client_streaming()) return;
  const gate door;
  const opens_at_exit leaving(door);
  const arrivals<bool> entered;
  auto serving = quiet_server();
  serving.intercept(waiting(door, entered));
  running_server service(
      env.listen_url(),
      [](server& s) {
        s.handle(api::upload, [](reader<note>& in) -> asio::awaitable<note> {
          std::string all;
          while (auto n = co_await in.async_read(asio::use_awaitable)) all += M::text(*n);
          co_return M::make(0, all);
        });
      },
      serving);
  client user(service.url(), quiet_client());
  auto notes = user.open(api::upload, timeout(patience));
  for (const char* part : {"a", "b", "c"}) check_ok(notes.write(M::make(0, part)), "writing");
  entered.next("the interceptor");
  door.open();
  for (const char* part : {"d", "e"}) check_ok(notes.write(M::make(0, part)), "writing");
  auto answer = notes.finish();
  check_equal(M::text(value_of(answer, "the call")), "abcde", "what waited, and came in order");
}

template <class M>
void awaited_rejection(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  const gate door;
  const opens_at_exit leaving(door);
  const arrivals<bool> entered;
  const auto seen = std::make_shared<recorder>();
  std::atomic<int> handled = 0;
  auto serving = quiet_server();
  serving.intercept(seen).intercept(waiting(door, entered, status::unauthenticated("who?")));
  running_server service(
      env.listen_url(),
      [&](server& s) { s.handle(api::echo, [&](const note& n) { return ++handled, n; }); },
      serving);
  client user(service.url(), quiet_client());
  const arrivals<result<note>> answers;
  user.async_call(api::echo, M::make(1, ""), timeout(patience), answers.sink());
  entered.next("the interceptor");
  door.open();
  check_status(answers.next("the answer").status(), status_code::unauthenticated, outcome::rejected,
               "the rejected call");
  check_code(seen->ends.next("its end").how, status_code::unauthenticated,
             "what the other one saw");
  check_equal(handled.load(), 0, "handlers that ran");
}

template <class M>
void ended_while_awaited(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  const gate door;  // stays closed
  const opens_at_exit leaving(door);
  const arrivals<bool> entered;
  const auto seen = std::make_shared<recorder>();
  auto serving = quiet_server();
  serving.intercept(seen).intercept(waiting(door, entered));
  running_server service(
      env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); }, serving);
  client user(service.url(), quiet_client());
  const arrivals<result<note>> answers;
  std::stop_source stop;
  user.async_call(api::echo, M::make(1, ""), call_options().stop_on(stop.get_token()),
                  answers.sink());
  entered.next("the interceptor");
  stop.request_stop();
  check_code(answers.next("the answer").status(), status_code::cancelled, "the cancelled call");
  check_code(seen->ends.next("its end").how, status_code::cancelled, "what the server saw");

  user.async_call(api::echo, M::make(1, ""), timeout(50ms), answers.sink());
  check_code(answers.next("the answer").status(), status_code::deadline_exceeded, "the late call");
  entered.next("the interceptor");
  const status_code code = seen->ends.next("its end").how.code();
  check(code == status_code::deadline_exceeded || code == status_code::cancelled,
        "whichever side noticed first");
}

template <class M>
inline constexpr scenario all[] = {
    {"interceptors", "interceptors that are awaited let the call go on", &awaited<M>},
    {"interceptors", "messages wait while an interceptor is awaited", &awaited_streams<M>},
    {"interceptors", "an interceptor that was awaited rejects", &awaited_rejection<M>},
    {"interceptors", "a call that ends while an interceptor is awaited", &ended_while_awaited<M>},
};

}  // namespace polywire::inline v1::testing::conformance::awaited_interceptors

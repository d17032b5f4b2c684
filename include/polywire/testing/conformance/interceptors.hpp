// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/handlers.hpp"
#include "polywire/testing/manual_clock.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Section "Interceptors".
namespace polywire::inline v1::testing::conformance::interceptors {

/// The end of a call, as an interceptor saw it.
class seen_end {
 public:
  call_side side = call_side::client;
  call_type type = call_type::unary;
  std::string method;
  status how;
  duration took{};
};

/// Tells of each end; for both sides.
class recorder {
 public:
  status on_start(call_context&) { return ++started, status(); }
  void on_end(call_context& call, const status& how, duration took) {
    ends.put({call.side(), call.type(), std::string(call.method()), how, took});
  }

  std::atomic<std::size_t> started = 0;
  arrivals<seen_end> ends;
};

/// Writes down its starts and ends, and rejects if it is told to.
class noting {
 public:
  noting(std::string name, arrivals<std::string> into, status says = {})
      : name_(std::move(name)), into_(std::move(into)), says_(std::move(says)) {}
  status on_start(call_context&) {
    into_.put(name_ + " starts");
    return says_;
  }
  void on_end(call_context&, const status& how, duration) {
    into_.put(name_ + " ends " + std::string(to_string(how.code())));
  }

 private:
  std::string name_;
  arrivals<std::string> into_;
  status says_;
};

inline void check_lines(const arrivals<std::string>& got, const std::vector<std::string>& wanted,
                        const std::source_location& where = std::source_location::current()) {
  for (const std::string& line : wanted)
    check_equal(got.next(line, where), line, "in order", where);
}

template <class M>
void order(const environment& env) {
  using api = contracts<M>;
  const arrivals<std::string> server_lines;
  const arrivals<std::string> client_lines;
  auto serving = quiet_server();
  serving.intercept(noting("a", server_lines)).intercept(noting("b", server_lines));
  auto calling = quiet_client();
  calling.intercept(noting("c", client_lines)).intercept(noting("d", client_lines));
  running_server service(
      env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); }, serving);
  client user(service.url(), calling);
  for (int i = 0; i < 2; ++i) {
    check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(), "the call");
    check_lines(client_lines, {"c starts", "d starts", "d ends ok", "c ends ok"});
    check_lines(server_lines, {"a starts", "b starts", "b ends ok", "a ends ok"});
  }
}

template <class M>
void rejected_by_server(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  const arrivals<std::string> lines;
  std::atomic<int> handled = 0;
  auto serving = quiet_server();
  serving.intercept(noting("a", lines))
      .intercept(noting("b", lines, status::permission_denied("not you")))
      .intercept(noting("c", lines));
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::echo, [&](const note& n) { return ++handled, n; });
        if (!env.can().bidi_streaming()) return;
        s.handle(api::talk, [&](reader<note>&, writer<note>&) -> asio::awaitable<status> {
          ++handled;
          co_return status();
        });
      },
      serving);
  client user(service.url(), quiet_client());
  const auto check_rejected = [&](const status& how) {
    check_status(how, status_code::permission_denied, outcome::rejected, "the rejected call");
    check_equal(how.message(), "not you", "its message");
    check_lines(lines, {"a starts", "b starts", "a ends permission_denied"});
  };
  check_rejected(user.call(api::echo, M::make(1, ""), timeout(patience)).status());
  // Decoded, these would be invalid_argument.
  for (const payload& bad : M::malformed()) {
    check_rejected(user.call_raw(api::echo.name(), bad, timeout(patience)).status());
  }
  if (env.can().bidi_streaming()) {
    auto talk = user.open(api::talk, timeout(patience));
    check(!talk.read(), "a message of a rejected call");
    check_rejected(talk.status());
  }
  check_equal(handled.load(), 0, "handlers that ran");
}

template <class M>
void rejected_by_client(const environment& env) {
  using api = contracts<M>;
  const auto server_saw = std::make_shared<recorder>();
  const arrivals<std::string> lines;
  auto serving = quiet_server();
  serving.intercept(server_saw);
  auto calling = quiet_client();
  calling.intercept(noting("a", lines)).intercept(noting("b", lines, status::aborted("not now")));
  running_server service(
      env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); }, serving);
  client user(service.url(), calling);
  check_status(user.call(api::echo, M::make(1, ""), timeout(patience)).status(),
               status_code::aborted, outcome::not_sent, "the blocking form");
  check_lines(lines, {"a starts", "b starts", "a ends aborted"});
  const arrivals<result<typename M::note>> answers;
  user.async_call(api::echo, M::make(1, ""), timeout(patience), answers.sink());
  check_status(answers.next("the answer").status(), status_code::aborted, outcome::not_sent,
               "the asynchronous form");
  check_lines(lines, {"a starts", "b starts", "a ends aborted"});
  check_equal(server_saw->started.load(), 0, "calls that the server saw");
}

template <class M>
void metadata_and_values(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  class adds_to_request {
   public:
    status on_start(client_context& call) { return call.add_metadata("added", "by the client"); }
  };
  class adds_to_reply {
   public:
    status on_start(server_context& call) {
      call.set(std::string(call.metadata().get("added").value_or("nothing")));
      if (auto added = call.add_initial("early", "yes"); !added) return added;
      return call.add_trailing("late", "yes");
    }
  };
  auto serving = quiet_server();
  serving.intercept(adds_to_reply());
  auto calling = quiet_client();
  calling.intercept(adds_to_request());
  running_server service(
      env.listen_url(),
      [](server& s) {
        s.handle(api::echo, [](const note& n, server_context& context) {
          const auto* said = context.get<std::string>();
          return M::make(M::number(n), said != nullptr ? *said : "no value");
        });
      },
      serving);
  client user(service.url(), calling);
  call_info info;
  auto answer = user.call(api::echo, M::make(1, ""), timeout(patience).capture(info));
  check_equal(M::text(value_of(answer, "the call")), "by the client", "what the handler read");
  check(info.initial.get("early") == "yes", "initial metadata of an interceptor");
  check(info.trailing.get("late") == "yes", "trailing metadata of an interceptor");
}

/// Makes one call of each kind that the backend has; each handler lets five seconds pass.
template <class M>
void every_kind(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  manual_clock clock;
  const auto seen = std::make_shared<recorder>();  // the same object on both sides
  const auto can = env.can();
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::echo, [&](const note& n) -> result<note> {
          clock.advance(5s);
          if (M::number(n) == 0) return status::not_found("zero");
          return n;
        });
        if (can.server_streaming()) {
          s.handle(api::download, [&](const note& n, writer<note>& out) -> asio::awaitable<status> {
            clock.advance(5s);
            if (auto sent = co_await out.async_write(n, asio::use_awaitable); !sent) co_return sent;
            co_return status::out_of_range("the end");
          });
        }
        if (can.client_streaming()) {
          s.handle(api::upload, [&](reader<note>& in) -> asio::awaitable<note> {
            clock.advance(5s);
            std::int64_t sum = 0;
            while (auto n = co_await in.async_read(asio::use_awaitable)) sum += M::number(*n);
            co_return M::make(sum, "");
          });
        }
        if (can.bidi_streaming()) {
          s.handle(api::talk, [&](reader<note>& in, writer<note>& out) -> asio::awaitable<status> {
            clock.advance(5s);
            while (auto n = co_await in.async_read(asio::use_awaitable)) {
              if (auto sent = co_await out.async_write(*n, asio::use_awaitable); !sent)
                co_return sent;
            }
            co_return status();
          });
        }
      },
      quiet_server(timeless()).clock(clock).intercept(seen));
  client user(service.url(), quiet_client(timeless()).clock(clock).intercept(seen));
  const auto check_ends = [&](const method_info& m, status_code code) {
    bool client_side = false;
    bool server_side = false;
    for (int i = 0; i < 2; ++i) {
      const seen_end one = seen->ends.next("the ends of " + std::string(m.name()));
      check_equal(one.method, m.name(), "the method");
      check_equal(to_string(one.type), to_string(m.type()), "its type");
      check_code(one.how, code, "the status of " + one.method);
      check_equal(one.took / 1s, 5, "the duration");
      (one.side == call_side::client ? client_side : server_side) = true;
    }
    check(client_side && server_side, "one end on each side");
  };
  check_ok(user.call(api::echo, M::make(1, "")).status(), "a unary call");
  check_ends(api::echo, status_code::ok);
  check_code(user.call(api::echo, M::make(0, "")).status(), status_code::not_found, "a unary call");
  check_ends(api::echo, status_code::not_found);
  if (can.server_streaming()) {
    auto notes = user.open(api::download, M::make(1, ""));
    while (notes.read()) {
    }
    check_code(notes.status(), status_code::out_of_range, "server streaming");
    check_ends(api::download, status_code::out_of_range);
  }
  if (can.client_streaming()) {
    auto notes = user.open(api::upload);
    check_ok(notes.write(M::make(1, "")), "writing");
    check_ok(notes.finish().status(), "client streaming");
    check_ends(api::upload, status_code::ok);
  }
  if (can.bidi_streaming()) {
    auto talk = user.open(api::talk);
    check_ok(talk.write(M::make(1, "")), "writing");
    check(talk.read().has_value(), "an answer");
    check_ok(talk.finish_writes(), "half-close");
    check(!talk.read(), "the end");
    check_ends(api::talk, status_code::ok);
  }
  check_equal(seen->ends.total(), seen->started.load(), "ends, one for each start");
}

template <class M>
void other_ends(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  const gate door;
  const opens_at_exit leaving(door);
  const arrivals<bool> entered;
  const auto server_saw = std::make_shared<recorder>();
  const auto client_saw = std::make_shared<recorder>();
  auto calling = quiet_client();
  calling.intercept(client_saw);
  limits hurried;
  hurried.drain_timeout = 1ms;  // then calls in flight are ended
  auto serving = quiet_server(hurried);
  serving.intercept(server_saw);
  running_server service(
      env.listen_url(), [&](server& s) { s.handle(api::echo, waits<M>(door, entered)); }, serving);
  const arrivals<result<note>> answers;
  {
    client user(service.url(), calling);
    std::stop_source stop;
    user.async_call(api::echo, M::make(1, ""), call_options().stop_on(stop.get_token()),
                    answers.sink());
    entered.next("the handler");
    stop.request_stop();
    check_code(client_saw->ends.next("the end").how, status_code::cancelled, "a cancelled call");
    check_code(server_saw->ends.next("the end").how, status_code::cancelled, "a cancelled call");
    check_equal(client_saw->ends.total(), 1, "ends");
    user.async_call(api::echo, M::make(1, ""), call_options(), answers.sink());
    entered.next("the handler");
  }
  // By the time the client is gone.
  check_equal(client_saw->ends.total(), 2, "ends");
  check_code(client_saw->ends.next("the end").how, status_code::cancelled,
             "a client that went away");
  check(!server_saw->ends.next("the end").how.ok(), "a client that went away");

  client user(service.url(), calling);
  user.async_call(api::echo, M::make(1, ""), call_options(), answers.sink());
  entered.next("the handler");
  service.get().stop();
  check_code(client_saw->ends.next("the end").how, status_code::unavailable,
             "a server that stopped");
  check(!server_saw->ends.next("the end").how.ok(), "a server that stopped");
  check_equal(client_saw->started.load(), 3, "starts");
  check_equal(server_saw->started.load(), 3, "starts");
}

template <class M>
void topics(const environment& env) {
  if (!env.can().topics()) return;
  using api = contracts<M>;
  const auto server_saw = std::make_shared<recorder>();
  const auto client_saw = std::make_shared<recorder>();
  const arrivals<std::string> lines;
  auto serving = quiet_server();
  serving.intercept(server_saw);
  auto calling = quiet_client();
  calling.intercept(client_saw);
  auto rejecting = quiet_server();
  rejecting.intercept(noting("a", lines, status::permission_denied("not you")));
  const auto offers = [](server& s) { s.offer(api::news, accept_publish()); };
  running_server service(env.listen_url(), offers, serving);
  running_server closed(env.listen_url(), offers, rejecting);
  const auto event = M::make(1, "");
  {
    client user(service.url(), calling);
    auto events = user.subscribe(api::news);
    check_ok(events ? status() : events.status(), "subscribing");
    check_ok(user.publish(api::news, event, timeout(patience)), "publishing");
    check(events.read().has_value(), "the event");
    for (const auto& saw : {client_saw, server_saw}) {
      const auto published = saw->ends.next("the end of publishing");
      check(published.type == call_type::publish, "its type");
      check_equal(published.method, api::news.name(), "its topic");
      check_ok(published.how, "how it ended");
    }
  }
  for (const auto& saw : {client_saw, server_saw}) {
    const auto left = saw->ends.next("the end of the subscription");
    check(left.type == call_type::subscribe, "its type");
    check_code(left.how, status_code::cancelled, "how it ended");
    check_equal(saw->started.load(), 2, "what was started");
  }
  client stranger(closed.url(), quiet_client());
  check_status(stranger.publish(api::news, event, timeout(patience)),
               status_code::permission_denied, outcome::rejected, "a rejected publish");
  check_status(stranger.subscribe(api::news).status(), status_code::permission_denied,
               outcome::rejected, "a rejected subscription");
  check_equal(closed.get().stats().events_published, 0, "events of rejected publishers");
}

template <class M>
inline constexpr scenario all[] = {
    {"interceptors", "interceptors start in order and end in reverse on both sides", &order<M>},
    {"interceptors", "a server's interceptor rejects a call before it is decoded",
     &rejected_by_server<M>},
    {"interceptors", "a client's interceptor rejects a call before it is sent",
     &rejected_by_client<M>},
    {"interceptors", "interceptors add metadata, and values for the handler",
     &metadata_and_values<M>},
    {"interceptors", "interceptors see status and duration of every kind of call", &every_kind<M>},
    {"interceptors", "cancellation, a lost client and a stopped server are ends too",
     &other_ends<M>},
    {"interceptors", "publishing and subscribing pass through them", topics<M>},
};

}  // namespace polywire::inline v1::testing::conformance::interceptors

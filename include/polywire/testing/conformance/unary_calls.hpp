// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/handlers.hpp"

#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

/// Section "Unary": how calls are made, handled and answered.
namespace polywire::inline v1::testing::conformance::unary_calls {

template <class M>
void unknown_method(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); });
  client user(service.url(), quiet_client());
  for (int i = 0; i < 2; ++i) {
    auto back = user.call(api::nowhere, M::make(1, ""), timeout(patience));
    check_status(back.status(), status_code::unimplemented, outcome::rejected,
                 "a method that nobody handles");
    check(back.status().message().find("Suite/Nowhere") != std::string::npos,
          "the reason must name the method: " + back.status().message());
    check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(), "the call after it");
  }
}

template <class M>
void many_calls_at_once(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  constexpr std::size_t calls = 256;
  // So many wait at their doors until all are there, then they are answered last come first.
  const std::size_t together = std::min(calls, env.can().concurrent_calls());
  limits bounds;
  bounds.max_calls = calls;
  std::vector<gate> doors(calls);
  arrivals<std::size_t> entered;
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::echo, [&](const note& request) -> asio::awaitable<note> {
          const auto index = static_cast<std::size_t>(M::number(request));
          entered.put(index);
          co_await doors[index].wait();
          co_return M::make(M::number(request), "answer " + std::to_string(index));
        });
      },
      quiet_server(bounds));
  client user(service.url(), quiet_client(bounds));
  std::vector<arrivals<result<note>>> answers(calls);
  for (std::size_t i = 0; i < calls; ++i) {
    user.async_call(api::echo, M::make(static_cast<std::int64_t>(i), "question"), timeout(patience),
                    answers[i].sink());
  }
  for (std::size_t answered = 0; answered < calls;) {
    const std::size_t batch = std::min(together, calls - answered);
    std::vector<std::size_t> inside;
    for (std::size_t i = 0; i < batch; ++i) inside.push_back(entered.next("a call to arrive"));
    for (auto index = inside.rbegin(); index != inside.rend(); ++index) {
      doors[*index].open();
      auto answer = answers[*index].next("its answer");
      check_equal(M::number(value_of(answer, "a call of many")), *index, "whose answer it is");
      check_equal(M::text(*answer), "answer " + std::to_string(*index), "its text");
    }
    answered += batch;
  }
}

template <class M>
void a_thousand_calls_in_a_row(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); });
  client user(service.url(), quiet_client());
  arrivals<result<note>> answers;
  for (int i = 0; i < 1000; ++i) {
    user.async_call(api::echo, M::make(i, "pipelined"), timeout(patience), answers.sink());
  }
  std::vector<bool> seen(1000);
  for (int i = 0; i < 1000; ++i) {
    const note answer = value_of(answers.next("an answer"), "a pipelined call");
    const auto index = static_cast<std::size_t>(M::number(answer));
    check(index < seen.size() && !seen[index], "each call is answered once");
    seen[index] = true;
    if (env.can().shares_connection()) check_equal(index, i, "order of the answers");
  }
}

template <class M>
void forms_of_handlers(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  asio::thread_pool pool(1);
  using configure = void (*)(server&, asio::thread_pool&);
  const configure forms[] = {
      [](server& s, asio::thread_pool&) { s.handle(api::echo, echoes<M>); },
      [](server& s, asio::thread_pool&) {
        s.handle(api::echo, [](const note& n) { return result<note>(n); });
      },
      [](server& s, asio::thread_pool&) {
        s.handle(api::echo, [](const note& n, server_context&) { return n; });
      },
      [](server& s, asio::thread_pool&) {
        s.handle(api::echo, [](const note& n) -> asio::awaitable<note> { co_return n; });
      },
      [](server& s, asio::thread_pool&) {
        s.handle(api::echo, [](const note& n) -> asio::awaitable<result<note>> {
          co_await yield();
          co_return n;
        });
      },
      [](server& s, asio::thread_pool&) {
        s.handle(api::echo, [](const note& n, server_context& context) -> asio::awaitable<note> {
          co_await yield();
          if (context.method() != api::echo.name()) co_return M::make(0, "wrong method");
          co_return n;
        });
      },
      [](server& s, asio::thread_pool& p) { s.handle(api::echo, echoes<M>, on(p)); },
      [](server& s, asio::thread_pool& p) {
        s.handle(api::echo, [](const note& n, server_context&) { return result<note>(n); }, on(p));
      },
      [](server& s, asio::thread_pool& p) {
        s.handle(
            api::echo,
            [](const note& n) -> asio::awaitable<note> {
              co_await yield();
              co_return n;
            },
            on(p));
      },
  };
  for (std::size_t form = 0; form < std::size(forms); ++form) {
    running_server service(env.listen_url(), [&](server& s) { forms[form](s, pool); });
    client user(service.url(), quiet_client());
    for (int i = 0; i < 3; ++i) {
      auto back = user.call(api::echo, M::make(i, "form"), timeout(patience));
      const std::string what = "handler form " + std::to_string(form);
      check_equal(M::number(value_of(back, what)), i, what);
      check_equal(M::text(*back), "form", what);
    }
  }
}

template <class M>
void throwing_handlers(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  asio::thread_pool pool(1);
  arrivals<std::string> logged;
  server_options options = quiet_server();
  options.log([&](log_level, std::string_view line) { logged.put(std::string(line)); });
  auto throws = [](std::int64_t kind) {
    if (kind == 0) throw std::runtime_error("the password is 12345");
    throw 7;  // no std::exception
  };
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::echo, [&](const note& n) { return throws(M::number(n)), n; });
        s.handle(api::other, [&](const note& n) -> asio::awaitable<note> {
          co_await yield();
          throws(M::number(n));
          co_return n;
        });
        s.handle(api::third, [&](const note& n) { return throws(M::number(n)), n; }, on(pool));
        s.handle(api::nowhere, echoes<M>);
      },
      options);
  client user(service.url(), quiet_client());
  for (const auto* method : {&api::echo, &api::other, &api::third}) {
    for (int kind = 0; kind < 2; ++kind) {
      auto back = user.call(*method, M::make(kind, ""), timeout(patience));
      check_status(back.status(), status_code::internal, outcome::processed,
                   "a handler that throws");
      check(back.status().message().find("12345") == std::string::npos,
            "the exception's text was told to the caller");
      const std::string line = logged.next("a line in the log");
      if (kind == 0) {
        check(line.find("12345") != std::string::npos, "the log must say what was thrown: " + line);
      }
    }
  }
  check_ok(user.call(api::nowhere, M::make(1, ""), timeout(patience)).status(),
           "the call after the throwing ones");
}

template <class M>
void every_status(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  auto failed = [](std::int64_t code) {
    const auto c = static_cast<status_code>(code);
    return status(c, "ünïcode \u20ac \U0001f600 for " + std::string(to_string(c)))
        .add_detail(status_detail("google.rpc.Anything",
                                  payload(format::protobuf, std::string_view("\x0a\x00\xff", 3))))
        .add_detail(
            status_detail("example.v1.Reason", payload(format::json, R"({"why":"because"})")));
  };
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, [&](const note& n) -> result<note> { return failed(M::number(n)); });
  });
  client user(service.url(), quiet_client());
  for (int code = 1; code < static_cast<int>(status_code_count); ++code) {
    auto back = user.call(api::echo, M::make(code, ""), timeout(patience));
    const status wanted = failed(code);
    // Nobody can tell a handler that says so from a deadline that has passed.
    const bool late = wanted.code() == status_code::deadline_exceeded;
    check_status(back.status(), wanted.code(), late ? outcome::maybe_processed : outcome::processed,
                 "a handler's status");
    check_equal(back.status().message(), wanted.message(), "its message");
    check_equal(back.status().details().size(), 2, "its details");
    check(back.status() == wanted, "details changed on the way: " + wanted.to_string());
  }
}

template <class M>
void kinds_of_completion(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); });
  {
    client user(service.url(), quiet_client());
    auto blocking = user.call(api::echo, M::make(1, "blocking"));
    check_equal(M::number(value_of(blocking, "blocking, without options")), 1, "its number");
    auto future =
        user.async_call(api::echo, M::make(2, "future"), timeout(patience), asio::use_future);
    check(future.wait_for(patience) == std::future_status::ready, "the future is not ready");
    check_equal(M::number(value_of(future.get(), "a future")), 2, "its number");
    arrivals<result<note>> answers;
    user.async_call(api::echo, M::make(3, "callback"), answers.sink());
    check_equal(M::number(value_of(answers.next("callback"), "a callback")), 3, "its number");
  }
  on_own_context(service.url(), [](client& user) -> asio::awaitable<void> {
    auto back = co_await user.async_call(api::echo, M::make(4, "awaited"));
    check_equal(M::number(value_of(back, "awaited")), 4, "its number");
    back = co_await user.async_call(api::echo, M::make(5, "awaited"), timeout(patience));
    check_equal(M::number(value_of(back, "awaited with options")), 5, "its number");
    back = co_await user.async_call(api::echo, M::make(6, "awaited"), timeout(patience),
                                    asio::use_awaitable);
    check_equal(M::number(value_of(back, "awaited with a token")), 6, "its number");
  });
}

template <class M>
void blocking_where_it_would_hang(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); });
  auto refused = [](const status& got) {
    check_code(got, status_code::failed_precondition, "a blocking call there");
    check(got.message().find("async_") != std::string::npos,
          "the reason must name the asynchronous form: " + got.message());
  };
  asio::io_context context;
  client given(context.get_executor(), service.url(), quiet_client());
  refused(given.call(api::echo, M::make(1, "")).status());

  client own(service.url(), quiet_client());
  arrivals<status> inside;
  own.async_call(api::echo, M::make(1, ""), [&](const result<note>&) {
    inside.put(own.call(api::echo, M::make(2, "")).status());  // on the client's own thread
  });
  refused(inside.next("a blocking call inside a completion handler"));
}

template <class M>
inline constexpr scenario all[] = {
    {"unary", "an unknown method is unimplemented and rejected", &unknown_method<M>},
    {"unary", "256 calls at once are answered in any order, each to its caller",
     &many_calls_at_once<M>},
    {"unary", "a thousand pipelined calls are answered once each", &a_thousand_calls_in_a_row<M>},
    {"unary", "every form of handler answers", &forms_of_handlers<M>},
    {"unary", "a handler that throws is internal and its text stays here", &throwing_handlers<M>},
    {"unary", "every status arrives with its message and details", &every_status<M>},
    {"unary", "blocking calls, callbacks, futures and coroutines get the same",
     &kinds_of_completion<M>},
    {"unary", "a blocking call that could never end is refused", &blocking_where_it_would_hang<M>},
};

}  // namespace polywire::inline v1::testing::conformance::unary_calls

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/handlers.hpp"

#include <asio/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

/// Section "Several threads". Worth most under the thread sanitizer.
namespace polywire::inline v1::testing::conformance::threads {

inline constexpr int thread_count = 8;

/// Runs it on eight threads that begin together, and fails with what one of them says was wrong.
template <class Function>  // void(int thread), throws failure
void on_threads(Function work,
                const std::source_location& where = std::source_location::current()) {
  arrivals<std::string> wrong;
  std::atomic<int> ready = 0;
  std::vector<std::thread> all;
  for (int t = 0; t < thread_count; ++t) {
    all.emplace_back([&, t] {
      ++ready;
      while (ready.load() < thread_count) std::this_thread::yield();
      try {
        work(t);
      } catch (const std::exception& error) {
        wrong.put(error.what());
      }
    });
  }
  for (auto& one : all) one.join();
  if (wrong.total() > 0) fail(wrong.next("what went wrong"), where);
}

template <class M>
void calls_from_many_threads(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  asio::thread_pool pool(2);
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::echo, echoes<M>);
        s.handle(api::other, [](const note& n) -> asio::awaitable<note> {
          co_await yield();
          co_return n;
        });
        s.handle(api::third, echoes<M>, on(pool));
      },
      quiet_server(), 4);
  client user(service.url(), quiet_client());
  on_threads([&](int t) {
    for (int i = 0; i < 60; ++i) {
      const auto number = t * 1000 + i;
      const auto& method = i % 3 == 0 ? api::echo : i % 3 == 1 ? api::other : api::third;
      auto back = user.call(method, M::make(number, "thread"), timeout(patience));
      check_equal(M::number(value_of(back, "a call of a thread")), number, "whose answer it is");
    }
  });
}

template <class M>
void many_clients_and_threads(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(
      env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); }, quiet_server(), 3);
  on_threads([&](int t) {
    for (int i = 0; i < 5; ++i) {  // each with a connection of its own, opened and closed
      client user(service.url(), quiet_client());
      arrivals<result<note>> answers;
      for (int k = 0; k < 5; ++k) {
        user.async_call(api::echo, M::make(t, ""), timeout(patience), answers.sink());
      }
      for (int k = 0; k < 5; ++k) {
        check_equal(M::number(value_of(answers.next("an answer"), "a call")), t,
                    "whose answer it is");
      }
    }
  });
}

template <class M>
void streams_from_many_threads(const environment& env) {
  if (!env.can().bidi_streaming()) return calls_from_many_threads<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(
      env.listen_url(),
      [](server& s) {
        s.handle(api::talk, [](reader<note>& in, writer<note>& out) -> asio::awaitable<status> {
          while (auto n = co_await in.async_read(asio::use_awaitable)) {
            auto sent = co_await out.async_write(*n, asio::use_awaitable);
            if (!sent) co_return sent;
          }
          co_return status();
        });
      },
      quiet_server(), 2);
  client user(service.url(), quiet_client());
  on_threads([&](int t) {
    for (int i = 0; i < 4; ++i) {
      auto talk = user.open(api::talk, timeout(patience));
      // One thread writes, another one reads.
      std::thread writing([&] {
        for (int k = 0; k < 20; ++k) (void)talk.write(M::make(t * 100 + k, ""));
        (void)talk.finish_writes();
      });
      int next = t * 100;
      std::optional<std::string> wrong;
      while (auto n = talk.read()) {
        if (M::number(*n) != next++) wrong = "messages out of order";
      }
      writing.join();
      check(!wrong, "messages out of order");
      check_ok(talk.status(), "a stream of a thread");
      check_equal(next, t * 100 + 20, "messages");
    }
  });
}

template <class M>
void cancelling_from_other_threads(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  gate never_opened;
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::echo, echoes<M>);
        s.handle(api::other, waits<M>(never_opened, {}));
      },
      quiet_server(), 2);
  client user(service.url(), quiet_client());
  on_threads([&](int t) {
    for (int i = 0; i < 20; ++i) {
      std::stop_source stop;
      arrivals<result<note>> answers;
      const bool hangs = (t + i) % 2 == 0;
      user.async_call(hangs ? api::other : api::echo, M::make(t, ""),
                      timeout(patience).stop_on(stop.get_token()), answers.sink());
      stop.request_stop();
      auto answer = answers.next("a completion");
      if (hangs || !answer) {
        check_code(answer.status(), status_code::cancelled, "a cancelled call");
      } else {
        check_equal(M::number(*answer), t, "whose answer it is");
      }
    }
  });
}

template <class M>
void stop_from_any_thread(const environment& env) {
  using api = contracts<M>;
  for (int round = 0; round < 3; ++round) {
    running_server service(
        env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); }, quiet_server(),
        1 + static_cast<unsigned>(round) % 3);
    client user(service.url(), quiet_client());
    check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(), "the first call");
    on_threads([&](int t) {
      for (int i = 0; i < 20; ++i) {
        if (t < 3 && i == 5 + t) service.get().stop();  // three threads, while the others call
        auto back = user.call(api::echo, M::make(t * 100 + i, ""), timeout(patience));
        if (back) {
          check_equal(M::number(*back), t * 100 + i, "whose answer it is");
        } else {
          check_code(back.status(), status_code::unavailable, "a call while the server stops");
          break;
        }
      }
    });
    service.stopped().next("run() to return");
  }
}

template <class M>
void destroyed_under_load(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  for (int round = 0; round < 5; ++round) {
    arrivals<result<note>> answers;
    std::atomic<std::size_t> begun = 0;
    std::optional<running_server> service;
    service.emplace(
        env.listen_url(),
        [](server& s) {
          s.handle(api::echo, [](const note& n) -> asio::awaitable<note> {
            co_await yield();
            co_return n;
          });
        },
        quiet_server(), 2);
    std::optional<client> user;
    user.emplace(service->url(), quiet_client());
    on_threads([&](int t) {
      for (int i = 0; i < 25; ++i) {
        user->async_call(api::echo, M::make(t, ""), timeout(patience), answers.sink());
        ++begun;
      }
    });
    // With answers still on their way, in both orders.
    if (round % 2 == 0) {
      user.reset();
      service.reset();
    } else {
      service.reset();
      user.reset();
    }
    for (std::size_t i = 0; i < begun.load(); ++i) {
      const status how = answers.next("a completion").status();
      check(how.ok() || how.code() == status_code::cancelled ||
                how.code() == status_code::unavailable,
            "a call whose client or server is gone: " + how.to_string());
    }
    check_equal(answers.total(), begun.load(), "completions");
  }
}

template <class M>
inline constexpr scenario all[] = {
    {"threads", "eight threads call through one client", &calls_from_many_threads<M>},
    {"threads", "eight threads open and close clients", &many_clients_and_threads<M>},
    {"threads", "eight threads use streams of one client", &streams_from_many_threads<M>},
    {"threads", "calls are cancelled from other threads", &cancelling_from_other_threads<M>},
    {"threads", "a server is stopped by several threads under load", &stop_from_any_thread<M>},
    {"threads", "client and server are destroyed under load", &destroyed_under_load<M>},
};

}  // namespace polywire::inline v1::testing::conformance::threads

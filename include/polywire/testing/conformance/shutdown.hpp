// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/handlers.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// Section "Connections": servers that stop, and objects that go away under load.
namespace polywire::inline v1::testing::conformance::shutdown {

template <class M>
void drain(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  // One more is made, which must find room.
  const std::size_t calls = std::min<std::size_t>(90, env.can().concurrent_calls() - 1);
  const std::size_t streams = env.can().server_streaming() ? 10 : 0;
  limits bounds;
  bounds.drain_timeout = patience;
  gate door;
  const opens_at_exit opens(door);
  arrivals<bool> entered;
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::echo, waits<M>(door, entered));
        if (streams == 0) return;
        s.handle(api::download, [&](const note&, writer<note>& out) -> asio::awaitable<status> {
          entered.put(true);
          co_await door.wait();
          for (int i = 0; i < 5; ++i) {
            auto sent = co_await out.async_write(M::make(i, ""), asio::use_awaitable);
            if (!sent) co_return sent;
          }
          co_return status();
        });
      },
      quiet_server(bounds));
  client user(service.url(), quiet_client());
  arrivals<result<note>> answers;
  for (std::size_t i = 0; i < calls; ++i) {
    user.async_call(api::echo, M::make(static_cast<std::int64_t>(i), ""), timeout(2 * patience),
                    answers.sink());
  }
  std::vector<reader<note>> open;
  for (std::size_t i = 0; i < streams; ++i) {
    open.push_back(user.open(api::download, M::make(1, ""), timeout(2 * patience)));
  }
  entered.wait_for(calls + streams, "all calls to arrive");
  service.get().stop();
  // Stop is heard on the server's thread. A connection that it had not accepted yet is reset, which
  // tells nobody whether a call was seen; after that the answer must be clear.
  status refused;
  for (int i = 0; i < 1000; ++i) {
    client late(service.url(), quiet_client());
    refused = late.call(api::other, M::make(1, ""), timeout(patience)).status();
    if (refused.code() == status_code::unavailable &&
        refused.reached() != outcome::maybe_processed) {
      break;
    }
  }
  check_code(refused, status_code::unavailable, "a new client's call while the server drains");
  check(refused.reached() != outcome::maybe_processed,
        "a refused call is safe to repeat: " + detail::show(refused));
  refused = user.call(api::other, M::make(1, ""), timeout(patience)).status();
  check_status(refused, status_code::unavailable, outcome::not_sent,
               "a new call while the server drains");
  check_equal(answers.total(), 0, "calls that ended before their time");
  door.open();
  for (std::size_t i = 0; i < calls; ++i) {
    check_ok(answers.next("a call in flight").status(), "a call in flight while the server drains");
  }
  for (auto& notes : open) {
    int count = 0;
    while (notes.read()) ++count;
    check_ok(notes.status(), "a stream in flight while the server drains");
    check_equal(count, 5, "its messages");
  }
  service.stopped().next("run() to return");
  check_status(user.call(api::echo, M::make(1, ""), timeout(patience)).status(),
               status_code::unavailable, outcome::not_sent, "a call after the drain");
}

template <class M>
void stop_that_cannot_wait(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  const std::size_t calls = std::min<std::size_t>(100, env.can().concurrent_calls());
  limits bounds;
  bounds.drain_timeout = 30ms;
  gate never_opened;
  arrivals<bool> entered;
  arrivals<bool> cancelled;
  arrivals<result<note>> answers;
  running_server service(
      env.listen_url(),
      [&](server& s) { s.handle(api::echo, waits<M>(never_opened, entered, cancelled)); },
      quiet_server(bounds));
  client user(service.url(), quiet_client());
  for (std::size_t i = 0; i < calls; ++i) {
    user.async_call(api::echo, M::make(static_cast<std::int64_t>(i), ""), timeout(2 * patience),
                    answers.sink());
  }
  entered.wait_for(calls, "all calls to arrive");
  service.get().stop();
  service.stopped().next("run() to return");
  cancelled.wait_for(calls, "the handlers to hear of it");
  for (std::size_t i = 0; i < calls; ++i) {
    check_code(answers.next("a call").status(), status_code::unavailable,
               "a call that the server cannot wait for");
  }
  check_equal(answers.total(), calls, "completions");
}

template <class M>
void client_destroyed(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  constexpr std::size_t calls = 50;
  gate door;
  const opens_at_exit opens(door);
  arrivals<bool> entered;
  running_server service(env.listen_url(),
                         [&](server& s) { s.handle(api::echo, waits<M>(door, entered)); });
  arrivals<result<note>> answers;
  const std::size_t inside = std::min<std::size_t>(calls, env.can().concurrent_calls());
  {
    client user(service.url(), quiet_client());
    for (std::size_t i = 0; i < calls; ++i) {
      user.async_call(api::echo, M::make(1, ""), timeout(2 * patience), answers.sink());
    }
    entered.wait_for(inside, "calls to arrive");
    check_equal(answers.total(), 0, "completions before the destruction");
  }
  for (std::size_t i = 0; i < calls; ++i) {
    check_code(answers.next("a completion after the destruction").status(), status_code::cancelled,
               "a call whose client is gone");
  }
  // Through the executor that the client was given, and not inside the destructor.
  asio::io_context context(1);
  std::size_t completed = 0;
  std::size_t wrong = 0;
  {
    client user(context.get_executor(), service.url(), quiet_client());
    for (std::size_t i = 0; i < calls; ++i) {
      user.async_call(api::echo, M::make(1, ""), timeout(2 * patience), [&](result<note> r) {
        ++completed;
        if (r.status().code() != status_code::cancelled) ++wrong;
      });
    }
    run_until(context, [&] { return entered.total() >= 2 * inside; }, "calls to arrive");
  }
  check_equal(completed, 0, "completions inside the destructor");
  run_until(context, [&] { return completed == calls; }, "the completions");
  context.restart();
  context.poll();
  check_equal(completed, calls, "completions");
  check_equal(wrong, 0, "completions that are not cancelled");
  check_equal(answers.total(), calls, "completions of the first client");
}

template <class M>
void context_destroyed(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  gate door;
  const opens_at_exit opens(door);
  arrivals<bool> entered;
  running_server service(env.listen_url(),
                         [&](server& s) { s.handle(api::echo, waits<M>(door, entered)); });
  for (const bool connected : {false, true}) {
    auto owned = std::make_shared<int>(0);
    bool invoked = false;
    {
      asio::io_context context(1);
      client user(context.get_executor(), service.url(), quiet_client());
      for (int i = 0; i < 10; ++i) {
        user.async_call(api::echo, M::make(1, ""), timeout(2 * patience),
                        [&invoked, owned](const result<note>&) { invoked = true; });
      }
      if (connected) {
        run_until(context, [&] { return entered.total() > 0; }, "a call to arrive");
      }
    }
    check(!invoked, "a handler was called after its context had gone");
    check_equal(owned.use_count(), 1, "owners of what the handlers owned");
  }
}

template <class M>
void destroyed_inside_handlers(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  gate door;
  const opens_at_exit opens(door);
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, echoes<M>);
    s.handle(api::other, waits<M>(door, {}));
  });
  {  // a client that owns its thread, inside its own completion, with others pending
    arrivals<status> ended;
    auto user = std::make_shared<std::optional<client>>();
    user->emplace(service.url(), quiet_client());
    for (int i = 0; i < 10; ++i) {
      (*user)->async_call(api::other, M::make(i, ""), timeout(patience),
                          [user, ended](const result<note>& r) {
                            user->reset();
                            ended.put(r.status());
                          });
    }
    door.open();  // not before all calls are begun
    for (int i = 0; i < 10; ++i) {
      const status how = ended.next("a completion");
      check(how.ok() || how.code() == status_code::cancelled, how.to_string());
    }
  }
  asio::io_context context(1);
  {  // a client on the caller's context
    std::optional<client> user;
    user.emplace(context.get_executor(), service.url(), quiet_client());
    int completed = 0;
    for (int i = 0; i < 10; ++i) {
      user->async_call(api::echo, M::make(i, ""), timeout(patience), [&](const result<note>&) {
        user.reset();
        ++completed;
      });
    }
    run_until(context, [&] { return completed == 10; }, "the completions");
  }
  {  // a server inside its own handler
    std::optional<server> own;
    own.emplace(context.get_executor(), quiet_server());
    own->handle(api::echo, [&](const note& n) {
      own.reset();
      return n;
    });
    auto bound = own->listen(env.listen_url());
    check_ok(bound.status(), "listening");
    client user(context.get_executor(), bound->url(), quiet_client());
    std::optional<status> ended;
    user.async_call(api::echo, M::make(1, ""), timeout(patience),
                    [&](const result<note>& r) { ended = r.status(); });
    run_until(context, [&] { return ended.has_value(); }, "the call");
    check(!ended->ok() || !own, "the server is still there");
  }
}

template <class M>
void stopped_inside_its_handler(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  server* self = nullptr;
  running_server service(env.listen_url(), [&](server& s) {
    self = &s;
    s.handle(api::echo, [&](const note& n) {
      self->stop();
      return n;
    });
  });
  client user(service.url(), quiet_client());
  check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(),
           "the call that stops its server");
  service.stopped().next("run() to return");
}

template <class M>
void server_on_a_given_executor(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  asio::io_context context(1);
  {
    server service(context.get_executor(), quiet_server());
    service.handle(api::echo, echoes<M>);
    auto bound = service.listen(env.listen_url());
    check_ok(bound.status(), "listening");
    client user(context.get_executor(), bound->url(), quiet_client());
    int completed = 0;
    for (int i = 0; i < 10; ++i) {
      user.async_call(api::echo, M::make(i, ""), timeout(patience), [&](result<note> r) {
        if (r.status().ok()) ++completed;
      });
    }
    run_until(context, [&] { return completed == 10; }, "the answers");
  }
  // With both gone nothing keeps the context busy.
  context.restart();
  context.run_for(patience);
  check(context.stopped(), "the context still has work when client and server are gone");
}

template <class M>
inline constexpr scenario all[] = {
    {"connections", "a server that drains finishes what is in flight and takes nothing new",
     &drain<M>},
    {"connections", "a server that cannot wait ends every call once", &stop_that_cannot_wait<M>},
    {"connections", "a client destroyed with calls pending completes each once",
     &client_destroyed<M>},
    {"connections", "handlers of a destroyed context are destroyed uninvoked",
     &context_destroyed<M>},
    {"connections", "clients and servers may be destroyed inside handlers",
     &destroyed_inside_handlers<M>},
    {"connections", "a handler may stop its server", &stopped_inside_its_handler<M>},
    {"connections", "client and server may share one context", &server_on_a_given_executor<M>},
};

}  // namespace polywire::inline v1::testing::conformance::shutdown

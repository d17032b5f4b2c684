// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/handlers.hpp"

#include <asio/thread_pool.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Section "Streaming": messages, their order, and how streams end.
namespace polywire::inline v1::testing::conformance::streaming {

/// What a backend does with a call type that it does not have.
template <class M, class Method, class Handler, class Open>
void refused(const environment& env, const Method& method, Handler handler, Open open) {
  using api = contracts<M>;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(method, handler);
    s.handle(api::echo, echoes<M>);
  });
  const auto& missing = service.endpoint().unsupported();
  check_equal(missing.size(), 1, "methods that the endpoint lists as unsupported");
  check_equal(missing[0].name(), method.name(), "which method it is");
  check(missing[0].reason().size() > 20, "a reason that a person can read: " + missing[0].reason());
  client user(service.url(), quiet_client());
  const status ended = open(user);
  check_status(ended, status_code::unimplemented, outcome::not_sent, "the refused call");
  check(ended.message().size() > 20, "a reason that a person can read: " + ended.message());
  check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(), "a unary call");
}

template <class M>
void download_refused(const environment& env) {
  using note = typename M::note;
  using api = contracts<M>;
  refused<M>(
      env, api::download,
      [](const note&, writer<note>&) -> asio::awaitable<status> { co_return status(); },
      [](client& user) {
        auto notes = user.open(api::download, M::make(1, ""), timeout(patience));
        check(!notes.read(), "a message from a refused call");
        return notes.status();
      });
}
template <class M>
void upload_refused(const environment& env) {
  using note = typename M::note;
  using api = contracts<M>;
  refused<M>(
      env, api::upload, [](reader<note>&) -> asio::awaitable<note> { co_return M::make(1, ""); },
      [](client& user) {
        auto notes = user.open(api::upload, timeout(patience));
        return notes.finish().status();
      });
}
template <class M>
void talk_refused(const environment& env) {
  using note = typename M::note;
  using api = contracts<M>;
  refused<M>(
      env, api::talk,
      [](reader<note>&, writer<note>&) -> asio::awaitable<status> { co_return status(); },
      [](client& user) {
        auto notes = user.open(api::talk, timeout(patience));
        check(!notes.read(), "a message from a refused call");
        return notes.status();
      });
}

template <class M>
void downloads(const environment& env) {
  if (!env.can().server_streaming()) return download_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(env.listen_url(), [](server& s) { s.handle(api::download, sends<M>); });
  {
    client user(service.url(), quiet_client());
    for (const std::int64_t count : {0, 1, 10'000}) {
      auto notes = user.open(api::download, M::make(count, ""), timeout(patience));
      std::int64_t next = 0;
      for (const note& n : notes) check_equal(M::number(n), next++, "number of a message");
      check_ok(notes.status(), "the end of the stream");
      check_equal(next, count, "messages");
    }
  }
  on_own_context(service.url(), [](client& user) -> asio::awaitable<void> {
    for (const std::int64_t count : {0, 1, 1'000}) {
      auto notes = co_await user.async_open(api::download, M::make(count, ""), timeout(patience));
      std::int64_t next = 0;
      while (auto n = co_await notes.async_read()) {
        check_equal(M::number(*n), next++, "number of a message");
      }
      check_ok(notes.status(), "the end of the stream");
      check_equal(next, count, "messages");
    }
  });
}

template <class M>
void uploads(const environment& env) {
  if (!env.can().client_streaming()) return upload_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(env.listen_url(), [](server& s) {
    s.handle(api::upload, [](reader<note>& notes) -> asio::awaitable<result<note>> {
      std::int64_t next = 0;
      while (auto n = co_await notes.async_read(asio::use_awaitable)) {
        if (M::number(*n) != next++) co_return status::data_loss("out of order");
      }
      co_return M::make(next, "received");
    });
  });
  {
    client user(service.url(), quiet_client());
    for (const std::int64_t count : {0, 1, 10'000}) {
      auto notes = user.open(api::upload, timeout(patience));
      for (std::int64_t i = 0; i < count; ++i) {
        check_ok(notes.write(M::make(i, "item")), "a write");
      }
      auto sum = notes.finish();
      check_equal(M::number(value_of(sum, "the answer")), count, "messages");
    }
  }
  on_own_context(service.url(), [](client& user) -> asio::awaitable<void> {
    for (const std::int64_t count : {0, 1, 1'000}) {
      auto notes = co_await user.async_open(api::upload, timeout(patience));
      for (std::int64_t i = 0; i < count; ++i) {
        auto sent = co_await notes.async_write(M::make(i, "item"), asio::use_awaitable);
        check_ok(sent, "a write");
      }
      auto sum = co_await notes.async_finish();
      check_equal(M::number(value_of(sum, "the answer")), count, "messages");
    }
  });
}

template <class M>
void echo_until_end(server& s) {
  using note = typename M::note;
  s.handle(contracts<M>::talk, [](reader<note>& in, writer<note>& out) -> asio::awaitable<status> {
    while (auto n = co_await in.async_read(asio::use_awaitable)) {
      auto sent = co_await out.async_write(*n, asio::use_awaitable);
      if (!sent) co_return sent;
    }
    co_return status();
  });
}

template <class M>
void ping_pong(const environment& env) {
  if (!env.can().bidi_streaming()) return talk_refused<M>(env);
  using api = contracts<M>;
  running_server service(env.listen_url(), &echo_until_end<M>);
  {
    client user(service.url(), quiet_client());
    for (const int count : {0, 1, 200}) {
      auto talk = user.open(api::talk, timeout(patience));
      for (int i = 0; i < count; ++i) {
        check_ok(talk.write(M::make(i, "ping")), "a write");
        auto back = talk.read();
        check(back.has_value(), "the stream ended early");
        check_equal(M::number(*back), i, "number of a message");
      }
      check_ok(talk.finish_writes(), "the half-close");
      check(!talk.read(), "a message after the last");
      check_ok(talk.status(), "the end of the stream");
    }
  }
  on_own_context(service.url(), [](client& user) -> asio::awaitable<void> {
    auto talk = co_await user.async_open(api::talk, timeout(patience));
    for (int i = 0; i < 200; ++i) {
      auto sent = co_await talk.async_write(M::make(i, "ping"), asio::use_awaitable);
      check_ok(sent, "a write");
      auto back = co_await talk.async_read();
      check(back.has_value(), "the stream ended early");
      check_equal(M::number(*back), i, "number of a message");
    }
    auto closed = co_await talk.async_finish_writes();
    check_ok(closed, "the half-close");
    auto end = co_await talk.async_read();
    check(!end, "a message after the last");
    check_ok(talk.status(), "the end of the stream");
  });
}

template <class M>
void both_directions_are_independent(const environment& env) {
  if (!env.can().bidi_streaming()) return talk_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(env.listen_url(), [](server& s) {
    // Speaks first and listens to nothing; then listens, and says how much it heard.
    s.handle(api::talk, [](reader<note>& in, writer<note>& out) -> asio::awaitable<status> {
      for (int i = 0; i < 10; ++i) {
        auto sent = co_await out.async_write(M::make(i, "unasked"), asio::use_awaitable);
        if (!sent) co_return sent;
      }
      std::int64_t heard = 0;
      while (co_await in.async_read(asio::use_awaitable)) ++heard;
      // After the client's half-close this direction is still open.
      co_return co_await out.async_write(M::make(heard, "heard"), asio::use_awaitable);
    });
  });
  client user(service.url(), quiet_client());
  for (const int count : {0, 1, 10}) {
    auto talk = user.open(api::talk, timeout(patience));
    auto first = talk.read();  // before anything was written
    check(first && M::text(*first) == "unasked", "the first message of the server");
    for (int i = 0; i < count; ++i) check_ok(talk.write(M::make(i, "")), "a write");
    check_ok(talk.finish_writes(), "the half-close");
    for (int i = 1; i < 10; ++i) {
      auto n = talk.read();
      check(n && M::number(*n) == i, "a message that waited while the client wrote");
    }
    auto last = talk.read();
    check(last.has_value(), "the message after the half-close");
    check_equal(M::text(*last), "heard", "its text");
    check_equal(M::number(*last), count, "messages that the server heard");
    check(!talk.read(), "a message after the last");
    check_ok(talk.status(), "the end of the stream");
  }
}

template <class M>
void empty_messages(const environment& env) {
  if (!env.can().bidi_streaming()) return talk_refused<M>(env);
  using api = contracts<M>;
  running_server service(env.listen_url(), &echo_until_end<M>);
  client user(service.url(), quiet_client());
  auto talk = user.open(api::talk, timeout(patience));
  const typename M::note empty;
  for (int i = 0; i < 3; ++i) check_ok(talk.write(empty), "a write");
  check_ok(talk.finish_writes(), "the half-close");
  for (int i = 0; i < 3; ++i) {
    auto n = talk.read();
    check(n && M::number(*n) == 0 && M::text(*n).empty(), "an empty message");
  }
  check(!talk.read(), "a message after the last");
  check_ok(talk.status(), "the end of the stream");
}

template <class M>
void plain_handlers_on_a_pool(const environment& env) {
  if (!env.can().bidi_streaming()) return talk_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  asio::thread_pool pool(1);
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(
        api::talk,
        [](reader<note>& in, writer<note>& out) -> status {
          while (auto n = in.read()) {
            if (auto sent = out.write(*n); !sent) return sent;
          }
          return {};
        },
        on(pool));
  });
  client user(service.url(), quiet_client());
  auto talk = user.open(api::talk, timeout(patience));
  for (int i = 0; i < 50; ++i) {
    check_ok(talk.write(M::make(i, "")), "a write");
    auto back = talk.read();
    check(back && M::number(*back) == i, "the message that comes back");
  }
  check_ok(talk.finish_writes(), "the half-close");
  check(!talk.read(), "a message after the last");
  check_ok(talk.status(), "the end of the stream");
}

template <class M>
void metadata_of_streams(const environment& env) {
  if (!env.can().server_streaming()) return download_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(env.listen_url(), [](server& s) {
    s.handle(
        api::download,
        [](const note& n, writer<note>& notes, server_context& context) -> asio::awaitable<status> {
          auto got = context.metadata().get("tenant");
          check_ok(context.add_initial("seen", got.value_or("nothing")), "initial");
          for (std::int64_t i = 0; i < M::number(n); ++i) {
            (void)co_await notes.async_write(M::make(i, ""), asio::use_awaitable);
          }
          check_ok(context.add_trailing("count", std::to_string(M::number(n))), "trailing");
          co_return status();
        });
  });
  client user(service.url(), quiet_client());
  for (const std::int64_t count : {0, 3}) {
    call_info info;
    auto notes = user.open(api::download, M::make(count, ""),
                           timeout(patience).metadata("tenant", "a").capture(info));
    while (notes.read()) {
    }
    check_ok(notes.status(), "the stream");
    check_equal(info.initial.get("seen").value_or("absent"), "a", "initial metadata");
    check_equal(info.trailing.get("count").value_or("absent"), std::to_string(count),
                "trailing metadata");
  }
}

template <class M>
void opening_what_is_not_there(const environment& env) {
  if (!env.can().bidi_streaming()) return talk_refused<M>(env);
  using api = contracts<M>;
  running_server service(env.listen_url(), [](server& s) { s.handle(api::echo, echoes<M>); });
  client user(service.url(), quiet_client());
  auto talk = user.open(api::talk, timeout(patience));
  check(!talk.read(), "a message from a method that nobody handles");
  check_status(talk.status(), status_code::unimplemented, outcome::rejected, "its status");
  auto notes = user.open(api::download, M::make(1, ""), timeout(patience));
  check(!notes.read(), "a message from a method that nobody handles");
  check_status(notes.status(), status_code::unimplemented, outcome::rejected, "its status");
  auto sum = user.open(api::upload, timeout(patience)).finish();
  check_status(sum.status(), status_code::unimplemented, outcome::rejected, "its status");
  check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(), "a call beside");
}

template <class M>
inline constexpr scenario all[] = {
    {"streaming", "a server sends none, one or 10,000 messages in order", &downloads<M>},
    {"streaming", "a client sends none, one or 10,000 messages in order", &uploads<M>},
    {"streaming", "both sides take turns", &ping_pong<M>},
    {"streaming", "both directions are independent and end independently",
     &both_directions_are_independent<M>},
    {"streaming", "empty messages are messages", &empty_messages<M>},
    {"streaming", "a plain streaming handler runs on a pool", &plain_handlers_on_a_pool<M>},
    {"streaming", "streams have metadata", &metadata_of_streams<M>},
    {"streaming", "opening a stream that is not there says so by its status",
     &opening_what_is_not_there<M>},
};

}  // namespace polywire::inline v1::testing::conformance::streaming

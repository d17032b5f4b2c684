// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/streaming.hpp"

#include "polywire/testing/manual_clock.hpp"

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

/// Section "Streaming": streams that end early.
namespace polywire::inline v1::testing::conformance::stream_ends {

using streaming::download_refused;
using streaming::talk_refused;
using streaming::upload_refused;

template <class M>
void status_before_the_end(const environment& env) {
  if (!env.can().server_streaming()) return download_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  gate door;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::download, [&](const note&, writer<note>& out) -> asio::awaitable<status> {
      (void)co_await out.async_write(M::make(1, ""), asio::use_awaitable);
      co_await door.wait();
      co_return status();
    });
  });
  client user(service.url(), quiet_client());
  auto notes = user.open(api::download, M::make(1, ""), timeout(patience));
  check(notes.read().has_value(), "the first message");
  check_code(notes.status(), status_code::unknown, "the status of a stream that goes on");
  check(notes.status().message().find("not finished") != std::string::npos,
        "what it says: " + notes.status().message());
  door.open();
  check(!notes.read(), "a message after the last");
  check_ok(notes.status(), "the end of the stream");
  check(!notes.read(), "a message after the end");
}

template <class M>
void errors_after_messages(const environment& env) {
  if (!env.can().server_streaming()) return download_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(env.listen_url(), [](server& s) {
    s.handle(
        api::download,
        [](const note& n, writer<note>& out, server_context& context) -> asio::awaitable<status> {
          for (int i = 0; i < 100; ++i) {
            (void)co_await out.async_write(M::make(i, ""), asio::use_awaitable);
          }
          check_ok(context.add_trailing("why", "test"), "trailing");
          if (M::number(n) == 0) throw std::runtime_error("the password is 12345");
          if (M::number(n) == 1) throw 7;
          co_return status::data_loss("after a hundred");
        });
  });
  client user(service.url(), quiet_client());
  for (const int kind : {0, 1, 2}) {
    call_info info;
    auto notes = user.open(api::download, M::make(kind, ""), timeout(patience).capture(info));
    int next = 0;
    while (auto n = notes.read()) check_equal(M::number(*n), next++, "number of a message");
    check_equal(next, 100, "messages before the error");
    if (kind == 2) {
      check_status(notes.status(), status_code::data_loss, outcome::processed, "the error");
      check_equal(notes.status().message(), "after a hundred", "its message");
      check_equal(info.trailing.get("why").value_or("absent"), "test", "trailing metadata");
    } else {
      check_status(notes.status(), status_code::internal, outcome::processed,
                   "a handler that throws after some messages");
      check(notes.status().message().find("12345") == std::string::npos,
            "the exception's text was told to the caller");
    }
  }
}

template <class M>
void server_ends_first(const environment& env) {
  if (!env.can().client_streaming()) return upload_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(env.listen_url(), [](server& s) {
    // Answers after the first message, whatever else may come.
    s.handle(api::upload, [](reader<note>& in) -> asio::awaitable<result<note>> {
      auto first = co_await in.async_read(asio::use_awaitable);
      if (first && M::number(*first) < 0) co_return status::out_of_range("negative");
      co_return M::make(first ? M::number(*first) : 0, "enough");
    });
    s.handle(api::echo, echoes<M>);
  });
  client user(service.url(), quiet_client());
  const std::string filler(8'000, 'x');
  for (const int first : {5, -5}) {
    auto notes = user.open(api::upload, timeout(patience));
    check_ok(notes.write(M::make(first, filler)), "the first write");
    int written = 1;
    while (written < 10'000 && notes.write(M::make(written, filler)).ok()) ++written;
    check(written < 10'000, "writes never learned that the call is over");
    auto answer = notes.finish();
    if (first > 0) {
      check_equal(M::text(value_of(answer, "the early answer")), "enough", "its text");
    } else {
      check_status(answer.status(), status_code::out_of_range, outcome::processed,
                   "the early error");
    }
  }
  check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(), "a call after");
}

template <class M>
void client_gives_up(const environment& env) {
  if (!env.can().server_streaming()) return download_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  arrivals<bool> cancelled;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(
        api::download,
        [&](const note&, writer<note>& out, server_context& context) -> asio::awaitable<status> {
          const std::stop_callback told(context.stop_token(), [&] { cancelled.put(true); });
          for (int i = 0;; ++i) {
            auto sent = co_await out.async_write(M::make(i, ""), asio::use_awaitable);
            if (!sent) co_return sent;
          }
        });
    s.handle(api::echo, echoes<M>);
  });
  client user(service.url(), quiet_client());
  {
    auto notes = user.open(api::download, M::make(1, ""), timeout(patience));
    check(notes.read().has_value(), "the first message");
    std::thread([&] { notes.cancel(); }).join();  // from any thread
    while (notes.read()) {
    }
    check_code(notes.status(), status_code::cancelled, "a cancelled stream");
    cancelled.next("the handler's context to hear of cancel()");
  }
  {
    auto notes = user.open(api::download, M::make(1, ""), timeout(patience));
    check(notes.read().has_value(), "the first message");
  }
  cancelled.next("the handler's context to hear of the reader's destruction");
  std::stop_source stop;
  auto notes =
      user.open(api::download, M::make(1, ""), timeout(patience).stop_on(stop.get_token()));
  check(notes.read().has_value(), "the first message");
  stop.request_stop();
  while (notes.read()) {
  }
  check_code(notes.status(), status_code::cancelled, "a stream whose stop token fired");
  cancelled.next("the handler's context to hear of the stop token");
  check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(), "a call after");
}

template <class M>
void cancel_ends_a_blocking_read(const environment& env) {
  if (!env.can().bidi_streaming()) return talk_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  gate door;
  arrivals<bool> entered;
  arrivals<bool> cancelled;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(
        api::talk,
        [&](reader<note>& in, writer<note>&, server_context& context) -> asio::awaitable<status> {
          const std::stop_callback told(context.stop_token(), [&] { cancelled.put(true); });
          entered.put(true);
          (void)co_await in.async_read(asio::use_awaitable);
          co_await door.wait();
          co_return status();
        });
  });
  client user(service.url(), quiet_client());
  auto talk = user.open(api::talk, timeout(patience));
  std::thread canceller([&] {
    // Reads nothing and cancels as soon as the call is known to run.
    if (entered.next_within(patience)) talk.cancel();
  });
  const bool ended = !talk.read();
  canceller.join();
  check(ended, "a message that nobody sent");
  check_code(talk.status(), status_code::cancelled, "the cancelled stream");
  check_code(talk.write(M::make(1, "")), status_code::cancelled, "a write after the end");
  cancelled.next("the handler's context");
}

template <class M>
void expiry_of_a_stream(const environment& env) {
  if (!env.can().server_streaming()) return download_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  manual_clock time;
  gate door;
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
  client_options options = quiet_client(timeless());
  options.clock(time);
  client user(service.url(), options);
  auto notes = user.open(api::download, M::make(1, ""), timeout(1h));
  for (int i = 0; i < 3; ++i) check(notes.read().has_value(), "a message in time");
  std::thread later([&] { time.advance(2h); });
  const bool ended = !notes.read();
  later.join();
  check(ended, "a message that nobody sent");
  check_code(notes.status(), status_code::deadline_exceeded, "the stream");
  cancelled.next("the handler's context to hear of it");
}

template <class M>
void moving_and_dropping(const environment& env) {
  if (!env.can().bidi_streaming()) return talk_refused<M>(env);
  using api = contracts<M>;
  running_server service(env.listen_url(), &streaming::echo_until_end<M>);
  client user(service.url(), quiet_client());
  auto first = user.open(api::talk, timeout(patience));
  check_ok(first.write(M::make(1, "")), "a write");
  auto second = std::move(first);
  auto back = second.read();
  check(back && M::number(*back) == 1, "the message after the move");
  second = user.open(api::talk, timeout(patience));  // the stream that was there is cancelled
  check_ok(second.write(M::make(2, "")), "a write to the new stream");
  back = second.read();
  check(back && M::number(*back) == 2, "the new stream's message");
  for (int i = 0; i < 200; ++i) {  // never used, never read
    auto dropped = user.open(api::talk, timeout(patience));
    if (i % 2 == 0) check_ok(dropped.write(M::make(i, "")), "a write");
  }
  check_ok(second.write(M::make(3, "")), "a write after them");
  back = second.read();
  check(back && M::number(*back) == 3, "the message after them");
}

template <class M>
inline constexpr scenario all[] = {
    {"streaming", "the status of a stream is unknown before its end", &status_before_the_end<M>},
    {"streaming", "an error arrives after the messages sent before it", &errors_after_messages<M>},
    {"streaming", "a server may answer before the client has finished", &server_ends_first<M>},
    {"streaming", "a client that gives up reaches the handler", &client_gives_up<M>},
    {"streaming", "cancel from another thread ends a blocking read",
     &cancel_ends_a_blocking_read<M>},
    {"streaming", "a stream expires after the messages that came in time", &expiry_of_a_stream<M>},
    {"streaming", "streams can be moved, replaced and dropped", &moving_and_dropping<M>},
};

}  // namespace polywire::inline v1::testing::conformance::stream_ends

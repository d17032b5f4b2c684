// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/streaming.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <thread>
#include <vector>

/// Section "Streaming": slow readers, and many streams together.
namespace polywire::inline v1::testing::conformance::stream_flow {

using streaming::download_refused;
using streaming::talk_refused;
using streaming::upload_refused;

// What is sent at a reader that does not read: twice what the backend may buffer, in messages of
// 64 KiB.
inline int most_buffered(const environment& env) {
  return static_cast<int>(env.can().buffers() / (64 * 1024));
}
inline int message_count(const environment& env) { return 2 * most_buffered(env); }
inline const std::string& filler() {
  static const std::string text(64 * 1024, 'x');
  return text;
}

/// Gives the other side every chance to go on writing: each call passes through the same threads,
/// and mostly the same connection.
template <class M>
void let_it_write(client& user) {
  for (int i = 0; i < 100; ++i) {
    check_ok(user.call(contracts<M>::echo, M::make(i, ""), timeout(patience)).status(),
             "a call beside the stream");
  }
}

template <class M>
void a_client_that_does_not_read(const environment& env) {
  if (!env.can().server_streaming()) return download_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  const int messages = message_count(env);
  std::atomic<int> written = 0;
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::download, [&](const note&, writer<note>& out) -> asio::awaitable<status> {
          for (int i = 0; i < messages; ++i) {
            auto sent = co_await out.async_write(M::make(i, filler()), asio::use_awaitable);
            if (!sent) co_return sent;
            ++written;
          }
          co_return status();
        });
        s.handle(api::echo, echoes<M>);
      },
      quiet_server(timeless()));
  client user(service.url(), quiet_client());
  auto notes = user.open(api::download, M::make(1, ""), timeout(2 * patience));
  check(notes.read().has_value(), "the first message");
  let_it_write<M>(user);
  check(written.load() <= most_buffered(env),
        "the writer was not slowed: " + std::to_string(written.load()) + " messages of 64 KiB");
  for (int i = 1; i < messages; ++i) {
    auto n = notes.read();
    check(n.has_value(), "the stream broke when its reader went on: " + notes.status().to_string());
    check_equal(M::number(*n), i, "number of a message");
  }
  check(!notes.read(), "a message after the last");
  check_ok(notes.status(), "the end of the stream");
}

template <class M>
void a_server_that_does_not_read(const environment& env) {
  if (!env.can().client_streaming()) return upload_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  gate door;
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::upload, [&](reader<note>& in) -> asio::awaitable<result<note>> {
          co_await door.wait();
          std::int64_t next = 0;
          while (auto n = co_await in.async_read(asio::use_awaitable)) {
            if (M::number(*n) != next++) co_return status::data_loss("out of order");
          }
          co_return M::make(next, "");
        });
        s.handle(api::echo, echoes<M>);
      },
      quiet_server(timeless()));
  client user(service.url(), quiet_client(timeless()));
  const int messages = message_count(env);
  std::atomic<int> written = 0;
  auto notes = user.open(api::upload, timeout(2 * patience));
  arrivals<status> ended;
  std::thread writing([&] {
    status last;
    for (int i = 0; i < messages && last.ok(); ++i) {
      last = notes.write(M::make(i, filler()));
      if (last.ok()) ++written;
    }
    ended.put(last);
  });
  std::optional<failure> failed;
  try {
    let_it_write<M>(user);
    check(written.load() <= most_buffered(env),
          "the writer was not slowed: " + std::to_string(written.load()) + " messages of 64 KiB");
  } catch (const failure& f) {
    failed = f;
  }
  door.open();
  writing.join();
  if (failed) throw failure(*failed);
  check_ok(ended.next("the writer"), "writing");
  auto sum = notes.finish();
  check_equal(M::number(value_of(sum, "the answer")), messages, "messages");
}

template <class M>
void a_stalled_stream_beside_others(const environment& env) {
  if (!env.can().server_streaming()) return download_refused<M>(env);
  using api = contracts<M>;
  running_server service(
      env.listen_url(), [](server& s) { s.handle(api::download, sends<M>); },
      quiet_server(timeless()));
  client user(service.url(), quiet_client());
  const int messages = most_buffered(env);
  // Two that nobody reads: less than the connection's credit.
  auto stalled = user.open(api::download, M::make(messages, filler()), timeout(2 * patience));
  auto other = user.open(api::download, M::make(messages, filler()), timeout(2 * patience));
  for (int i = 0; i < 2; ++i) {
    auto notes = user.open(api::download, M::make(6, filler()), timeout(patience));
    int count = 0;
    while (notes.read()) ++count;
    check_ok(notes.status(), "a stream beside two that nobody reads");
    check_equal(count, 6, "its messages");
  }
  stalled.cancel();
  int count = 0;
  while (other.read()) ++count;
  check_ok(other.status(), "the stream that was read at last");
  check_equal(count, messages, "its messages");
}

template <class M>
void hundred_streams(const environment& env) {
  if (!env.can().server_streaming()) return download_refused<M>(env);
  using api = contracts<M>;
  using note = typename M::note;
  // Each sends more than it may have on the way, so that all have to take turns.
  constexpr int per_stream = 300;
  limits bounds;
  bounds.call_credit = 8U << 10;
  bounds.connection_credit = 64U << 10;
  const std::size_t streams = std::min<std::size_t>(100, env.can().concurrent_calls());
  gate start;
  arrivals<bool> entered;
  std::size_t started = 0;  // the server has one thread
  running_server service(
      env.listen_url(),
      [&](server& s) {
        s.handle(api::download, [&](const note&, writer<note>& out) -> asio::awaitable<status> {
          entered.put(true);
          co_await start.wait();
          ++started;
          while (started < streams) co_await asio::post(asio::use_awaitable);  // all begin together
          const std::string text(160, 'x');
          for (int i = 0; i < per_stream; ++i) {
            auto sent = co_await out.async_write(M::make(i, text), asio::use_awaitable);
            if (!sent) co_return sent;
          }
          co_return status();
        });
      },
      quiet_server(bounds));
  asio::io_context context(1);
  client user(context.get_executor(), service.url(), quiet_client(bounds));
  std::size_t begun = 0;
  std::size_t begun_when_one_had_ended = 0;
  std::size_t finished = 0;
  std::string wrong;
  auto read_all = [&]() -> asio::awaitable<void> {
    auto notes = co_await user.async_open(api::download, M::make(1, ""), timeout(2 * patience));
    int next = 0;
    while (auto n = co_await notes.async_read()) {
      if (next == 0) ++begun;
      if (M::number(*n) != next++) wrong = "messages out of order";
    }
    if (!notes.status() || next != per_stream) wrong = notes.status().to_string();
    if (finished++ == 0) begun_when_one_had_ended = begun;
  };
  for (std::size_t i = 0; i < streams; ++i) {
    asio::co_spawn(context, read_all(), [&](std::exception_ptr error) {
      if (error) wrong = "an exception in the reader";
    });
  }
  run_until(context, [&] { return entered.total() == streams; }, "all streams to be open");
  start.open();
  run_until(context, [&] { return finished == streams || !wrong.empty(); }, "all streams to end");
  check_equal(wrong, "", "what went wrong");
  const std::string what = "streams that had received something when the first one was done: " +
                           std::to_string(begun_when_one_had_ended);
  // Between connections the operating system decides who reads next: it may not leave many out.
  check(begun_when_one_had_ended >= (env.can().shares_connection() ? streams : streams / 2), what);
}

template <class M>
inline constexpr scenario all[] = {
    {"streaming", "a client that does not read slows the server down",
     &a_client_that_does_not_read<M>},
    {"streaming", "a server that does not read slows the client down",
     &a_server_that_does_not_read<M>},
    {"streaming", "streams that nobody reads do not stop the others",
     &a_stalled_stream_beside_others<M>},
    {"streaming", "a hundred streams at once progress fairly", &hundred_streams<M>},
};

}  // namespace polywire::inline v1::testing::conformance::stream_flow

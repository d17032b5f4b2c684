// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/client.hpp"
#include "polywire/server.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A load that checks every answer, for soak.cpp and chaos.cpp: a service, and users of it.
namespace load {

namespace pw = polywire;
using namespace std::chrono_literals;

inline constexpr pw::unary<pw::text, pw::text> echo{"load.v1.Load/Echo"};
inline constexpr pw::unary<pw::text, pw::text> fail{"load.v1.Load/Fail"};
inline constexpr pw::unary<pw::text, pw::text> hold{"load.v1.Load/Hold"};
inline constexpr pw::server_streaming<pw::text, pw::text> down{"load.v1.Load/Down"};
inline constexpr pw::client_streaming<pw::text, pw::text> up{"load.v1.Load/Up"};
inline constexpr pw::bidi_streaming<pw::text, pw::text> both{"load.v1.Load/Both"};
inline constexpr pw::topic<pw::text> news{"load.v1.news"};

/// FNV-1a. What is sent begins with the hash of what follows, so that nothing wrong goes unnoticed.
inline std::uint64_t hash(std::string_view bytes) {
  std::uint64_t value = 0xcbf29ce484222325U;
  for (const char byte : bytes) {
    value = (value ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  return value;
}
inline std::string sealed(const std::string& content) {
  return std::to_string(hash(content)) + ' ' + content;
}
inline bool is_sealed(std::string_view message) {
  const std::size_t space = message.find(' ');
  return space != std::string_view::npos &&
         message.substr(0, space) == std::to_string(hash(message.substr(space + 1)));
}

inline void serve(pw::server& s) {
  s.handle(echo, [](const pw::text& request) { return request; });
  s.handle(fail, [](const pw::text& request) -> pw::result<pw::text> {
    if (request.str() == "throw") throw std::runtime_error("as asked");
    return pw::status::not_found("as asked");
  });
  s.handle(hold, [](const pw::text& request) -> asio::awaitable<pw::text> {
    asio::steady_timer never(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
    co_return request;
  });
  s.handle(down,
           [](const pw::text& request, pw::writer<pw::text>& out) -> asio::awaitable<pw::status> {
             for (int i = 0; i < 10; ++i) {
               auto sent = co_await out.async_write(request, asio::use_awaitable);
               if (!sent) co_return sent;
             }
             co_return pw::status();
           });
  s.handle(up, [](pw::reader<pw::text>& in) -> asio::awaitable<pw::text> {
    std::string all;
    while (auto message = co_await in.async_read()) all += message->str();
    co_return pw::text(sealed(all));
  });
  s.handle(both,
           [](pw::reader<pw::text>& in, pw::writer<pw::text>& out) -> asio::awaitable<pw::status> {
             while (auto message = co_await in.async_read()) {
               auto sent = co_await out.async_write(*message, asio::use_awaitable);
               if (!sent) co_return sent;
             }
             co_return pw::status();
           });
  s.offer(news, pw::accept_publish());
}

/// What users of the service have seen.
class tally {
 public:
  std::atomic<std::size_t> good{0};
  /// Failures that somebody asked for, or that a broken network explains.
  std::atomic<std::size_t> failed{0};
  /// What may never be.
  std::atomic<std::size_t> wrong{0};

  /// `network_fails`: unavailable and deadline_exceeded are to be expected.
  void count(const char* what, const pw::status& how, bool right, bool network_fails) {
    if (how.ok() && right) {
      ++good;
    } else if (network_fails && (how.code() == pw::status_code::unavailable ||
                                 how.code() == pw::status_code::deadline_exceeded)) {
      ++failed;
    } else {
      ++wrong;
      std::fprintf(stderr, "wrong: %s: %s\n", what, how.to_string().c_str());
    }
  }
};

/// One user, who blocks.
class user {
 public:
  user(const std::string& url, const pw::client_options& options, std::uint32_t seed, tally& seen,
       bool network_fails, pw::duration patience)
      : client_(url, options),
        talks_(!url.starts_with("http")),
        random_(seed),
        seen_(&seen),
        network_fails_(network_fails),
        soon_(pw::timeout(patience)) {}

  /// One operation, of any kind; one in twenty is an error on purpose.
  void act() {
    if (random_() % 20 == 0) return err();
    switch (random_() % 8) {
      case 0: return read();
      case 1: return write();
      case 2: return talks_ ? talk() : call();
      case 3: return follow();
      default: return call();
    }
  }
  pw::client& client() noexcept { return client_; }

 private:
  std::string content() {
    const std::size_t most = random_() % 50 == 0 ? 300'000 : random_() % 4 == 0 ? 20'000 : 200;
    std::string made(random_() % most, '\0');
    for (char& c : made) c = static_cast<char>('a' + random_() % 26);
    return sealed(made);
  }
  void count(const char* what, const pw::status& how, bool right) {
    seen_->count(what, how, right, network_fails_);
  }

  void call() {
    const pw::text message(content());
    const auto answer = client_.call(echo, message, soon_);
    count("call", answer.status(),
          answer && answer->str() == message.str() && is_sealed(answer->str()));
  }
  void read() {
    const pw::text message(content());
    auto reader = client_.open(down, message, soon_);
    int came = 0;
    bool right = true;
    while (auto got = reader.read()) {
      right = right && got->str() == message.str();
      ++came;
    }
    // What came before a failure must be right too.
    count("read", right ? reader.status() : pw::status::data_loss("a message of a stream is wrong"),
          came == 10);
  }
  void write() {
    auto writer = client_.open(up, soon_);
    std::string all;
    for (int i = 0; i < 10; ++i) {
      const pw::text message(content());
      if (!writer.write(message)) break;
      all += message.str();
    }
    const auto answer = writer.finish();
    count("write", answer.status(), answer && answer->str() == sealed(all));
  }
  void talk() {
    auto stream = client_.open(both, soon_);
    bool right = true;
    for (int i = 0; i < 5 && right; ++i) {
      const pw::text message(content());
      if (!stream.write(message)) break;
      const auto got = stream.read();
      if (!got) break;
      right = got->str() == message.str();
    }
    (void)stream.finish_writes();
    while (stream.read()) right = false;
    count("talk", stream.status(), right);
  }
  void follow() {
    auto events = client_.subscribe(news, pw::subscribe_options().timeout(5s));
    const pw::text mine(content());
    const auto sent = client_.publish(news, mine, pw::publish_options().timeout(5s));
    if (!sent) return count("follow", sent, true);
    if (network_fails_)
      return count("follow", sent, true);  // the event may come much later, or be lost
    bool right = true;
    while (auto event = events.read()) {
      right = right && is_sealed(event->message().str());
      if (event->message().str() == mine.str()) return count("follow", pw::status(), right);
    }
    count("follow", events.status(), false);
  }

  void err() {
    pw::status how;
    pw::status_code wanted = pw::status_code::not_found;
    switch (random_() % 3) {
      case 0: how = client_.call(fail, "return", soon_).status(); break;
      case 1:
        wanted = pw::status_code::internal;
        how = client_.call(fail, "throw", soon_).status();
        break;
      default:
        wanted = pw::status_code::deadline_exceeded;
        how = client_.call(hold, "x", pw::timeout(5ms)).status();
    }
    if (how.code() == wanted) {
      ++seen_->failed;
    } else {
      count("err", how, false);
    }
  }

  pw::client client_;
  bool talks_;  // both directions at once
  std::minstd_rand random_;
  tally* seen_;
  bool network_fails_;
  pw::call_options soon_;
};

}  // namespace load

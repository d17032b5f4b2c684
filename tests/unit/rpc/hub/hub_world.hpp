// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/hub/hub.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the tests of the hub share: a thread that counts its wakes, and subscribers that remember.
namespace hub_test {

namespace pw = polywire;
namespace rpc = polywire::rpc;

class thread final : public rpc::hub_thread {
 public:
  void wake() noexcept override { ++wakes; }
  int wakes = 0;
};

class owner final : public rpc::hub_events {
 public:
  void on_timer_wanted(pw::time_point when) override { timers.push_back(when); }
  std::vector<pw::time_point> timers;
};

class waiter final : public rpc::publish_waiter {
 public:
  void on_published(pw::result<pw::event_id> how) override { done = std::move(how); }
  std::optional<pw::result<pw::event_id>> done;
};

class request final : public rpc::subscribe_request {
 public:
  explicit request(std::string_view name) { pattern = name; }
  request& from(pw::start_at where) {
    start = where;
    return *this;
  }
  request& number(std::uint64_t n) {
    sequence = n;
    return *this;
  }
  request& when_full(pw::overflow how) {
    policy = how;
    return *this;
  }
  request& most(std::size_t events, std::size_t bytes = 1'000'000) {
    lag = pw::lag_limit(events, bytes);
    return *this;
  }
  request& in_group(std::string_view name) {
    group = name;
    return *this;
  }
};

inline std::string shown(const pw::loss& lost) {
  const char* const mark = lost.how() == pw::loss::kind::exact      ? "-"
                           : lost.how() == pw::loss::kind::at_least ? ">"
                                                                    : "?";
  return lost.none() ? "" : mark + std::to_string(lost.count()) + " ";
}

/// Takes by itself, unless it is told to wait.
class reader final : public rpc::subscriber {
 public:
  void on_ready() override {
    ++calls;
    if (eager) take_all();
  }
  /// The next event, with the losses before it: "a", "-3 a" (exact), ">3 a" (at least), "?0 a".
  std::string take() {
    rpc::delivery next;
    const bool any = mine->take(next);
    mine->stalled();
    return any ? read(next) : "nothing";
  }
  std::string take_all() {
    std::string all;
    for (rpc::delivery next; mine->take(next);) all.append(read(next)).append(" ");
    if (!all.empty()) all.pop_back();
    got.append(got.empty() || all.empty() ? "" : " ").append(all);
    return all;
  }
  std::string read(const rpc::delivery& next) {
    last = next.what->id();
    return shown(next.lost_before) + std::string(pw::as_text(next.what->bytes()));
  }

  rpc::subscription_ptr mine;
  bool eager = false;
  int calls = 0;
  std::string got;
  pw::event_id last;
};

/// A hub with an open mind: everything is text.
class world {
 public:
  explicit world(pw::limits bounds = {}) : hub(7, bounds, events) {}

  void offer(std::string_view name, const pw::offer_options& how = {}) {
    offered = hub.offer(name, rpc::topic_type_of<pw::text>, how);
  }
  std::optional<pw::result<pw::event_id>> post(std::string_view topic, std::string_view text,
                                               rpc::publish_waiter* who = nullptr,
                                               bool remote = false) {
    rpc::publication p;
    p.topic = topic;
    p.encoding = pw::format::text;
    p.payload = pw::as_bytes(text);
    p.remote = remote;
    return hub.publish(p, now, who);
  }
  /// Each word is an event.
  void post_all(std::string_view topic, std::string_view words) {
    while (!words.empty()) {
      const auto end = words.find(' ');
      (void)post(topic, words.substr(0, end));
      words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
    }
  }
  pw::status subscribe(reader& who, const rpc::subscribe_request& how) {
    auto made = hub.subscribe(how, who, home);
    if (!made) return made.status();
    who.mine = std::move(*made);
    return {};
  }

  owner events;
  thread home;
  rpc::hub hub;
  pw::status offered;
  pw::time_point now{};
};

}  // namespace hub_test

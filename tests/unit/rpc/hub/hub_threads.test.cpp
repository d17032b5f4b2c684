// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "hub_world.hpp"
#include "support/catch.hpp"

#include <array>
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace hub_threads_test {

using namespace hub_test;
using pw::overflow;

namespace {

constexpr int publishers = 3;
constexpr int events_each = 2'000;

// A thread with a loop: drains when it is woken, until it is told to stop.
class loop final : public rpc::hub_thread {
 public:
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_one();
  }
  void run(const std::atomic<bool>& stop) {
    while (true) {
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return woken_ || stop; });
        if (!woken_) break;
        woken_ = false;
      }
      drain();
    }
    drain();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
};

// Drained by hand; woken by anybody.
class thread_of_many final : public rpc::hub_thread {
 public:
  void wake() noexcept override { ++wakes; }
  std::atomic<int> wakes{0};
};

// Checks order while it takes; a bored one stalls now and then.
class checker final : public rpc::subscriber {
 public:
  explicit checker(bool bored) : bored_(bored) {}
  void on_ready() override { take(bored_ ? 7 : 1'000'000); }
  void take(int most) {
    rpc::delivery next;
    while (most-- > 0 && mine->take(next)) {
      if (next.what->id().offset() <= last) wrong = true;
      last = next.what->id().offset();
      lost += next.lost_before.count();
      ++got;
      // "publisher number": each publisher's numbers grow.
      const auto text = pw::as_text(next.what->bytes());
      const int number = std::stoi(std::string(text.substr(2)));
      int& before = newest[static_cast<std::size_t>(text[0] - '0')];
      if (number <= before) wrong = true;
      before = number;
    }
    mine->stalled();
  }

  rpc::subscription_ptr mine;
  std::uint64_t last = 0;
  std::uint64_t got = 0;
  std::uint64_t lost = 0;
  std::array<int, publishers> newest{-1, -1, -1};
  bool wrong = false;

 private:
  bool bored_;
};

class blocking_waiter final : public rpc::publish_waiter {
 public:
  void on_published(pw::result<pw::event_id> how) override {
    const std::lock_guard lock(mutex_);
    done_ = how.has_value();
    called_ = true;
    changed_.notify_one();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return called_; });
    return done_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool called_ = false;
  bool done_ = false;
};

void publish_all(world& w, int publisher) {
  for (int i = 0; i < events_each; ++i) {
    blocking_waiter waits;
    const std::string topic = "o." + std::to_string(i % 3);
    const auto done = w.post(topic, std::to_string(publisher) + " " + std::to_string(i), &waits);
    if (!(done ? done->has_value() : waits.wait())) std::terminate();
  }
}

}  // namespace

TEST_CASE("many threads publish and take at once: order holds and nothing goes missing silently") {
  world w;
  w.offer("o.*", pw::keep(64).allow_block());
  constexpr auto all = static_cast<std::uint64_t>(publishers * events_each);
  std::atomic<bool> stop{false};
  std::array<loop, 2> loops;
  std::atomic<int> subscribed{0};
  std::mutex result_lock;
  std::map<std::string, std::vector<std::unique_ptr<checker>>> everybody;

  const auto serve = [&](loop& home) {
    std::map<std::string, std::vector<std::unique_ptr<checker>>> mine;
    const auto add = [&](const std::string& kind, const rpc::subscribe_request& how, bool bored) {
      auto made = std::make_unique<checker>(bored);
      made->mine = w.hub.subscribe(how, *made, home).value();
      mine[kind].push_back(std::move(made));
    };
    for (const bool bored : {false, true}) {
      add("one", request("o.1"), bored);
      add("pattern", request("o.*"), bored);
      add("newest", request("o.*").when_full(overflow::drop_newest).most(10), bored);
    }
    add("block", request("o.*").when_full(overflow::block).most(5), false);
    add("group", request("o.*").in_group("g").most(40), false);
    ++subscribed;
    home.run(stop);
    for (auto& [kind, some] : mine) {
      for (auto& each : some) {
        each->take(1'000'000);
        const auto alive = each->mine->ended().ok();
        each->wrong = each->wrong || !alive;
      }
    }
    const std::lock_guard lock(result_lock);
    for (auto& [kind, some] : mine) {
      for (auto& each : some) everybody[kind].push_back(std::move(each));
    }
  };
  std::vector<std::thread> servers;
  for (loop& home : loops) servers.emplace_back([&] { serve(home); });
  while (subscribed < 2) std::this_thread::yield();
  std::vector<std::thread> posting;
  for (int p = 0; p < publishers; ++p) posting.emplace_back([&w, p] { publish_all(w, p); });
  for (auto& each : posting) each.join();
  stop = true;
  for (loop& home : loops) home.wake();
  for (auto& each : servers) each.join();

  for (const auto& [kind, some] : everybody) {
    INFO(kind);
    for (const auto& each : some) CHECK_FALSE(each->wrong);
  }
  std::uint64_t of_topic_one = 0;
  for (int i = 0; i < events_each; ++i) of_topic_one += i % 3 == 1 ? publishers : 0;
  for (const auto& each : everybody["one"]) CHECK(each->got + each->lost == of_topic_one);
  for (const auto& each : everybody["pattern"]) CHECK(each->got + each->lost <= all);
  for (const auto& each : everybody["block"]) CHECK(each->got == all);
  std::uint64_t of_group = 0;
  for (const auto& each : everybody["group"]) of_group += each->got + each->lost;
  CHECK(of_group <= all);
  CHECK(w.hub.stats().published == all);
}

TEST_CASE("subscriptions come and go on several threads while others publish and waiters give up") {
  world w;
  w.offer("o.*", pw::keep(16).allow_block());
  std::array<thread_of_many, 2> homes;
  std::vector<std::thread> all;
  for (auto& home : homes) {
    all.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        const auto policy = static_cast<overflow>(i % 4);
        request how(i % 3 == 0 ? "o.0" : "o.*");
        how.when_full(policy).most(2);
        if (i % 5 == 0 && policy != overflow::block) how.in_group("g");
        checker one(true);
        one.mine = w.hub.subscribe(how, one, home).value();
        home.drain();
        one.on_ready();
        if (i % 7 == 0) std::this_thread::yield();
      }
      home.drain();
    });
  }
  std::atomic<int> called_late{0};
  for (int p = 0; p < 2; ++p) {
    all.emplace_back([&, p] {
      for (int i = 0; i < 1'000; ++i) {
        class watched final : public rpc::publish_waiter {
         public:
          explicit watched(std::atomic<int>& l) : late(l) {}
          void on_published(pw::result<pw::event_id>) override { late += forgotten ? 1 : 0; }
          std::atomic<int>& late;
          std::atomic<bool> forgotten{false};
        } waits(called_late);
        (void)w.post("o." + std::to_string(i % 2), std::to_string(p) + " " + std::to_string(i),
                     &waits);
        w.hub.forget(waits);
        waits.forgotten = true;
      }
    });
  }
  for (auto& each : all) each.join();
  CHECK(called_late == 0);
  CHECK(w.hub.stats().subscribers == 0);
  CHECK(w.post("o.0", "x")->has_value());
}

TEST_CASE("threads that ask for the same format of an event share one conversion") {
  static std::atomic<int> conversions{0};
  rpc::topic_type type{};
  type.formats = pw::format_set(pw::format::json, pw::format::text);
  type.transcode = [](pw::bytes_view in, pw::format, pw::format, const pw::limits&,
                      pw::buffer& out) {
    ++conversions;
    out.append(in);
    return pw::status();
  };
  const auto topic =
      std::make_shared<const rpc::topic_info>("a", type, std::make_shared<const pw::limits>());
  const rpc::event one(topic, pw::format::text, pw::as_bytes("hello"), "");
  std::vector<std::thread> all;
  std::atomic<int> right{0};
  for (int t = 0; t < 4; ++t) {
    all.emplace_back([&] {
      if (pw::as_text(*one.in(pw::format::json)) == "hello") ++right;
    });
  }
  for (auto& each : all) each.join();
  CHECK(right == 4);
  CHECK(conversions == 1);
}

}  // namespace hub_threads_test

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/io/timer_queue.hpp"

#include "support/catch.hpp"

#include <memory>
#include <random>
#include <vector>

namespace timer_queue_test {

namespace pw = polywire;
using namespace std::chrono_literals;

namespace {

class ringing final : public pw::io::timer {
 public:
  explicit ringing(std::vector<int>& log, int name) : log_(&log), name_(name) {}
  void on_time() override { log_->push_back(name_); }

 private:
  std::vector<int>* log_;
  int name_;
};

const pw::time_point start{100s};

}  // namespace

TEST_CASE("timers ring in the order of their times, each once") {
  std::vector<int> log;
  ringing a(log, 1), b(log, 2), c(log, 3);
  pw::io::timer_queue queue;
  queue.set(a, start + 3s);
  queue.set(b, start + 1s);
  queue.set(c, start + 2s);
  CHECK(queue.earliest() == start + 1s);
  queue.expire(start + 2s);
  CHECK(log == std::vector<int>{2, 3});
  CHECK_FALSE(b.is_set());
  queue.expire(start + 10s);
  queue.expire(start + 20s);
  CHECK(log == std::vector<int>{2, 3, 1});
  CHECK(queue.empty());
  CHECK(queue.earliest() == pw::never);
}

TEST_CASE("a timer that is set again moves, and one set to never is gone") {
  std::vector<int> log;
  ringing a(log, 1), b(log, 2);
  pw::io::timer_queue queue;
  queue.set(a, start + 1s);
  queue.set(b, start + 2s);
  queue.set(a, start + 3s);
  CHECK(queue.earliest() == start + 2s);
  queue.set(b, pw::never);
  CHECK(queue.earliest() == start + 3s);
  queue.remove(b);
  queue.remove(a);
  CHECK(queue.empty());
}

TEST_CASE("the heap keeps its order under random changes") {
  std::mt19937 random(7);
  std::vector<int> log;
  std::vector<std::unique_ptr<ringing>> timers;
  for (int i = 0; i < 200; ++i) timers.push_back(std::make_unique<ringing>(log, i));
  pw::io::timer_queue queue;
  std::vector<pw::time_point> when(200, pw::never);
  for (int round = 0; round < 5'000; ++round) {
    const std::size_t i = random() % timers.size();
    if (random() % 4 == 0) {
      queue.remove(*timers[i]);
      when[i] = pw::never;
    } else {
      when[i] = start + std::chrono::milliseconds(random() % 1'000);
      queue.set(*timers[i], when[i]);
    }
  }
  queue.expire(start + 1h);
  std::size_t set = 0;
  for (const auto w : when) set += w != pw::never;
  REQUIRE(log.size() == set);
  for (std::size_t i = 1; i < log.size(); ++i) {
    CHECK(when[static_cast<std::size_t>(log[i - 1])] <= when[static_cast<std::size_t>(log[i])]);
  }
}

}  // namespace timer_queue_test

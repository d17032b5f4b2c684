// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/testing/manual_clock.hpp"

#include "support/catch.hpp"

#include <memory>
#include <thread>

namespace pw = polywire;
using pw::testing::manual_clock;
using namespace std::chrono_literals;

namespace {

class counter final : public pw::clock_watcher {
 public:
  void clock_changed() override { ++changes; }
  int changes = 0;
};

// Leaves, and takes another one with it.
class leaver final : public pw::clock_watcher {
 public:
  leaver(manual_clock& c, std::unique_ptr<counter>& other) : clock_(c), other_(other) {}
  void clock_changed() override {
    clock_.unwatch(*this);
    clock_.unwatch(*other_);
    other_.reset();
  }

 private:
  manual_clock& clock_;
  std::unique_ptr<counter>& other_;
};

}  // namespace

TEST_CASE("a manual clock stands still until it is advanced") {
  manual_clock clock;
  const auto start = clock.now();
  CHECK_FALSE(clock.is_real());
  CHECK(clock.now() == start);
  clock.advance(90s);
  CHECK(clock.now() == start + 90s);
  CHECK(manual_clock(pw::time_point(5s)).now() == pw::time_point(5s));
}

TEST_CASE("a manual clock tells its watchers, with the new time already there") {
  manual_clock clock;
  counter watcher;
  clock.watch(watcher);
  clock.advance(1s);
  clock.advance(1s);
  CHECK(watcher.changes == 2);
  clock.unwatch(watcher);
  clock.advance(1s);
  CHECK(watcher.changes == 2);
}

TEST_CASE("a watcher may unwatch itself and others while it is told") {
  manual_clock clock;
  auto victim = std::make_unique<counter>();
  counter last;
  leaver first(clock, victim);
  clock.watch(first);
  clock.watch(*victim);
  clock.watch(last);
  clock.advance(1s);
  CHECK(victim == nullptr);
  CHECK(last.changes == 1);
}

TEST_CASE("watchers come and go on other threads while a manual clock advances") {
  manual_clock clock;
  std::thread other([&clock] {
    for (int i = 0; i < 200; ++i) {
      counter brief;
      clock.watch(brief);
      clock.unwatch(brief);
    }
  });
  for (int i = 0; i < 200; ++i) clock.advance(1ms);
  other.join();
  CHECK(clock.now() == manual_clock().now() + 200ms);
}

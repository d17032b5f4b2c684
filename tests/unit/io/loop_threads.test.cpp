// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/io/loop.hpp"

#include "polywire/testing/manual_clock.hpp"

#include "support/catch.hpp"

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace loop_threads_test {

namespace pw = polywire;
using pw::io::loop;
using namespace std::chrono_literals;

namespace {

class counting final : public pw::io::completion {
 public:
  void complete() override { ++completed; }
  void discard() noexcept override { ++discarded; }
  int completed = 0;
  int discarded = 0;
};

class throwing final : public pw::io::completion {
 public:
  void complete() override { throw std::runtime_error("a user's mistake"); }
  void discard() noexcept override {}
};

class ringing final : public pw::io::timer {
 public:
  void on_time() override { ++rings; }
  int rings = 0;
};

class sink final : public pw::io::flushable {
 public:
  void flush() override { ++flushes; }
  int flushes = 0;
};

}  // namespace

TEST_CASE("completions run when the turn is over, and before the flush") {
  asio::io_context context;
  auto home = loop::make(context.get_executor(), pw::clock::steady());
  counting c;
  sink s;
  asio::post(context, [&] {
    const loop::turn outer(*home);
    {
      const loop::turn inner(*home);
      home->want_flush(s);
      home->complete(c);
    }
    CHECK(c.completed == 0);
    CHECK(s.flushes == 0);
  });
  context.run();
  CHECK(c.completed == 1);
  CHECK(s.flushes == 1);
}

TEST_CASE("a completion from outside of a turn gets a turn of its own, later") {
  asio::io_context context;
  auto home = loop::make(context.get_executor(), pw::clock::steady());
  counting c;
  asio::post(context, [&] {
    home->complete(c);
    CHECK(c.completed == 0);
  });
  context.run();
  CHECK(c.completed == 1);
}

TEST_CASE("what a handler throws leaves from run, and the loop goes on") {
  asio::io_context context;
  auto home = loop::make(context.get_executor(), pw::clock::steady());
  throwing t;
  counting c;
  asio::post(context, [&] {
    const loop::turn turn(*home);
    home->complete(t);
    home->complete(c);
  });
  CHECK_THROWS_AS(context.run(), std::runtime_error);
  context.run();
  CHECK(c.completed == 1);
}

TEST_CASE("mail from eight threads is delivered once each, in order of each sender") {
  asio::io_context context;
  auto work = asio::make_work_guard(context);
  auto home = loop::make(context.get_executor(), pw::clock::steady());
  std::vector<int> last(8, -1);
  int delivered = 0;
  bool in_order = true;
  std::thread runner([&] { context.run(); });
  std::vector<std::thread> senders;
  for (int s = 0; s < 8; ++s) {
    senders.emplace_back([&, s] {
      for (int i = 0; i < 1'000; ++i) {
        home->post_function([&, s, i] {
          in_order = in_order && last[static_cast<std::size_t>(s)] == i - 1;
          last[static_cast<std::size_t>(s)] = i;
          if (++delivered == 8'000) work.reset();
        });
      }
    });
  }
  for (auto& t : senders) t.join();
  runner.join();
  CHECK(delivered == 8'000);
  CHECK(in_order);
}

TEST_CASE("on a manual clock timers ring when it is advanced, and not before") {
  asio::io_context context;
  pw::testing::manual_clock clock;
  auto home = loop::make(context.get_executor(), clock);
  ringing r;
  home->set_timer(r, clock.now() + 10s);
  context.poll();
  clock.advance(9s);
  context.restart();
  context.poll();
  CHECK(r.rings == 0);
  clock.advance(1s);
  context.restart();
  context.poll();
  CHECK(r.rings == 1);
}

TEST_CASE("when the context goes, handlers are destroyed and not invoked") {
  counting c;
  std::shared_ptr<loop> home;
  {
    asio::io_context context;
    home = loop::make(context.get_executor(), pw::clock::steady());
    asio::post(context, [&] {});
    home->complete(c);
  }
  CHECK(c.completed == 0);
  CHECK(c.discarded == 1);
  bool ran = false;
  home->post_function([&] { ran = true; });  // too late for anything, and harmless
  CHECK_FALSE(ran);
}

}  // namespace loop_threads_test

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/client/detail/connector.hpp"
#include "polywire/inproc.hpp"
#include "polywire/io/shared_thread.hpp"
#include "polywire/tcp.hpp"

#include "unit/client/steered.hpp"

#include <future>
#include <thread>

namespace reconnecting_test {

using namespace steered;

TEST_CASE("a call during backoff tries at once, but once per 100 ms and target", "[client]") {
  world w;
  auto user = w.client("steered://a");
  CHECK(w.call(user) == "unavailable not_sent");
  CHECK(w.attempts() == 1);
  const auto second = w.start(user);
  const auto third = w.start(user);
  CHECK(w.settle(second) == "pending");
  w.pass(99ms);
  CHECK(w.attempts() == 1);
  CHECK(w.settle(second) == "pending");
  w.pass(1ms);
  CHECK(w.attempts() == 2);
  CHECK(w.settle(second) == "unavailable not_sent");
  CHECK(w.settle(third) == "unavailable not_sent");
  w.pass(10s);
  CHECK(w.attempts() == 2);  // nobody waits: nobody dials
  service back(w.context, "loopback://a", "a");
  CHECK(w.call(user) == "a");
}

TEST_CASE("calls that wait are tried in the background with growing pauses, others hurry that up",
          "[client]") {
  world w;
  auto user = w.client("steered://a");
  const auto patient = w.start(user, who, pw::call_options().wait_for_ready());
  CHECK(w.settle(patient) == "pending");
  CHECK(w.attempts() == 1);
  w.pass(700ms);
  CHECK(w.attempts() == 1);
  w.pass(500ms);  // 1 s with 20 % jitter is over
  CHECK(w.attempts() == 2);
  w.pass(1200ms);
  CHECK(w.attempts() == 2);  // the next pause is 1.6 s with jitter
  w.pass(800ms);
  CHECK(w.attempts() == 3);
  for (int i = 0; i < 60; ++i) w.pass(10s);
  CHECK(w.attempts() < 20);
  const std::size_t earlier = w.attempts();
  while (w.attempts() == earlier) w.pass(1s);
  w.pass(100ms);  // long before the attempt after that one, which is minutes away
  const std::size_t before = w.attempts();
  CHECK(before == earlier + 1);
  CHECK(w.call(user) == "unavailable not_sent");  // the last attempt is more than 100 ms ago
  CHECK(w.attempts() == before + 1);
  CHECK(w.settle(patient) == "pending");
  service back(w.context, "loopback://a", "a");
  w.pass(100ms);
  CHECK(w.call(user) == "a");
  CHECK(w.settle(patient) == "a");
}

TEST_CASE("within a process there is no pause: looking costs nothing", "[client]") {
  world w;
  auto user = w.client("inproc://nobody-yet");
  for (int i = 0; i < 3; ++i) CHECK(w.call(user) == "unavailable not_sent");
  service here(w.context, "inproc://nobody-yet", "here");
  CHECK(w.call(user) == "here");
}

TEST_CASE("a connection that was lost is replaced at once by the next call", "[client]") {
  world w;
  int connections = 0;
  auto user = w.client("steered://a", w.counting(connections));
  std::optional<service> server;
  for (int i = 1; i <= 3; ++i) {
    server.emplace(w.context, "loopback://a", "a");
    CHECK(w.call(user) == "a");
    CHECK(connections == i);
    server.reset();
    test::drain(w.context);
  }
  CHECK(w.attempts() == 3);
  CHECK(w.call(user) == "unavailable not_sent");
  CHECK(w.attempts() == 4);  // at once, though nobody is there
  CHECK(w.settle(w.start(user)) == "pending");
  CHECK(w.attempts() == 4);  // the one after that is spaced
  w.pass(100ms);
  CHECK(w.attempts() == 5);
}

TEST_CASE("a connection that never proved any good is replaced at once, but only once",
          "[client]") {
  world w;
  pw::limits none;
  none.max_connections = 0;
  service full(w.context, "loopback://a", "a", pw::server_options().limits(none));
  auto user = w.client("steered://a");
  const auto call = w.start(user);
  CHECK(w.settle(call) == "pending");
  CHECK(w.attempts() == 2);
  w.pass(99ms);
  CHECK(w.attempts() == 2);
  w.pass(1ms);
  CHECK(w.attempts() == 3);
  CHECK(w.settle(call) == "unavailable not_sent");  // limits::max_attempts
  CHECK(full.calls == 0);
}

TEST_CASE("a call that waits outlasts a server with too many connections", "[client]") {
  for (const std::string scheme : {"steered", "inproc"}) {
    world w;
    pw::limits one;
    one.max_connections = 1;
    service full(w.context, scheme == "inproc" ? "inproc://full" : "loopback://full", "full",
                 pw::server_options().limits(one));
    std::optional<pw::client> first(w.client(scheme + "://full"));
    CHECK(w.call(*first) == "full");
    auto second = w.client(scheme + "://full");
    if (scheme == "inproc") {  // objects are given away: nothing is repeated
      CHECK(w.call(second) == "unavailable rejected");
    }
    const auto patient = w.start(second, who, pw::call_options().wait_for_ready());
    for (int i = 0; scheme != "inproc" && i < 50; ++i) {
      w.pass(10s);
      REQUIRE(w.settle(patient) == "pending");
    }
    CHECK(w.attempts() < 30);
    CHECK(w.call(*first) == "full");
    first.reset();
    w.pass(150s);
    if (scheme != "inproc") {
      CHECK(w.settle(patient) == "full");
    }
    CHECK(w.call(second) == "full");
  }
}

TEST_CASE("a call that waits rides out a restart", "[client]") {
  world w;
  auto user = w.client("steered://a");
  std::optional<service> server;
  server.emplace(w.context, "loopback://a", "old");
  CHECK(w.call(user) == "old");
  server.reset();
  test::drain(w.context);
  const auto patient = w.start(user, who, pw::call_options().wait_for_ready());
  w.pass(5s);
  CHECK(w.settle(patient) == "pending");
  server.emplace(w.context, "loopback://a", "new");
  w.pass(10s);
  CHECK(w.settle(patient) == "new");
}

TEST_CASE("a host that does not answer is given up in time, and the next one tried", "[client]") {
  world w;
  transport::silent = true;
  service second(w.context, "loopback://b", "b");
  auto user = w.client("steered://a,b");
  const auto call = w.start(user);
  CHECK(w.settle(call) == "pending");
  w.pass(4999ms);
  CHECK(w.settle(call) == "pending");
  CHECK(transport::dialled == std::vector<std::string>{"a"});
  transport::silent = false;
  w.pass(1ms);
  CHECK(w.settle(call) == "b");
}

TEST_CASE("several hosts: the first that answers takes all calls", "[client]") {
  world w;
  service second(w.context, "loopback://b", "b");
  service third(w.context, "loopback://c", "c");
  auto user = w.client("steered://a,b,c");
  for (int i = 0; i < 3; ++i) CHECK(w.call(user) == "b");
  CHECK(transport::dialled == std::vector<std::string>{"a", "b"});
}

TEST_CASE("when a server drains, new calls go to the next host and those in flight finish",
          "[client]") {
  world w;
  service first(w.context, "loopback://a", "a");
  service second(w.context, "loopback://b", "b");
  auto user = w.client("steered://a,b");
  const auto in_flight = w.start(user, wait);
  CHECK(w.settle(in_flight) == "pending");
  CHECK(first.calls == 1);
  first.server.stop();
  CHECK(w.call(user) == "b");
  CHECK(w.settle(in_flight) == "pending");
  first.bell.cancel();
  CHECK(w.settle(in_flight) == "a");
}

TEST_CASE("tcp without a port is refused when the URL is read", "[client]") {
  for (const std::string url : {"tcp://users", "tcp://users:7000,other"}) {
    const auto made = pw::client::make(url);
    CHECK(made.status().code() == status_code::invalid_argument);
    CHECK_THAT(made.status().message(), Catch::Matchers::ContainsSubstring("needs a port"));
  }
  pw::server server;
  CHECK_THAT(server.listen("tcp://127.0.0.1").status().message(),
             Catch::Matchers::ContainsSubstring("tcp://127.0.0.1:7000"));
}

TEST_CASE("a deadline says the same whether the client or the server notices it first",
          "[client]") {
  for (const bool server_first : {false, true}) {
    world w;
    service slow(w.context, "loopback://a", "a", pw::server_options().clock(w.servers));
    auto user = w.client("steered://a");
    const auto call = w.start(user, wait, pw::timeout(2s));
    CHECK(w.settle(call) == "pending");
    if (server_first) {
      w.servers.advance(2s);
    } else {
      w.clock.advance(2s);
    }
    CHECK(w.settle(call) == "deadline_exceeded maybe_processed");
  }
}

TEST_CASE("the destructor of a client waits until its I/O thread lets go of the user's hooks",
          "[client]") {
  auto owned = std::make_shared<int>(0);
  std::promise<void> opened;
  std::promise<void> entered;
  bool ended = false;
  std::thread opens_later;
  {
    pw::client user("tcp://127.0.0.1:1",
                    pw::client_options().log([owned](pw::log_level, std::string_view) {}));
    // The thread is busy until after the destructor has begun, or nearly so.
    asio::post(pw::io::shared_thread::instance().get_executor(), [&] {
      entered.set_value();
      opened.get_future().wait();
      ended = true;
    });
    entered.get_future().wait();
    opens_later = std::thread([&] {
      for (int i = 0; i < 10'000; ++i) std::this_thread::yield();
      opened.set_value();
    });
  }
  CHECK(ended);
  CHECK(owned.use_count() == 1);
  opens_later.join();
}

}  // namespace reconnecting_test

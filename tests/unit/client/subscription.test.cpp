// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/client/subscription.hpp"

#include "polywire/client.hpp"
#include "polywire/json.hpp"
#include "polywire/loopback.hpp"
#include "polywire/server.hpp"

#include "support/catch.hpp"
#include "support/streams.hpp"

#include <asio/bind_cancellation_slot.hpp>

#include <optional>
#include <utility>
#include <vector>

namespace subscription_test {

namespace pw = polywire;
using test::run_until;

/// Whatever is published …
class anything {
 public:
  nlohmann::json value;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(anything, value)
};
/// … and what this program can read of it.
class number {
 public:
  int value = 0;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(number, value)
};

namespace {

constexpr pw::topic<anything> published{"test.v1.events"};
constexpr pw::topic<number> read{"test.v1.events"};

/// A server, a client and a subscription on one context, so that nothing happens by itself.
class world {
 public:
  world() : server(context.get_executor()) {
    server.offer(published);
    client.emplace(context.get_executor(), server.listen("loopback://events").value().url());
    std::optional<pw::subscription<number>> made;
    client->async_subscribe(read, [&](pw::subscription<number> s) { made = std::move(s); });
    REQUIRE(run_until(context, [&] { return made.has_value(); }));
    events = std::move(*made);
  }

  void publish(const std::vector<nlohmann::json>& all) {
    for (const auto& each : all) {
      anything event;
      event.value = each;
      REQUIRE(server.publish(published, event));
    }
  }
  template <class Batch>
  Batch wait(std::optional<Batch>& got) {
    REQUIRE(run_until(context, [&] { return got.has_value(); }));
    return std::move(*std::exchange(got, std::nullopt));
  }
  std::optional<pw::event<number>> next() {
    std::optional<std::optional<pw::event<number>>> got;
    events.async_read([&](std::optional<pw::event<number>> e) { got.emplace(std::move(e)); });
    return wait(got);
  }
  std::vector<pw::event<number>> some(std::size_t most) {
    std::optional<std::vector<pw::event<number>>> got;
    events.async_read_some(
        most, [&](std::vector<pw::event<number>> all) { got.emplace(std::move(all)); });
    return wait(got);
  }
  asio::io_context context;
  pw::server server;
  std::optional<pw::client> client;
  pw::subscription<number> events;
};

}  // namespace

TEST_CASE("an event that cannot be read is counted, and lost before the next one") {
  world w;
  w.publish({1, "two", 3});
  CHECK(w.next()->message().value == 1);
  const auto third = w.next();
  REQUIRE(third);
  CHECK(third->message().value == 3);
  CHECK(third->lost_before() == pw::loss(1, pw::loss::kind::exact));
  CHECK(w.events.unreadable() == 1);
}

TEST_CASE("many events are read at a time, without those that cannot be read") {
  world w;
  w.publish({1, "two", 3, "four", "five"});
  auto first = w.some(10);
  while (first.size() < 2) {
    for (auto& each : w.some(10)) first.push_back(std::move(each));
  }
  REQUIRE(first.size() == 2);
  CHECK(first[0].message().value == 1);
  CHECK(first[0].lost_before().none());
  CHECK(first[1].message().value == 3);
  CHECK(first[1].lost_before().count() == 1);
  // The loss at the end of a batch is told by the next one.
  w.publish({6});
  const auto sixth = w.some(10);
  REQUIRE(sixth.size() == 1);
  CHECK(sixth[0].message().value == 6);
  CHECK(sixth[0].lost_before().count() == 2);
  CHECK(w.events.unreadable() == 3);
}

TEST_CASE("no more events are read than were asked for") {
  world w;
  w.publish({1, 2, 3, 4, 5});
  int value = 0;
  while (value < 5) {
    const auto batch = w.some(2);
    REQUIRE_FALSE(batch.empty());
    CHECK(batch.size() <= 2);
    for (const auto& each : batch) CHECK(each.message().value == ++value);
  }
  w.publish({6});
  CHECK(w.some(0).size() == 1);  // at least one
}

TEST_CASE("a cancelled read of many is empty, and loses nothing") {
  world w;
  asio::cancellation_signal stop;
  std::optional<std::vector<pw::event<number>>> got;
  w.events.async_read_some(
      10, asio::bind_cancellation_slot(stop.slot(), [&](std::vector<pw::event<number>> all) {
        got.emplace(std::move(all));
      }));
  stop.emit(asio::cancellation_type::terminal);
  CHECK(w.wait(got).empty());
  w.publish({1});
  CHECK(w.some(10).size() == 1);
}

TEST_CASE("reading many at the end of a subscription is empty") {
  world w;
  w.events.cancel();
  CHECK(w.some(10).empty());
  CHECK(w.events.status().code() == pw::status_code::cancelled);
}

TEST_CASE("reads of a subscription that failed are empty") {
  world w;
  std::optional<pw::subscription<number>> made;
  w.client->async_subscribe(pw::topic<number>("test.v1.nobody_offers"),
                            [&](pw::subscription<number> s) { made = std::move(s); });
  REQUIRE(run_until(w.context, [&] { return made.has_value(); }));
  w.events = std::move(*made);
  CHECK_FALSE(w.events);
  CHECK(w.events.status().code() == pw::status_code::not_found);
  CHECK_FALSE(w.next());
  CHECK(w.some(10).empty());
  CHECK_FALSE(w.events.read());
  CHECK(w.events.status().code() == pw::status_code::not_found);
}

TEST_CASE("reads of a subscription that may not block are empty") {
  world w;
  w.events = w.client->subscribe(read);
  CHECK_FALSE(w.events);
  CHECK(w.events.status().code() == pw::status_code::failed_precondition);
  CHECK_FALSE(w.next());
  CHECK(w.some(10).empty());
  w.events.cancel();
}

}  // namespace subscription_test

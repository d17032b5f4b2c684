// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "price_api.hpp"

#include <polywire/polywire.hpp>

#include <asio/use_future.hpp>

#include <chrono>
#include <cstdint>
#include <future>
#include <iostream>
#include <string>
#include <string_view>

/// Subscribes, and does not look while 1,000 prices go by.
bool sleep_through_a_rush(polywire::client& exchange, std::string_view name,
                          polywire::overflow policy) {
  auto events = exchange.subscribe(prices, polywire::from_now().lag(10).overflow(policy));
  auto event = events.read();
  const int first = event ? event->message().number : 0;
  auto rushing = exchange.async_call(rush, RushRequest{1'000}, asio::use_future);
  // A topic that waits for us would wait for ever.
  if (policy != polywire::overflow::block) rushing.wait();

  int last = 0, rush_end = 0;
  std::uint64_t got = 0, lost = 0;
  for (; event && (rush_end == 0 || last <= rush_end); event = events.read()) {
    ++got;
    lost += event->lost_before().count();  // what is lost is told by the next event that comes
    last = event->message().number;
    if (rush_end == 0 && rushing.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
      rush_end = rushing.get().value().number;
    }
  }
  const int seen = last - first + 1;
  std::cout << name << ": got " << got << " and lost " << lost << " of " << seen
            << (event ? "" : ", then " + events.status().to_string()) << std::endl;
  return got + lost == static_cast<std::uint64_t>(seen);
}

/// A subscriber that is too slow, with each of the policies: prices_subscriber <url of the feed>
int main(int argc, char** argv) {
  // Little credit: hardly anything is on the way to us while we do not read.
  const std::string url = argc > 1 ? argv[1] : "tcp://127.0.0.1:7000";
  polywire::client exchange{url + "?call_credit=4KiB"};
  using polywire::overflow;
  bool good = sleep_through_a_rush(exchange, "drop_oldest", overflow::drop_oldest);
  good = sleep_through_a_rush(exchange, "drop_newest", overflow::drop_newest) && good;
  good = sleep_through_a_rush(exchange, "disconnect", overflow::disconnect) && good;
  good = sleep_through_a_rush(exchange, "block", overflow::block) && good;
  return good ? 0 : 1;
}

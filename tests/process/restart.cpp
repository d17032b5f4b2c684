// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include <polywire/polywire.hpp>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>

// The two processes of restart.sh, which kills the first one again and again.

struct Number {
  std::int64_t value = 0;
  std::int64_t first = 0;  // of the process that published it
  bool final = false;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Number, value, first, final)

inline constexpr polywire::topic<Number> numbers{"restart.v1.numbers"};

namespace {

int failed(const std::string& why) {
  std::cerr << why << std::endl;
  return 1;
}

/// Publishes numbers until it is killed, or until SIGTERM: then the final one. A second SIGTERM
/// stops it. Each number is written to the file before it is published.
int publish(const std::string& url, const std::string& counter) {
  asio::io_context io{1};
  polywire::server server{io.get_executor()};
  // What is published while subscribers find the new server is to be there when they come.
  server.offer(numbers, polywire::keep(1'000'000, std::size_t{64} << 20));
  const auto endpoint = server.listen(url);
  if (!endpoint) return failed(endpoint.status().to_string());
  std::cout << "listening on " << endpoint->url() << std::endl;

  std::atomic<bool> enough = false;
  asio::signal_set signals{io, SIGTERM};
  signals.async_wait([&](const asio::error_code&, int) {
    enough = true;
    signals.async_wait([&](const asio::error_code&, int) { server.stop(); });
  });
  polywire::status how;
  std::thread publisher([&] {
    std::int64_t value = 0;
    std::ifstream(counter) >> value;
    const std::int64_t first = value + 1;
    std::ofstream file(counter, std::ios::in | std::ios::out);
    const auto publish_next = [&](bool final) {
      ++value;
      std::string text = std::to_string(value);
      text.insert(0, 12 - text.size(), ' ');  // one write of one length: nobody reads half a number
      file.seekp(0) << text << std::flush;
      return server.publish(numbers, Number{value, first, final});
    };
    while (how.ok() && !enough) {
      how = publish_next(false);
      // The pace of the load, and no synchronisation.
      if (value % 20 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    if (how.ok()) how = publish_next(true);
    if (!how.ok()) io.stop();
  });
  io.run();
  publisher.join();
  return how.ok() ? 0 : failed(how.to_string());
}

/// Gets them, and checks that what it gets and what it is told to have lost is everything, once.
int watch(const std::string& url) {
  using namespace std::chrono_literals;
  polywire::limits bounds;
  bounds.reconnect_min = 20ms;
  bounds.reconnect_max = 100ms;
  polywire::client user{url, polywire::client_options().limits(bounds)};
  auto events = user.subscribe(numbers, polywire::from_earliest().wait_for_ready().timeout(30s));

  std::int64_t last = 0, got = 0, lost = 0;
  std::uint64_t epoch = 0;
  for (const auto& event : events) {
    const Number& number = event.message();
    const polywire::loss& before = event.lost_before();
    const std::int64_t gap = number.value - last - 1;
    const std::string what = std::to_string(number.value) + " came after " + std::to_string(last) +
                             ", lost before: " + std::to_string(before.count()) + "; ";
    if (gap < 0) return failed(what + "a duplicate");
    if (event.id().epoch() == epoch) {
      const polywire::loss all(static_cast<std::uint64_t>(gap), polywire::loss::kind::exact);
      if (before != all) return failed(what + "a wrong loss");
    } else {
      std::cout << "epoch from " << number.value << ", lost " << gap << std::endl;
      if (number.value != number.first) return failed(what + "events of this epoch are missing");
      const bool unknown = before.how() == polywire::loss::kind::unknown;
      if (unknown == (epoch == 0)) return failed(what + "of a restart it is told, and of no start");
    }
    ++got;
    lost += gap;
    last = number.value;
    epoch = event.id().epoch();
    if (number.final) {
      std::cout << "final " << last << ": got " << got << ", lost " << lost << std::endl;
      return 0;
    }
  }
  return failed("the subscription ended: " + events.status().to_string());
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view role = argc > 1 ? argv[1] : "";
  if (role == "publish" && argc == 4) return publish(argv[2], argv[3]);
  if (role == "watch" && argc == 3) return watch(argv[2]);
  return failed("usage: restart publish <url> <counter file> | restart watch <url>");
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Row 42: users of a service behind a network that does anything, changing its mind all the time.
// Every operation must end, and no answer may be wrong; who goes past that network notices nothing;
// and when the network is well again, so is everything else.
//
//     faults_chaos [seconds for each seed] [seed...]
#include "faults/load.hpp"
#include "faults/support.hpp"
#include "support/certificates.hpp"

#include "polywire/http.hpp"
#include "polywire/tcp.hpp"
#include "polywire/testing/fault_proxy.hpp"
#include "polywire/tls.hpp"

#include <asio/thread_pool.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace pw = polywire;
using faults::steady;
using pw::testing::fault_proxy;
using pw::testing::proxy_faults;
using namespace std::chrono_literals;

/// Something that goes wrong. Bits are only flipped under TLS, which finds that out: tcp:// trusts
/// the checksum of the network.
proxy_faults anything(std::minstd_rand& random, bool flips) {
  proxy_faults what;
  switch (random() % (flips ? 9 : 8)) {
    case 0: what.latency(std::chrono::milliseconds(random() % 50), 20ms); break;
    case 1: what.bandwidth(1'000 + random() % 1'000'000); break;
    case 2: what.slices(1 + random() % 20); break;
    case 3: what.reset_after(random() % 100'000); break;
    case 4: what.close_after(random() % 100'000); break;
    case 5: what.silence(); break;
    case 6: what.latency(5ms, 10ms).slices(100).bandwidth(500'000); break;
    case 8: what.flip_bit_every(1'000 + random() % 100'000); break;
    default: break;  // a network that works
  }
  return what;
}

bool run(const std::string& scheme, std::uint32_t seed, steady::duration length) {
  std::printf("%s, seed %u\n", scheme.c_str(), seed);
  std::fflush(stdout);
  test::authority ca;
  const test::identity own = ca.issue(test::wish("localhost"));
  pw::limits bounds;
  bounds.reconnect_max = 1s;
  bounds.connect_timeout = bounds.handshake_timeout = 2s;
  pw::server_options server_options;
  server_options.limits(bounds).tls(pw::tls_options().cert(own.cert).key(own.key));
  pw::client_options client_options;
  client_options.limits(bounds).tls(pw::tls_options().ca(ca.ca()));
  pw::server server(server_options);
  load::serve(server);
  const auto endpoint = server.listen(scheme + "://127.0.0.1:0").value();
  std::thread thread([&] { server.run(); });

  asio::thread_pool network(1);
  fault_proxy proxy(network.get_executor(), endpoint.port(), seed);
  const std::string through = scheme + "://127.0.0.1:" + std::to_string(proxy.port());
  std::atomic<bool> over = false;
  load::tally seen;
  load::tally past;  // by who goes past the network
  std::atomic<int> recovered = 0;
  constexpr int users = 4;
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < users; ++i) {
    threads.emplace_back([&, i] {
      load::user user(through, client_options, seed * 100 + i, seen, true, 1s);
      while (!over) user.act();
      // The network is well again: so must this client be, in a little while.
      recovered += faults::eventually([&] {
        return user.client()
            .call(load::echo, "well", pw::timeout(5s).wait_for_ready())
            .status()
            .ok();
      });
    });
  }
  threads.emplace_back([&] {
    load::user bystander(endpoint.url(), client_options, seed, past, false, 30s);
    while (!over) bystander.act();
  });

  std::minstd_rand random(seed);
  for (const auto end = steady::now() + length; steady::now() < end;) {
    proxy.requests(anything(random, scheme == "tls"));
    proxy.answers(anything(random, scheme == "tls"));
    proxy.refuse(random() % 20 == 0);
    if (random() % 20 == 0) proxy.reset_all();
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 100));
  }
  proxy.clear();
  proxy.refuse(false);
  proxy.reset_all();  // those in which bytes were swallowed will never be well
  over = true;
  for (std::thread& t : threads) t.join();
  const bool quiet = faults::eventually([&] { return server.stats().connections == 0; });
  server.stop();
  thread.join();
  std::printf(
      "  %zu good, %zu failed, %zu wrong; %zu connections, %zu broken; beside: %zu good, %zu "
      "wrong; %d of %d recovered%s\n",
      seen.good.load(), seen.failed.load(), seen.wrong.load(), proxy.accepted(), proxy.broken(),
      past.good.load(), past.wrong.load(), recovered.load(), users,
      quiet ? "" : "; connections stay open");
  std::fflush(stdout);
  return seen.wrong == 0 && past.wrong == 0 && past.good > 0 && recovered == users && quiet &&
         proxy.broken() > 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto length = std::chrono::duration_cast<steady::duration>(
      std::chrono::duration<double>(argc > 1 ? std::atof(argv[1]) : 5) /
      3);  // one scheme after the other
  std::vector<std::uint32_t> seeds;
  for (int i = 2; i < argc; ++i) seeds.push_back(static_cast<std::uint32_t>(std::atoi(argv[i])));
  if (seeds.empty()) seeds = {1, 2, 3};
  bool good = true;
  for (const std::uint32_t seed : seeds) {
    for (const std::string scheme : {"tcp", "tls", "http"})
      good = run(scheme, seed, length) && good;
  }
  std::printf("%s\n", good ? "ok" : "FAILED");
  return good ? 0 : 1;
}

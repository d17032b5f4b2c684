// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Row 41: a mixed load over tcp, unix, tls, inproc and http for a while, with connections that come
// and go and one error in twenty. No answer may be wrong, and between rounds there must be as many
// descriptors as after the first one, and no more memory.
//
//     faults_soak [seconds] [seed]
//
// To be built without sanitizers: it looks at the memory of the process.
#include "faults/load.hpp"
#include "faults/meter.hpp"
#include "faults/support.hpp"
#include "support/certificates.hpp"

#include "polywire/http.hpp"
#include "polywire/inproc.hpp"
#include "polywire/tcp.hpp"
#include "polywire/tls.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <malloc.h>

namespace {

namespace pw = polywire;
using faults::steady;
using namespace std::chrono_literals;

class sample {
 public:
  std::size_t descriptors = 0;
  std::size_t memory = 0;  // resident
  std::size_t heap = 0;    // given out by operator new
  steady::duration p99{};
};

/// What a round leaves behind, once everything of it has gone.
sample run_round(const std::vector<std::string>& urls, const pw::client_options& options,
                 pw::server& server, load::tally& seen, std::uint32_t seed,
                 steady::duration length) {
  std::mutex mutex;
  std::vector<steady::duration> times;
  std::vector<std::thread> threads;
  const auto end = steady::now() + length;
  for (const std::string& url : urls) {
    threads.emplace_back([&, url, own = seed++] {
      std::minstd_rand random(own);
      std::vector<steady::duration> took;
      while (steady::now() < end) {
        load::user user(url, options, static_cast<std::uint32_t>(random()), seen, false, 30s);
        for (std::size_t left = 1 + random() % 50; left > 0 && steady::now() < end; --left) {
          const auto begin = steady::now();
          user.act();
          took.push_back(steady::now() - begin);
        }
      }
      const std::lock_guard lock(mutex);
      times.insert(times.end(), took.begin(), took.end());
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (!faults::eventually([&] { return server.stats().connections == 0; })) {
    std::fprintf(stderr, "connections stay open\n");
    ++seen.wrong;
  }
  ::malloc_trim(0);
  sample now;
  // The clients' thread may still be closing the last ones: until nothing changes any more.
  (void)faults::eventually([&] {
    const std::size_t before = std::exchange(now.descriptors, faults::open_descriptors());
    if (before == now.descriptors) return true;
    std::this_thread::sleep_for(100ms);
    return false;
  });
  now.memory = faults::resident();
  now.heap = static_cast<std::size_t>(faults::bytes_in_use.load());
  std::sort(times.begin(), times.end());
  if (!times.empty()) now.p99 = times[times.size() * 99 / 100];
  return now;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 20;
  const auto seed = static_cast<std::uint32_t>(argc > 2 ? std::atoi(argv[2]) : 1);
  const std::size_t rounds = std::max<std::size_t>(8, static_cast<std::size_t>(seconds / 10));
  const auto length = std::chrono::duration_cast<steady::duration>(
      std::chrono::duration<double>(seconds / static_cast<double>(rounds)));
  std::printf("%zu rounds of %.1f s, seed %u\n", rounds,
              std::chrono::duration<double>(length).count(), seed);

  test::authority ca;
  const test::identity own = ca.issue(test::wish("localhost"));
  pw::server_options server_options;
  server_options.tls(pw::tls_options().cert(own.cert).key(own.key));
  pw::client_options client_options;
  client_options.tls(pw::tls_options().ca(ca.ca()));
  pw::server server(server_options);
  load::serve(server);
  std::vector<std::string> urls;
  for (const std::string url :
       {"tcp://127.0.0.1:0", "tls://127.0.0.1:0", "inproc://soak", "http://127.0.0.1:0"}) {
    urls.push_back(server.listen(url).value().url());
  }
  urls.push_back(server.listen("unix:" + ca.path("soak.sock")).value().url());
  std::thread thread([&] { server.run(2); });

  load::tally seen;
  std::vector<sample> samples;
  for (std::size_t round = 0; round < rounds; ++round) {
    const auto number = seed + static_cast<std::uint32_t>(round * urls.size());
    samples.push_back(run_round(urls, client_options, server, seen, number, length));
    const sample& last = samples.back();
    std::printf("round %zu: %zu good, %zu failed on purpose, %zu wrong; ", round + 1,
                seen.good.load(), seen.failed.load(), seen.wrong.load());
    std::printf("%zu descriptors, %zu KiB, %zu KiB of heap, p99 %.1f ms\n", last.descriptors,
                last.memory / 1024, last.heap / 1024,
                std::chrono::duration<double>(last.p99).count() * 1e3);
    std::fflush(stdout);
  }
  server.stop();
  thread.join();

  bool good = seen.wrong == 0 && seen.good > 0 && seen.failed > 0;
  // The first quarter warms up: threads, recyclers, the history of the topic. Then the second half
  // of the rest may not need more than the first, but for a mebibyte an hour and chance: what the
  // history holds just then, and where the allocator has put it.
  const std::size_t warm = rounds / 4;
  const std::size_t middle = (warm + rounds) / 2;
  const auto grown = [&](std::size_t sample::* field) {
    const auto mean = [&](std::size_t from, std::size_t to) {
      double sum = 0;
      for (std::size_t i = from; i < to; ++i) sum += static_cast<double>(samples[i].*field);
      return sum / static_cast<double>(to - from);
    };
    return (mean(middle, rounds) - mean(warm, middle)) / 1024;
  };
  const double hours = seconds / 3600;
  const double heap = grown(&sample::heap);
  const double memory = grown(&sample::memory);
  std::printf("heap grew by %.0f KiB, memory by %.0f KiB\n", heap, memory);
  good = good && heap <= 1024 * (1 + hours) && memory <= 3 * 1024 + 1024 * hours;
  for (const sample& s : samples) good = good && s.descriptors == samples[0].descriptors;
  std::printf("%s\n", good ? "ok" : "FAILED");
  return good ? 0 : 1;
}

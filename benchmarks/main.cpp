// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Runs all benchmarks in turns, so that a machine that changes its mood changes it for all of them,
// and prints medians. See benchmarks/run for the arguments.

#include "arguments.hpp"
#include "benchmark.hpp"
#include "report.hpp"

#include <algorithm>
#include <exception>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

namespace benchmarks {
namespace {

std::vector<benchmark> everything() {
  std::vector<benchmark> all;
  for (const auto list :
       {floor_benchmarks, floor_flow_benchmarks, tcp_benchmarks, stream_benchmarks,
        fanout_benchmarks, byte_benchmarks, memory_benchmarks, tls_benchmarks, inproc_benchmarks,
        json_benchmarks, http_floor_benchmarks, http_benchmarks, http_struct_benchmarks,
        peer_benchmarks, smallest_benchmarks}) {
    for (benchmark& each : list()) all.push_back(std::move(each));
  }
  return all;
}

/// Those whose name contains a filter, with their floors.
std::vector<benchmark> select(const arguments& how) {
  const std::vector<benchmark> all = everything();
  const auto wanted = [&](const benchmark& b) {
    if (how.filters.empty()) return !how.quick || b.needs != effort::some_rounds;
    return std::any_of(how.filters.begin(), how.filters.end(),
                       [&](const auto& f) { return b.name.find(f) != std::string::npos; });
  };
  std::vector<benchmark> selected;
  for (const benchmark& b : all) {
    const bool is_floor_of_wanted =
        std::any_of(all.begin(), all.end(),
                    [&](const benchmark& other) { return other.floor == b.name && wanted(other); });
    if (wanted(b) || is_floor_of_wanted) selected.push_back(b);
  }
  return selected;
}

int rounds_of(const benchmark& b, bool quick) {
  switch (b.needs) {
    case effort::every_round: break;
    case effort::some_rounds: return quick ? 1 : 3;
    case effort::one_round: return 1;
  }
  return quick ? 5 : 9;
}

using measurements = std::map<std::string, std::vector<double>>;

/// False: one of them failed, and has said so.
bool measure(const std::vector<benchmark>& selected, const timing& each, bool quick,
             measurements& values) {
  bool good = true;
  const auto most = [&](const benchmark& a, const benchmark& b) {
    return rounds_of(a, quick) < rounds_of(b, quick);
  };
  const int rounds = rounds_of(*std::max_element(selected.begin(), selected.end(), most), quick);
  for (int round = 1; round <= rounds; ++round) {
    std::cerr << "round " << round << " of " << rounds << '\n';
    for (const benchmark& b : selected) {
      if (round > rounds_of(b, quick)) continue;
      try {
        values[b.name].push_back(b.run(each));
      } catch (const std::exception& e) {
        std::cerr << b.name << ": " << e.what() << '\n';
        good = false;
      }
    }
  }
  return good;
}

/// False: the file cannot be written.
bool report(const std::vector<benchmark>& selected, const measurements& values,
            const std::string& file) {
  std::map<std::string, double> medians;
  for (const auto& [name, measured] : values) {
    if (!measured.empty()) medians.emplace(name, median(measured));
  }
  std::ofstream json;
  if (!file.empty()) json.open(file);
  std::cout << line::header() << '\n';
  for (const benchmark& b : selected) {
    if (!medians.contains(b.name)) continue;
    const line result(b, medians);
    std::cout << result.row() << '\n';
    json << result.json() << '\n';
  }
  json.flush();
  return file.empty() || json.good();
}

int run(const arguments& how) {
  const std::vector<benchmark> selected = select(how);
  if (selected.empty()) {
    std::cerr << "No benchmark has such a name.\n";
    return 2;
  }
  using std::chrono::milliseconds;
  const timing each = how.quick ? timing{milliseconds(50), milliseconds(250)}
                                : timing{milliseconds(200), milliseconds(1'000)};
  measurements values;
  bool good = measure(selected, each, how.quick, values);
  if (!report(selected, values, how.json)) {
    std::cerr << "cannot write " << how.json << '\n';
    good = false;
  }
  std::cout << "\nRates: medians of interleaved rounds of " << each.window.count()
            << " ms, server and client pinned to a processor each.\n";
  if (how.quick && how.filters.empty()) {
    std::cout
        << "Left out because it has to be quick: compile/*, size/*, and http servers with one "
           "connection.\n";
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace benchmarks

int main(int count, char** values) {
  const auto how = benchmarks::parse(count, values);
  if (!how) {
    std::cerr << "benchmarks/run [--quick] [--json FILE] [PART OF A NAME]...\n";
    return 2;
  }
  return benchmarks::run(*how);
}

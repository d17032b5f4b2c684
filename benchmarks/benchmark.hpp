// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace benchmarks {

/// How long one round of one benchmark runs.
struct timing {
  std::chrono::milliseconds warm_up;
  std::chrono::milliseconds window;
};

/// How often something has to be measured until its median says something.
enum class effort {
  every_round,  ///< rates
  some_rounds,  ///< three: what takes seconds, or is worth less; quick runs do without
  one_round,    ///< what is counted
};

/// Something that is measured. One round gives one value.
struct benchmark {
  std::string name;
  std::string unit;
  /// Name of the benchmark that does the same without polywire, or of what it is measured by;
  /// empty: there is none.
  std::string floor;
  std::function<double(const timing&)> run;
  effort needs = effort::every_round;
};

std::vector<benchmark> floor_benchmarks();
std::vector<benchmark> floor_flow_benchmarks();
std::vector<benchmark> tcp_benchmarks();
std::vector<benchmark> stream_benchmarks();
std::vector<benchmark> fanout_benchmarks();
std::vector<benchmark> byte_benchmarks();
std::vector<benchmark> memory_benchmarks();
std::vector<benchmark> tls_benchmarks();
std::vector<benchmark> inproc_benchmarks();
std::vector<benchmark> json_benchmarks();
std::vector<benchmark> http_floor_benchmarks();
std::vector<benchmark> http_benchmarks();
std::vector<benchmark> http_struct_benchmarks();
/// Those of the peers, as far as they have been built; says on stderr what is left out.
std::vector<benchmark> peer_benchmarks();
std::vector<benchmark> smallest_benchmarks();

}  // namespace benchmarks

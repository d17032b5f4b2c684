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

/// Something that is measured. One round gives one value.
struct benchmark {
  std::string name;
  std::string unit;
  /// Name of the benchmark that does the same without polywire; empty: there is none.
  std::string floor;
  std::function<double(const timing&)> run;
};

std::vector<benchmark> floor_benchmarks();
std::vector<benchmark> tcp_benchmarks();
std::vector<benchmark> tls_benchmarks();
std::vector<benchmark> inproc_benchmarks();

}  // namespace benchmarks

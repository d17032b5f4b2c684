// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Without arguments: prints the benchmarks of this peer, `<name> <unit> <floor> <effort>`. With a
// name and the milliseconds of a warm-up and of a window: measures it once and prints the value.

#include "peer.hpp"

#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

int main(int count, char** values) {
  const auto all = benchmarks::peer();
  if (count == 1) {
    for (const auto& b : all) {
      std::printf("%s %s %s %d\n", b.name.c_str(), b.unit.c_str(), b.floor.c_str(),
                  static_cast<int>(b.needs));
    }
    return 0;
  }
  if (count != 4) return 2;
  try {
    const benchmarks::timing how{std::chrono::milliseconds(std::stol(values[2])),
                                 std::chrono::milliseconds(std::stol(values[3]))};
    for (const auto& b : all) {
      if (b.name != values[1]) continue;
      std::printf("%.1f\n", b.run(how));
      return 0;
    }
    std::fprintf(stderr, "%s is no benchmark of this peer\n", values[1]);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s: %s\n", values[1], e.what());
  }
  return 1;
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// The same work by others. They are programs of their own (peers/), since not every machine has
// what they need; each says which benchmarks it has.

#include "benchmark.hpp"
#include "processes.hpp"

#include <filesystem>
#include <iostream>
#include <sstream>
#include <string>

namespace benchmarks {
namespace {

class peer {
 public:
  std::string names;
  std::string program;
  std::string packages;
};

double measure(const std::string& program, const std::string& name, const timing& how) {
  return std::stod(output_of(
      {program, name, std::to_string(how.warm_up.count()), std::to_string(how.window.count())}));
}

}  // namespace

std::vector<benchmark> peer_benchmarks() {
  const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  std::vector<benchmark> all;
  for (const peer& each :
       {peer{"grpc/*", "benchmarks_grpc", "libgrpc++-dev protobuf-compiler-grpc"},
        peer{"zeromq/*", "benchmarks_zeromq", "libzmq3-dev cppzmq-dev"},
        peer{"beast/*", "benchmarks_beast", "libboost1.81-dev"},
        peer{"httplib/*", "benchmarks_httplib", "libcpp-httplib-dev"}}) {
    const std::string program = (folder / each.program).string();
    if (!std::filesystem::exists(program)) {
      std::cerr << each.names << " is left out: " << each.program
                << " was not built (apt-get install " << each.packages << ")\n";
      continue;
    }
    std::istringstream known(output_of({program}));
    std::string name;
    std::string unit;
    std::string floor;
    int needs = 0;
    while (known >> name >> unit >> floor >> needs) {
      all.push_back({name, unit, floor,
                     [program, name](const timing& how) { return measure(program, name, how); },
                     static_cast<effort>(needs)});
    }
  }
  return all;
}

}  // namespace benchmarks

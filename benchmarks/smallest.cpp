// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// What the smallest programs cost: the time to compile them, and what has to be shipped. They are
// in smallest/, and smallest/measure compiles them.

#include "benchmark.hpp"
#include "processes.hpp"

#include <iostream>
#include <string>
#include <vector>

namespace benchmarks {
namespace {

const std::string script = POLYWIRE_BENCHMARKS_FOLDER "/smallest/measure";

#if __has_include(<grpcpp/grpcpp.h>)
constexpr bool has_grpc = true;
#else
constexpr bool has_grpc = false;
#endif

// "compile/text" is that of a debug build, "compile/text/O2" of an optimised one;
// "compile/text/separate" where another file compiles the library, "compile/library" that file.
benchmark compile(const std::string& name, const std::string& level, bool separate = false) {
  const std::string suffix = level == "-O0" ? "" : "/" + level.substr(1);
  std::vector<std::string> command{script, "compile", name, level};
  if (separate) command.emplace_back("-DPOLYWIRE_SEPARATE_COMPILATION");
  const std::string how = separate && name != "library" ? "/separate" : "";
  return {"compile/" + name + how + suffix, "s", "compile/asio" + suffix,
          [command](const timing&) { return std::stod(output_of(command)); }, effort::some_rounds};
}

benchmark size(const std::string& name) {
  return {"size/" + name, "bytes", "size/grpc",
          [name](const timing&) { return std::stod(output_of({script, "size", name})); },
          effort::some_rounds};
}

}  // namespace

std::vector<benchmark> smallest_benchmarks() {
  std::vector<benchmark> all;
  for (const char* level : {"-O0", "-O2"}) {
    for (const char* name : {"asio", "text", "struct", "protobuf", "grpc"}) {
      if (has_grpc || name != std::string("grpc")) all.push_back(compile(name, level));
    }
    for (const char* name : {"text", "struct", "protobuf", "library"}) {
      all.push_back(compile(name, level, true));
    }
  }
  all.push_back(size("protobuf"));
  if (has_grpc) {
    all.push_back(size("grpc"));
  } else {
    std::cerr << "compile/grpc and size/grpc are left out: gRPC is not there\n";
  }
  return all;
}

}  // namespace benchmarks

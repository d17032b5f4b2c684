// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/http.hpp"
#include "polywire/inproc.hpp"
#include "polywire/tcp.hpp"
#include "polywire/testing/conformance/environment.hpp"

#include "support/catch.hpp"

#include <atomic>
#include <exception>
#include <filesystem>
#include <span>
#include <string>
#include <tuple>

#include <unistd.h>

namespace backends {

namespace conformance = polywire::testing::conformance;

inline std::string unique_name() {
  static std::atomic<int> count = 0;
  return "conformance-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

struct inproc : conformance::environment {
  inproc() : environment("inproc", [] { return "inproc://" + unique_name(); }, able()) {}

  static conformance::capabilities able() {
    return conformance::capabilities().carries_bytes(false).crosses_processes(false).buffers(
        std::size_t{8} << 20);  // 64 objects, whatever their size
  }
};
struct tcp : conformance::environment {
  tcp() : environment("tcp", [] { return std::string("tcp://127.0.0.1:0"); }) {}
};
struct unix_socket : conformance::environment {
  unix_socket()
      : environment("unix", [] {
          return "unix:" + (std::filesystem::temp_directory_path() / unique_name()).string();
        }) {}
};
struct http : conformance::environment {
  http() : environment("http", [] { return std::string("http://127.0.0.1:0"); }, able()) {}

  /// One call at a time on a connection; streams are bounded by what the kernel buffers.
  static conformance::capabilities able() {
    return conformance::capabilities()
        .bidi_streaming(false)
        .shares_connection(false)
        .pings(false)
        .keeps_outer_blanks(false)
        .concurrent_calls(32)
        .buffers(std::size_t{8} << 20);
  }
};

/// What the suite runs over. A new backend is one more type here.
using all = std::tuple<inproc, tcp, unix_socket, http>;

/// Runs every scenario, each as a section of Catch's, so that a failure has its name.
inline void run(std::span<const conformance::scenario> scenarios,
                const conformance::environment& where) {
  for (const conformance::scenario& scenario : scenarios) {
    if (scenario.section() == "faults" && !where.can().crosses_processes()) continue;
    DYNAMIC_SECTION(where.scheme() << ": " << scenario.name()) {
      try {
        scenario.run(where);
        SUCCEED();
      } catch (const std::exception& error) {
        FAIL(where.scheme() << ": " << error.what());
      }
    }
  }
}

}  // namespace backends

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// The conformance suite over line://.

#include "line_backend.hpp"

#include <polywire/testing/conformance.hpp>
#include <polywire/testing/conformance/environment.hpp>

#include <exception>
#include <iostream>
#include <string_view>

namespace conformance = polywire::testing::conformance;

// An argument picks scenarios by a part of their names.
int main(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  const conformance::environment lines(
      "line", [] { return "line://127.0.0.1:0"; },
      conformance::capabilities().topics(false).shares_connection(false).concurrent_calls(
          polywire::limits().max_pool));
  int ran = 0;
  int failed = 0;
  for (const conformance::scenario& scenario : conformance::all()) {
    if (scenario.name().find(wanted) == std::string_view::npos) continue;
    ++ran;
    std::cout << scenario.name() << std::endl;
    try {
      scenario.run(lines);
    } catch (const std::exception& error) {
      ++failed;
      std::cout << "  FAILED: " << error.what() << std::endl;
    }
  }
  std::cout << ran << " scenarios, " << failed << " failed" << std::endl;
  return ran > 0 && failed == 0 ? 0 : 1;
}

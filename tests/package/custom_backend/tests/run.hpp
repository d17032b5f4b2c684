// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "line_backend.hpp"

#include <polywire/testing/conformance/environment.hpp>

#include <exception>
#include <initializer_list>
#include <iostream>
#include <span>
#include <string_view>

namespace conformance = polywire::testing::conformance;

/// Runs the scenarios whose name has `wanted` in it over line://, and gives the exit code.
inline int run(std::initializer_list<std::span<const conformance::scenario>> sections,
               std::string_view wanted) {
  const conformance::environment lines(
      "line", [] { return "line://127.0.0.1:0"; },
      conformance::capabilities()
          .topics(false)
          .shares_connection(false)
          .concurrent_calls(polywire::limits().max_pool));
  int ran = 0;
  int failed = 0;
  for (const auto& section : sections) {
    for (const conformance::scenario& scenario : section) {
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
  }
  std::cout << ran << " scenarios, " << failed << " failed" << std::endl;
  return ran > 0 && failed == 0 ? 0 : 1;
}

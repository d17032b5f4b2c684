// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/log.hpp"

#include "support/catch.hpp"

using namespace polywire;

TEST_CASE("log levels are ordered and have names") {
  CHECK(log_level::debug < log_level::info);
  CHECK(log_level::warning < log_level::error);
  CHECK(to_string(log_level::debug) == "debug");
  CHECK(to_string(log_level::info) == "info");
  CHECK(to_string(log_level::warning) == "warning");
  CHECK(to_string(log_level::error) == "error");
  CHECK(to_string(static_cast<log_level>(9)) == "unknown");
}

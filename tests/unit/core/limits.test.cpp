// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/limits.hpp"

#include "support/catch.hpp"

#include <type_traits>

using namespace polywire;
using namespace std::chrono_literals;

TEST_CASE("the default limits are the documented ones") {
  const limits defaults;
  CHECK(defaults.max_message == 4 * 1'048'576);
  CHECK(defaults.max_metadata == 32 * 1'024);
  CHECK(defaults.max_metadata_entries == 128);
  CHECK(defaults.max_json_depth == 64);
  CHECK(defaults.max_protobuf_depth == 100);
  CHECK(defaults.max_calls == 100);
  CHECK(defaults.max_connections == 10'000);
  CHECK(defaults.call_credit == 256 * 1'024);
  CHECK(defaults.connection_credit == 1'048'576);
  CHECK(defaults.handshake_timeout == 10s);
  CHECK(defaults.read_progress_timeout == 30s);
  CHECK(defaults.ping_interval == 30s);
  CHECK(defaults.write_timeout == 10s);
  CHECK(defaults.drain_timeout == 30s);
  CHECK(defaults.connect_timeout == 5s);
  CHECK(defaults.reconnect_min == 1s);
  CHECK(defaults.reconnect_max == 120s);
  CHECK(defaults.max_pool == 32);
  CHECK(defaults.max_streams == 1'024);
  CHECK(defaults.max_queue == 1'000);
  CHECK(defaults.idle_timeout == 120s);
  CHECK(defaults.pool_idle_timeout == 45s);
  CHECK(defaults.max_attempts == 3);
  CHECK(defaults.repeat_budget == 0.2);
}

TEST_CASE("a call's credit fits into its connection's") {
  const limits defaults;
  CHECK(defaults.call_credit <= defaults.connection_credit);
  CHECK(defaults.max_message <= defaults.max_assembly);
}

TEST_CASE("limits are no aggregate, which GCC 12 would destroy twice") {
  STATIC_REQUIRE(!std::is_aggregate_v<limits>);
}

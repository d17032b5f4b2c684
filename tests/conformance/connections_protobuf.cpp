// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "conformance/backends.hpp"
#include "conformance/protobuf_messages.hpp"

#include "polywire/testing/conformance/connections.hpp"
#include "polywire/testing/conformance/faults.hpp"
#include "polywire/testing/conformance/shutdown.hpp"

namespace conformance = polywire::testing::conformance;
using messages = protobuf_messages;

TEMPLATE_LIST_TEST_CASE("connections with protobuf", "[conformance][connections]", backends::all) {
  backends::run(conformance::connections::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("shutting down with protobuf", "[conformance][connections]",
                        backends::all) {
  backends::run(conformance::shutdown::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("broken connections with protobuf", "[conformance][faults]",
                        backends::all) {
  backends::run(conformance::faults::all<messages>, TestType());
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "conformance/with_tls.hpp"

#include "polywire/testing/conformance/connections.hpp"
#include "polywire/testing/conformance/faults.hpp"
#include "polywire/testing/conformance/messages.hpp"
#include "polywire/testing/conformance/shutdown.hpp"

namespace conformance = polywire::testing::conformance;
using messages = conformance::plain_messages;

TEMPLATE_LIST_TEST_CASE("connections with plain structs", "[conformance][connections]",
                        backends::all_and_tls) {
  backends::run(conformance::connections::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("shutting down with plain structs", "[conformance][connections]",
                        backends::all_and_tls) {
  backends::run(conformance::shutdown::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("broken connections with plain structs", "[conformance][faults]",
                        backends::all_and_tls) {
  backends::run(conformance::faults::all<messages>, TestType());
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "conformance/with_tls.hpp"

#include "polywire/testing/conformance/messages.hpp"
#include "polywire/testing/conformance/stream_ends.hpp"
#include "polywire/testing/conformance/stream_flow.hpp"
#include "polywire/testing/conformance/streaming.hpp"

namespace conformance = polywire::testing::conformance;
using messages = conformance::plain_messages;

TEMPLATE_LIST_TEST_CASE("streams with plain structs", "[conformance][streaming]",
                        backends::all_and_tls) {
  backends::run(conformance::streaming::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("ends of streams with plain structs", "[conformance][streaming]",
                        backends::all_and_tls) {
  backends::run(conformance::stream_ends::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("flow of streams with plain structs", "[conformance][streaming]",
                        backends::all_and_tls) {
  backends::run(conformance::stream_flow::all<messages>, TestType());
}

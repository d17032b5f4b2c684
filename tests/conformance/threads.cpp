// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Worth most under the thread sanitizer.
#include "conformance/protobuf_messages.hpp"
#include "conformance/with_tls.hpp"

#include "polywire/testing/conformance/messages.hpp"
#include "polywire/testing/conformance/threads.hpp"

namespace conformance = polywire::testing::conformance;

TEMPLATE_LIST_TEST_CASE("several threads with plain structs", "[conformance][threads]",
                        backends::all_and_tls) {
  backends::run(conformance::threads::all<conformance::plain_messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("several threads with protobuf", "[conformance][threads]", backends::all) {
  backends::run(conformance::threads::all<protobuf_messages>, TestType());
}

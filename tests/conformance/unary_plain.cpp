// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "conformance/with_tls.hpp"

#include "polywire/testing/conformance/cancellation.hpp"
#include "polywire/testing/conformance/deadlines.hpp"
#include "polywire/testing/conformance/messages.hpp"
#include "polywire/testing/conformance/unary_calls.hpp"
#include "polywire/testing/conformance/unary_metadata.hpp"
#include "polywire/testing/conformance/unary_values.hpp"

namespace conformance = polywire::testing::conformance;
using messages = conformance::plain_messages;

TEMPLATE_LIST_TEST_CASE("unary values with plain structs", "[conformance][unary]",
                        backends::all_and_tls) {
  backends::run(conformance::unary_values::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("unary calls with plain structs", "[conformance][unary]",
                        backends::all_and_tls) {
  backends::run(conformance::unary_calls::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("unary metadata with plain structs", "[conformance][unary]",
                        backends::all_and_tls) {
  backends::run(conformance::unary_metadata::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("deadlines with plain structs", "[conformance][deadlines]",
                        backends::all_and_tls) {
  backends::run(conformance::deadlines::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("cancellation with plain structs", "[conformance][cancellation]",
                        backends::all_and_tls) {
  backends::run(conformance::cancellation::all<messages>, TestType());
}

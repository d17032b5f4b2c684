// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "conformance/backends.hpp"
#include "conformance/protobuf_messages.hpp"

#include "polywire/testing/conformance/cancellation.hpp"
#include "polywire/testing/conformance/deadlines.hpp"
#include "polywire/testing/conformance/unary_calls.hpp"
#include "polywire/testing/conformance/unary_metadata.hpp"
#include "polywire/testing/conformance/unary_values.hpp"

namespace conformance = polywire::testing::conformance;
using messages = protobuf_messages;

TEMPLATE_LIST_TEST_CASE("unary values with protobuf", "[conformance][unary]", backends::all) {
  backends::run(conformance::unary_values::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("unary calls with protobuf", "[conformance][unary]", backends::all) {
  backends::run(conformance::unary_calls::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("unary metadata with protobuf", "[conformance][unary]", backends::all) {
  backends::run(conformance::unary_metadata::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("deadlines with protobuf", "[conformance][deadlines]", backends::all) {
  backends::run(conformance::deadlines::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("cancellation with protobuf", "[conformance][cancellation]",
                        backends::all) {
  backends::run(conformance::cancellation::all<messages>, TestType());
}

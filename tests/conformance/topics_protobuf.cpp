// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "conformance/backends.hpp"
#include "conformance/protobuf_messages.hpp"

#include "polywire/testing/conformance/topic_overflow.hpp"
#include "polywire/testing/conformance/topic_resume.hpp"
#include "polywire/testing/conformance/topics.hpp"

namespace conformance = polywire::testing::conformance;
using messages = protobuf_messages;

TEMPLATE_LIST_TEST_CASE("topics with protobuf messages", "[conformance][topics]", backends::all) {
  backends::run(conformance::topics::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("slow subscribers with protobuf messages", "[conformance][topics]",
                        backends::all) {
  backends::run(conformance::topic_overflow::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("subscribers that come back with protobuf messages",
                        "[conformance][topics]", backends::all) {
  backends::run(conformance::topic_resume::all<messages>, TestType());
  backends::run(conformance::topic_resume::over_streams<messages>, TestType());
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "conformance/with_tls.hpp"

#include "polywire/testing/conformance/messages.hpp"
#include "polywire/testing/conformance/topic_overflow.hpp"
#include "polywire/testing/conformance/topic_resume.hpp"
#include "polywire/testing/conformance/topics.hpp"

namespace conformance = polywire::testing::conformance;
using messages = conformance::plain_messages;

TEMPLATE_LIST_TEST_CASE("topics with plain messages", "[conformance][topics]",
                        backends::all_and_tls) {
  backends::run(conformance::topics::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("slow subscribers with plain messages", "[conformance][topics]",
                        backends::all_and_tls) {
  backends::run(conformance::topic_overflow::all<messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("subscribers that come back with plain messages", "[conformance][topics]",
                        backends::all_and_tls) {
  backends::run(conformance::topic_resume::all<messages>, TestType());
  backends::run(conformance::topic_resume::over_streams<messages>, TestType());
}

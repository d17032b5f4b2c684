// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "conformance/protobuf_messages.hpp"
#include "conformance/with_tls.hpp"

#include "polywire/testing/conformance/awaited_interceptors.hpp"
#include "polywire/testing/conformance/interceptors.hpp"
#include "polywire/testing/conformance/messages.hpp"

namespace conformance = polywire::testing::conformance;

TEMPLATE_LIST_TEST_CASE("interceptors with plain structs", "[conformance][interceptors]",
                        backends::all_and_tls) {
  backends::run(conformance::interceptors::all<conformance::plain_messages>, TestType());
  backends::run(conformance::awaited_interceptors::all<conformance::plain_messages>, TestType());
}
TEMPLATE_LIST_TEST_CASE("interceptors with protobuf", "[conformance][interceptors]",
                        backends::all) {
  backends::run(conformance::interceptors::all<protobuf_messages>, TestType());
  backends::run(conformance::awaited_interceptors::all<protobuf_messages>, TestType());
}

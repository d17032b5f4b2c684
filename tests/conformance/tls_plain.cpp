// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "conformance/backends.hpp"

#include "polywire/testing/conformance/connections.hpp"
#include "polywire/testing/conformance/faults.hpp"
#include "polywire/testing/conformance/messages.hpp"
#include "polywire/testing/conformance/stream_flow.hpp"
#include "polywire/testing/conformance/streaming.hpp"
#include "polywire/testing/conformance/topics.hpp"
#include "polywire/testing/conformance/unary_calls.hpp"
#include "polywire/tls.hpp"

#include "support/certificates.hpp"

namespace conformance = polywire::testing::conformance;
using messages = conformance::plain_messages;

namespace {

/// What is between the frames and tcp must not be noticed: sections that would.
struct tls : conformance::environment {
  tls() : environment("tls", [] { return std::string("tls://127.0.0.1:0"); }) {
    static test::authority ca;
    static const test::identity server = ca.issue(test::wish("server"));
    conformance::suite_tls().cert(server.cert).key(server.key).ca(ca.ca());
  }
};

}  // namespace

TEST_CASE("unary calls over TLS", "[conformance][tls]") {
  backends::run(conformance::unary_calls::all<messages>, tls());
}
TEST_CASE("streams over TLS", "[conformance][tls]") {
  backends::run(conformance::streaming::all<messages>, tls());
}
TEST_CASE("flow of streams over TLS", "[conformance][tls]") {
  backends::run(conformance::stream_flow::all<messages>, tls());
}
TEST_CASE("connections over TLS", "[conformance][tls]") {
  backends::run(conformance::connections::all<messages>, tls());
}
TEST_CASE("broken connections over TLS", "[conformance][tls]") {
  backends::run(conformance::faults::all<messages>, tls());
}
TEST_CASE("topics over TLS", "[conformance][tls]") {
  backends::run(conformance::topics::all<messages>, tls());
}

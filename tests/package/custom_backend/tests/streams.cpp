// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "run.hpp"

#include <polywire/testing/conformance/messages.hpp>
#include <polywire/testing/conformance/stream_ends.hpp>
#include <polywire/testing/conformance/stream_flow.hpp>
#include <polywire/testing/conformance/streaming.hpp>
#include <polywire/testing/conformance/topics.hpp>

using messages = conformance::plain_messages;

int main(int argc, char** argv) {
  return run({conformance::streaming::all<messages>, conformance::stream_ends::all<messages>,
              conformance::stream_flow::all<messages>, conformance::topics::all<messages>},
             argc > 1 ? argv[1] : "");
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "run.hpp"

#include <polywire/testing/conformance/cancellation.hpp>
#include <polywire/testing/conformance/deadlines.hpp>
#include <polywire/testing/conformance/messages.hpp>
#include <polywire/testing/conformance/unary_calls.hpp>
#include <polywire/testing/conformance/unary_metadata.hpp>
#include <polywire/testing/conformance/unary_values.hpp>

using messages = conformance::plain_messages;

int main(int argc, char** argv) {
  return run({conformance::unary_values::all<messages>, conformance::unary_calls::all<messages>,
              conformance::unary_metadata::all<messages>, conformance::deadlines::all<messages>,
              conformance::cancellation::all<messages>},
             argc > 1 ? argv[1] : "");
}

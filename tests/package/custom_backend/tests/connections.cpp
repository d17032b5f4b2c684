// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "run.hpp"

#include <polywire/testing/conformance/connections.hpp>
#include <polywire/testing/conformance/faults.hpp>
#include <polywire/testing/conformance/messages.hpp>
#include <polywire/testing/conformance/shutdown.hpp>
#include <polywire/testing/conformance/threads.hpp>

using messages = conformance::plain_messages;

int main(int argc, char** argv) {
  return run({conformance::connections::all<messages>, conformance::shutdown::all<messages>,
              conformance::faults::all<messages>, conformance::threads::all<messages>},
             argc > 1 ? argv[1] : "");
}

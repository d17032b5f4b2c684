// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "faults/support.hpp"

#include "polywire/core/bytes.hpp"
#include "polywire/core/method.hpp"
#include "polywire/testing/conformance/service.hpp"

/// What the tests of faults call, and the names that all of them use.
namespace faults {

namespace pw = polywire;
using pw::outcome;
using pw::status_code;
using pw::text;
using pw::testing::conformance::arrivals;
using pw::testing::conformance::gate;
using pw::testing::conformance::opens_at_exit;
using pw::testing::conformance::patience;
using pw::testing::conformance::quiet_client;
using pw::testing::conformance::quiet_server;
using pw::testing::conformance::running_server;

inline constexpr pw::unary<text, text> echo{"faults.v1.Peer/Echo"};
inline constexpr pw::unary<text, text> hold{"faults.v1.Peer/Hold"};

inline const pw::call_options soon = pw::timeout(patience);

inline void echoes(pw::server& s) {
  s.handle(echo, [](const text& request) { return request; });
}

}  // namespace faults

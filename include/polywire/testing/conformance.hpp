// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/awaited_interceptors.hpp"
#include "polywire/testing/conformance/cancellation.hpp"
#include "polywire/testing/conformance/connections.hpp"
#include "polywire/testing/conformance/deadlines.hpp"
#include "polywire/testing/conformance/faults.hpp"
#include "polywire/testing/conformance/interceptors.hpp"
#include "polywire/testing/conformance/shutdown.hpp"
#include "polywire/testing/conformance/stream_ends.hpp"
#include "polywire/testing/conformance/stream_flow.hpp"
#include "polywire/testing/conformance/streaming.hpp"
#include "polywire/testing/conformance/threads.hpp"
#include "polywire/testing/conformance/topic_overflow.hpp"
#include "polywire/testing/conformance/topic_resume.hpp"
#include "polywire/testing/conformance/topics.hpp"
#include "polywire/testing/conformance/unary_calls.hpp"
#include "polywire/testing/conformance/unary_metadata.hpp"
#include "polywire/testing/conformance/unary_values.hpp"

#include <span>
#include <vector>

/// What must hold on every backend, as scenarios that whoever writes a backend can run:
///
///     namespace conformance = polywire::testing::conformance;
///     conformance::environment mine("line+tcp", [] { return "line+tcp://127.0.0.1:0"; });
///     for (const auto& scenario : conformance::all()) scenario.run(mine);   // throws failure
///
/// A backend that cannot do everything says so by its `capabilities`. The scenarios only use what
/// users of polywire have, and no test framework; the sections' headers can be included one by one
/// where compile time matters.
namespace polywire::inline v1::testing::conformance {

/// Every scenario, for messages of one kind (see `plain_messages`).
template <class Messages = plain_messages>
std::span<const scenario> all() {
  static const std::vector<scenario> every = [] {
    std::vector<scenario> list;
    const std::span<const scenario> sections[] = {
        unary_values::all<Messages>,   unary_calls::all<Messages>,
        unary_metadata::all<Messages>, deadlines::all<Messages>,
        cancellation::all<Messages>,   streaming::all<Messages>,
        stream_ends::all<Messages>,    stream_flow::all<Messages>,
        connections::all<Messages>,    shutdown::all<Messages>,
        faults::all<Messages>,         threads::all<Messages>,
        interceptors::all<Messages>,   awaited_interceptors::all<Messages>,
        topics::all<Messages>,         topic_overflow::all<Messages>,
        topic_resume::all<Messages>,   topic_resume::over_streams<Messages>,
    };
    for (const auto& section : sections) list.insert(list.end(), section.begin(), section.end());
    return list;
  }();
  return every;
}

}  // namespace polywire::inline v1::testing::conformance

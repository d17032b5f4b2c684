// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "benchmark.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace benchmarks {

/// Requests/s that wrk gets answered, on 1 connection and on 64, each with one request at a time,
/// beside the raw server that does the same work. The names end in these numbers. Before each
/// measurement one answer is looked at; in it, all have to be good. Without wrk there are none.
std::vector<benchmark> by_wrk(
    const std::string& name,
    const std::function<void(const std::function<void(std::uint16_t)>& report)>& serve);

}  // namespace benchmarks

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "../benchmark.hpp"

#include <vector>

namespace benchmarks {

/// Each peer's program defines it.
std::vector<benchmark> peer();

}  // namespace benchmarks

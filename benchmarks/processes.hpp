// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>

namespace benchmarks {

/// Runs a server and a client, each in a process and on a processor of its own, and returns what
/// the client measured. The server reports its port and then serves until it is killed.
/// Throws std::runtime_error when one of them fails or hangs; it has said why on stderr.
double run_pair(const std::function<void(const std::function<void(std::uint16_t)>&)>& serve,
                const std::function<double(std::uint16_t port)>& measure);

/// The same for what needs one process only.
double run_alone(const std::function<double()>& measure);

}  // namespace benchmarks

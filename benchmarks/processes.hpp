// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace benchmarks {

/// Runs a server and a client, each in a process and on a processor of its own, and returns what
/// the client measured. The server reports its port and then serves until it is killed.
/// Throws std::runtime_error when one of them fails or hangs; it has said why on stderr.
double run_pair(const std::function<void(const std::function<void(std::uint16_t)>&)>& serve,
                const std::function<double(std::uint16_t port)>& measure);

/// The same for what needs one process only.
double run_alone(const std::function<double()>& measure);

/// Runs a program and returns what it writes on stdout. Throws std::runtime_error when it fails.
std::string output_of(const std::vector<std::string>& command);

/// Keeps the calling thread, and those that it makes, on one processor. Left to the scheduler, two
/// ends share a processor in some rounds and not in others.
void pin_thread(unsigned processor);

}  // namespace benchmarks

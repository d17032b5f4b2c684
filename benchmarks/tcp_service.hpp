// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "service.hpp"

#include <polywire/tcp.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace benchmarks {

inline std::string tcp_url(std::uint16_t port) { return "tcp://127.0.0.1:" + std::to_string(port); }

/// The service over tcp, on one thread, for ever.
inline void serve_tcp(const std::function<void(std::uint16_t)>& report) {
  polywire::server server;
  add_handlers(server);
  report(expect(server.listen("tcp://127.0.0.1:0")).port());
  server.run();
}

}  // namespace benchmarks

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "../work.hpp"

#include <zmq.hpp>

#include <cstdint>
#include <string>

namespace benchmarks {

inline std::uint16_t listen(zmq::socket_t& socket) {
  socket.bind("tcp://127.0.0.1:*");
  const std::string where = socket.get(zmq::sockopt::last_endpoint);
  return static_cast<std::uint16_t>(std::stoi(where.substr(where.rfind(':') + 1)));
}

inline std::string url(std::uint16_t port) { return "tcp://127.0.0.1:" + std::to_string(port); }

template <class Message>
zmq::message_t encode(const Message& message) {
  zmq::message_t encoded(size_of(message));
  write(message, encoded.data());
  return encoded;
}

}  // namespace benchmarks

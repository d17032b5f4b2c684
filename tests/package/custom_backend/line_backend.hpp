// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

/// Makes line://host:port known: lines of text over TCP, one call at a time on a connection.
#include "line_backend/client_session.hpp"
#include "line_backend/server_session.hpp"

#include <polywire/io/tcp_transport.hpp>
#include <polywire/rpc/backend.hpp>

#include <memory>

namespace line_backend {

inline rpc::backend make_protocol() noexcept {
  rpc::backend b;
  b.name = "lines";
  b.formats = polywire::format_set::all();
  b.one_call_per_connection = true;
  b.make_client = [](const rpc::session_config& config) -> std::unique_ptr<rpc::byte_session> {
    return std::make_unique<client_session>(config);
  };
  b.make_server = [](const rpc::session_config& config) -> std::unique_ptr<rpc::byte_session> {
    return std::make_unique<server_session>(config);
  };
  return b;
}

inline const rpc::backend protocol = make_protocol();
inline const rpc::scheme line_scheme{"line", protocol, "tcp"};

}  // namespace line_backend

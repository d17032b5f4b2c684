// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/inproc/client_session.hpp"
#include "polywire/backend/inproc/server_session.hpp"
#include "polywire/rpc/backend.hpp"

#include <memory>

namespace polywire::inline v1::inproc {

inline rpc::backend make_protocol() noexcept {
  rpc::backend b;
  b.name = "inproc";
  b.formats = format_set::all();
  b.refusal = [](call_type) { return std::string_view(); };
  b.make_linked = [](const rpc::session_config& config,
                     rpc::role role) -> std::unique_ptr<rpc::packet_session> {
    if (role == rpc::role::client) return std::make_unique<client_session>(config);
    return std::make_unique<server_session>(config);
  };
  return b;
}

/// Objects instead of bytes, between a client and a server of one process.
inline const rpc::backend protocol = make_protocol();
inline const rpc::scheme inproc_scheme{"inproc", protocol, ""};

}  // namespace polywire::inline v1::inproc

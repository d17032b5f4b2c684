// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/inproc/session.hpp"

#include <memory>

namespace polywire::inline v1::inproc {

inline rpc::backend make_protocol() noexcept {
  rpc::backend b;
  b.name = "inproc";
  b.formats = format_set::all();
  b.make_linked = [](const rpc::session_config& config,
                     rpc::role role) -> std::unique_ptr<rpc::packet_session> {
    return std::make_unique<session>(config, role);
  };
  return b;
}

/// Objects instead of bytes, between a client and a server of one process.
inline const rpc::backend protocol = make_protocol();
inline const rpc::scheme inproc_scheme{"inproc", protocol, ""};

}  // namespace polywire::inline v1::inproc

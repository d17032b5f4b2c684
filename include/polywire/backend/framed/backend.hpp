// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/framed/client_session.hpp"
#include "polywire/backend/framed/server_session.hpp"
#include "polywire/rpc/backend.hpp"

#include <memory>

namespace polywire::inline v1::framed {

inline rpc::backend make_protocol() noexcept {
  rpc::backend b;
  b.name = "frames";
  b.formats = format_set::all();
  b.alpn = "polywire";
  b.server_greets = true;
  b.refusal = [](call_type) { return std::string_view(); };
  b.make_client = [](const rpc::session_config& config) -> std::unique_ptr<rpc::byte_session> {
    return std::make_unique<client_session>(config);
  };
  b.make_server = [](const rpc::session_config& config) -> std::unique_ptr<rpc::byte_session> {
    return std::make_unique<server_session>(config);
  };
  return b;
}

/// Protobuf frames over any stream of bytes.
inline const rpc::backend protocol = make_protocol();

}  // namespace polywire::inline v1::framed

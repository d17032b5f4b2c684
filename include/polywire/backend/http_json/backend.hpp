// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/server_session.hpp"
#include "polywire/backend/http_json/client_session.hpp"
#include "polywire/backend/http_json/server_mount.hpp"
#include "polywire/backend/http_json/settings.hpp"
#include "polywire/rpc/backend.hpp"

#include <memory>
#include <string_view>

namespace polywire::inline v1::http_json {

inline rpc::backend make_protocol() noexcept {
  rpc::backend b;
  b.name = "http";
  b.formats = format_set::all();
  b.alpn = "http/1.1";
  b.one_call_per_connection = true;
  b.keys = url_keys;
  b.read_settings = read_settings;
  b.refusal = [](call_type type) -> std::string_view {
    if (type != call_type::bidi_streaming) return {};
    return "HTTP/1.1 carries one direction after the other: call bidirectional streams over ws:// "
           "or "
           "tcp://";
  };
  b.make_client = [](const rpc::session_config& config) -> std::unique_ptr<rpc::byte_session> {
    return std::make_unique<client_session>(config);
  };
  b.make_server = [](const rpc::session_config& config) -> std::unique_ptr<rpc::byte_session> {
    return std::make_unique<http_carrier::server_session>(config);
  };
  return b;
}

/// The Connect protocol, and what else HTTP/1.1 carries.
inline const rpc::backend protocol = make_protocol();

inline const rpc::scheme http_scheme{"http", protocol, "tcp"};
/// Over TLS, once <polywire/tls.hpp> has made that known.
inline const rpc::scheme https_scheme{"https", protocol, "tls"};

}  // namespace polywire::inline v1::http_json

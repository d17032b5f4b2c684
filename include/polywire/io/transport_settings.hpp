// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/log.hpp"
#include "polywire/io/tls_options.hpp"

#include <string_view>

namespace polywire::inline v1::io {

/// What a transport is told beside the URL by the client or server that is going to use it.
class transport_settings {
 public:
  transport_settings() = default;

  /// It is to accept connections, not to make them.
  bool listens = false;
  tls_options tls;
  log_hook log;
  /// The protocol above it, as TLS negotiates it (ALPN), and whether its server speaks first.
  std::string_view protocol;
  bool server_greets = false;
};

}  // namespace polywire::inline v1::io

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/url_settings.hpp"
#include "polywire/io/transport.hpp"
#include "polywire/rpc/backend.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1::io {

/// Whether a URL of this scheme can be dialled or listened on at all. Errors: `invalid_argument`.
inline status check_transport(const url& target, const rpc::scheme& scheme) {
  if (scheme.protocol().make_linked != nullptr) return {};
  const transport* carrier = transport::find(scheme.transport());
  if (carrier != nullptr) return carrier->check(target);
  return status::invalid_argument("no transport '" + std::string(scheme.transport()) +
                                  "' is known; include its header");
}

/// What a URL says, those of its keys included that its protocol and its transport read by
/// themselves. Errors: `invalid_argument`, as `polywire::read_settings`.
inline result<url_settings> read_settings(const url& target, const rpc::scheme& scheme,
                                          const limits& defaults, rpc::role side) {
  const rpc::backend& protocol = scheme.protocol();
  std::vector<std::string_view> keys(protocol.keys.begin(), protocol.keys.end());
  if (const transport* carrier = transport::find(scheme.transport())) {
    keys.insert(keys.end(), carrier->keys().begin(), carrier->keys().end());
  }
  auto settings = polywire::read_settings(target, defaults, keys);
  if (!settings || protocol.read_settings == nullptr) return settings;
  auto own = protocol.read_settings(target, side);
  if (!own) return own.status();
  settings->protocol = std::move(*own);
  return settings;
}

/// What moves the bytes of a client or endpoint; null where nothing has to. Errors: as
/// `transport::configure`.
inline result<std::shared_ptr<const transport>> configure_transport(const url& target,
                                                                    const rpc::scheme& scheme,
                                                                    transport_settings settings) {
  if (auto usable = check_transport(target, scheme); !usable) return usable;
  if (scheme.protocol().make_linked != nullptr) return std::shared_ptr<const transport>();
  settings.protocol = scheme.protocol().alpn;
  settings.server_greets = scheme.protocol().server_greets;
  return transport::find(scheme.transport())->configure(target, settings);
}

}  // namespace polywire::inline v1::io

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/transport.hpp"
#include "polywire/rpc/backend.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::io {

/// Whether a URL of this scheme can be dialled or listened on at all. Errors: `invalid_argument`.
inline status check_transport(const url& target, const rpc::scheme& scheme) {
  if (scheme.protocol().make_linked != nullptr) return {};
  const transport* carrier = transport::find(scheme.transport());
  if (carrier != nullptr) return carrier->check(target);
  return status::invalid_argument("no transport '" + std::string(scheme.transport()) +
                                  "' is known; include its header");
}

/// The keys of URLs that the transport of this scheme reads by itself.
inline std::span<const std::string_view> keys_of(const rpc::scheme& scheme) noexcept {
  const transport* carrier = transport::find(scheme.transport());
  return carrier != nullptr ? carrier->keys() : std::span<const std::string_view>();
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

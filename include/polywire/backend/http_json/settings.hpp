// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/access.hpp"
#include "polywire/backend/http_json/packing.hpp"
#include "polywire/core/result.hpp"
#include "polywire/core/units.hpp"
#include "polywire/core/url.hpp"
#include "polywire/rpc/session.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::http_json {

/// What the URL of a client says about this protocol.
class client_settings {
 public:
  /// `get=true`: methods that only read are called by GET, which caches understand.
  bool uses_get = false;
  /// `compression=gzip`: every request is compressed. Answers are whenever the server likes.
  packing requests;
};

inline constexpr std::array<std::string_view, 4> url_keys{"compression", "cors", "get", "hosts"};

/// What the URL of a client says is `client_settings`, that of a server
/// `http_carrier::access_rules`. Errors: `invalid_argument` that names the key.
inline result<std::shared_ptr<const void>> read_settings(const url& source, rpc::role side) {
  auto settings = std::make_shared<client_settings>();
  for (const std::string_view key : url_keys) {
    const auto value = source.find(key);
    if (!value) continue;
    const auto bad = [key](const std::string& why) {
      return status::invalid_argument("bad URL: key '" + std::string(key) + "': " + why);
    };
    const bool is_for_servers = key == "cors" || key == "hosts";
    if (is_for_servers != (side == rpc::role::server)) {
      return bad(is_for_servers ? "it is for servers" : "it is for clients");
    }
    if (is_for_servers) continue;
    if (key == "get") {
      const auto parsed = parse_bool(*value);
      if (!parsed) return bad(parsed.status().message());
      settings->uses_get = *parsed;
      continue;
    }
    const auto parsed = read_packing(*value);
    if (!parsed) {
      return bad(parsed.status().message() +
                 (*value == "gzip" ? "; <polywire/gzip.hpp> brings gzip" : ""));
    }
    settings->requests = *parsed;
  }
  if (side == rpc::role::client) return std::shared_ptr<const void>(std::move(settings));
  auto rules = std::make_shared<http_carrier::access_rules>();
  if (auto good = rules->read(source); !good) return good;
  return std::shared_ptr<const void>(std::move(rules));
}

}  // namespace polywire::inline v1::http_json

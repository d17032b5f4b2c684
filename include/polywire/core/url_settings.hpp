// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/limits.hpp"
#include "polywire/core/payload.hpp"
#include "polywire/core/units.hpp"
#include "polywire/core/url.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace polywire::inline v1 {

/// What the query of a URL says about one client or endpoint.
class url_settings {
 public:
  url_settings() {}  // NOLINT(modernize-use-equals-default): no aggregate, see `limits`

  /// The given limits, changed where the URL has a key for them.
  limits bounds;
  /// `timeout=2s`: of calls that have no deadline of their own.
  std::optional<duration> timeout;
  /// `strict=true`: listening fails when a method cannot be offered.
  bool strict = false;
  /// `balance=round_robin`: a connection to each host of the URL, and calls take turns, instead of
  /// one connection to the first host that answers.
  bool round_robin = false;
  /// `format=json` or `format=proto`: how messages that know several formats are sent.
  std::optional<polywire::format> format;
  /// What the protocol has read by itself (`rpc::backend::read_settings`).
  std::shared_ptr<const void> protocol;
};

namespace detail {

class url_key {
 public:
  std::string_view name;
  status (*apply)(url_settings&, std::string_view value);
};

template <auto Field, std::size_t Least = 1,
          std::size_t Most = std::numeric_limits<std::size_t>::max()>
status set_size(url_settings& settings, std::string_view value) {
  using field = std::remove_reference_t<decltype(settings.bounds.*Field)>;
  constexpr auto widest = static_cast<std::size_t>(std::numeric_limits<field>::max());
  const auto parsed = parse_size(value);
  if (!parsed) return parsed.status();
  if (*parsed < Least || *parsed > std::min(Most, widest)) {
    return status::invalid_argument("expected a number from " + std::to_string(Least) + " to " +
                                    std::to_string(std::min(Most, widest)));
  }
  settings.bounds.*Field = static_cast<field>(*parsed);
  return {};
}

template <auto Field, bool ZeroAllowed = false>
status set_duration(url_settings& settings, std::string_view value) {
  const auto parsed = parse_duration(value);
  if (!parsed) return parsed.status();
  if (*parsed == duration::zero() && !ZeroAllowed) {
    return status::invalid_argument("expected a duration above zero");
  }
  settings.bounds.*Field = *parsed;
  return {};
}

inline status set_timeout(url_settings& settings, std::string_view value) {
  const auto parsed = parse_duration(value);
  if (!parsed) return parsed.status();
  if (*parsed == duration::zero()) {
    return status::invalid_argument("expected a duration above zero");
  }
  settings.timeout = *parsed;
  return {};
}

inline status set_strict(url_settings& settings, std::string_view value) {
  const auto parsed = parse_bool(value);
  if (!parsed) return parsed.status();
  settings.strict = *parsed;
  return {};
}

inline status set_balance(url_settings& settings, std::string_view value) {
  settings.round_robin = value == "round_robin";
  if (settings.round_robin || value == "pick_first") return {};
  return status::invalid_argument("expected pick_first or round_robin");
}

inline status set_format(url_settings& settings, std::string_view value) {
  if (value == "json") {
    settings.format = format::json;
  } else if (value == "proto") {
    settings.format = format::protobuf;
  } else {
    return status::invalid_argument("expected json or proto");
  }
  return {};
}

// A message is held as one run of bytes whose size protobuf keeps in an int.
inline constexpr std::size_t largest_message = std::numeric_limits<std::int32_t>::max();

inline constexpr std::array<url_key, 23> url_keys{{
    {"attempts", set_size<&limits::max_attempts, 1, 100>},
    {"balance", set_balance},
    {"call_credit", set_size<&limits::call_credit, 1, largest_message>},
    {"connect_timeout", set_duration<&limits::connect_timeout>},
    {"connection_credit", set_size<&limits::connection_credit, 1, largest_message>},
    {"drain_timeout", set_duration<&limits::drain_timeout, true>},
    {"format", set_format},
    {"handshake_timeout", set_duration<&limits::handshake_timeout>},
    {"idle", set_duration<&limits::idle_timeout>},
    {"max_calls", set_size<&limits::max_calls>},
    {"max_connections", set_size<&limits::max_connections>},
    {"max_message", set_size<&limits::max_message, 1, largest_message>},
    {"max_metadata", set_size<&limits::max_metadata, 0, largest_message>},
    {"ping", set_duration<&limits::ping_interval>},
    {"pool", set_size<&limits::max_pool>},
    {"pool_idle", set_duration<&limits::pool_idle_timeout>},
    {"queue", set_size<&limits::max_queue, 0>},
    {"reconnect_max", set_duration<&limits::reconnect_max>},
    {"reconnect_min", set_duration<&limits::reconnect_min>},
    {"streams", set_size<&limits::max_streams>},
    {"strict", set_strict},
    {"timeout", set_timeout},
    {"write_timeout", set_duration<&limits::write_timeout>},
}};

/// How many letters have to change to make one of the other.
inline std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t above = row[j + 1];
      row[j + 1] = std::min({above + 1, row[j] + 1, diagonal + (a[i] == b[j] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row.back();
}

inline status unknown_url_key(std::string_view key, std::span<const std::string_view> others) {
  std::string near;
  std::string all;
  const auto consider = [&](std::string_view known) {
    all.append(all.empty() ? "" : ", ").append(known);
    const bool part = key.size() >= 3 && (known.find(key) != std::string_view::npos ||
                                          key.find(known) != std::string_view::npos);
    if (part || edit_distance(key, known) <= 2) {
      near.append(near.empty() ? "" : " or ").append(known);
    }
  };
  for (const url_key& known : url_keys) consider(known.name);
  for (const std::string_view known : others) consider(known);
  return status::invalid_argument(
      "bad URL: unknown key '" + std::string(key) + "'; " +
      (near.empty() ? "there are " + all : "did you mean " + near + "?"));
}

}  // namespace detail

/// Reads the query of a URL. `others` are the keys that the caller reads by itself, such as the
/// files of TLS.
///
/// Errors: `invalid_argument` that names the key and what is expected, never the value; an unknown
/// key with the known ones that look like it.
inline result<url_settings> read_settings(const url& source, const limits& defaults = limits(),
                                          std::span<const std::string_view> others = {}) {
  url_settings settings;
  settings.bounds = defaults;
  for (const std::string_view key : source.keys()) {
    if (std::find(others.begin(), others.end(), key) != others.end()) continue;
    const auto* known = std::find_if(detail::url_keys.begin(), detail::url_keys.end(),
                                     [&](const auto& candidate) { return candidate.name == key; });
    if (known == detail::url_keys.end()) return detail::unknown_url_key(key, others);
    if (auto done = known->apply(settings, *source.find(key)); !done) {
      return status::invalid_argument("bad URL: key '" + std::string(key) + "': " + done.message());
    }
  }
  if (settings.bounds.reconnect_min > settings.bounds.reconnect_max) {
    return status::invalid_argument("bad URL: reconnect_min is longer than reconnect_max");
  }
  return settings;
}

}  // namespace polywire::inline v1

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/base64.hpp"
#include "polywire/core/limits.hpp"
#include "polywire/core/metadata.hpp"
#include "polywire/core/status.hpp"
#include "polywire/wire/http1/fields.hpp"
#include "polywire/wire/http1/head_writer.hpp"

#include <array>
#include <string>
#include <string_view>

/// Metadata as HTTP fields, both ways. Binary values travel as base64, as with gRPC and Connect.
namespace polywire::inline v1::http_json {

/// Fields that belong to HTTP or to the protocol over it, and are no metadata.
inline bool is_protocol_field(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 18> names{"accept",
                                                          "accept-encoding",
                                                          "allow",
                                                          "connection",
                                                          "content-encoding",
                                                          "content-length",
                                                          "content-type",
                                                          "date",
                                                          "expect",
                                                          "host",
                                                          "keep-alive",
                                                          "proxy-connection",
                                                          "retry-after",
                                                          "te",
                                                          "trailer",
                                                          "transfer-encoding",
                                                          "upgrade",
                                                          "vary"};
  for (const std::string_view known : names) {
    if (wire::http1::detail::same_ignoring_case(known, name)) return true;
  }
  return false;
}

/// The prefix of trailing metadata in an answer that has no place for trailers.
inline constexpr std::string_view trailer_prefix = "trailer-";

/// Adds a field to the metadata. What is no metadata (an odd name, a value that is not ASCII) is
/// passed over: anybody on the way may add fields.
/// Errors: `resource_exhausted` above the limits, `invalid_argument` for malformed base64.
inline status read_field(std::string_view name, std::string_view value, const limits& bounds,
                         metadata& out) {
  std::string decoded;
  if (name.size() > 4 &&
      wire::http1::detail::same_ignoring_case(name.substr(name.size() - 4), "-bin")) {
    if (!decode_base64(value, decoded)) {
      return status::invalid_argument("the value of metadata key '" +
                                      polywire::detail::shown(name, 64) + "' is not base64");
    }
    value = decoded;
  }
  const bool too_many = out.count() >= bounds.max_metadata_entries;
  const bool too_large = out.size() + name.size() + value.size() > bounds.max_metadata;
  if ((too_many || too_large) && metadata().add(name, value).ok()) {
    return status::resource_exhausted(
        too_many ? "more than " + std::to_string(bounds.max_metadata_entries) +
                       " metadata entries (limits::max_metadata_entries)"
                 : "metadata of more than " + std::to_string(bounds.max_metadata) +
                       " bytes (limits::max_metadata)");
  }
  (void)out.add(name, value);
  return {};
}

/// The metadata of a message's head. With `trailing`, fields with the prefix go there.
inline status read_fields(const wire::http1::field_list& fields, const limits& bounds,
                          metadata& out, metadata* trailing = nullptr) {
  constexpr std::size_t prefix = trailer_prefix.size();
  for (const auto& [name, value] : fields) {
    if (is_protocol_field(name)) continue;
    const bool trails = name.size() > prefix && wire::http1::detail::same_ignoring_case(
                                                    name.substr(0, prefix), trailer_prefix);
    if (trails && trailing == nullptr) continue;
    auto done = trails ? read_field(name.substr(prefix), value, bounds, *trailing)
                       : read_field(name, value, bounds, out);
    if (!done) return done;
  }
  return {};
}

/// Whether metadata may be sent over HTTP at all.
inline status check_metadata(const metadata& m, const limits& bounds) {
  if (m.empty()) return {};
  if (m.size() > bounds.max_metadata || m.count() > bounds.max_metadata_entries) {
    return status::resource_exhausted("the metadata is above limits::max_metadata");
  }
  for (const auto& [key, value] : m) {
    if (is_protocol_field(key)) {
      return status::invalid_argument("metadata key '" + key + "' is a field of HTTP itself");
    }
    if (!metadata::is_binary_key(key) && value != wire::http1::detail::trim(value)) {
      return status::invalid_argument("the value of metadata key '" + key +
                                      "' begins or ends with a blank, which HTTP drops; use a key "
                                      "that ends in '-bin'");
    }
  }
  return {};
}

/// Writes metadata that was checked.
inline void write_metadata(const metadata& m, std::string_view prefix,
                           wire::http1::field_writer& out) {
  std::string name;
  for (const auto& [key, value] : m) {
    name.assign(prefix).append(key);
    if (metadata::is_binary_key(key)) {
      (void)out.field(name, to_base64(as_bytes(value), base64_form::unpadded));
    } else {
      (void)out.field(name, value);
    }
  }
}

/// Names what the body is.
inline void write_content_type(wire::http1::head_writer& head, format encoding, bool streaming) {
  switch (encoding) {
    case format::protobuf:
      return streaming ? head.field("content-type: application/connect+proto\r\n")
                       : head.field("content-type: application/proto\r\n");
    case format::json:
      return streaming ? head.field("content-type: application/connect+json\r\n")
                       : head.field("content-type: application/json\r\n");
    case format::text:
      return streaming ? head.field("content-type: application/connect+text\r\n")
                       : head.field("content-type: application/text\r\n");
    case format::bytes:
      return streaming ? head.field("content-type: application/connect+bytes\r\n")
                       : head.field("content-type: application/bytes\r\n");
  }
}

}  // namespace polywire::inline v1::http_json

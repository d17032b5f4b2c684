// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/status.hpp"

#include <cstddef>
#include <optional>
#include <string_view>

namespace polywire::inline v1::wire::connect {

/// The name in an error's JSON: ours, but for "canceled". There is none for `ok`, which is no
/// error.
constexpr std::string_view code_name(status_code code) noexcept {
  return code == status_code::cancelled ? std::string_view("canceled") : to_string(code);
}

/// Nothing for what is no error code of Connect ("ok" and "cancelled" among it): the caller then
/// goes by the HTTP status.
constexpr std::optional<status_code> parse_code(std::string_view name) noexcept {
  for (std::size_t i = 1; i < status_code_count; ++i) {
    const auto code = static_cast<status_code>(i);
    if (code_name(code) == name) return code;
  }
  return std::nullopt;
}

/// The HTTP status of a unary answer. Connect protocol, "Error codes".
constexpr int http_status(status_code code) noexcept {
  switch (code) {
    case status_code::ok: return 200;
    case status_code::cancelled: return 499;
    case status_code::unknown: return 500;
    case status_code::invalid_argument: return 400;
    case status_code::deadline_exceeded: return 504;
    case status_code::not_found: return 404;
    case status_code::already_exists: return 409;
    case status_code::permission_denied: return 403;
    case status_code::resource_exhausted: return 429;
    case status_code::failed_precondition: return 400;
    case status_code::aborted: return 409;
    case status_code::out_of_range: return 400;
    case status_code::unimplemented: return 501;
    case status_code::internal: return 500;
    case status_code::unavailable: return 503;
    case status_code::data_loss: return 500;
    case status_code::unauthenticated: return 401;
  }
  return 500;
}

/// What an HTTP status other than 200 means when no error of Connect comes with it: most likely a
/// proxy speaks, hence this is not the inverse. Connect protocol, "HTTP to Error Code".
constexpr status_code code_from_http(int http) noexcept {
  switch (http) {
    case 400: return status_code::internal;
    case 401: return status_code::unauthenticated;
    case 403: return status_code::permission_denied;
    case 404: return status_code::unimplemented;
    case 429:
    case 502:
    case 503:
    case 504: return status_code::unavailable;
    default: return status_code::unknown;
  }
}

}  // namespace polywire::inline v1::wire::connect

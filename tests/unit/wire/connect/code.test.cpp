// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/connect/code.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <string_view>

namespace wc = polywire::wire::connect;
using polywire::status_code;

TEST_CASE("every code has Connect's name and its HTTP status") {
  struct row {
    status_code code;
    std::string_view name;
    int http;
  };
  const row table[] = {
      {status_code::cancelled, "canceled", 499},
      {status_code::unknown, "unknown", 500},
      {status_code::invalid_argument, "invalid_argument", 400},
      {status_code::deadline_exceeded, "deadline_exceeded", 504},
      {status_code::not_found, "not_found", 404},
      {status_code::already_exists, "already_exists", 409},
      {status_code::permission_denied, "permission_denied", 403},
      {status_code::resource_exhausted, "resource_exhausted", 429},
      {status_code::failed_precondition, "failed_precondition", 400},
      {status_code::aborted, "aborted", 409},
      {status_code::out_of_range, "out_of_range", 400},
      {status_code::unimplemented, "unimplemented", 501},
      {status_code::internal, "internal", 500},
      {status_code::unavailable, "unavailable", 503},
      {status_code::data_loss, "data_loss", 500},
      {status_code::unauthenticated, "unauthenticated", 401},
  };
  CHECK(std::size(table) + 1 == polywire::status_code_count);
  for (const row& r : table) {
    CAPTURE(r.name);
    CHECK(wc::code_name(r.code) == r.name);
    CHECK(wc::parse_code(r.name) == r.code);
    CHECK(wc::http_status(r.code) == r.http);
  }
  CHECK(wc::http_status(status_code::ok) == 200);
}

TEST_CASE("what is no error code of Connect is none") {
  for (const std::string_view name :
       {"", "ok", "cancelled", "Canceled", "CANCELED", "foobar", "1", "internal ", "intern"}) {
    CAPTURE(name);
    CHECK_FALSE(wc::parse_code(name).has_value());
  }
  CHECK_FALSE(wc::parse_code(std::string_view("internal\0", 9)).has_value());
}

TEST_CASE("an HTTP status without an error of Connect has a code") {
  for (int http = -1; http < 1000; ++http) {
    CAPTURE(http);
    status_code expected = status_code::unknown;
    if (http == 400) expected = status_code::internal;
    if (http == 401) expected = status_code::unauthenticated;
    if (http == 403) expected = status_code::permission_denied;
    if (http == 404) expected = status_code::unimplemented;
    if (http == 429 || (http >= 502 && http <= 504)) expected = status_code::unavailable;
    CHECK(wc::code_from_http(http) == expected);
  }
}

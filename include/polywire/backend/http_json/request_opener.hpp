// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/gate.hpp"
#include "polywire/backend/http_carrier/problem_details.hpp"
#include "polywire/backend/http_json/fields.hpp"
#include "polywire/wire/connect/timeout.hpp"

#include <memory>
#include <string_view>

namespace polywire::inline v1::http_json {

/// A request whose head has come, and what all do who open an exchange for one.
class request_opener {
 public:
  request_opener(const http_carrier::request& r, http_carrier::exchange_port& port) noexcept
      : head_(*r.head), target_(*r.target), port_(port) {}

 protected:
  status read_head(rpc::call_head& call) {
    if (const auto version = head_.fields.get("connect-protocol-version");
        version && *version != "1") {
      return status::invalid_argument("connect-protocol-version is not 1");
    }
    if (const auto timeout = head_.fields.get("connect-timeout-ms")) {
      const auto parsed = wire::connect::parse_timeout(*timeout);
      if (!parsed) return parsed.status();
      call.deadline = after(port_.now, *parsed);
    }
    return read_fields(head_.fields, *port_.limits, metadata_);
  }

  std::unique_ptr<http_carrier::exchange> refuse(unsigned status, std::string_view why,
                                                 http_carrier::named_texts fields = {},
                                                 std::string_view code = {}) {
    if (head_.expects_continue) port_.close_after();
    if (code.empty()) {
      answer_problem(port_, status, why, {}, fields);
    } else {
      answer_problem(port_, status, why, {{"code", code}, {"message", why}},
                     {{"polywire-outcome", "rejected"}});
    }
    return std::make_unique<http_carrier::answered>();
  }

  // RFC 9110 9.3.7.
  std::unique_ptr<http_carrier::exchange> answer_options(std::string_view allowed) {
    if (head_.method != "OPTIONS") return nullptr;
    auto head = port_.begin(204);
    if (!allowed.empty()) (void)head.field("allow", allowed);
    head.finish();
    port_.complete();
    return std::make_unique<http_carrier::answered>();
  }

  const wire::http1::request_head& head_;
  const wire::http1::target& target_;
  http_carrier::exchange_port& port_;
  metadata metadata_;
};

}  // namespace polywire::inline v1::http_json

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/exchange.hpp"
#include "polywire/backend/http_carrier/mount.hpp"
#include "polywire/backend/http_carrier/problem_details.hpp"
#include "polywire/core/utf8.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace polywire::inline v1::http_carrier {

/// An exchange that was answered as soon as its head had come.
class answered final : public exchange {
 public:
  void on_body_end() override {}
};

/// Opens the exchange that a request asks for, if it may be asked for at all; null: nobody takes
/// it.
inline std::unique_ptr<exchange> open_exchange(const request& r, exchange_port& port) {
  if (port.access == nullptr) return mount::find(r, port);
  const access_rules& rules = *port.access;
  const wire::http1::request_head& head = *r.head;
  port.add_fields(rules.fields_for(head));
  const auto refuse = [&](unsigned status, const std::string& why) {
    if (head.expects_continue) port.close_after();
    answer_problem(port, status, why, {{"code", "permission_denied"}, {"message", why}},
                   {{"polywire-outcome", "rejected"}});
    return std::make_unique<answered>();
  };
  if (!rules.is_host(head.host)) {  // RFC 9110 15.5.20
    return refuse(421, "this server does not answer for the host '" +
                           polywire::detail::shown(head.host, 64) +
                           "'; the key 'hosts' of the URL that it listens on names those it does");
  }
  if (rules.is_preflight(head)) {
    port.add_fields(rules.fields_for(head) + access_rules::preflight_fields(head));
    port.begin(204).finish();
    port.complete();
    return std::make_unique<answered>();
  }
  // RFC 9110 9.2.1: the others change nothing. Whether the page may see their answers is the
  // browser's to decide, by the fields of the answer.
  const bool is_safe = head.method == "GET" || head.method == "HEAD" || head.method == "OPTIONS";
  if (!is_safe && !rules.is_from_friend(head)) {
    return refuse(403,
                  "pages of other origins may not use this server; the key 'cors' of the URL that "
                  "it listens on names those that may");
  }
  return mount::find(r, port);
}

}  // namespace polywire::inline v1::http_carrier

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_json/publish_exchange.hpp"
#include "polywire/backend/http_json/server_exchange.hpp"
#include "polywire/wire/http1/body_writer.hpp"
#include "polywire/wire/http1/head_writer.hpp"

#include <string_view>

namespace polywire::inline v1::http_json {

/// Where load balancers and supervisors ask how a server is.
inline constexpr std::string_view health_path = "/healthz";
/// What answers them, where it is served (see health.hpp).
inline constexpr std::string_view health_method = "grpc.health.v1.Health/Check";
inline constexpr std::string_view serving = "{\"status\":\"SERVING\"}";

/// 200 for a server that serves, else 503; the text says which.
inline void answer_health(http_carrier::exchange_port& port, std::string_view text) {
  auto head = port.begin(text == serving ? 200 : 503);
  head.field("content-type: application/json\r\n");
  head.field("cache-control: no-store\r\n");
  wire::http1::body_writer body(head);
  port.output().append(text);
  port.to_head ? body.finish_without_body() : body.finish();
  port.complete();
}
inline void answer_health(http_carrier::exchange_port& port) {
  answer_health(port, port.draining ? std::string_view("{\"status\":\"NOT_SERVING\"}") : serving);
}

/// The same by way of the health service: a call like any other, so that interceptors see it.
class health_exchange final : public server_exchange {
 public:
  using server_exchange::server_exchange;

  void on_body_end() override {
    if (sink_ != nullptr) sink_->on_message(incoming(format::json, as_bytes("{}")), true);
  }

 private:
  void finish(const outgoing* last, const status& how, const metadata&, bool rejected) override {
    if (port_->draining) return answer_health(*port_);
    buffer text;
    status said = how;
    if (said.ok() && last != nullptr) said = last->encode(text);
    if (!said.ok()) return answer_status(*port_, said, rejected);
    answer_health(*port_, as_text(text.view()));
  }
};

}  // namespace polywire::inline v1::http_json

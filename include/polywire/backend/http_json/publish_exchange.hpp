// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/problem_details.hpp"
#include "polywire/backend/http_json/server_exchange.hpp"
#include "polywire/wire/connect/code.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace polywire::inline v1::http_json {

/// Answers with problem details that say a status, for what is not Connect's.
inline void answer_status(http_carrier::exchange_port& port, const status& how, bool rejected,
                          unsigned http_status = 0) {
  if (http_status == 0) {
    http_status = static_cast<unsigned>(wire::connect::http_status(how.code()));
  }
  const http_carrier::named_texts members = {{"code", wire::connect::code_name(how.code())},
                                             {"message", how.message()}};
  if (rejected) {
    http_carrier::answer_problem(port, http_status, how.message(), members,
                                 {{"polywire-outcome", "rejected"}});
  } else {
    http_carrier::answer_problem(port, http_status, how.message(), members);
  }
}

/// `POST /topics/<topic>`: the body is the event's message. CloudEvents' binary mode: `ce-` fields
/// may say more, of which the key (`ce-partitionkey`) matters here.
class publish_exchange final : public server_exchange {
 public:
  publish_exchange(http_carrier::exchange_port& port, format encoding)
      : server_exchange(port), encoding_(encoding) {}

  std::uint64_t max_body() const noexcept override { return port_->limits->max_message; }
  void on_body(bytes_view data) override { body_.append(data, max_body()); }
  void on_body_end() override {
    if (sink_ != nullptr) sink_->on_message(incoming(encoding_, body_.view()), true);
  }
  bool on_body_problem(const wire::http1::problem& problem) override {
    http_status_ = problem.status;
    fail(problem.status == 413
             ? status::resource_exhausted("the event has more than " +
                                          std::to_string(port_->limits->max_message) +
                                          " bytes (limits::max_message)")
             : status::invalid_argument(problem.text),
         true);
    return true;
  }

 private:
  void finish(const outgoing*, const status& how, const metadata& trailing,
              bool rejected) override {
    if (!how.ok()) return answer_status(*port_, how, rejected, http_status_);
    auto head = port_->begin(204);
    if (check_metadata(initial_, *port_->limits).ok()) write_metadata(initial_, {}, head);
    if (check_metadata(trailing, *port_->limits).ok()) {
      write_metadata(trailing, trailer_prefix, head);
    }
    head.finish();
    port_->complete();
  }

  format encoding_;
  unsigned http_status_ = 0;
  buffer body_;
};

}  // namespace polywire::inline v1::http_json

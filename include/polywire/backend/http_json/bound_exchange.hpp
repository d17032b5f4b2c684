// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_json/publish_exchange.hpp"
#include "polywire/backend/http_json/request_binder.hpp"
#include "polywire/backend/http_json/server_exchange.hpp"
#include "polywire/wire/http1/body_writer.hpp"
#include "polywire/wire/http1/head_writer.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::http_json {

/// A call with one request, which is bound together from the URL and the body.
class bound_exchange : public server_exchange {
 public:
  /// `body`: what the body is, as in `rpc::route::body`.
  bound_exchange(http_carrier::exchange_port& port, request_binder&& binder, std::string_view body)
      : server_exchange(port), binder_(std::move(binder)), body_field_(body) {}

  std::uint64_t max_body() const noexcept override {
    return body_field_.empty() ? 0 : port_->limits->max_message;
  }
  void on_body(bytes_view data) override { body_.append(data, max_body()); }
  void on_body_end() override {
    if (sink_ == nullptr) return;
    if (!body_.view().empty()) {
      if (auto bound = binder_.bind_body(body_.view(), body_field_); !bound) {
        return fail(bound, true);
      }
    }
    buffer request;
    binder_.write(request);
    sink_->on_message(incoming(format::json, request.view()), true);
  }
  bool on_body_problem(const wire::http1::problem& problem) override {
    if (problem.status != 413) {
      http_status_ = problem.status;
      fail(status::invalid_argument(problem.text), true);
    } else if (body_field_.empty()) {
      fail(status::invalid_argument("nothing is expected in the body here"), true);
    } else {
      http_status_ = problem.status;
      fail(status::resource_exhausted("the body has more than " +
                                      std::to_string(port_->limits->max_message) +
                                      " bytes (limits::max_message)"),
           true);
    }
    return true;
  }

 protected:
  void answer_error(const status& how, bool rejected) {
    answer_status(*port_, how, rejected, http_status_);
  }

 private:
  request_binder binder_;
  std::string body_field_;
  buffer body_;
  unsigned http_status_ = 0;
};

/// A unary call by a route: JSON, or problem details.
class route_exchange final : public bound_exchange {
 public:
  using bound_exchange::bound_exchange;

 private:
  void finish(const outgoing* last, const status& how, const metadata& trailing,
              bool rejected) override {
    status said = how;
    if (said.ok()) said = check_metadata(initial_, *port_->limits);
    if (said.ok()) said = check_metadata(trailing, *port_->limits);
    if (said.ok()) said = write_reply(last, trailing);
    if (said.ok()) return;
    if (how.ok()) said = status::internal("the reply cannot be sent: " + said.message());
    answer_error(said, rejected);
  }

  status write_reply(const outgoing* message, const metadata& trailing) {
    auto head = port_->begin(200);
    head.field("content-type: application/json\r\n");
    write_metadata(initial_, {}, head);
    write_metadata(trailing, trailer_prefix, head);
    wire::http1::body_writer body(head, 100);
    if (message != nullptr) {
      if (auto done = message->encode(port_->output()); !done) {
        port_->take_back();
        return done;
      }
    }
    port_->to_head ? body.finish_without_body() : body.finish();
    port_->complete();
    return {};
  }
};

}  // namespace polywire::inline v1::http_json

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_json/bound_exchange.hpp"
#include "polywire/backend/http_json/event_output.hpp"
#include "polywire/backend/http_json/event_stream.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::http_json {

/// A server-streaming call as server-sent events, for those who know no envelopes: each message is
/// an event with its number as id, `end` with the status is the last one. It has a number, too: a
/// browser that has none would make the call again, whenever a stream without messages has ended.
class events_exchange final : public bound_exchange {
 public:
  events_exchange(http_carrier::exchange_port& port, request_binder&& binder, std::string_view body)
      : bound_exchange(port, std::move(binder), body), events_(port) {
    events_.put_off();
  }

  bool outlives_client_end() const noexcept override { return false; }

  result<rpc::sent> send(const outgoing& message, bool) override {
    message_.clear();
    if (auto done = message.encode(message_); !done) return done;
    if (auto good = begin(); !good) return good;
    events_.write([&](buffer& out) {
      append_message_event(std::to_string(++sent_), format::json, message_, out);
    });
    return rpc::sent::done;
  }
  void on_room() override {
    if (sink_ != nullptr) sink_->on_sent();
  }

  time_point next_timer() const noexcept override { return over_ ? never : events_.next_comment(); }
  void on_timer() override {
    if (begin()) events_.comment();
  }

 private:
  status begin() {
    if (port_->begun()) return {};
    if (auto good = check_metadata(initial_, *port_->limits); !good) {
      initial_ = metadata();
      return status::internal("the metadata of the reply cannot be sent: " + good.message());
    }
    events_.begin([this](wire::http1::head_writer& head) { write_metadata(initial_, {}, head); });
    return {};
  }

  void finish(const outgoing*, const status& how, const metadata&, bool rejected) override {
    status said = how;
    if (said.ok()) said = begin();
    if (!port_->begun()) return answer_error(said, rejected);
    events_.write([&](buffer& out) { append_end_event(said, out, std::to_string(sent_ + 1)); });
    events_.finish();
  }

  event_output events_;
  std::uint64_t sent_ = 0;
  buffer message_;
};

}  // namespace polywire::inline v1::http_json

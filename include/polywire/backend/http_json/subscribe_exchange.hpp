// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_json/event_output.hpp"
#include "polywire/backend/http_json/event_stream.hpp"
#include "polywire/backend/http_json/publish_exchange.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace polywire::inline v1::http_json {

/// `GET /topics/<topic or pattern>`: server-sent events until somebody ends it.
class subscribe_exchange final : public server_exchange {
 public:
  /// `has_id`: the subscriber says behind which event it goes on.
  subscribe_exchange(http_carrier::exchange_port& port, format encoding, bool has_id)
      : server_exchange(port), encoding_(encoding), has_id_(has_id), events_(port) {}

  void on_body_end() override {
    if (sink_ != nullptr) sink_->on_half_close();
  }
  bool outlives_client_end() const noexcept override { return false; }

  void confirm(const subscribe_position& begin) override {
    events_.begin([&](wire::http1::head_writer& head) {
      (void)head.field(position_field, begin.after.to_string());
      (void)head.field(sequence_field, std::to_string(begin.sequence));
      if (check_metadata(initial_, *port_->limits).ok()) write_metadata(initial_, {}, head);
    });
    epoch_ = begin.after.epoch();
    if (has_id_) return;
    // A browser sees no fields. Without an id it would miss what comes while it comes back, if it
    // has to do that before the first event.
    events_.write([&](buffer& out) { (void)wire::sse::append_id(out, begin.after.to_string()); });
  }

  result<rpc::sent> send(const outgoing& message, bool) override {
    const event_head& event = *message.event();
    message_.clear();
    if (auto done = message.encode(message_); !done) return done;
    if (encoding_ == format::text && !is_utf8(as_text(message_.view()))) {
      return status::invalid_argument("the event's text is not UTF-8");
    }
    events_.write([&](buffer& out) {
      if (!event.lost_before.none()) append_loss_event(event.lost_before, out);
      if (!event.topic.empty() || !event.key.empty()) append_about_event(event, out);
      append_message_event(event_id(epoch_, event.offset).to_string(), encoding_, message_, out);
    });
    return rpc::sent::done;
  }
  void on_room() override {
    if (sink_ != nullptr) sink_->on_sent();
  }

  time_point next_timer() const noexcept override { return over_ ? never : events_.next_comment(); }
  void on_timer() override { events_.comment(); }

 private:
  void finish(const outgoing*, const status& how, const metadata&, bool rejected) override {
    if (!port_->begun()) return answer_status(*port_, how, rejected);
    events_.write([&](buffer& out) { append_end_event(how, out); });
    events_.finish();
  }

  format encoding_;
  bool has_id_;
  std::uint64_t epoch_ = 0;
  event_output events_;
  buffer message_;
};

}  // namespace polywire::inline v1::http_json

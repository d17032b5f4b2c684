// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/exchange.hpp"
#include "polywire/wire/http1/body_writer.hpp"
#include "polywire/wire/http1/head_writer.hpp"
#include "polywire/wire/sse/writer.hpp"

#include <chrono>
#include <optional>

namespace polywire::inline v1::http_json {

/// The response that server-sent events go into, and the comments that show it is alive.
class event_output {
 public:
  explicit event_output(http_carrier::exchange_port& port) noexcept : port_(&port) {}

  /// `add_fields` is called with the head.
  template <class AddFields>
  void begin(AddFields add_fields) {
    if (!port_->may_chunk) port_->end_with_connection();
    auto head = port_->begin(200);
    head.field("content-type: text/event-stream\r\n");
    head.field("cache-control: no-store\r\n");
    head.field("x-accel-buffering: no\r\n");  // for proxies that would wait for more
    add_fields(head);
    if (port_->may_chunk) {
      head.finish_chunked();
    } else {
      head.finish();  // `end_with_connection` has said what ends it
    }
    put_off();
  }
  /// `append` is called with the output.
  template <class Append>
  void write(Append append) {
    std::optional<wire::http1::chunk_writer> part;
    if (port_->may_chunk) part.emplace(port_->output());
    append(port_->output());
    if (part) part->finish();
    put_off();
  }
  void finish() {
    if (port_->may_chunk) wire::http1::finish_chunks(port_->output());
    port_->complete();
  }

  /// When `comment` is to be called.
  time_point next_comment() const noexcept { return next_comment_; }
  void comment() {
    write([](buffer& out) { wire::sse::append_comment(out); });
  }
  /// The next one is due in a while from now.
  void put_off() noexcept { next_comment_ = after(port_->now, pause); }

 private:
  // HTML 9.2.7: proxies close what is silent for longer.
  static constexpr duration pause = std::chrono::seconds(15);

  http_carrier::exchange_port* port_;
  time_point next_comment_ = never;
};

}  // namespace polywire::inline v1::http_json

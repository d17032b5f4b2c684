// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_json/end_of_stream.hpp"
#include "polywire/backend/http_json/message_reader.hpp"
#include "polywire/backend/http_json/server_exchange.hpp"
#include "polywire/wire/connect/envelope.hpp"
#include "polywire/wire/http1/body_writer.hpp"
#include "polywire/wire/http1/head_writer.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace polywire::inline v1::http_json {

/// A streaming call of the Connect protocol: envelopes both ways, the last one of the answer says
/// how it ended. The HTTP status is 200 whatever happens.
class stream_exchange final : public server_exchange {
 public:
  /// `requests`: how they are packed; `answers`: how the client lets answers be.
  stream_exchange(http_carrier::exchange_port& port, format encoding, packing requests,
                  packing answers)
      : server_exchange(port),
        encoding_(encoding),
        answers_(answers),
        requests_(port.limits->max_message, requests, 0) {}

  std::uint64_t max_body() const noexcept override {
    return std::numeric_limits<std::uint64_t>::max();
  }
  void on_body(bytes_view data) override {
    wire::connect::envelope next;
    for (;;) {
      switch (requests_.read(data, next)) {
        case wire::connect::envelope_state::need_more: return;
        case wire::connect::envelope_state::error: return fail(requests_.problem());
        case wire::connect::envelope_state::complete: break;
      }
      if (sink_ == nullptr) continue;
      const std::size_t cost = next.message.size() + wire::connect::envelope_head_size;
      unread_ += cost;
      sink_->on_message(incoming(encoding_, next.message, cost), false);
    }
  }
  void on_body_end() override {
    if (auto whole = requests_.finish(); !whole) return fail(whole);
    if (sink_ != nullptr) sink_->on_half_close();
  }
  bool wants_body() const noexcept override { return unread_ < port_->limits->call_credit; }
  void consumed(std::size_t cost) override { unread_ -= cost; }
  bool on_body_problem(const wire::http1::problem& problem) override {
    fail(status::invalid_argument(problem.text));
    return true;
  }
  bool outlives_client_end() const noexcept override { return false; }

  result<rpc::sent> send(const outgoing& message, bool) override {
    if (auto good = begin(false); !good) return good;
    return write(message);
  }
  void on_room() override {
    if (sink_ != nullptr) sink_->on_sent();
  }

 private:
  result<rpc::sent> write(const outgoing& message) {
    chunk part(*port_);
    if (auto done = append_message(message, answers_, port_->output()); !done) return done;
    part.finish();
    return rpc::sent::done;
  }

  // A chunk where the peer knows chunks.
  class chunk {
   public:
    explicit chunk(http_carrier::exchange_port& port) {
      if (port.may_chunk) chunk_.emplace(port.output());
    }
    void finish() {
      if (chunk_) chunk_->finish();
    }

   private:
    std::optional<wire::http1::chunk_writer> chunk_;
  };

  status begin(bool rejected) {
    if (port_->begun()) return {};
    if (auto good = check_metadata(initial_, *port_->limits); !good) {
      initial_ = metadata();
      return status::internal("the metadata of the reply cannot be sent: " + good.message());
    }
    if (!port_->may_chunk) port_->end_with_connection();
    auto head = port_->begin(200);
    write_content_type(head, encoding_, true);
    if (answers_) (void)head.field("connect-content-encoding", answers_.name());
    if (http_carrier::compression::any()) {
      (void)head.field("connect-accept-encoding", http_carrier::compression::names());
    }
    say_rejected(rejected, head);
    write_metadata(initial_, {}, head);
    if (port_->may_chunk) {
      head.finish_chunked();
    } else {
      head.finish();  // `end_with_connection` has said what ends it
    }
    return {};
  }

  void finish(const outgoing* last, const status& how, const metadata& trailing,
              bool rejected) override {
    status said = how;
    if (auto good = begin(rejected); !good) {
      said = std::move(good);
      (void)begin(false);
    }
    if (said.ok() && last != nullptr) {
      if (auto done = write(*last); !done) {
        said = status::internal("the reply cannot be sent: " + done.status().message());
      }
    }
    status good = check_metadata(trailing, *port_->limits);
    if (!good.ok()) {
      said = status::internal("the metadata of the reply cannot be sent: " + good.message());
    }
    buffer& out = port_->output();
    chunk part(*port_);
    wire::connect::envelope_writer envelope(out, wire::connect::end_stream_flag);
    write_end_of_stream(said, good.ok() ? trailing : metadata(), out);
    envelope.finish();
    part.finish();
    if (port_->may_chunk) wire::http1::finish_chunks(out);
    port_->complete();
  }

  format encoding_;
  packing answers_;
  message_reader requests_;
  std::size_t unread_ = 0;
};

}  // namespace polywire::inline v1::http_json

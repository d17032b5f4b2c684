// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_json/client_call.hpp"
#include "polywire/backend/http_json/event_stream.hpp"
#include "polywire/backend/http_json/topic_query.hpp"
#include "polywire/wire/sse/reader.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace polywire::inline v1::http_json {

/// An event on its way to a server: the answer says whether it was taken.
class publish_client_call final : public client_call {
 public:
  using client_call::client_call;

 private:
  status check_answer(const wire::http1::response_head&) override { return {}; }
  std::uint64_t most_body() const noexcept override { return port_->limits->max_message; }
  void on_answer(bytes_view) override {}
  void on_answer_end() override { finish(status()); }
};

/// A subscription: server-sent events.
class subscribe_client_call final : public client_call {
 public:
  subscribe_client_call(http_carrier::client_port& port, rpc::call_sink& sink,
                        const rpc::call_head& head)
      : client_call(port, sink, head), events_(most_line(port), most_line(port)) {}

  bool wants_body() const noexcept override { return unread_ < port_->limits->call_credit; }
  void consumed(std::size_t cost) override { unread_ -= std::min(cost, unread_); }

 private:
  // Base64 and JSON's escapes make a message longer.
  static std::size_t most_line(const http_carrier::client_port& port) noexcept {
    return 2 * port.limits->max_message + 1'024;
  }
  status check_answer(const wire::http1::response_head& head) override {
    const auto type = head.fields.get("content-type").value_or("");
    if (head.status != 200 || !type.starts_with(wire::sse::content_type)) return unexpected(head);
    subscribe_position begin;
    if (const auto said = head.fields.get(position_field)) {
      if (const auto id = event_id::parse(*said)) begin.after = *id;
    }
    if (const auto said = head.fields.get(sequence_field)) {
      (void)detail::read_number(*said, begin.sequence);
    }
    sink_->on_confirmed(begin);
    return {};
  }
  std::uint64_t most_body() const noexcept override {
    return std::numeric_limits<std::uint64_t>::max();
  }
  void on_answer(bytes_view data) override {
    wire::sse::event next;
    while (sink_ != nullptr) {
      switch (events_.read(data, next)) {
        case wire::sse::read_state::need_more: return;
        case wire::sse::read_state::error: return finish(events_.problem());
        case wire::sse::read_state::complete: break;
      }
      if (!take(next)) {
        // As with every connection that is out of step: the subscription goes on with another one.
        return finish(
            status(status_code::unavailable,
                   "an event of the stream is malformed: " + polywire::detail::shown(next.data, 64),
                   outcome::maybe_processed));
      }
      if (ended_) return finish(std::move(how_));
    }
  }
  void on_answer_end() override {
    finish(status(status_code::unavailable, "the stream of events has ended",
                  outcome::maybe_processed));
  }

  // False: it is malformed.
  bool take(const wire::sse::event& e) {
    if (e.type == "message") return take_message(e);
    if (e.type == "lost" || e.type == "about") return preface_.take(e.type, e.data, *port_->limits);
    if (e.type != "end") return true;  // somebody else's
    json_reader in(as_bytes(e.data), port_->limits->max_json_depth);
    ended_ = true;
    if (e.data != "{}" && !read_error(in, status_code::unknown, how_)) return false;
    return true;
  }

  bool take_message(const wire::sse::event& e) {
    const auto id = event_id::parse(e.id);
    if (!id) return false;
    bytes_view message = as_bytes(e.data);
    json_reader in(message, 1);
    std::string_view text;
    if (encoding_ == format::text) {
      if (!in.read_string(text) || !in.finish()) return false;
      message = as_bytes(text);
    } else if (encoding_ != format::json) {
      if (!decode_base64(e.data, decoded_)) return false;
      message = as_bytes(decoded_);
    }
    if (message.size() > port_->limits->max_message) {
      how_ = status::resource_exhausted("an event has more than " +
                                        std::to_string(port_->limits->max_message) +
                                        " bytes (limits::max_message)");
      return ended_ = true;
    }
    event_head head = preface_.next();
    head.offset = id->offset();
    const std::size_t cost = message.size() + 64;
    unread_ += cost;
    sink_->on_message(incoming(encoding_, message, cost).with(&head), false);
    return true;
  }

  wire::sse::reader events_;
  event_preface preface_;
  std::string decoded_;
  status how_;
  bool ended_ = false;
  std::size_t unread_ = 0;
};

}  // namespace polywire::inline v1::http_json

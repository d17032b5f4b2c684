// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/client_exchange.hpp"
#include "polywire/backend/http_json/end_of_stream.hpp"
#include "polywire/backend/http_json/error_json.hpp"
#include "polywire/backend/http_json/fields.hpp"
#include "polywire/backend/http_json/message_reader.hpp"
#include "polywire/backend/http_json/packing.hpp"
#include "polywire/core/recycler.hpp"
#include "polywire/wire/connect/content_type.hpp"
#include "polywire/wire/connect/timeout.hpp"
#include "polywire/wire/http1/body_writer.hpp"
#include "polywire/wire/http1/head_writer.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::http_json {

/// A client's exchange that carries a call: what all of them share, above all the answers that are
/// errors.
class client_call : public http_carrier::client_exchange, public recycled {
 public:
  client_call(http_carrier::client_port& port, rpc::call_sink& sink, const rpc::call_head& head)
      : port_(&port), sink_(&sink), encoding_(head.messages) {}

  void give_up() final { sink_ = nullptr; }

  void on_head(const wire::http1::response_head& head) final {
    http_status_ = head.status;
    size_ = head.content_length;
    const auto outcome_field = head.fields.get("polywire-outcome");
    rejected_ = outcome_field && *outcome_field == "rejected";
    metadata initial;
    status problem = read_fields(head.fields, *port_->limits, initial, &trailing_);
    is_error_ = head.status != 200 && head.status != 204;
    auto packed = read_packing(head.fields, "content-encoding");
    if (packed) packing_ = *packed;
    if (is_error_) {
      const auto type = head.fields.get("content-type").value_or("");
      is_json_ = packed && (type.starts_with("application/json") ||
                            type.starts_with("application/problem+json"));
    } else {
      if (problem.ok() && !packed) problem = status::internal(packed.status().message());
      if (problem.ok()) problem = check_answer(head);
      if (!problem.ok()) return finish(std::move(problem));
    }
    if (sink_ != nullptr && !initial.empty()) sink_->on_metadata(std::move(initial));
  }
  std::uint64_t max_body() const noexcept final {
    if (is_error_) return packing_.most(max_error_body());
    return most_body();
  }
  void on_body(bytes_view data) final {
    if (is_error_) {
      body_.append(data);
    } else {
      on_answer(data);
    }
  }
  void on_body_end() final {
    if (is_error_) {
      read_error_body();
    } else {
      on_answer_end();
    }
  }
  bool on_too_large() override {
    finish(status::resource_exhausted("the reply has more than " +
                                      std::to_string(port_->limits->max_message) +
                                      " bytes (limits::max_message)"));
    return true;
  }
  bool hurries() const noexcept override { return is_error_; }

 protected:
  /// Whether a good answer is what this call expects.
  virtual status check_answer(const wire::http1::response_head& head) = 0;
  virtual std::uint64_t most_body() const noexcept = 0;
  virtual void on_answer(bytes_view data) = 0;
  virtual void on_answer_end() = 0;

  status check_content(const wire::http1::response_head& head, bool streaming) const {
    const auto type = head.fields.get("content-type").value_or("");
    const auto kind = wire::connect::parse_content_type(type);
    if (head.status == 200 && kind && kind->encoding == encoding_ && kind->streaming == streaming) {
      return {};
    }
    if (head.status == 200 && kind && kind->streaming == streaming) {
      return status::internal("the answer is of another format than the request: '" +
                              polywire::detail::shown(type, 64) + "'");
    }
    return unexpected(head);
  }
  static status unexpected(const wire::http1::response_head& head) {
    return status::unknown(
        "the answer is HTTP " + std::to_string(head.status) + " of type '" +
        polywire::detail::shown(head.fields.get("content-type").value_or(""), 64) +
        "', which was not asked for");
  }

  // What is wrong with an answer is not the caller's fault.
  static status unreadable(const status& why) {
    if (why.code() != status_code::invalid_argument) return why;
    return status::internal("the answer cannot be read: " + why.message());
  }
  void finish(status how) {
    if (rejected_) how.set_reached(outcome::rejected);
    port_->finish(std::move(how), std::move(trailing_));
  }

  http_carrier::client_port* port_;
  /// Null: nobody listens any more. Every callback may bring that about.
  rpc::call_sink* sink_;
  format encoding_;
  /// Of the body, where its head says that.
  std::uint64_t size_ = 0;
  metadata trailing_;
  /// Of the body as a whole.
  packing packing_;
  buffer body_;

 private:
  std::size_t max_error_body() const noexcept {
    return std::max<std::size_t>(port_->limits->max_message, 64 << 10);
  }
  void read_error_body() {
    const status_code code = wire::connect::code_from_http(static_cast<int>(http_status_));
    status how;
    buffer unpacked;
    const auto body = packing_.unpack(body_.view(), max_error_body(), unpacked);
    json_reader in(body ? *body : bytes_view(), port_->limits->max_json_depth);
    if (!is_json_ || !read_error(in, code, how)) how = status(code);
    if (how.message().empty()) {
      how = status(how.code(), "the server answered HTTP " + std::to_string(http_status_));
    }
    // A gateway may have met it on the way to the service or back.
    if (!is_json_ && how.code() == status_code::unavailable) {
      how.set_reached(outcome::maybe_processed);
    }
    finish(std::move(how));
  }

  unsigned http_status_ = 0;
  bool is_error_ = false;
  bool is_json_ = false;
  bool rejected_ = false;
};

/// A unary call of the Connect protocol.
class unary_client_call final : public client_call {
 public:
  using client_call::client_call;

  bool hurries() const noexcept override { return !body_.empty(); }

 private:
  status check_answer(const wire::http1::response_head& head) override {
    return check_content(head, false);
  }
  std::uint64_t most_body() const noexcept override {
    return packing_.most(port_->limits->max_message);
  }
  void on_answer(bytes_view data) override {
    if (data.size() == size_) {
      whole_ = data;  // no copy
    } else {
      body_.append(data, size_ > 0 ? size_ : most_body());
    }
  }
  void on_answer_end() override {
    buffer unpacked;
    const auto message = packing_.unpack(whole_.empty() ? body_.view() : whole_,
                                         port_->limits->max_message, unpacked);
    if (!message) return finish(unreadable(message.status()));
    sink_->on_message(incoming(encoding_, *message), true);
    finish(status());
  }

  bytes_view whole_;
};

/// A streaming call of the Connect protocol: envelopes both ways.
class stream_client_call final : public client_call {
 public:
  /// `requests`: how they are packed.
  stream_client_call(http_carrier::client_port& port, rpc::call_sink& sink,
                     const rpc::call_head& head, packing requests)
      : client_call(port, sink, head),
        requests_(requests),
        answers_(port.limits->max_message, packing(), wire::connect::end_stream_flag) {}

  result<rpc::sent> send(const outgoing& message, bool last) override {
    wire::http1::chunk_writer part(port_->output());
    if (auto done = append_message(message, requests_, port_->output()); !done) return done;
    part.finish();
    if (last) half_close();
    return rpc::sent::done;
  }
  void half_close() override {
    wire::http1::finish_chunks(port_->output());
    port_->request_done();
  }
  bool wants_body() const noexcept override { return unread_ < port_->limits->call_credit; }
  void consumed(std::size_t cost) override { unread_ -= std::min(cost, unread_); }

 private:
  status check_answer(const wire::http1::response_head& head) override {
    if (auto good = check_content(head, true); !good) return good;
    if (packing_) return status::internal("the answer is compressed as a whole");
    const auto packed = read_packing(head.fields, "connect-content-encoding");
    if (!packed) return status::internal(packed.status().message());
    answers_ = message_reader(port_->limits->max_message, *packed, wire::connect::end_stream_flag);
    return {};
  }
  std::uint64_t most_body() const noexcept override {
    return std::numeric_limits<std::uint64_t>::max();
  }
  void on_answer(bytes_view data) override {
    wire::connect::envelope next;
    while (sink_ != nullptr) {
      switch (answers_.read(data, next)) {
        case wire::connect::envelope_state::need_more: return;
        case wire::connect::envelope_state::error: return finish(unreadable(answers_.problem()));
        case wire::connect::envelope_state::complete: break;
      }
      if (next.is_end_stream()) {
        read_end_of_stream(next.message, *port_->limits, how_, trailing_);
        continue;
      }
      const std::size_t cost = next.message.size() + wire::connect::envelope_head_size;
      unread_ += cost;
      sink_->on_message(incoming(encoding_, next.message, cost), false);
    }
  }
  void on_answer_end() override {
    if (auto whole = answers_.finish(); !whole) return finish(std::move(whole));
    finish(std::move(how_));
  }

  packing requests_;
  message_reader answers_;
  status how_;
  std::size_t unread_ = 0;
};

}  // namespace polywire::inline v1::http_json

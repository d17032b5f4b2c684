// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_json/packing.hpp"
#include "polywire/backend/http_json/server_exchange.hpp"
#include "polywire/wire/http1/body_writer.hpp"
#include "polywire/wire/http1/head_writer.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace polywire::inline v1::http_json {

/// A unary call of the Connect protocol: the body is the message, and so is the answer's; an error
/// is JSON, with the HTTP status that goes with its code.
class unary_exchange final : public server_exchange {
 public:
  /// `size`: of the body, if its head says that. `answers`: how the client lets answers be packed.
  unary_exchange(http_carrier::exchange_port& port, format encoding, std::uint64_t size,
                 packing requests, packing answers)
      : server_exchange(port),
        encoding_(encoding),
        size_(size),
        requests_(requests),
        answers_(answers) {}

  /// The message of a request that has no body.
  void set_message(bytes_view message) {
    no_body_ = true;
    body_.append(message);
  }

  std::uint64_t max_body() const noexcept override {
    return no_body_ ? 0 : requests_.most(port_->limits->max_message);
  }
  void on_body(bytes_view data) override {
    if (body_.empty() && data.size() == size_) {
      whole_ = data;  // no copy
    } else {
      body_.append(data, size_ > 0 ? size_ : max_body());
    }
  }
  void on_body_end() override {
    if (sink_ == nullptr) return;
    buffer unpacked;
    const auto message = requests_.unpack(whole_.empty() ? body_.view() : whole_,
                                          port_->limits->max_message, unpacked);
    if (!message) return fail(message.status(), true);
    sink_->on_message(incoming(encoding_, *message), true);
  }
  bool on_body_problem(const wire::http1::problem& problem) override {
    const status_code code =
        problem.status == 413 ? status_code::resource_exhausted : status_code::invalid_argument;
    http_status_ = problem.status;
    fail(status(code, problem.status == 413 ? "the message has more than " +
                                                  std::to_string(port_->limits->max_message) +
                                                  " bytes (limits::max_message)"
                                            : problem.text),
         true);
    return true;
  }
  result<rpc::sent> send(const outgoing& message, bool) override {
    (void)message;
    return status::internal("a unary call has one answer");
  }

 private:
  void finish(const outgoing* last, const status& how, const metadata& trailing,
              bool rejected) override {
    status good = check_metadata(initial_, *port_->limits);
    if (good.ok()) good = check_metadata(trailing, *port_->limits);
    if (!good.ok()) {
      return write_error(
          status::internal("the metadata of the reply cannot be sent: " + good.message()),
          metadata(), metadata(), false);
    }
    if (!how.ok()) return write_error(how, initial_, trailing, rejected);
    if (auto done = write_reply(last, trailing); !done) {
      port_->take_back();
      write_error(status::internal("the reply cannot be sent: " + done.message()), initial_,
                  trailing, false);
    }
  }

  status write_reply(const outgoing* message, const metadata& trailing) {
    const auto add_fields = [&](wire::http1::head_writer& head) {
      write_content_type(head, encoding_, false);
      if (no_body_ && http_carrier::compression::any()) head.field("vary: accept-encoding\r\n");
      write_metadata(initial_, {}, head);
      write_metadata(trailing, trailer_prefix, head);
    };
    return answer(200, add_fields, [message](buffer& out) {
      return message != nullptr ? message->encode(out) : status();
    });
  }

  void write_error(const status& how, const metadata& initial, const metadata& trailing,
                   bool rejected) {
    const auto add_fields = [&](wire::http1::head_writer& head) {
      head.field("content-type: application/json\r\n");
      if (how.code() == status_code::unimplemented && http_carrier::compression::any()) {
        (void)head.field("accept-encoding", http_carrier::compression::names());
      }
      say_rejected(rejected, head);
      write_metadata(initial, {}, head);
      write_metadata(trailing, trailer_prefix, head);
    };
    const auto encode = [&how](buffer& out) {
      http_json::write_error(how, out);
      return status();
    };
    const unsigned code = http_status_ != 0
                              ? http_status_
                              : static_cast<unsigned>(wire::connect::http_status(how.code()));
    if (answer(code, add_fields, encode)) return;
    port_->take_back();
    answers_ = packing();
    (void)answer(code, add_fields, encode);
  }

  // A whole answer; `encode` appends its body.
  template <class AddFields, class Encode>
  status answer(unsigned code, AddFields add_fields, Encode encode) {
    buffer plain;
    if (answers_) {
      if (auto done = encode(plain); !done) return done;
    }
    const bool packs = answers_.packs(plain.size());
    buffer& out = port_->output();
    auto head = port_->begin(code);
    add_fields(head);
    if (packs) (void)head.field("content-encoding", answers_.name());
    wire::http1::body_writer body(head, 100);
    status done;
    if (packs) {
      done = answers_.pack(plain.view(), out);
    } else if (answers_) {
      out.append(plain.view());
    } else {
      done = encode(out);
    }
    if (!done) return done;
    body.finish();
    port_->complete();
    return {};
  }

  format encoding_;
  std::uint64_t size_;
  packing requests_;
  packing answers_;
  bool no_body_ = false;
  unsigned http_status_ = 0;
  bytes_view whole_;
  buffer body_;
};

}  // namespace polywire::inline v1::http_json

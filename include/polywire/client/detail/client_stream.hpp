// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/operations.hpp"
#include "polywire/client/detail/channel.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace polywire::inline v1::detail {

/// The client's end of a streaming call.
class client_stream final : public stream_core, public client_call {
 public:
  /// `request`: the only one of a server-streaming call, else null.
  client_stream(const std::shared_ptr<channel>& owner, const method_info& method, format encoding,
                const outgoing* request, call_options options)
      : stream_core(owner->shared_home(), owner->bounds(), encoding, owner->carries_objects()),
        client_call(method.name(), method.type(), method.repeating(), std::move(options)) {
    prepare(owner, encoding);
    if (request == nullptr) return;
    problem_ = request->store(owner->carries_objects(), request_.emplace(encoding));
    if (!problem_.ok()) problem_.set_reached(outcome::not_sent);
  }

  void start() {
    keep();
    io::loop& home = channel_->home();
    if (!home.here()) return home.post(static_cast<io::mail&>(*this));
    channel_->start(*this);
  }

  void cancel() override {
    channel_->home().run(
        [call = kept_call(*this)] { call->give_up(channel::cancelled(outcome::maybe_processed)); });
  }

  void handle_gone() noexcept override {
    channel_->home().run([self = ref<client_stream>(this)] { self->let_go(); });
  }

  status may_block() const override { return channel_->may_block(); }

 private:
  void keep() noexcept override { add_ref(); }
  void unkeep() noexcept override { release(); }
  rpc::call_sink& sink() noexcept override { return *this; }
  stored_message* first_message() noexcept override { return request_ ? &*request_ : nullptr; }
  bool only_message() const noexcept override { return request_.has_value(); }
  status check_start() override { return std::move(problem_); }

  void on_opened(io::connection& link, rpc::call_id id) override {
    request_.reset();
    attach(link, id);
    resume_writing();
  }
  void on_over(status how) override {
    final_ = std::move(how);
    end_streams();
  }
  void on_abandoned() noexcept override {
    over_ = true;
    link_ = nullptr;
    drop_waiters();
  }
  void discard() noexcept override {
    on_abandoned();
    unkeep();
  }

  void on_metadata(polywire::metadata&& initial) override { note_initial(std::move(initial)); }
  // The end of the messages is the end of the call, whose status comes with it.
  void on_message(const incoming& message, bool) override {
    stream_core::on_message(message, false);
  }
  void on_half_close() override {}
  void on_end(status&& how, polywire::metadata&& trailing) override {
    attempt_ended(std::move(how), std::move(trailing));
  }
  void on_bad_message(status why) override {
    give_up(status::internal("the reply cannot be decoded: " + why.message()));
  }
  status write_status() const override {
    return final_.ok() ? status::failed_precondition("the server has ended the call") : final_;
  }

  void let_go() {
    if (!is_over()) return give_up(channel::cancelled(outcome::maybe_processed));
    if (!final_.ok() && !was_told()) {
      channel_->log(log_level::warning,
                    "a failed stream of " + std::string(method()) +
                        " was dropped without reading its end: " + final_.to_string());
    }
  }

  std::optional<stored_message> request_;
  status problem_;
};

/// Waits for the only response of a client-streaming call, and for the status behind it.
template <class Response, class Handler>
class finish_op final : public read_op {
 public:
  finish_op(ref<stream_core> stream, Handler handler)
      : read_op(std::move(stream)), handler_(std::move(handler), *stream_->home()) {
    auto slot = handler_.cancellation_slot();
    if (slot.is_connected()) {
      slot.assign([stream = stream_](asio::cancellation_type) { stream->cancel(); });
    }
  }

  status take(const incoming& message) override {
    if (!response_) return message.read(response_, stream_->bounds());
    problem_ = status::unimplemented("a call with one response was answered twice");
    return {};
  }
  void complete() override {
    if (problem_.ok() && (!stream_->is_finished() || stream_->waiting() > 0)) {
      return stream_->start_read(*this);
    }
    if (!problem_.ok()) stream_->cancel();
    status how = problem_.ok() ? stream_->ended_how() : std::move(problem_);
    result<Response> value;
    if (!how.ok()) {
      value = std::move(how);
    } else if (!response_) {
      value = status::unimplemented("the call ended without a response");
    } else {
      value = std::move(*response_);
    }
    auto handler = std::move(handler_);
    delete this;
    handler.invoke(std::move(value));
  }

 private:
  // A wrong number of messages is `unimplemented`, as gRPC and Connect have it.
  status problem_;
  std::optional<Response> response_;
  held_handler<Handler> handler_;
};

}  // namespace polywire::inline v1::detail

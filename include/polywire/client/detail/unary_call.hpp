// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/counted.hpp"
#include "polywire/call/handler.hpp"
#include "polywire/client/detail/channel.hpp"
#include "polywire/core/publish_options.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace polywire::inline v1::detail {

/// Stands for a response that there is not: publishing only has a status.
class no_response {};

/// What the handler of a unary call takes.
template <class Response>
using completion_of =
    std::conditional_t<std::is_same_v<Response, no_response>, status, result<Response>>;

/// A unary call, or one that publishes, with its user's handler.
template <class Response, class Handler>
class unary_call : public counted,
                   public client_call,
                   private rpc::call_sink,
                   private io::completion {
 public:
  /// `request` is encoded, or taken over, here and now.
  unary_call(std::shared_ptr<channel> owner, std::string_view method, call_type type,
             idempotency repeat, const outgoing& request, call_options&& options, Handler handler)
      : client_call(method, type, repeat, std::move(options)),
        request_(request.encoding()),
        handler_(std::move(handler), owner->home()) {
    prepare(std::move(owner), request.encoding());
    how_ = request.store(channel_->carries_objects(), request_);
    if (!how_.ok()) how_.set_reached(outcome::not_sent);
  }

  /// Keeps a copy of a name that is no contract's.
  void own_method() {
    name_ = method_;
    method_ = name_;
  }

  /// Hands the call to its channel, from any thread.
  void start() {
    keep();
    auto slot = handler_.cancellation_slot();
    if (slot.is_connected()) {
      slot.assign(
          [call = kept_call(*this), home = channel_->shared_home()](asio::cancellation_type) {
            home->run([call] { call->give_up(channel::cancelled(outcome::maybe_processed)); });
          });
    }
    io::loop& home = channel_->home();
    if (!home.here()) return home.post(static_cast<io::mail&>(*this));
    channel_->start(*this);
  }

 private:
  static constexpr bool has_response = !std::is_same_v<Response, no_response>;

  void keep() noexcept override { add_ref(); }
  void unkeep() noexcept override { release(); }
  rpc::call_sink& sink() noexcept override { return *this; }
  stored_message* first_message() noexcept override { return &request_; }
  bool only_message() const noexcept override { return true; }
  status check_start() override { return std::move(how_); }
  void on_opened(io::connection&, rpc::call_id) override {}

  void on_metadata(polywire::metadata&& initial) override { note_initial(std::move(initial)); }
  void on_message(const incoming& message, bool) override {
    if (response_) {
      how_ = status::unimplemented("a call with one response was answered twice");
      return;
    }
    if constexpr (has_response) {
      how_ = message.read(response_, channel_->bounds());
    } else {
      response_.emplace();
    }
    if (!how_.ok()) how_ = status::internal("the reply cannot be decoded: " + how_.message());
  }
  void on_half_close() override {}
  void on_sent() override {}
  void on_end(status&& how, polywire::metadata&& trailing) override {
    if (how.ok() && !how_.ok()) how = std::move(how_);
    if (has_response && how.ok() && !response_)
      how = status::unimplemented("the call ended without a response");
    if (!how.ok()) response_.reset();  // a reply without a good end is none: there may be another
    attempt_ended(std::move(how), std::move(trailing));
  }

  void on_over(status how) override {
    how_ = std::move(how);
    keep();
    channel_->home().complete(*this);
  }
  void complete() override {
    auto handler = std::move(handler_);
    auto value = take_value();
    unkeep();
    handler.invoke(std::move(value));
  }
  completion_of<Response> take_value() {
    if constexpr (has_response) {
      if (how_.ok()) return std::move(*response_);
    }
    return std::move(how_);
  }
  void on_abandoned() noexcept override { auto gone = std::move(handler_); }
  void discard() noexcept override {
    on_abandoned();
    unkeep();
  }

  std::string name_;
  stored_message request_;
  std::optional<Response> response_;
  status how_;
  held_handler<Handler> handler_;
};

/// Publishes one event.
template <class Handler>
class publish_call final : public unary_call<no_response, Handler> {
 public:
  publish_call(std::shared_ptr<channel> owner, std::string_view topic, const outgoing& event,
               publish_options&& options, Handler handler)
      : unary_call<no_response, Handler>(std::move(owner), topic, call_type::publish,
                                         idempotency::none, event, std::move(options),
                                         std::move(handler)),
        key_(options.get_key()) {}

 private:
  void complete_head(rpc::call_head& head) override { head.key = key_; }

  std::string key_;
};

}  // namespace polywire::inline v1::detail

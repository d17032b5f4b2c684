// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/counted.hpp"
#include "polywire/server/detail/server_call.hpp"

#include <memory>
#include <string>
#include <utility>

namespace polywire::inline v1::detail {

/// What answers subscriptions, whatever their topic.
class subscribe_entry final : public server_entry {
 public:
  subscribe_entry() : server_entry("", call_type::subscribe, idempotency::none) {}

  opened_call start(const std::shared_ptr<server_link>& link, rpc::call_id id,
                    const rpc::call_head& head) override {
    return new call(link, id, *this, head);
  }

 private:
  class call final : public counted,
                     public server_call,
                     public rpc::call_sink,
                     private rpc::subscriber,
                     private hosted_subscription {
   public:
    call(const std::shared_ptr<server_link>& link, rpc::call_id id, subscribe_entry& entry,
         const rpc::call_head& head)
        : server_call(link, id, entry, head),
          thread_(link->home().topics()),
          asked_(*head.subscribe),
          group_(asked_.group),
          wildcard_(has_wildcard(head.method)) {
      add_ref();  // the session's
    }
    ~call() override { thread_.remove(*this); }

   private:
    void keep() noexcept override { add_ref(); }
    void unkeep() noexcept override { release(); }

    void on_metadata(polywire::metadata&&) override {}
    void on_message(const incoming&, bool) override {
      fail(status::invalid_argument("a subscription has no messages of the subscriber"));
    }
    void on_half_close() override {
      if (subscription_) return;
      rpc::hub& hub = link_->home().what().topics->hub();
      if (const auto* type = hub.type_of(method_); type && !type->formats.contains(encoding_)) {
        return reject(status::invalid_argument("the events of '" + std::string(method_) +
                                               "' are not available as " +
                                               std::string(to_string(encoding_))));
      }
      rpc::subscribe_request request;
      request.pattern = method_;
      request.start = asked_.start;
      request.sequence = asked_.sequence;
      request.policy = asked_.policy;
      request.lag = asked_.lag;
      request.group = group_;
      auto made = hub.subscribe(request, *this, thread_);
      if (!made) return reject(made.status());
      subscription_ = std::move(*made);
      thread_.add(*this);
      send_initial();
      subscribe_position begin;
      begin.after = subscription_->position();
      begin.sequence = subscription_->sequence();
      connection().command().confirm(id_, begin);
      pump();
    }
    void on_sent() override {
      held_ = false;
      pump();
    }
    void on_ready() override { pump(); }
    void finish() override {
      finishing_ = true;
      pump();
    }

    void on_end(status&& how, polywire::metadata&&) override { cancelled_by(how); }
    void on_cancelled(const status&) override {
      subscription_.reset();
      thread_.remove(*this);
    }

    void pump() {
      if (!is_open() || !subscription_) return;
      const ref<call> self(this);
      rpc::delivery next;
      while (!held_ && subscription_ && subscription_->take(next)) send(next);
      if (!subscription_) return;
      if (held_) subscription_->stalled();
      if (auto how = subscription_->ended(); !how.ok()) return leave(how);
      // Until then the peer has the time that calls in flight have.
      if (finishing_ && !held_) leave(status::unavailable("the server is stopping"));
    }

    // An event that this subscriber cannot get is a loss, and no reason to end.
    void send(const rpc::delivery& next) {
      lost_ += next.lost_before;
      const auto message = next.what->in(encoding_);
      event_head head;
      head.offset = next.what->id().offset();
      head.lost_before = lost_;
      head.key = next.what->key();
      if (wildcard_) head.topic = next.what->topic();
      const auto sent = message ? connection().command().send(
                                      id_, outgoing(encoding_, *message).with(head), false)
                                : result<rpc::sent>(message.status());
      if (!sent) {
        lost_ += loss(1, loss::kind::exact);
        return;
      }
      lost_ = loss();
      held_ = *sent == rpc::sent::held;
    }

    void leave(const status& how) {
      if (!is_open()) return;
      const ref<call> self(this);
      end(nullptr, how);
      subscription_.reset();
      thread_.remove(*this);
    }

    topic_thread& thread_;
    subscribe_head asked_;
    std::string group_;
    bool wildcard_;
    bool held_ = false;
    bool finishing_ = false;
    loss lost_;
    rpc::subscription_ptr subscription_;
  };
};

}  // namespace polywire::inline v1::detail

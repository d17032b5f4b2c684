// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/inproc/session.hpp"
#include "polywire/rpc/names.hpp"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace polywire::inline v1::inproc {

/// The calling end of a connection inside a process.
class client_session final : public session {
 public:
  explicit client_session(const rpc::session_config& config) : session(config, rpc::role::client) {}

  std::size_t capacity() const noexcept override {
    return takes_none() || plain_calls() >= peer_max_calls_ ? 0 : peer_max_calls_ - plain_calls();
  }
  bool has_room(call_type type) const noexcept override {
    if (type != call_type::subscribe) return capacity() > 0;
    return !takes_none() && subscriptions_ < peer_max_subscriptions_;
  }

  bool finished() const noexcept override { return finished_ || (draining_ && calls_.size() == 0); }

  result<rpc::call_id> open(const rpc::call_head& head, rpc::call_sink& sink, const outgoing* first,
                            bool last) override {
    if (!has_room(head.type)) return not_now("the connection takes no call now");
    if (auto named = rpc::check_name(head.method, head.type); !named) {
      return std::move(named.set_reached(outcome::not_sent));
    }
    if (auto checked = check(*head.metadata); !checked) return checked;
    rpc::packet p(rpc::packet::kind::open, rpc::no_call);
    if (first != nullptr) {
      if (auto put = fill(p, *first); !put) return put;
    }
    const auto name = names_.find_or_bind(head.method);
    p.call = take_id();
    p.number = name.number;
    if (name.is_new) p.name = head.method;
    p.encoding = head.messages;
    if (head.deadline != never) p.remaining = head.deadline - now_;
    p.metadata = *head.metadata;
    p.last = last;
    p.key = head.key;
    if (head.subscribe != nullptr) {
      p.asked = std::make_unique<rpc::packet::subscription>(*head.subscribe);
    }
    call& c = insert(p.call, p.asked != nullptr);
    c.sink = &sink;
    c.encoding = head.messages;
    if (first != nullptr) --c.credit;
    if (last) half_close_state(c);
    outbox_.push_back(std::move(p));
    return c.id;
  }

  void half_close(rpc::call_id id) override {
    call* c = calls_.find(id);
    if (c == nullptr || !rpc::client_may_send(c->state)) return;
    half_close_state(*c);
    say(*c, rpc::packet(rpc::packet::kind::half_close, id));
  }

  void reply(rpc::call_id, const metadata&) override {}
  void end(rpc::call_id, const outgoing*, const status&, const metadata&) override {}

  void cancel(rpc::call_id id) override {
    call* c = calls_.find(id);
    if (c == nullptr || c->over) return;
    c->state = rpc::next_state(c->state, rpc::call_event::cancel);
    set_over(*c);
    c->held.reset();
    c->behind.reset();
    outbox_.emplace_back(rpc::packet::kind::cancel, id);
  }

 private:
  void on_connection_packet(rpc::packet&& p) override {
    if (p.what != rpc::packet::kind::drain || std::exchange(told_of_drain_, true)) return;
    draining_ = true;
    sink_->on_drain();
  }

  void on_call_packet(call& c, rpc::packet&& p) override {
    switch (p.what) {
      case rpc::packet::kind::metadata:
        if (auto fits = check(p.metadata); !fits) return abort(c, std::move(fits));
        if (!c.over) c.sink->on_metadata(std::move(p.metadata));
        return;
      case rpc::packet::kind::confirm:
        if (!c.over) c.sink->on_confirmed(p.position);
        return;
      case rpc::packet::kind::end: return finish(c, std::move(p));
      default: return;
    }
  }

  // Ends a call here and tells the server not to go on.
  void abort(call& c, status why) {
    rpc::call_sink* sink = c.sink;
    cancel(c.id);
    if (sink != nullptr) sink->on_end(std::move(why.set_reached(outcome::processed)), {});
  }

  void finish(call& c, rpc::packet&& p) {
    const std::uint32_t id = p.call;
    if (auto fits = check(p.metadata); !fits && p.how.ok()) {
      p.how = std::move(fits.set_reached(outcome::processed));
      p.metadata = metadata();
    }
    if (p.has_message && p.how.ok()) deliver(c, p, true);
    if (calls_.find(id) != &c) return;  // the connection was closed in there
    rpc::call_sink* sink = c.sink;
    const call_type kind = c.subscription ? call_type::subscribe : call_type::unary;
    const bool was_full = !has_room(kind);
    erase(c);
    free_ids_.push_back(id);
    if (sink != nullptr) sink->on_end(std::move(p.how), std::move(p.metadata));
    if (was_full && has_room(kind)) sink_->on_capacity();
  }

  bool takes_none() const noexcept { return draining_ || finished_; }

  std::uint32_t take_id() {
    if (free_ids_.empty()) return ++last_id_;
    const std::uint32_t id = free_ids_.back();
    free_ids_.pop_back();
    return id;
  }

  rpc::sent_names names_;
  std::vector<std::uint32_t> free_ids_;
  std::uint32_t last_id_ = 0;
  bool told_of_drain_ = false;
};

}  // namespace polywire::inline v1::inproc

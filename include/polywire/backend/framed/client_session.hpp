// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/framed/event_reader.hpp"
#include "polywire/backend/framed/session.hpp"
#include "polywire/rpc/names.hpp"

#include <chrono>
#include <utility>
#include <vector>

namespace polywire::inline v1::framed {

/// The calling end of a framed connection.
class client_session final : public session {
 public:
  explicit client_session(const rpc::session_config& config) : session(config, rpc::role::client) {}

  std::size_t capacity() const noexcept override {
    const std::size_t most = out_.peer().max_calls;
    return takes_none() || plain_calls() >= most ? 0 : most - plain_calls();
  }
  bool has_room(call_type type) const noexcept override {
    if (type != call_type::subscribe) return capacity() > 0;
    return !takes_none() && subscriptions_ < out_.peer().max_subscriptions;
  }

  bool finished() const noexcept override { return finished_ || (draining_ && calls_.size() == 0); }

  void consume_output(std::size_t n) override {
    const bool was_full = out_.is_full();
    session::consume_output(n);
    if (was_full && (capacity() > 0 || has_room(call_type::subscribe))) sink_->on_capacity();
  }

  result<rpc::call_id> open(const rpc::call_head& head, rpc::call_sink& sink, const outgoing* first,
                            bool last) override {
    if (!has_room(head.type)) return not_now("the connection takes no call now");
    const auto name = names_.find_or_bind(head.method);
    const std::uint32_t id = take_id();
    wire::frame::frame f;
    f.call = id;
    f.method = name.number;
    if (name.is_new) f.name = head.method;
    f.encoding = head.messages;
    f.key = head.key;
    f.subscribe = head.subscribe;
    if (head.deadline != never) {
      const auto rest = std::chrono::ceil<std::chrono::microseconds>(head.deadline - now_).count();
      f.has_timeout = true;
      f.timeout_us = rest > 0 ? static_cast<std::uint64_t>(rest) : 0;
    }
    if (last) f.flags = wire::frame::flag_last;
    if (!head.metadata->empty()) f.metadata = head.metadata;
    status refused = check_opening(head, f);
    call& c = calls_.insert(id);
    c.sink = &sink;
    c.encoding = head.messages;
    c.state = rpc::call_state::open;
    if (head.type == call_type::subscribe) set_subscription(c);
    out_.start(c);
    in_.start(c);
    if (refused.ok() && first != nullptr) {
      if (auto done = out_.message(c, f, *first); !done) refused = done.status();
    } else if (refused.ok()) {
      out_.control(f);
      c.opened_at = out_.written();
    }
    if (!refused.ok()) {
      if (name.is_new) names_.forget(head.method);
      erase(c);
      free_ids_.push_back(id);
      return std::move(refused.set_reached(outcome::not_sent));
    }
    if (last) half_close_state(c);
    return id;
  }

  void half_close(rpc::call_id id) override {
    call* c = calls_.find(id);
    if (c == nullptr || !rpc::client_may_send(c->state)) return;
    half_close_state(*c);
    if (c->holds) {
      c->last_after_held = true;
      return;
    }
    wire::frame::frame f;
    f.call = id;
    f.flags = wire::frame::flag_last;
    out_.control(f);
  }

  void reply(rpc::call_id, const metadata&) override {}
  void end(rpc::call_id, const outgoing*, const status&, const metadata&) override {}

  void cancel(rpc::call_id id) override {
    call* c = calls_.find(id);
    if (c == nullptr || c->over) return;
    c->state = rpc::next_state(c->state, rpc::call_event::cancel);
    out_.drop(*c);
    set_over(*c);
    wire::frame::frame f;
    f.call = id;
    f.flags = wire::frame::flag_cancel;
    out_.control(f);
  }

 private:
  void on_call_frame(const wire::frame::frame& f) override {
    call* c = calls_.find(f.call);
    if (c == nullptr) return fail("a frame came for a call that is not open");
    const bool end = (f.flags & wire::frame::flag_end) != 0;
    if (f.has_metadata && !end && !take_metadata(*c, f)) return;
    if (f.has_position && !take_position(*c, f)) return;
    event_head event;
    if (const char* problem = events_.read(*c, f, event)) return fail(problem);
    const bool whole = f.has_payload && (f.flags & wire::frame::flag_more) == 0;
    if (f.event != 0 && !whole && !c->over) c->event = std::make_unique<kept_event_head>(event);
    if (f.has_payload && !take_payload(*c, f, end, f.event != 0 ? &event : nullptr) &&
        calls_.find(f.call) != c) {
      return;
    }
    if (end) finish(*c, f);
  }

  // False: `c` is gone.
  bool take_metadata(call& c, const wire::frame::frame& f) {
    const rpc::call_state next = rpc::next_state(c.state, rpc::call_event::metadata);
    if (next == rpc::call_state::illegal) {
      fail("initial metadata came after a message");
      return false;
    }
    c.state = next;
    if (c.over) return true;
    metadata initial;
    if (auto read = wire::frame::decode_metadata(f, *bounds_, initial); !read) {
      abort(c, std::move(read));
    } else {
      c.sink->on_metadata(std::move(initial));
    }
    return calls_.find(f.call) == &c;
  }

  // False: `c` is gone.
  bool take_position(call& c, const wire::frame::frame& f) {
    subscribe_position begin;
    if (!c.subscription || std::exchange(c.confirmed, true) ||
        !wire::frame::decode_position(f.position_bytes, begin)) {
      fail("a position is malformed, comes twice, or outside of a subscription");
      return false;
    }
    if (!c.over) c.sink->on_confirmed(begin);
    return calls_.find(f.call) == &c;
  }

  void finish(call& c, const wire::frame::frame& f) {
    status how;
    if (f.has_status && !wire::frame::decode_status(f.status_bytes, how)) {
      return fail("a status is malformed");
    }
    metadata trailing;
    if (auto read = wire::frame::decode_metadata(f, *bounds_, trailing); !read && how.ok()) {
      how = std::move(read);
    }
    rpc::call_sink* sink = c.sink;
    const std::uint32_t id = c.id;
    const call_type kind = c.subscription ? call_type::subscribe : call_type::unary;
    const bool was_full = !has_room(kind);
    erase(c);
    free_ids_.push_back(id);
    if (sink != nullptr) sink->on_end(std::move(how), std::move(trailing));
    if (was_full && has_room(kind)) sink_->on_capacity();
  }

  // Ends a call here and tells the server not to go on.
  void abort(call& c, status why) {
    rpc::call_sink* sink = c.sink;
    cancel(c.id);
    sink->on_end(std::move(why), {});
  }

  void on_too_large(call& c) override {
    abort(c, status::resource_exhausted("the reply has more than " +
                                        std::to_string(bounds_->max_message) +
                                        " bytes (limits::max_message)"));
  }

  void on_goodbye(const status& why) override {
    if (!why.ok()) {
      const outcome reached =
          why.reached() == outcome::rejected ? outcome::rejected : outcome::maybe_processed;
      return lost(status(status_code::unavailable,
                         "the peer closed the connection: " + why.message(), reached));
    }
    draining_ = true;
    if (!std::exchange(told_of_drain_, true)) sink_->on_drain();
  }

  bool takes_none() const noexcept { return draining_ || finished_ || out_.is_full(); }
  status check_opening(const rpc::call_head& head, const wire::frame::frame& f) const {
    const bool plain = head.metadata->empty() && head.key.empty() && head.subscribe == nullptr;
    if (!plain && (!is_sendable(*head.metadata) || !out_.fits(f))) {
      return status::resource_exhausted(
          "the call's metadata is above limits::max_metadata, or what opens the call does not fit "
          "a frame of " +
          std::to_string(out_.peer().max_frame) + " bytes");
    }
    // The same name may be a pattern that was subscribed to.
    const bool checked = f.name.empty() && head.type != call_type::publish;
    return checked ? status() : rpc::check_name(head.method, head.type);
  }

  std::uint32_t take_id() {
    if (free_ids_.empty()) return ++last_id_;
    const std::uint32_t id = free_ids_.back();
    free_ids_.pop_back();
    return id;
  }

  rpc::sent_names names_;
  event_reader events_;
  std::vector<std::uint32_t> free_ids_;
  std::uint32_t last_id_ = 0;
  bool told_of_drain_ = false;
};

}  // namespace polywire::inline v1::framed

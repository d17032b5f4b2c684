// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/framed/session.hpp"
#include "polywire/rpc/names.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace polywire::inline v1::framed {

/// The serving end of a framed connection.
class server_session final : public session {
 public:
  explicit server_session(const rpc::session_config& config)
      : session(config, rpc::role::server), methods_(config.methods) {}

  std::size_t capacity() const noexcept override { return 0; }

  result<rpc::call_id> open(const rpc::call_head&, rpc::call_sink&, const outgoing*,
                            bool) override {
    return not_now("a server does not call");
  }
  void half_close(rpc::call_id) override {}
  void cancel(rpc::call_id) override {}

  void reply(rpc::call_id id, const metadata& initial) override {
    call* c = calls_.find(id);
    if (c == nullptr || c->over || initial.empty()) return;
    const rpc::call_state next = rpc::next_state(c->state, rpc::call_event::metadata);
    if (next == rpc::call_state::illegal) return;
    c->state = next;
    c->broken = !is_sendable(initial);
    if (c->broken) return;
    wire::frame::frame f;
    f.call = id;
    f.metadata = &initial;
    out_.control(f);
  }

  void confirm(rpc::call_id id, const subscribe_position& begin) override {
    call* c = calls_.find(id);
    if (c == nullptr || c->over || !c->subscription) return;
    wire::frame::frame f;
    f.call = id;
    f.position = &begin;
    out_.control(f);
  }

  result<rpc::sent> send(rpc::call_id id, const outgoing& message, bool last) override {
    const event_head* event = message.event();
    if (event == nullptr) return session::send(id, message, last);
    wire::frame::frame head;
    head.event = event->offset;
    head.lost_before = event->lost_before;
    head.key = event->key;
    rpc::sent_names::use name{0, false};
    if (!event->topic.empty()) {
      name = topics_.find_or_bind(event->topic);
      head.method = name.number;
      if (name.is_new) head.name = event->topic;
    }
    auto done = session::send(id, head, message, false);
    if (!done && name.is_new) topics_.forget(event->topic);
    return done;
  }

  void end(rpc::call_id id, const outgoing* last, const status& how,
           const metadata& trailing) override {
    call* c = calls_.find(id);
    if (c == nullptr || c->over) return;
    set_over(*c);
    if (c->broken || !is_sendable(trailing)) {
      return say_end(*c, status::internal("the metadata of the reply is too large to be sent"), {});
    }
    if (how.ok() && last != nullptr) return end_with(*c, *last, trailing);
    // Only this session knows what no handler has seen.
    const bool too_good = how.reached() != outcome::processed;
    say_end(*c, too_good ? status(how).set_reached(outcome::processed) : how, trailing);
  }
  void reject(rpc::call_id id, const status& why) override {
    call* c = calls_.find(id);
    if (c == nullptr || c->over) return;
    set_over(*c);
    say_end(*c, status(why).set_reached(outcome::rejected), {});
  }

 private:
  void end_with(call& c, const outgoing& last, const metadata& trailing) {
    wire::frame::frame f;
    f.call = c.id;
    f.flags = wire::frame::flag_end;
    if (!trailing.empty()) f.metadata = &trailing;
    const auto done = out_.message(c, f, last);
    if (!done) {
      const status_code code = done.status().code() == status_code::resource_exhausted
                                   ? status_code::resource_exhausted
                                   : status_code::internal;
      return say_end(c, status(code, "the reply cannot be sent: " + done.status().message()),
                     trailing);
    }
    if (*done == rpc::sent::done) erase(c);
  }

  void say_end(call& c, const status& how, const metadata& trailing) {
    if (out_.end_in_turn(c, how, trailing)) erase(c);
  }

  void on_call_frame(const wire::frame::frame& f) override {
    call* c = calls_.find(f.call);
    const bool opens = f.method != 0 || !f.name.empty();
    if (c != nullptr && opens) return fail("a call is opened twice");
    if (c == nullptr) {
      // What is on the way when a call ends here still comes, and means nothing any more.
      if (!opens) return;
      c = open_call(f);
      if (c == nullptr) return;
    }
    if ((f.flags & wire::frame::flag_cancel) != 0) return on_cancel(*c);
    const bool last = (f.flags & wire::frame::flag_last) != 0;
    if (f.has_payload && !take_payload(*c, f, last)) return;
    if (!last) return;
    if (rpc::next_state(c->state, rpc::call_event::half_close) == rpc::call_state::illegal) {
      return fail("a call's messages end twice");
    }
    if (c->assembling) return fail("a call's messages end within one");
    half_close_state(*c);
    if (!f.has_payload && !c->over) c->sink->on_half_close();
  }

  /// Null: refused, or over already.
  call* open_call(const wire::frame::frame& f) {
    const auto target = rpc::find_target(f.method, f.name, f.has_subscribe, *methods_, names_);
    if (target.problem != nullptr) {
      fail(target.problem);
      return nullptr;
    }
    metadata initial;
    status refusal;
    if (draining_) {
      refusal = status::unavailable("the server is stopping");
    } else if (target.method == nullptr) {
      refusal = rpc::unknown_name(target.name);
    } else if (f.has_subscribe ? subscriptions_ >= bounds_->max_subscriptions
                               : plain_calls() >= bounds_->max_calls) {
      refusal = rpc::too_many(f.has_subscribe, *bounds_);
    } else {
      refusal = wire::frame::decode_metadata(f, *bounds_, initial);
    }
    if (!refusal.ok()) return refuse(f.call, std::move(refusal));
    subscribe_head asked;
    if (f.has_subscribe) {
      if (const char* problem = wire::frame::decode_subscribe(f.subscribe_bytes, asked)) {
        fail(problem);
        return nullptr;
      }
    }

    call& c = calls_.insert(f.call);
    c.state = rpc::call_state::open;
    if (f.has_subscribe) set_subscription(c);
    c.encoding = f.encoding;
    const method_info& method = target.method->info();
    c.started = method.streams_requests();
    out_.start(c);
    in_.start(c);
    rpc::call_head head(method.name(), method.type(), initial, f.encoding);
    if (head.method.empty()) head.method = target.name;
    head.key = f.key;
    if (f.has_subscribe) head.subscribe = &asked;
    if (f.has_timeout) head.deadline = deadline_of(f);
    rpc::call_sink* sink = sink_->on_open(f.call, *target.method, head, refusal);
    if (calls_.find(f.call) != &c) {  // it was ended in there, or everything was
      if (sink != nullptr && finished_) {
        sink->on_end(status::unavailable("the connection was closed"), {});
      }
      return nullptr;
    }
    if (sink == nullptr && !c.over) {
      erase(c);
      return refuse(f.call, std::move(refusal));
    }
    if (!c.over) c.sink = sink;
    return &c;
  }

  time_point deadline_of(const wire::frame::frame& f) const noexcept {
    constexpr auto most =
        static_cast<std::uint64_t>(std::chrono::microseconds::max().count()) / 2000;
    return f.timeout_us > most ? never : after(now_, std::chrono::microseconds(f.timeout_us));
  }

  call* refuse(std::uint32_t id, status why) {
    if (why.ok()) why = status::unavailable("the server refuses the call");
    why.set_reached(outcome::rejected);
    out_.end(id, why, {});
    return nullptr;
  }

  void on_cancel(call& c) {
    rpc::call_sink* sink = c.sink;
    const status how = status::cancelled("the client cancelled the call");
    out_.end(c.id, how, {});
    erase(c);
    if (sink != nullptr) sink->on_end(status(how), {});
  }

  // Repeating is safe as long as no handler saw anything.
  void on_too_large(call& c) override {
    rpc::call_sink* sink = c.sink;
    status how = status::resource_exhausted("the message has more than " +
                                            std::to_string(bounds_->max_message) +
                                            " bytes (limits::max_message)")
                     .set_reached(c.started ? outcome::processed : outcome::rejected);
    out_.end(c.id, how, {});
    erase(c);
    sink->on_end(std::move(how), {});
  }

  void on_goodbye(const status& why) override {
    // A client that drains opens nothing more, and closes when its calls have ended.
    if (!why.ok()) {
      lost(status::unavailable("the client closed the connection: " + why.message()));
    }
  }

  const rpc::registry* methods_;
  rpc::received_names names_;
  rpc::sent_names topics_;
};

}  // namespace polywire::inline v1::framed

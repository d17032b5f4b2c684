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
    rpc::method_entry* method = nullptr;
    if (!find_method(f, method)) return nullptr;
    metadata initial;
    status refusal;
    if (draining_) {
      refusal = status::unavailable("the server is stopping");
    } else if (method == nullptr) {
      refusal = status::unimplemented("no method '" + std::string(name_of(f)) + "' here");
    } else if (calls_.size() >= bounds_->max_calls) {
      refusal = status::resource_exhausted("more than " + std::to_string(bounds_->max_calls) +
                                           " calls on one connection (limits::max_calls)");
    } else {
      refusal = wire::frame::decode_metadata(f, *bounds_, initial);
    }
    if (!refusal.ok()) return refuse(f.call, std::move(refusal));

    call& c = calls_.insert(f.call);
    c.state = rpc::call_state::open;
    c.encoding = f.encoding;
    c.started = method->info().streams_requests();
    out_.start(c);
    in_.start(c);
    rpc::call_head head(method->info().name(), method->info().type(), initial, f.encoding);
    if (head.method.empty()) head.method = name_of(f);
    if (f.has_timeout) head.deadline = deadline_of(f);
    rpc::call_sink* sink = sink_->on_open(f.call, *method, head, refusal);
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

  bool find_method(const wire::frame::frame& f, rpc::method_entry*& method) {
    if (!f.name.empty()) {
      const bool good = is_method_name(f.name);
      if (good) method = methods_->find(f.name);
      // What is no name is not kept.
      if (f.method == 0 || names_.bind(f.method, good ? f.name : std::string_view(), method)) {
        return true;
      }
      fail("a method number is out of range or bound twice");
      return false;
    }
    const auto* bound = names_.find(f.method);
    if (bound == nullptr) {
      fail("a method number is not bound to a name");
      return false;
    }
    method = bound->method;
    return true;
  }

  // Bounded and printable, for messages.
  std::string_view name_of(const wire::frame::frame& f) const noexcept {
    const auto* bound = f.name.empty() ? names_.find(f.method) : nullptr;
    const std::string_view name = bound != nullptr ? std::string_view(bound->name) : f.name;
    return is_method_name(name) ? name : std::string_view("(malformed name)");
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
};

}  // namespace polywire::inline v1::framed

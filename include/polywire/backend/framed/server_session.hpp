// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/framed/session.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace polywire::inline v1::framed {

/// The serving end of a framed connection.
class server_session final : public session {
 public:
  explicit server_session(const rpc::session_config& config)
      : session(config, rpc::call_event::response, rpc::call_event::request),
        methods_(config.methods) {}

  std::size_t capacity() const noexcept override { return 0; }

  result<rpc::call_id> open(const rpc::call_head&, rpc::call_sink&, const outgoing*,
                            bool) override {
    return status::failed_precondition("a server does not call").set_reached(outcome::not_sent);
  }
  void half_close(rpc::call_id) override {}
  void cancel(rpc::call_id) override {}

  void reply(rpc::call_id id, const metadata& initial) override {
    call* c = calls_.find(id);
    if (c == nullptr || initial.empty()) return;
    advance(*c, rpc::call_event::metadata, false);
    wire::frame::frame f;
    f.call = id;
    f.metadata = &initial;
    out_.control(f);
  }

  void end(rpc::call_id id, const outgoing* last, const status& how,
           const metadata& trailing) override {
    call* c = calls_.find(id);
    if (c == nullptr) return;
    c->sink = nullptr;
    if (c->holds) {
      c->end_after_held = how;
      c->trailing_after_held = trailing;
      return;
    }
    if (last != nullptr && how.ok()) {
      wire::frame::frame f;
      f.call = id;
      f.flags = wire::frame::flag_end;
      if (!trailing.empty()) f.metadata = &trailing;
      auto done = out_.message(*c, f, *last);
      if (done && *done == rpc::sent::held) return;
      if (!done) {
        const status refused(done.status().code() == status_code::resource_exhausted
                                 ? status_code::resource_exhausted
                                 : status_code::internal,
                             "the reply cannot be sent: " + done.status().message());
        send_end(id, refused, trailing);
      }
    } else {
      send_end(id, how, trailing);
    }
    erase(*c);
  }

 private:
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
    const bool more = (f.flags & wire::frame::flag_more) != 0;
    const bool last = (f.flags & wire::frame::flag_last) != 0 && !more;
    if (f.has_payload) {
      if (!take_payload(*c, f, last)) return;
      if (last) advance_half_closed(*c);
    } else if (last) {
      if (rpc::next_state(c->state, rpc::call_event::half_close) == rpc::call_state::illegal) {
        return fail("a call's messages end twice");
      }
      advance_half_closed(*c);
      if (c->sink != nullptr) c->sink->on_half_close();
    }
  }

  /// Null: refused, or the connection is over.
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
    out_.start(c);
    in_.start(c);
    rpc::call_head head(method->info().name(), method->info().type(), initial, f.encoding);
    if (head.method.empty()) head.method = name_of(f);
    if (f.has_timeout) {
      const auto most = static_cast<std::uint64_t>(std::chrono::microseconds::max().count()) / 2000;
      head.deadline = f.timeout_us > most
                          ? never
                          : after(now_, std::chrono::microseconds(f.timeout_us));
    }
    rpc::call_sink* sink = sink_->on_open(f.call, *method, head, refusal);
    if (sink == nullptr) {
      erase(c);
      return refuse(f.call, std::move(refusal));
    }
    c.sink = sink;
    return &c;
  }

  call* refuse(std::uint32_t id, status why) {
    why.set_reached(outcome::rejected);
    send_end(id, why, {});
    return nullptr;
  }

  bool find_method(const wire::frame::frame& f, rpc::method_entry*& method) {
    if (!f.name.empty()) {
      if (is_method_name(f.name)) method = methods_->find(f.name);
      if (f.method == 0 || names_.bind(f.method, f.name, method)) return true;
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
    const std::uint32_t id = c.id;
    const status how = status::cancelled("the client cancelled the call");
    send_end(id, how, {});
    erase(c);
    if (sink != nullptr) sink->on_end(status(how), {});
  }

  void on_too_large(call& c) override {
    rpc::call_sink* sink = c.sink;
    const std::uint32_t id = c.id;
    status how = status::resource_exhausted("the message has more than " +
                                            std::to_string(bounds_->max_message) +
                                            " bytes (limits::max_message)")
                     .set_reached(outcome::rejected);
    send_end(id, how, {});
    erase(c);
    if (sink != nullptr) sink->on_end(std::move(how), {});
  }

  void on_goodbye(const status&) override {
    // The client opens nothing more, or is about to close: either way its calls decide.
  }

  void send_end(std::uint32_t id, const status& how, const metadata& trailing) {
    wire::frame::frame f;
    f.call = id;
    f.flags = wire::frame::flag_end;
    if (!how.ok()) f.status = &how;
    if (!trailing.empty()) f.metadata = &trailing;
    out_.control(f);
  }

  void advance_half_closed(call& c) const noexcept {
    c.state = rpc::next_state(c.state, rpc::call_event::half_close);
  }

  const rpc::registry* methods_;
  rpc::received_names names_;
};

}  // namespace polywire::inline v1::framed

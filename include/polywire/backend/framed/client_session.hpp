// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

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
    const bool takes_none = draining_ || finished_ || out_.is_full();
    return takes_none || calls_.size() >= most ? 0 : most - calls_.size();
  }

  bool finished() const noexcept override { return finished_ || (draining_ && calls_.size() == 0); }

  void consume_output(std::size_t n) override {
    const bool was_full = out_.is_full();
    session::consume_output(n);
    if (was_full && capacity() > 0) sink_->on_capacity();
  }

  result<rpc::call_id> open(const rpc::call_head& head, rpc::call_sink& sink, const outgoing* first,
                            bool last) override {
    if (capacity() == 0) return not_now("the connection takes no call now");
    const auto name = names_.find_or_bind(head.method);
    const std::uint32_t id = take_id();
    wire::frame::frame f;
    f.call = id;
    f.method = name.number;
    if (name.is_new) f.name = head.method;
    f.encoding = head.messages;
    if (head.deadline != never) {
      const auto rest = std::chrono::ceil<std::chrono::microseconds>(head.deadline - now_).count();
      f.has_timeout = true;
      f.timeout_us = rest > 0 ? static_cast<std::uint64_t>(rest) : 0;
    }
    if (last) f.flags = wire::frame::flag_last;
    status refused;
    if (name.is_new) refused = check_name(head.method);
    if (!head.metadata->empty()) {
      f.metadata = head.metadata;
      if (!is_sendable(*head.metadata) || !out_.fits(f)) refused = too_much_metadata();
    }
    call& c = calls_.insert(id);
    c.sink = &sink;
    c.encoding = head.messages;
    c.state = rpc::call_state::open;
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
    if (f.has_payload && !take_payload(*c, f, end) && calls_.find(f.call) != c) return;
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
    const bool was_full = capacity() == 0;
    erase(c);
    free_ids_.push_back(id);
    if (sink != nullptr) sink->on_end(std::move(how), std::move(trailing));
    if (was_full && capacity() > 0) sink_->on_capacity();
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
      return lost(status::unavailable("the peer closed the connection: " + why.message()));
    }
    draining_ = true;
    if (!std::exchange(told_of_drain_, true)) sink_->on_drain();
  }

  static status check_name(std::string_view method) {
    if (is_method_name(method)) return {};
    return status::invalid_argument("'" + std::string(method.substr(0, 64)) +
                                    "' is no method name: package.Service/Method");
  }
  status too_much_metadata() const {
    return status::resource_exhausted(
        "the call's metadata is above limits::max_metadata, or does not fit a frame of " +
        std::to_string(out_.peer().max_frame) + " bytes");
  }

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

}  // namespace polywire::inline v1::framed

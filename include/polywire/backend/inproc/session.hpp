// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/inproc/call.hpp"
#include "polywire/rpc/backend.hpp"
#include "polywire/rpc/call_table.hpp"
#include "polywire/rpc/names.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::inproc {

/// One end of a connection inside a process: the same calls, no bytes. Both roles.
class session final : public rpc::packet_session {
 public:
  session(const rpc::session_config& config, rpc::role role)
      : bounds_(config.limits),
        sink_(config.sink),
        methods_(config.methods),
        role_(role),
        peer_max_calls_(config.limits->max_calls) {}

  const limits& bounds() const noexcept override { return *bounds_; }
  void meet(const limits& peer) override { peer_max_calls_ = peer.max_calls; }

  std::size_t capacity() const noexcept override {
    if (role_ == rpc::role::server || draining_ || finished_) return 0;
    return calls_.size() < peer_max_calls_ ? peer_max_calls_ - calls_.size() : 0;
  }
  std::size_t calls() const noexcept override { return calls_.size(); }

  result<rpc::call_id> open(const rpc::call_head& head, rpc::call_sink& sink, const outgoing* first,
                            bool last) override {
    if (capacity() == 0) return not_now("the connection takes no call now");
    if (!is_method_name(head.method)) {
      return status::invalid_argument("'" + std::string(head.method.substr(0, 64)) +
                                      "' is no method name: package.Service/Method")
          .set_reached(outcome::not_sent);
    }
    if (auto checked = check(*head.metadata); !checked) return checked;
    rpc::packet p(rpc::packet::kind::open, rpc::no_call);
    if (first != nullptr) {
      if (auto put = fill(p, *first); !put) return put;
    }
    const auto name = sent_.find_or_bind(head.method);
    p.call = next_id();
    p.number = name.number;
    if (name.is_new) p.name = head.method;
    p.encoding = head.messages;
    if (head.deadline != never) p.remaining = head.deadline - now_;
    p.metadata = *head.metadata;
    p.last = last;
    call& c = calls_.insert(p.call);
    c.sink = &sink;
    c.encoding = head.messages;
    if (first != nullptr) --c.credit;
    if (last) half_close_state(c);
    outbox_.push_back(std::move(p));
    return c.id;
  }

  result<rpc::sent> send(rpc::call_id id, const outgoing& message, bool last) override {
    call* c = calls_.find(id);
    if (c == nullptr || c->over) return not_now("the call is over");
    if (c->broken) return status::internal("the initial metadata is too large to be sent");
    if (c->held) return not_now("a message of this call still waits for the peer");
    const bool client = role_ == rpc::role::client;
    const rpc::call_state next =
        rpc::next_state(c->state, client ? rpc::call_event::request : rpc::call_event::response);
    if (next == rpc::call_state::illegal) return not_now("the messages of the call are finished");
    rpc::packet p(rpc::packet::kind::message, id);
    p.encoding = c->encoding;
    p.last = last && client;
    if (auto put = fill(p, message); !put) return put;
    c->state = next;
    if (p.last) half_close_state(*c);
    if (c->credit == 0) {
      c->held.emplace(std::move(p));
      return rpc::sent::held;
    }
    --c->credit;
    outbox_.push_back(std::move(p));
    return rpc::sent::done;
  }

  void half_close(rpc::call_id id) override {
    call* c = calls_.find(id);
    if (role_ == rpc::role::server || c == nullptr || !rpc::client_may_send(c->state)) return;
    half_close_state(*c);
    say(*c, rpc::packet(rpc::packet::kind::half_close, id));
  }

  void reply(rpc::call_id id, const metadata& initial) override {
    call* c = calls_.find(id);
    if (role_ == rpc::role::client || c == nullptr || c->over || initial.empty()) return;
    const rpc::call_state next = rpc::next_state(c->state, rpc::call_event::metadata);
    if (next == rpc::call_state::illegal) return;
    c->state = next;
    c->broken = !check(initial);
    if (c->broken) return;
    rpc::packet p(rpc::packet::kind::metadata, id);
    p.metadata = initial;
    outbox_.push_back(std::move(p));
  }

  void end(rpc::call_id id, const outgoing* last, const status& how,
           const metadata& trailing) override {
    call* c = calls_.find(id);
    if (role_ == rpc::role::client || c == nullptr || c->over) return;
    c->over = true;
    c->sink = nullptr;
    rpc::packet p(rpc::packet::kind::end, id);
    p.encoding = c->encoding;
    p.how = how;
    p.how.set_reached(outcome::processed);
    p.metadata = trailing;
    if (last != nullptr && how.ok()) {
      if (auto put = fill(p, *last); !put) {
        p.how = status::internal("the reply cannot be sent: " + put.message());
      }
    }
    if (c->broken || !check(trailing)) {
      p.how = status::internal("the metadata of the reply is too large to be sent");
      p.metadata = metadata();
    }
    if (say(*c, std::move(p))) calls_.erase(*c);
  }

  void cancel(rpc::call_id id) override {
    call* c = calls_.find(id);
    if (role_ == rpc::role::server || c == nullptr || c->over) return;
    c->state = rpc::next_state(c->state, rpc::call_event::cancel);
    c->over = true;
    c->sink = nullptr;
    c->held.reset();
    c->behind.reset();
    outbox_.emplace_back(rpc::packet::kind::cancel, id);
  }

  void consumed(rpc::call_id id, std::size_t cost) override {
    call* c = calls_.find(id);
    if (c == nullptr || c->over) return;
    const auto taken = static_cast<std::uint32_t>(std::min<std::size_t>(cost, c->unread));
    c->unread -= taken;
    c->to_return += taken;
    if (c->to_return < window / 2) return;
    rpc::packet p(rpc::packet::kind::credit, id);
    p.number = std::exchange(c->to_return, 0);
    outbox_.push_back(std::move(p));
  }

  void drain() override {
    if (finished_ || std::exchange(draining_, true)) return;
    outbox_.emplace_back(rpc::packet::kind::drain, rpc::no_call);
  }

  void close(const status& why) override {
    if (finished_) return;
    rpc::packet p(rpc::packet::kind::close, rpc::no_call);
    p.how = why.ok() ? status::unavailable("the connection was closed") : why;
    const status how = p.how;
    outbox_.push_back(std::move(p));
    end_all(how);
  }

  void lost(const status& why) override {
    if (finished_) return;
    std::vector<std::uint32_t> unsent;
    for (const rpc::packet& p : outbox_) {
      if (p.what == rpc::packet::kind::open) unsent.push_back(p.call);
    }
    outbox_.clear();
    for (const std::uint32_t id : unsent) {
      call* c = calls_.find(id);
      if (c == nullptr) continue;
      rpc::call_sink* sink = c->sink;
      calls_.erase(*c);
      status how = why;
      how.set_reached(outcome::not_sent);
      if (sink != nullptr) sink->on_end(std::move(how), {});
    }
    end_all(why);
  }

  bool finished() const noexcept override {
    return finished_ || (role_ == rpc::role::client && draining_ && calls_.size() == 0);
  }

  void receive(rpc::packet&& p) override {
    using kind = rpc::packet::kind;
    if (finished_) return;
    if (p.what == kind::open) return on_open(std::move(p));
    if (p.what == kind::close) {
      return lost(status::unavailable("the other end closed the connection: " + p.how.message()));
    }
    if (p.what == kind::drain) return on_drain();
    call* c = calls_.find(p.call);
    if (c == nullptr) return;  // a straggler
    switch (p.what) {
      case kind::message: return deliver(*c, p, p.last);
      case kind::half_close:
        if (!c->over) c->sink->on_half_close();
        return;
      case kind::metadata:
        if (auto fits = check(p.metadata); !fits) return abort(*c, std::move(fits));
        if (!c->over) c->sink->on_metadata(std::move(p.metadata));
        return;
      case kind::cancel: return on_cancel(*c);
      case kind::end: return on_end(*c, std::move(p));
      case kind::credit: return on_credit(*c, p.number);
      default: return;
    }
  }

 private:
  status check(const metadata& m) const {
    if (m.size() <= bounds_->max_metadata && m.count() <= bounds_->max_metadata_entries) return {};
    return status::resource_exhausted("the call's metadata is above limits::max_metadata")
        .set_reached(outcome::not_sent);
  }

  static void half_close_state(call& c) noexcept {
    c.state = rpc::next_state(c.state, rpc::call_event::half_close);
  }

  void end_all(const status& why) {
    finished_ = true;
    while (call* c = calls_.any()) {
      rpc::call_sink* sink = c->sink;
      calls_.erase(*c);
      status how = why;
      how.set_reached(outcome::maybe_processed);
      if (sink != nullptr) sink->on_end(std::move(how), {});
    }
  }

  // Sends what ends a direction; behind a held message it waits. True: it is out.
  bool say(call& c, rpc::packet&& p) {
    if (c.held) {
      c.behind.emplace(std::move(p));
      return false;
    }
    outbox_.push_back(std::move(p));
    return true;
  }

  void deliver(call& c, rpc::packet& p, bool last) {
    if (c.over) return;
    ++c.unread;
    if (p.object) {
      c.sink->on_message(incoming(p.object, c.encoding, 1), last);
    } else {
      c.sink->on_message(incoming(c.encoding, p.encoded.view(), 1), last);
    }
  }

  void on_open(rpc::packet&& p) {
    rpc::method_entry* method = nullptr;
    std::string_view name = p.name;
    if (!p.name.empty()) {
      if (is_method_name(p.name)) method = methods_->find(p.name);
      if (p.number != 0) received_.bind(p.number, p.name, method);
    } else if (const auto* bound = received_.find(p.number)) {
      method = bound->method;
      name = bound->name;
    }
    status refusal;
    if (draining_) {
      refusal = status::unavailable("the server is stopping");
    } else if (method == nullptr) {
      refusal = status::unimplemented("no method '" + std::string(name) + "' here");
    } else if (calls_.size() >= bounds_->max_calls) {
      refusal = status::resource_exhausted("more than " + std::to_string(bounds_->max_calls) +
                                           " calls on one connection (limits::max_calls)");
    } else {
      refusal = check(p.metadata);
    }
    if (!refusal.ok()) return refuse(p.call, std::move(refusal));
    call& c = calls_.insert(p.call);
    c.encoding = p.encoding;
    rpc::call_head head(name, method->info().type(), p.metadata, p.encoding);
    if (p.remaining != duration::max()) head.deadline = after(now_, p.remaining);
    rpc::call_sink* sink = sink_->on_open(p.call, *method, head, refusal);
    if (calls_.find(p.call) != &c) {  // it was ended in there, or everything was
      if (sink != nullptr && finished_) {
        sink->on_end(status::unavailable("the connection was closed"), {});
      }
      return;
    }
    if (sink == nullptr) {
      calls_.erase(c);
      return refuse(p.call, std::move(refusal));
    }
    c.sink = sink;
    if (p.has_message) {
      deliver(c, p, p.last);
    } else if (p.last) {
      c.sink->on_half_close();
    }
  }

  void refuse(std::uint32_t id, status why) {
    if (why.ok()) why = status::unavailable("the server refuses the call");
    rpc::packet p(rpc::packet::kind::end, id);
    p.how = std::move(why.set_reached(outcome::rejected));
    outbox_.push_back(std::move(p));
  }

  void on_cancel(call& c) {
    rpc::call_sink* sink = c.sink;
    rpc::packet p(rpc::packet::kind::end, c.id);
    p.how = status::cancelled("the client cancelled the call");
    outbox_.push_back(std::move(p));
    calls_.erase(c);
    if (sink != nullptr) sink->on_end(status::cancelled("the client cancelled the call"), {});
  }

  // Ends a call here and tells the server not to go on.
  void abort(call& c, status why) {
    rpc::call_sink* sink = c.sink;
    cancel(c.id);
    if (sink != nullptr) sink->on_end(std::move(why.set_reached(outcome::processed)), {});
  }

  void on_end(call& c, rpc::packet&& p) {
    const std::uint32_t id = p.call;
    if (auto fits = check(p.metadata); !fits && p.how.ok()) {
      p.how = std::move(fits.set_reached(outcome::processed));
      p.metadata = metadata();
    }
    if (p.has_message && p.how.ok()) deliver(c, p, true);
    call* still = calls_.find(id);
    if (still == nullptr) return;
    rpc::call_sink* sink = still->sink;
    const bool was_full = capacity() == 0;
    calls_.erase(*still);
    free_ids_.push_back(id);
    if (sink != nullptr) sink->on_end(std::move(p.how), std::move(p.metadata));
    if (was_full && capacity() > 0) sink_->on_capacity();
  }

  void on_drain() {
    // A client that drains opens nothing more, and is finished with its last call.
    if (role_ == rpc::role::server || std::exchange(told_of_drain_, true)) return;
    draining_ = true;
    sink_->on_drain();
  }

  void on_credit(call& c, std::uint32_t amount) {
    c.credit += amount;
    if (!c.held) return;
    --c.credit;
    outbox_.push_back(std::move(*c.held));
    c.held.reset();
    if (c.behind) {
      const bool over = c.behind->what == rpc::packet::kind::end;
      outbox_.push_back(std::move(*c.behind));
      c.behind.reset();
      if (over) return calls_.erase(c);
    }
    if (!c.over) c.sink->on_sent();
  }

  std::uint32_t next_id() {
    if (free_ids_.empty()) return ++last_id_;
    const std::uint32_t id = free_ids_.back();
    free_ids_.pop_back();
    return id;
  }

  const limits* bounds_;
  rpc::session_sink* sink_;
  const rpc::registry* methods_;
  rpc::role role_;
  std::uint32_t peer_max_calls_;
  rpc::call_table<call> calls_;
  rpc::sent_names sent_;
  rpc::received_names received_;
  std::vector<std::uint32_t> free_ids_;
  std::uint32_t last_id_ = 0;
  bool draining_ = false;
  bool told_of_drain_ = false;
  bool finished_ = false;
};

}  // namespace polywire::inline v1::inproc

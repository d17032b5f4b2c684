// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/inproc/call.hpp"
#include "polywire/rpc/call_table.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::inproc {

/// What both ends of a connection inside a process share: the same calls as elsewhere, no bytes.
/// The roles are in client_session.hpp and server_session.hpp.
class session : public rpc::packet_session {
 public:
  const limits& bounds() const noexcept override { return *bounds_; }
  void meet(const limits& peer) override {
    peer_max_calls_ = peer.max_calls;
    peer_max_subscriptions_ = peer.max_subscriptions;
  }

  std::size_t calls() const noexcept override { return calls_.size(); }

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
    p.last = last && client;  // of a server, the end of the call says it
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
    // Every call that this server knows has been answered: what a client still has, nobody saw.
    const bool unseen = role_ == rpc::role::server && calls_.size() == 0;
    p.how.set_reached(unseen ? outcome::rejected : outcome::maybe_processed);
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
      erase(*c);
      status how = why;
      how.set_reached(outcome::not_sent);
      if (sink != nullptr) sink->on_end(std::move(how), {});
    }
    end_all(why);
  }

  void receive(rpc::packet&& p) override {
    using kind = rpc::packet::kind;
    if (finished_) return;
    if (p.what == kind::close) {
      return lost(status(status_code::unavailable,
                         "the other end closed the connection: " + p.how.message(),
                         p.how.reached()));
    }
    if (p.call == rpc::no_call || p.what == kind::open) return on_connection_packet(std::move(p));
    call* c = calls_.find(p.call);
    if (c == nullptr) return;  // a straggler
    if (p.what == kind::message) return deliver(*c, p, p.last);
    if (p.what == kind::credit) return on_credit(*c, p.number);
    on_call_packet(*c, std::move(p));
  }

 protected:
  session(const rpc::session_config& config, rpc::role role)
      : bounds_(config.limits),
        sink_(config.sink),
        role_(role),
        peer_max_calls_(config.limits->max_calls),
        peer_max_subscriptions_(config.limits->max_subscriptions) {}

  /// What only this role hears; `on_connection_packet`: the opening of a call, or no packet of one.
  virtual void on_connection_packet(rpc::packet&& p) = 0;
  virtual void on_call_packet(call& c, rpc::packet&& p) = 0;

  /// Subscriptions do not count as calls.
  std::size_t plain_calls() const noexcept { return calls_.size() - subscriptions_; }
  call& insert(rpc::call_id id, bool subscription) {
    call& c = calls_.insert(id);
    c.subscription = subscription;
    if (subscription) ++subscriptions_;
    return c;
  }
  void erase(call& c) {
    if (c.subscription) --subscriptions_;
    calls_.erase(c);
  }
  /// Nothing more is said or heard of it.
  static void set_over(call& c) noexcept {
    c.over = true;
    c.sink = nullptr;
  }
  static void half_close_state(call& c) noexcept {
    c.state = rpc::next_state(c.state, rpc::call_event::half_close);
  }

  status check(const metadata& m) const {
    if (m.size() <= bounds_->max_metadata && m.count() <= bounds_->max_metadata_entries) return {};
    return status::resource_exhausted("the call's metadata is above limits::max_metadata")
        .set_reached(outcome::not_sent);
  }

  /// Sends what ends a direction; behind a held message it waits. True: it is out.
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
    incoming message =
        p.object ? incoming(p.object, c.encoding, 1) : incoming(c.encoding, p.encoded.view(), 1);
    if (p.event) message.with(&p.event->get());
    c.sink->on_message(message, last);
  }

  const limits* bounds_;
  rpc::session_sink* sink_;
  rpc::role role_;
  std::uint32_t peer_max_calls_;
  std::uint32_t peer_max_subscriptions_;
  rpc::call_table<call> calls_;
  std::size_t subscriptions_ = 0;
  bool draining_ = false;
  bool finished_ = false;

 private:
  void end_all(const status& why) {
    finished_ = true;
    while (call* c = calls_.any()) {
      rpc::call_sink* sink = c->sink;
      erase(*c);
      status how = why;
      if (how.reached() != outcome::rejected) how.set_reached(outcome::maybe_processed);
      if (sink != nullptr) sink->on_end(std::move(how), {});
    }
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
      if (over) return erase(c);
    }
    if (!c.over) c.sink->on_sent();
  }
};

}  // namespace polywire::inline v1::inproc

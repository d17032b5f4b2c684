// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/inproc/session.hpp"
#include "polywire/rpc/names.hpp"

#include <cstdint>
#include <utility>

namespace polywire::inline v1::inproc {

/// The serving end of a connection inside a process.
class server_session final : public session {
 public:
  explicit server_session(const rpc::session_config& config)
      : session(config, rpc::role::server), methods_(config.methods) {}

  std::size_t capacity() const noexcept override { return 0; }
  bool finished() const noexcept override { return finished_; }

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
    c->broken = !check(initial);
    if (c->broken) return;
    rpc::packet p(rpc::packet::kind::metadata, id);
    p.metadata = initial;
    outbox_.push_back(std::move(p));
  }

  void confirm(rpc::call_id id, const subscribe_position& begin) override {
    call* c = calls_.find(id);
    if (c == nullptr || c->over || !c->subscription) return;
    rpc::packet p(rpc::packet::kind::confirm, id);
    p.position = begin;
    outbox_.push_back(std::move(p));
  }

  void end(rpc::call_id id, const outgoing* last, const status& how,
           const metadata& trailing) override {
    call* c = calls_.find(id);
    if (c == nullptr || c->over) return;
    rpc::packet p(rpc::packet::kind::end, id);
    p.how = how;
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
    // Only this session knows what no handler has seen.
    say_end(*c, std::move(p), outcome::processed);
  }
  void reject(rpc::call_id id, const status& why) override {
    call* c = calls_.find(id);
    if (c == nullptr || c->over) return;
    rpc::packet p(rpc::packet::kind::end, id);
    p.how = why;
    say_end(*c, std::move(p), outcome::rejected);
  }

 private:
  void say_end(call& c, rpc::packet&& p, outcome reached) {
    set_over(c);
    p.encoding = c.encoding;
    p.how.set_reached(reached);
    if (say(c, std::move(p))) erase(c);
  }

  // A client that drains opens nothing more, and is finished with its last call.
  void on_connection_packet(rpc::packet&& p) override {
    if (p.what == rpc::packet::kind::open) open_call(std::move(p));
  }

  void on_call_packet(call& c, rpc::packet&& p) override {
    if (p.what == rpc::packet::kind::cancel) return on_cancel(c);
    if (p.what == rpc::packet::kind::half_close && !c.over) c.sink->on_half_close();
  }

  void open_call(rpc::packet&& p) {
    const bool subscribes = p.asked != nullptr;
    const auto target = rpc::find_target(p.number, p.name, subscribes, *methods_, names_);
    status refusal;
    if (target.problem != nullptr) {
      refusal = status::invalid_argument(target.problem);
    } else if (draining_) {
      refusal = status::unavailable("the server is stopping");
    } else if (target.method == nullptr) {
      refusal = rpc::unknown_name(target.name);
    } else if (subscribes ? subscriptions_ >= bounds_->max_subscriptions
                          : plain_calls() >= bounds_->max_calls) {
      refusal = rpc::too_many(subscribes, *bounds_);
    } else {
      refusal = check(p.metadata);
    }
    if (!refusal.ok()) return refuse(p.call, std::move(refusal));

    call& c = insert(p.call, subscribes);
    c.encoding = p.encoding;
    rpc::call_head head(target.name, target.method->info().type(), p.metadata, p.encoding);
    head.key = p.key;
    if (subscribes) head.subscribe = &p.asked->get();
    if (p.remaining != duration::max()) head.deadline = after(now_, p.remaining);
    rpc::call_sink* sink = sink_->on_open(p.call, *target.method, head, refusal);
    if (calls_.find(p.call) != &c) {  // it was ended in there, or everything was
      if (sink != nullptr && finished_) {
        sink->on_end(status::unavailable("the connection was closed"), {});
      }
      return;
    }
    if (c.over) return;  // ended in there, and the end waits for its turn
    if (sink == nullptr) {
      erase(c);
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
    erase(c);
    if (sink != nullptr) sink->on_end(status::cancelled("the client cancelled the call"), {});
  }

  const rpc::registry* methods_;
  rpc::received_names names_;
};

}  // namespace polywire::inline v1::inproc

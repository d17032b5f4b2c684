// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/framed/frame_input.hpp"
#include "polywire/backend/framed/liveness.hpp"
#include "polywire/backend/framed/receiver.hpp"
#include "polywire/backend/framed/sender.hpp"
#include "polywire/rpc/call_table.hpp"
#include "polywire/rpc/session.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace polywire::inline v1::framed {

/// What both roles of a framed connection share: greeting, credits, messages, liveness, and the
/// end. The roles are in client_session.hpp and server_session.hpp; the rules in docs/protocols.md.
class session : public rpc::byte_session {
 public:
  std::size_t calls() const noexcept override { return calls_.size(); }

  result<rpc::sent> send(rpc::call_id id, const outgoing& message, bool last) override {
    wire::frame::frame head;
    if (role_ == rpc::role::server) last = false;  // there the end of the call says it
    if (last) head.flags = wire::frame::flag_last;
    return send(id, head, message, last);
  }

  void consumed(rpc::call_id id, std::size_t cost) override {
    call* c = calls_.find(id);
    if (c == nullptr || c->over) return;
    if (const std::uint32_t back = in_.consumed(*c, cost, now_); back > 0) send_credit(id, back);
  }

  void drain() override {
    if (finished_ || std::exchange(draining_, true)) return;
    out_.goodbye({});
    linger_until_ = after(now_, bounds_->close_timeout);
  }

  void close(const status& why) override {
    status said = why.ok() ? status::unavailable("the connection was closed") : why;
    // Every call that this server knows has been answered: what a client still has, nobody saw.
    const bool unseen = role_ == rpc::role::server && calls_.size() == 0;
    said.set_reached(unseen ? outcome::rejected : outcome::processed);
    hang_up(said, said);
  }

  bool finished() const noexcept override { return finished_ || (lingered_ && calls_.size() == 0); }

  std::span<std::byte> prepare() override { return input_.prepare(); }

  void commit(std::size_t n) override {
    if (n > 0) peer_.heard(now_);
    const char* problem = input_.commit(n, [this](const wire::frame::frame& f) {
      if (finished_) return false;
      on_frame(f);
      release_sent();
      return !finished_;
    });
    if (problem != nullptr) fail(problem);
    if (finished_) return;
    if (input_.is_greeted()) peer_.set_greeted();
    peer_.set_partial(input_.is_partial());
    if (const std::uint32_t back = in_.connection_back(); back > 0) send_credit(0, back);
    if (out_.overflows(calls_.size() * bounds_->max_metadata)) {
      hang_up(status::resource_exhausted("the peer does not read its answers"),
              status::unavailable("the peer does not read its answers"));
    }
  }

  void eof() override {
    lost(status::unavailable(calls_.size() > 0 ? "the peer closed the connection during the call"
                                               : "the peer closed the connection"));
  }

  void lost(const status& why) override {
    if (finished_) return;
    finished_ = true;
    out_.output().clear();
    end_all(why, true);
  }

  std::span<const bytes_view> output() override {
    output_ = out_.output().view();
    return {&output_, output_.empty() ? std::size_t{0} : std::size_t{1}};
  }
  void consume_output(std::size_t n) override {
    out_.consume(n);
    release_sent();
  }

  time_point next_timer() const noexcept override {
    if (finished_) return never;
    return std::min({peer_.next(), linger_until_, in_.next_check()});
  }

  void on_timer() override {
    if (finished_) return;
    if (const auto problem = peer_.problem(now_); !problem.empty()) return give_up(problem);
    if (in_.has_stuck(calls_, now_)) {
      return give_up("half a message came and no more (limits::read_progress_timeout)");
    }
    if (now_ >= linger_until_) {
      // The peer had time to hear that we drain: it opens nothing any more.
      lingered_ = true;
      linger_until_ = never;
    }
    if (const std::uint32_t number = peer_.take_ping(now_); number > 0) {
      wire::frame::frame f;
      f.has_ping = true;
      f.ping = number;
      out_.control(f);
    }
  }

 protected:
  session(const rpc::session_config& config, rpc::role role)
      : bounds_(config.limits),
        sink_(config.sink),
        role_(role),
        out_(*config.limits),
        in_(*config.limits),
        peer_(*config.limits, config.now) {
    at(config.now);
    out_.output().append(wire::frame::preface);
    wire::frame::frame f;
    f.has_hello = true;
    f.hello = in_.announced(own_frame_limit);
    out_.control(f);
  }

  /// `head`: what its frame says beside the message and the call.
  result<rpc::sent> send(rpc::call_id id, wire::frame::frame& head, const outgoing& message,
                         bool last) {
    call* c = calls_.find(id);
    if (c == nullptr || c->over) return not_now("the call is over");
    if (c->broken) return status::internal("the initial metadata is too large to be sent");
    const rpc::call_state next = rpc::next_state(c->state, sends());
    if (next == rpc::call_state::illegal) return not_now("the messages of the call are finished");
    head.call = id;
    auto done = out_.message(*c, head, message);
    if (!done) return done;
    c->state = next;
    if (last) half_close_state(*c);
    return done;
  }

  /// A frame of a call; connection frames are handled here.
  virtual void on_call_frame(const wire::frame::frame& f) = 0;
  virtual void on_goodbye(const status& why) = 0;
  /// The message breaks this side's limit: end that call, and it alone.
  virtual void on_too_large(call& c) = 0;

  /// The payload of a frame of an open call; `last` ends its direction. `event`: what this frame
  /// says beside it; `c.event`: what an earlier one did. False: `c` may be gone.
  bool take_payload(call& c, const wire::frame::frame& f, bool last,
                    const event_head* event = nullptr) {
    const rpc::call_state next = rpc::next_state(c.state, receives());
    if (next == rpc::call_state::illegal) {
      fail("a message came after the end of its direction");
      return false;
    }
    c.state = next;
    if (c.over) return true;
    bytes_view whole;
    std::size_t cost = 0;
    switch (in_.take(c, f, now_, whole, cost)) {
      case received::violation:
        fail("a message exceeds the call's credit or its own size");
        return false;
      case received::too_large: on_too_large(c); return false;
      case received::part: pay_back(c); return true;
      case received::message: break;
    }
    c.started = true;
    const std::uint32_t id = c.id;
    // The callback may end the call.
    const auto kept_event = std::move(c.event);
    if (kept_event) event = &kept_event->get();
    buffer kept;
    if (c.assembling) {
      kept = std::move(c.assembly);
      whole = kept.view();
      finish_assembly(c);
    }
    c.sink->on_message(incoming(c.encoding, whole, cost).with(event), last);
    return calls_.find(id) == &c;
  }

  static void half_close_state(call& c) noexcept {
    c.state = rpc::next_state(c.state, rpc::call_event::half_close);
  }

  /// Whether this metadata may be sent, in a frame that has little else.
  bool is_sendable(const metadata& m) const noexcept {
    return m.empty() || (m.size() <= bounds_->max_metadata &&
                         m.count() <= bounds_->max_metadata_entries && out_.fits(m));
  }

  /// Nothing more is said or heard of it.
  void set_over(call& c) {
    c.over = true;
    c.sink = nullptr;
    c.event.reset();
    finish_assembly(c);
  }

  void erase(call& c) {
    out_.drop(c);
    finish_assembly(c);
    if (c.subscription) --subscriptions_;
    calls_.erase(c);
  }
  void set_subscription(call& c) noexcept {
    c.subscription = true;
    ++subscriptions_;
  }
  /// Subscriptions do not count as calls.
  std::size_t plain_calls() const noexcept { return calls_.size() - subscriptions_; }

  /// The peer breaks the protocol.
  void fail(std::string_view problem) {
    const std::string text = "protocol error: " + std::string(problem);
    hang_up(status::invalid_argument(text), status::unavailable(text));
  }

  static status not_now(std::string_view why) {
    return status::failed_precondition(std::string(why)).set_reached(outcome::not_sent);
  }

  const limits* bounds_;
  rpc::session_sink* sink_;
  rpc::role role_;
  bool draining_ = false;
  bool finished_ = false;
  rpc::call_table<call> calls_;
  std::size_t subscriptions_ = 0;
  sender out_;
  receiver in_;

 private:
  static constexpr std::uint32_t own_frame_limit = wire::frame::max_frame_default;

  rpc::call_event sends() const noexcept {
    return role_ == rpc::role::client ? rpc::call_event::request : rpc::call_event::response;
  }
  rpc::call_event receives() const noexcept {
    return role_ == rpc::role::client ? rpc::call_event::response : rpc::call_event::request;
  }
  // What only this side may say.
  std::uint32_t own_flags() const noexcept {
    return role_ == rpc::role::client ? wire::frame::flag_last | wire::frame::flag_cancel
                                      : wire::frame::flag_end;
  }

  void on_frame(const wire::frame::frame& f) {
    if (f.call == 0) return on_connection_frame(f);
    if (!heard_hello_) return fail("the first frame is not a hello");
    constexpr std::uint32_t final =
        wire::frame::flag_last | wire::frame::flag_end | wire::frame::flag_cancel;
    if ((f.flags & own_flags()) != 0) return fail("a flag came from the wrong side");
    if ((f.flags & wire::frame::flag_more) != 0 && ((f.flags & final) != 0 || !f.has_payload)) {
      return fail("a part of a message ends something, or is no part");
    }
    if (f.has_payload && !in_.charge(f)) return fail("the connection's credit is exceeded");
    if (f.credit != 0) {
      call* c = calls_.find(f.call);
      if (c != nullptr && !out_.add_credit(*c, f.credit)) return fail("a call's credit overflows");
    }
    on_call_frame(f);
  }

  void on_connection_frame(const wire::frame::frame& f) {
    if (f.has_hello == std::exchange(heard_hello_, true)) {
      return fail(f.has_hello ? "a second hello" : "the first frame is not a hello");
    }
    if (f.has_payload) return fail("a message came without a call");
    if (f.has_hello) {
      const std::size_t before = capacity();
      const bool had_room = has_room(call_type::subscribe);
      out_.set_peer(f.hello, calls_);
      if (capacity() > before || (!had_room && has_room(call_type::subscribe))) {
        sink_->on_capacity();
      }
    }
    if (f.credit != 0 && !out_.add_credit(f.credit)) {
      return fail("the connection's credit overflows");
    }
    if (f.has_ping) {
      wire::frame::frame pong;
      pong.has_pong = true;
      pong.pong = f.ping;
      out_.control(pong);
    }
    if (f.has_goodbye) {
      status why;
      if (!wire::frame::decode_status(f.goodbye_bytes, why)) return fail("a goodbye is malformed");
      on_goodbye(why);
    }
  }

  void send_credit(std::uint32_t id, std::uint32_t amount) {
    wire::frame::frame f;
    f.call = id;
    f.credit = amount;
    out_.control(f);
  }
  void pay_back(call& c) {
    if (const std::uint32_t back = in_.pay_back(c, now_); back > 0) send_credit(c.id, back);
  }

  // Calls whose held message has gone out.
  void release_sent() {
    while (!out_.released().empty()) {
      const std::uint32_t id = out_.released().back();
      out_.released().pop_back();
      call* c = calls_.find(id);
      if (c == nullptr) continue;
      if (c->end_after_held) {
        erase(*c);
      } else if (!c->over) {
        c->sink->on_sent();
      }
    }
  }

  void finish_assembly(call& c) {
    if (!in_.finish(c)) return;
    while (call* waiting = in_.next()) pay_back(*waiting);
  }

  void give_up(std::string_view why) {
    const status how = status::unavailable(std::string(why));
    hang_up(how, how);
  }

  // What has been written still goes out, openings too.
  void hang_up(const status& goodbye, const status& for_calls) {
    if (finished_) return;
    finished_ = true;
    out_.goodbye(goodbye);
    end_all(for_calls, false);
  }

  void end_all(const status& why, bool output_is_lost) {
    while (call* c = calls_.any()) {
      rpc::call_sink* sink = c->sink;
      const bool never_left = output_is_lost && c->opened_at > out_.left();
      const bool unseen = why.reached() == outcome::rejected && !c->started;
      erase(*c);
      if (sink == nullptr) continue;
      status how = why;
      how.set_reached(never_left ? outcome::not_sent
                      : unseen   ? outcome::rejected
                                 : outcome::maybe_processed);
      sink->on_end(std::move(how), {});
    }
  }

  frame_input input_{own_frame_limit};
  liveness peer_;
  bytes_view output_;
  time_point linger_until_ = never;
  bool heard_hello_ = false;
  bool lingered_ = false;
};

}  // namespace polywire::inline v1::framed

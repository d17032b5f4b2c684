// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/names.hpp"
#include "polywire/backend/framed/receiver.hpp"
#include "polywire/backend/framed/sender.hpp"
#include "polywire/rpc/call_table.hpp"
#include "polywire/rpc/input_buffer.hpp"
#include "polywire/rpc/session.hpp"
#include "polywire/wire/frame/decode.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace polywire::inline v1::framed {

/// What both roles of a framed connection share: greeting, credits, messages, liveness, and the end.
/// The roles are in client_session.hpp and server_session.hpp; the rules in docs/protocols.md.
class session : public rpc::byte_session {
 public:
  std::size_t calls() const noexcept override { return calls_.size(); }

  result<rpc::sent> send(rpc::call_id id, const outgoing& message, bool last) override {
    call* c = calls_.find(id);
    if (c == nullptr) return gone();
    wire::frame::frame head;
    head.call = id;
    if (last) head.flags = wire::frame::flag_last;
    auto done = out_.message(*c, head, message);
    if (done) advance(*c, sent_event_, last);
    return done;
  }

  void consumed(rpc::call_id id, std::size_t cost) override {
    call* c = calls_.find(id);
    if (c == nullptr) return;
    if (const std::uint32_t back = in_.consumed(*c, cost); back > 0) send_credit(id, back);
  }

  void drain() override {
    if (std::exchange(draining_, true)) return;
    const status goodbye;
    wire::frame::frame f;
    f.goodbye = &goodbye;
    out_.control(f);
    linger_until_ = after(now_, bounds_->close_timeout);
  }

  void close(const status& why) override {
    if (finished_) return;
    finished_ = true;
    wire::frame::frame f;
    f.goodbye = &why;
    out_.control(f);
    end_all(why, outcome::maybe_processed);
  }

  bool finished() const noexcept override {
    return finished_;
  }

  std::span<std::byte> prepare() override { return input_.prepare(); }

  void commit(std::size_t n) override {
    if (n > 0) {
      last_heard_ = now_;
      pings_ = 0;
    }
    const std::span<std::byte> all = input_.commit(n);
    std::size_t used = 0;
    if (!greeted_ && !finished_) used = read_preface(all);
    while (greeted_ && !finished_) {
      wire::frame::frame f;
      const auto parsed = wire::frame::decode(all.subspan(used), own_frame_limit, f);
      if (parsed.state == wire::frame::parse_state::need_more) break;
      if (parsed.state == wire::frame::parse_state::error) {
        fail(parsed.problem);
        break;
      }
      used += parsed.size;
      on_frame(f);
      release_sent();
    }
    if (finished_) used = all.size();
    const bool had_partial = partial_;
    partial_ = used < all.size();
    if (partial_ && (!had_partial || used > 0)) partial_since_ = now_;
    input_.finish(all.subspan(used));
    if (const std::uint32_t back = in_.connection_credit(); back > 0) send_credit(0, back);
    if (out_.overflows()) close(status::resource_exhausted("the peer does not read its answers"));
  }

  void eof() override {
    lost(status::unavailable(calls_.size() > 0 ? "the peer closed the connection during the call"
                                               : "the peer closed the connection"));
  }

  void lost(const status& why) override {
    if (finished_) return;
    finished_ = true;
    out_.output().clear();
    end_all(why, outcome::maybe_processed);
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
    time_point next = greeted_ ? after(last_heard_, ping_delay()) : greeting_deadline_;
    if (partial_) next = std::min(next, after(partial_since_, bounds_->read_progress_timeout));
    if (in_.assemblies() > 0) next = std::min(next, assembly_check_);
    if (draining_) next = std::min(next, linger_until_);
    return next;
  }

  void on_timer() override {
    if (finished_) return;
    if (!greeted_ && now_ >= greeting_deadline_) {
      return give_up("the peer did not greet in time (limits::handshake_timeout)");
    }
    if (partial_ && now_ >= after(partial_since_, bounds_->read_progress_timeout)) {
      return give_up("half a frame came and no more (limits::read_progress_timeout)");
    }
    if (in_.assemblies() > 0 && now_ >= assembly_check_) end_stuck_messages();
    if (draining_ && now_ >= linger_until_) {
      // The peer had time to hear that we drain: it opens nothing any more.
      if (calls_.size() == 0) finished_ = true;
      linger_until_ = after(now_, bounds_->close_timeout);
    }
    if (greeted_ && now_ >= after(last_heard_, ping_delay())) {
      if (pings_ == most_pings) {
        return give_up("the peer is silent and does not answer pings (limits::ping_interval)");
      }
      ++pings_;
      wire::frame::frame f;
      f.has_ping = true;
      f.ping = pings_;
      out_.control(f);
    }
  }

 protected:
  session(const rpc::session_config& config, rpc::call_event sent, rpc::call_event received)
      : bounds_(config.limits),
        sink_(config.sink),
        out_(*config.limits),
        in_(*config.limits),
        sent_event_(sent),
        received_event_(received),
        greeting_deadline_(after(config.now, config.limits->handshake_timeout)),
        last_heard_(config.now) {
    at(config.now);
    out_.output().append(wire::frame::preface);
    wire::frame::frame f;
    f.has_hello = true;
    f.hello.max_message = static_cast<std::uint32_t>(
        std::min<std::size_t>(bounds_->max_message, 0x7fffffff));
    f.hello.max_calls = bounds_->max_calls;
    f.hello.max_frame = own_frame_limit;
    f.hello.call_credit = bounds_->call_credit;
    f.hello.connection_credit = bounds_->connection_credit;
    out_.control(f);
  }

  /// A frame of a call; connection frames are handled here.
  virtual void on_call_frame(const wire::frame::frame& f) = 0;
  virtual void on_goodbye(const status& why) = 0;
  /// The message breaks this side's limit: end that call, and it alone.
  virtual void on_too_large(call& c) = 0;

  /// The payload of a frame of an open call. False: `c` may be gone.
  bool take_payload(call& c, const wire::frame::frame& f, bool last) {
    const rpc::call_state next = rpc::next_state(c.state, received_event_);
    if (next == rpc::call_state::illegal) {
      fail("a message came after the end of its direction");
      return false;
    }
    bytes_view whole;
    std::size_t cost = 0;
    switch (in_.take(c, f, now_, whole, cost)) {
      case received::violation: fail("the peer exceeds its credit or a message its size"); return false;
      case received::too_large: on_too_large(c); return false;
      case received::part:
        assembly_check_ = std::min(assembly_check_, after(now_, bounds_->read_progress_timeout));
        if (const std::uint32_t back = in_.advance(c); back > 0) send_credit(c.id, back);
        return true;
      case received::message: break;
    }
    c.state = next;
    const std::uint32_t id = c.id;
    if (c.sink != nullptr) {
      if (c.assembling) {
        const buffer kept = std::move(c.assembly);  // the callback may end the call
        finish_assembly(c);
        c.sink->on_message(incoming(c.encoding, kept.view(), cost), last);
      } else {
        c.sink->on_message(incoming(c.encoding, whole, cost), last);
      }
    }
    return calls_.find(id) == &c;
  }

  void advance(call& c, rpc::call_event event, bool last) noexcept {
    c.state = rpc::next_state(c.state, event);
    if (last) c.state = rpc::next_state(c.state, rpc::call_event::half_close);
  }

  void erase(call& c) noexcept {
    out_.drop(c);
    finish_assembly(c);
    calls_.erase(c);
  }

  /// The peer breaks the protocol.
  void fail(std::string_view problem) {
    close(status::invalid_argument("protocol error: " + std::string(problem)));
  }

  /// Gives back the credit of a frame; false when the peer has spent more than it had.
  bool charge(const wire::frame::frame& f) {
    if (!f.has_payload || in_.charge(f)) return true;
    fail("the peer exceeds the connection's credit");
    return false;
  }

  static status gone() {
    return status::failed_precondition("the call is over").set_reached(outcome::not_sent);
  }

  const limits* bounds_;
  rpc::session_sink* sink_;
  rpc::call_table<call> calls_;
  sender out_;
  receiver in_;
  bool draining_ = false;
  bool finished_ = false;

 private:
  static constexpr std::uint32_t own_frame_limit = wire::frame::max_frame_default;
  static constexpr std::uint32_t most_pings = 2;

  std::size_t read_preface(bytes_view all) {
    const std::size_t n = std::min(all.size(), wire::frame::preface.size());
    if (!std::equal(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n),
                    wire::frame::preface.begin())) {
      fail("this is not polywire's frames, version 1");
      return all.size();
    }
    if (n < wire::frame::preface.size()) return 0;
    greeted_ = true;
    return n;
  }

  void on_frame(const wire::frame::frame& f) {
    if (f.call != 0) {
      if (!charge(f)) return;
      if (f.credit != 0) {
        if (call* c = calls_.find(f.call)) out_.add_credit(*c, f.credit);
      }
      return on_call_frame(f);
    }
    if (f.has_payload) return fail("a message came without a call");
    if (f.has_hello) {
      out_.set_peer(f.hello, calls_);
      sink_->on_capacity();
    }
    if (f.credit != 0) out_.add_credit(f.credit);
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

  // Calls whose held message has gone out.
  void release_sent() {
    while (!out_.released().empty()) {
      const std::uint32_t id = out_.released().back();
      out_.released().pop_back();
      call* c = calls_.find(id);
      if (c == nullptr) continue;
      if (c->end_after_held) {
        erase(*c);
      } else if (c->sink != nullptr) {
        c->sink->on_sent();
      }
    }
  }

  void finish_assembly(call& c) noexcept {
    if (!in_.finish(c)) return;
    calls_.for_each([this](call& other) {
      if (const std::uint32_t back = in_.advance(other); back > 0) send_credit(other.id, back);
    });
  }

  void end_stuck_messages() {
    assembly_check_ = never;
    bool stuck = false;
    calls_.for_each([&](call& c) {
      if (!c.assembling) return;
      const time_point end = after(c.assembly_since, bounds_->read_progress_timeout);
      stuck = stuck || now_ >= end;
      assembly_check_ = std::min(assembly_check_, end);
    });
    if (stuck) give_up("half a message came and no more (limits::read_progress_timeout)");
  }

  void give_up(std::string_view why) { close(status::unavailable(std::string(why))); }

  void end_all(const status& why, outcome reached) {
    while (call* c = calls_.any()) {
      rpc::call_sink* sink = std::exchange(c->sink, nullptr);
      const bool left = c->opened_at <= out_.left();
      erase(*c);
      if (sink == nullptr) continue;
      status how = why;
      how.set_reached(left ? reached : outcome::not_sent);
      sink->on_end(std::move(how), {});
    }
  }

  duration ping_delay() const noexcept {
    return bounds_->ping_interval * (std::int64_t{pings_} + 1);
  }

  rpc::call_event sent_event_;
  rpc::call_event received_event_;
  rpc::input_buffer input_;
  bytes_view output_;
  time_point greeting_deadline_;
  time_point last_heard_;
  time_point partial_since_{};
  time_point assembly_check_ = never;
  time_point linger_until_ = never;
  std::uint32_t pings_ = 0;
  bool greeted_ = false;
  bool partial_ = false;
};

}  // namespace polywire::inline v1::framed

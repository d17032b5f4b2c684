// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/exchange.hpp"
#include "polywire/rpc/session.hpp"

#include <memory>
#include <utility>

namespace polywire::inline v1::http_carrier {

/// A connection that carries one exchange at a time, as seen from above: commands for the call go
/// to the exchange.
class exchange_host : public rpc::byte_session {
 public:
  std::size_t capacity() const noexcept final { return 0; }
  std::size_t calls() const noexcept final { return is_open() && exchange_->is_call() ? 1 : 0; }

  result<rpc::call_id> open(const rpc::call_head&, rpc::call_sink&, const outgoing*, bool) final {
    return status::failed_precondition("a server does not call").set_reached(outcome::not_sent);
  }
  void half_close(rpc::call_id) final {}
  void cancel(rpc::call_id) final {}

  result<rpc::sent> send(rpc::call_id id, const outgoing& message, bool last) final {
    if (!is_open(id)) return status::failed_precondition("the call is over");
    auto done = exchange_->send(message, last);
    if (!done || *done == rpc::sent::held || port_.output().size() < bounds_->call_credit)
      return done;
    waits_for_room_ = true;
    return rpc::sent::held;
  }
  void reply(rpc::call_id id, const metadata& initial) final {
    if (is_open(id)) exchange_->reply(initial);
  }
  void confirm(rpc::call_id id, const subscribe_position& begin) final {
    if (is_open(id)) exchange_->confirm(begin);
  }
  void end(rpc::call_id id, const outgoing* last, const status& how,
           const metadata& trailing) final {
    if (!is_open(id)) return;
    exchange_->end(last, how, trailing);
    after_command();
  }
  void reject(rpc::call_id id, const status& why) final {
    if (!is_open(id)) return;
    exchange_->reject(why);
    after_command();
  }
  void consumed(rpc::call_id id, std::size_t cost) final {
    if (!is_open(id)) return;
    const bool stood = !exchange_->wants_body();
    exchange_->consumed(cost);
    if (stood) heard_ = now_;  // it was us who paused
  }
  bool finished() const noexcept final { return finished_; }

 protected:
  explicit exchange_host(const rpc::session_config& config)
      : bounds_(config.limits), port_(config, now_) {
    at(config.now);
  }

  /// After what may have ended the exchange from outside.
  virtual void after_command() = 0;

  bool is_open() const noexcept {
    return exchange_ && !lost_ && !is_answered() && !finished_ && !lingers_;
  }
  bool is_answered() const noexcept { return port_.is_complete(); }

  /// Calls the exchange, which is not destroyed meanwhile.
  template <class Call>
  void inside(Call call) {
    const bool outer = std::exchange(stepping_, true);
    call();
    stepping_ = outer;
  }

  const limits* bounds_;
  exchange_port port_;
  std::unique_ptr<exchange> exchange_;
  /// When something came last, or when we began to read again.
  time_point heard_{};
  /// Nobody waits for the answer.
  bool lost_ = false;
  /// The output is full: the call's next message waits, or the next request.
  bool waits_for_room_ = false;
  bool stepping_ = false;
  /// The last answer is written.
  bool lingers_ = false;
  bool finished_ = false;

 private:
  bool is_open(rpc::call_id id) const noexcept { return is_open() && id == port_.id; }
};

}  // namespace polywire::inline v1::http_carrier

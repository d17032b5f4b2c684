// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/exchange.hpp"
#include "polywire/backend/http_json/error_json.hpp"
#include "polywire/backend/http_json/fields.hpp"
#include "polywire/core/recycler.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::http_json {

/// An exchange that carries a call: what all of them share.
class server_exchange : public http_carrier::exchange, public recycled {
 public:
  explicit server_exchange(http_carrier::exchange_port& port) noexcept : port_(&port) {}

  bool is_call() const noexcept override { return true; }

  /// Opens the call. `problem`: what was wrong with the head already.
  void open(rpc::method_entry& method, rpc::call_head& head, status problem) {
    if (problem.ok() && port_->draining) problem = status::unavailable("the server is stopping");
    rpc::call_sink* sink = nullptr;
    if (problem.ok()) {
      sink = port_->sink->on_open(port_->id, method, head, problem);
      if (over_) {  // ended in there
        return;
      }
      if (sink == nullptr && problem.ok()) {
        problem = status::unavailable("the server refuses the call");
      }
    }
    if (sink == nullptr) return refuse(std::move(problem));
    sink_ = sink;
  }
  /// Ends a call that nobody has seen.
  void refuse(status why) { reject(why); }

  void on_lost(const status& why) override {
    over_ = true;
    if (rpc::call_sink* sink = std::exchange(sink_, nullptr)) {
      status how(why);
      sink->on_end(std::move(how.set_reached(outcome::maybe_processed)), {});
    }
  }
  void on_close(const status& why) override { fail(why); }
  void reply(const metadata& initial) override { initial_ = initial; }
  void end(const outgoing* last, const status& how, const metadata& trailing) override {
    if (std::exchange(over_, true)) return;
    sink_ = nullptr;
    finish(last, how, trailing, false);
  }
  void reject(const status& why) override {
    if (std::exchange(over_, true)) return;
    sink_ = nullptr;
    initial_ = metadata();
    finish(nullptr, why, metadata(), true);
  }

 protected:
  /// Writes the end of the response. `rejected`: nobody has seen the call.
  virtual void finish(const outgoing* last, const status& how, const metadata& trailing,
                      bool rejected) = 0;

  /// Ends the call for both sides. `rejected`: no handler has seen any of it.
  void fail(const status& why, bool rejected = false) {
    rpc::call_sink* sink = std::exchange(sink_, nullptr);
    if (!std::exchange(over_, true)) finish(nullptr, why, metadata(), rejected);
    if (sink != nullptr) sink->on_end(status(why), {});
  }

  static void say_rejected(bool rejected, wire::http1::head_writer& head) {
    if (rejected) head.field("polywire-outcome: rejected\r\n");
  }

  http_carrier::exchange_port* port_;
  rpc::call_sink* sink_ = nullptr;
  metadata initial_;
  bool over_ = false;
};

}  // namespace polywire::inline v1::http_json

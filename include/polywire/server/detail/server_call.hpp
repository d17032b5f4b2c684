// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/counted.hpp"
#include "polywire/io/spawn.hpp"
#include "polywire/server/detail/shard.hpp"
#include "polywire/server/server_context.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace polywire::inline v1::detail {

/// What all calls of a server have in common: the way back, the deadline, the end. On the loop's
/// thread.
class server_call : public server_context, public io::timer {
 public:
  server_call(const std::shared_ptr<server_link>& link, rpc::call_id id, const server_entry& entry,
              const rpc::call_head& head)
      : server_context(link->home().home(), link->peer, entry.info().name(), *head.metadata,
                       head.deadline),
        link_(link),
        id_(id),
        encoding_(head.messages) {
    if (method_.empty()) {
      name_ = head.method;
      method_ = name_;
    }
    link_->call_started();
    link_->home().call_started();
    if (deadline_ != never) home_->set_timer(*this, deadline_);
  }

 protected:
  ~server_call() {
    handler_done();
    link_->home().call_gone();
  }

  virtual void keep() noexcept = 0;
  virtual void unkeep() noexcept = 0;
  /// The handler is to stop: nobody waits for it.
  virtual void on_cancelled(const status& why) = 0;

  const limits& bounds() const noexcept { return link_->bounds(); }
  io::connection& connection() const noexcept { return *link_->connection; }
  bool is_open() const noexcept { return open_; }

  /// The handler has given its answer: from now on it does not count as running, so that the client
  /// which hears the answer finds room for its next call.
  void handler_done() noexcept {
    if (!std::exchange(handler_done_, true)) link_->call_gone();
  }

  void send_initial() {
    if (initial_.empty() || std::exchange(initial_sent_, true)) return;
    connection().command().reply(id_, initial_);
  }

  /// The last word to the client. Nothing happens when it is not there any more.
  void end(const outgoing* last, const status& how) {
    if (!open_) return;
    send_initial();
    connection().command().end(id_, last, how, trailing_);
    closed();
  }

  /// The session has ended the call by itself.
  void cancelled_by(const status& why) {
    if (!open_) return;
    keep();
    closed();
    set_cancelled();
    on_cancelled(why);
    unkeep();
  }

  /// Ends the call for the client and stops the handler.
  void fail(const status& why) {
    if (!open_) return;
    keep();
    end(nullptr, why);
    set_cancelled();
    on_cancelled(why);
    unkeep();
  }

  /// What becomes of an exception: the caller learns nothing of it, the log does.
  status caught(const std::exception_ptr& thrown) const noexcept {
    if (!cancelled()) {
      std::string what = "an unknown exception";
      try {
        std::rethrow_exception(thrown);
      } catch (const std::exception& e) {
        what = e.what();
      } catch (...) {
      }
      link_->home().what().log(log_level::error,
                               "the handler of " + std::string(method_) + " threw: " + what);
    }
    return status::internal("the handler failed");
  }

  std::shared_ptr<server_link> link_;
  rpc::call_id id_;
  format encoding_;

 private:
  void on_time() override {
    fail(status::deadline_exceeded("the deadline passed before the handler was done"));
  }

  void closed() {
    open_ = false;
    home_->remove_timer(*this);
    unkeep();
  }

  std::string name_;
  bool open_ = true;
  bool initial_sent_ = false;
  bool handler_done_ = false;
};

/// Runs a handler that is a coroutine, and can stop it. Knows no types, so that co_spawn's machinery
/// is compiled once and not for every handler.
class coroutine_runner {
 public:
  /// `ex` is where it runs: the connection's executor, or one of its own. `owner` is kept alive.
  void spawn(const io::executor& ex, const ref<counted>& owner, asio::awaitable<void> body) {
    executor_ = ex;
    asio::co_spawn(ex, std::move(body),
                   asio::bind_cancellation_slot(signal_.slot(), [owner](std::exception_ptr) {}));
  }
  void stop(const ref<counted>& owner) {
    if (!executor_) return;
    asio::post(executor_, [this, owner] { signal_.emit(asio::cancellation_type::terminal); });
  }

 private:
  io::executor executor_;
  asio::cancellation_signal signal_;
};

}  // namespace polywire::inline v1::detail

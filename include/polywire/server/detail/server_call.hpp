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

class admission;

/// Keeps a call alive for those who may still speak of it.
class kept_server_call {
 public:
  explicit kept_server_call(server_call& call) noexcept;
  kept_server_call(const kept_server_call& other) noexcept;
  kept_server_call& operator=(const kept_server_call&) = delete;
  ~kept_server_call();

 private:
  server_call* call_;
};

/// What all calls of a server have in common: the way back, the deadline, the end. On the loop's
/// thread.
class server_call : public server_context, public io::timer {
 public:
  server_call(const std::shared_ptr<server_link>& link, rpc::call_id id, const server_entry& entry,
              const rpc::call_head& head)
      : server_context(link->home().home(), link->bounds(), link->peer, entry.info().type(),
                       entry.info().name(), *head.metadata, head.deadline),
        link_(link),
        id_(id),
        encoding_(head.messages),
        is_subscription_(head.subscribe != nullptr) {
    if (method_.empty()) {
      name_ = head.method;
      method_ = name_;
    }
    if (!is_subscription_) {
      link_->call_started();
      link_->home().call_started();
    }
    if (deadline_ != never) home_->set_timer(*this, deadline_);
  }

  const polywire::peer_certificate* peer_certificate() const noexcept final {
    return link_->certificate();
  }

  /// Asks the interceptors, and begins. The sink for the session; null: refused.
  inline rpc::call_sink* admit(rpc::call_sink& own, status& refusal);

 protected:
  inline ~server_call();

  virtual void keep() noexcept = 0;
  virtual void unkeep() noexcept = 0;
  /// The call is admitted; its messages follow.
  virtual void begin() {}
  /// The handler is to stop: nobody waits for it.
  virtual void on_cancelled(const status& why) = 0;

  const limits& bounds() const noexcept { return link_->bounds(); }
  io::connection& connection() const noexcept { return *link_->connection; }
  bool is_open() const noexcept { return open_; }

  /// The handler has given its answer: from now on it does not count as running, so that the client
  /// which hears the answer finds room for its next call.
  void handler_done() noexcept {
    if (!std::exchange(handler_done_, true) && !is_subscription_) link_->call_gone();
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
    closed(how);
  }

  /// The session has ended the call by itself.
  void cancelled_by(const status& why) {
    if (!open_) return;
    keep();
    closed(why);
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

  /// The last word to a call that had no effect. The session knows the call already.
  void reject(status why) {
    why.set_reached(outcome::rejected);
    handler_done();
    connection().command().reject(id_, why);
    closed(why);
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
  friend class admission;
  friend class kept_server_call;

  void on_time() override {
    fail(status::deadline_exceeded("the deadline passed before the handler was done"));
  }

  /// An interceptor rejects the call before the session knows it.
  void dismiss(const status& why) {
    handler_done();
    closed(why);
  }
  inline void closed(const status& how);

  std::string name_;
  std::unique_ptr<admission> admission_;
  // Those last, and do not count as calls that run.
  bool is_subscription_;
  bool open_ = true;
  bool initial_sent_ = false;
  bool handler_done_ = false;
};

/// Runs a handler that is a coroutine, and can stop it. Knows no types, so that co_spawn's
/// machinery is compiled once and not for every handler.
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

// What is declared inline above stands there.
#include "polywire/server/detail/admission.hpp"

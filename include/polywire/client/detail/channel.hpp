// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/blocking.hpp"
#include "polywire/client/detail/client_call.hpp"
#include "polywire/client/detail/client_interceptors.hpp"
#include "polywire/client/detail/link_pool.hpp"
#include "polywire/client/detail/repeat_budget.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::detail {

/// A client's way to its target: its calls, from their start to their end, over the connections of
/// a pool. Lives on its loop's thread.
class channel final : public std::enable_shared_from_this<channel>,
                      private io::loop_member,
                      private pool_events,
                      private interceptor_events {
 public:
  static std::shared_ptr<channel> make(std::shared_ptr<io::loop> home, url target,
                                       url_settings settings, const rpc::scheme& scheme,
                                       std::shared_ptr<const io::transport> transport,
                                       const client_options& options, bool owns_thread) {
    auto made = std::shared_ptr<channel>(new channel(std::move(home), std::move(target),
                                                     std::move(settings), scheme,
                                                     std::move(transport), options, owns_thread));
    made->home_->run([made] {
      made->home_->join(*made);
      if (!made->closed_) made->alive_ = made;
    });
    return made;
  }
  io::loop& home() const noexcept { return *home_; }
  const std::shared_ptr<io::loop>& shared_home() const noexcept { return home_; }
  const rpc::backend& protocol() const noexcept { return scheme_->protocol(); }
  bool carries_objects() const noexcept { return protocol().make_linked != nullptr; }
  const limits& bounds() const noexcept { return settings_.bounds; }
  const url& target() const noexcept { return target_; }
  const url_settings& settings() const noexcept { return settings_; }
  /// Whether a thread may wait for this client's calls: only where another one does the I/O.
  status may_block() const {
    if (!owns_thread_ || io::loop::inside_any()) {
      return status(status_code::failed_precondition,
                    owns_thread_
                        ? "this is an I/O thread, which must not block: use the async_ form"
                        : "a client with an executor of yours has no thread of its own to "
                          "do the work while this one blocks: use the async_ form",
                    outcome::not_sent);
    }
    return {};
  }
  /// How long a blocked caller waits for the loop to keep a deadline, before it goes by itself.
  time_point wait_limit(time_point deadline) const noexcept {
    const clock& time = home_->get_clock();
    if (!time.is_real()) return never;
    return after(std::max(deadline, time.now()), std::chrono::milliseconds(200));
  }
  void log(log_level level, std::string_view message) const {
    if (options_.get_log()) options_.get_log()(level, message);
  }

  /// Takes over a call that somebody keeps already.
  void start(client_call& call) {
    call.place_ = calls_.size();
    calls_.push_back(&call);
    repeats_.note_call();
    if (closed_) return finish(call, client_closed());
    if (call.deadline_ != never) home_->set_timer(call, call.deadline_);
    if (const auto& stop = call.options_.stop_token();
        stop.stop_possible() && !stop.stop_requested()) {
      call.stop_.emplace(stop, [home = home_, call = kept_call(call)] {
        home->post_function([call] { call->give_up(cancelled(outcome::maybe_processed)); });
      });
    }
    if (interceptors_) return interceptors_->start(call);
    on_admitted(call);
  }

  /// The client is being destroyed: closes, and where another thread does the I/O waits until that
  /// has begun, so that nothing of the user's is touched any more.
  void leave() {
    if (!may_block().ok()) {
      home_->run([self = shared_from_this()] { self->close(); });
      return;
    }
    const auto closed = std::make_shared<rendezvous<bool>>();
    home_->post_function([self = shared_from_this(), closed] {
      self->close();
      closed->set(true);
    });
    closed->wait(never);
  }

  /// Ends all calls `cancelled` and closes the connections.
  void close() {
    if (std::exchange(closed_, true)) return;
    const auto self = shared_from_this();
    while (!calls_.empty()) give_up(*calls_.back(), client_closed());
    if (interceptors_) {
      interceptors_->tell();
      interceptors_->forget_log();
    }
    pool_.close(status::cancelled("the client was closed"));
    // Hooks and clock are the user's, who may take them away once the client is gone.
    options_ = client_options();
    home_->forget_clock();
    if (pool_.empty()) let_go();
  }

  void attempt_ended(client_call& call, status how) {
    if (call.state_ != client_call::state::active) return;
    // Whether client or server notices first that the time is over is chance; the caller must not
    // see it. Nobody knows how far the handler came.
    if (how.code() == status_code::deadline_exceeded && how.reached() == outcome::processed) {
      how.set_reached(outcome::maybe_processed);
    }
    if (how.ok() || how.reached() == outcome::processed) {
      pool_.answered(*call.via_);
    } else if (call.waits_for_ready() && how.reached() != outcome::maybe_processed &&
               call.via_->connection->session().finished()) {
      call.forgive_attempt();  // the connection was refused: the call goes on waiting for one
    }
    bool again = !closed_ && call.may_try_again(how, settings_.bounds.max_attempts);
    // What never reached a handler costs the service nothing, and subscriptions have pauses.
    if (again && how.reached() == outcome::maybe_processed && !call.comes_back_) {
      again = repeats_.take();
    }
    release(call);
    if (!again) return finish(call, std::move(how));
    call.state_ = client_call::state::fresh;
    try_again(call);
  }

  // Some have to wait before they are tried again.
  void try_again(client_call& call) {
    const duration pause = call.pause();
    if (pause <= duration::zero()) return place(call);
    call.pauses_ = true;
    home_->set_timer(call, after(home_->now(), pause));
  }

  void give_up(client_call& call, status how) {
    switch (call.state_) {
      case client_call::state::over: return;
      case client_call::state::fresh:
        if (call.attempts_ == 0) how.set_reached(outcome::not_sent);
        break;
      case client_call::state::queued:
        std::erase(queue_, &call);
        how.set_reached(outcome::not_sent);
        break;
      case client_call::state::active:
        call.via_->connection->command().cancel(call.via_id_);
        release(call);
        break;
    }
    finish(call, std::move(how));
  }

  void expire(client_call& call) {
    if (std::exchange(call.pauses_, false)) return try_again(call);
    give_up(call, status(status_code::deadline_exceeded,
                         call.state_ == client_call::state::active
                             ? "the deadline passed before the answer came"
                             : "the deadline passed before the call could be sent",
                         call.state_ == client_call::state::active ? outcome::maybe_processed
                                                                   : outcome::not_sent));
  }

  static status cancelled(outcome reached) {
    return status(status_code::cancelled, "the call was cancelled", reached);
  }

  const client_interceptors* interceptors() const noexcept { return interceptors_.get(); }

 private:
  channel(std::shared_ptr<io::loop> home, url target, url_settings settings,
          const rpc::scheme& scheme, std::shared_ptr<const io::transport> transport,
          const client_options& options, bool owns_thread)
      : home_(std::move(home)),
        target_(std::move(target)),
        settings_(std::move(settings)),
        scheme_(&scheme),
        options_(options),
        owns_thread_(owns_thread),
        pool_(home_, target_, settings_, scheme, std::move(transport), options_, *this) {
    if (!options.get_interceptors().empty()) {
      interceptors_ = std::make_unique<client_interceptors>(
          home_, options_, target_.to_string(), static_cast<interceptor_events&>(*this));
    }
  }

  void on_admitted(client_call& call) override {
    const call_options& options = call.options_;
    if (!options.error().ok()) return finish(call, status(options.error()));
    if (auto sendable = call.check_start(); !sendable) return finish(call, std::move(sendable));
    if (const auto refusal = protocol().refusal(call.type_); !refusal.empty()) {
      return finish(call,
                    status(status_code::unimplemented, std::string(refusal), outcome::not_sent));
    }
    if (call.deadline_ <= home_->now()) return expire(call);
    if (options.stop_token().stop_requested()) return finish(call, cancelled(outcome::not_sent));
    place(call);
  }
  void on_rejected(client_call& call, status why) override { finish(call, std::move(why)); }

  // Sends the call if a connection has room, else queues it and sees to a connection.
  void place(client_call& call) {
    if (queue_.empty()) {
      if (client_link* l = pool_.pick(call.type_)) return open(call, *l);
    }
    // Subscriptions that come back were admitted once; there may be more of them than calls may
    // wait.
    if (!call.comes_back_ && queue_.size() >= settings_.bounds.max_queue) {
      return finish(call, status(status_code::resource_exhausted,
                                 "more than " + std::to_string(settings_.bounds.max_queue) +
                                     " calls wait for a connection (limits::max_queue)",
                                 outcome::not_sent));
    }
    call.state_ = client_call::state::queued;
    queue_.push_back(&call);
    pool_.need();
  }

  void open(client_call& call, client_link& l) {
    if (call.needs_private_ && !l.connection->is_private()) {
      return finish(call, not_private(l.connection->peer()));
    }
    rpc::call_head head(call.method_, call.type_, call.options_.get_metadata(), call.encoding_);
    head.deadline = call.deadline_;
    head.no_side_effects = call.repeat_ == idempotency::no_side_effects;
    call.complete_head(head);
    pool_.taken(l);
    call.via_ = l.shared_from_this();
    call.state_ = client_call::state::active;
    call.note_attempt(l.connection->peer());
    stored_message* first = call.first_message();
    rpc::session& session = l.connection->command();
    call.keep();  // for the session
    std::optional<outgoing> message;
    if (first != nullptr) message.emplace(first->as_outgoing());
    auto opened =
        session.open(head, call.sink(), message ? &*message : nullptr, call.only_message());
    if (!opened) {
      release(call);
      return finish(call, opened.status());
    }
    call.via_id_ = *opened;
    call.on_opened(*l.connection, call.via_id_);
  }

  static status not_private(const std::string& peer) {
    return status(status_code::failed_precondition,
                  "this call carries credentials, and the connection to " + peer +
                      " is neither encrypted nor local: use tls:// (https://, wss://), a loopback "
                      "address or a unix socket",
                  outcome::not_sent);
  }

  // The session does not know the call any more.
  void release(client_call& call) {
    call.via_.reset();
    call.via_id_ = rpc::no_call;
    call.state_ = client_call::state::fresh;
    call.unkeep();
  }

  void finish(client_call& call, status how) {
    call.state_ = client_call::state::over;
    home_->remove_timer(call);
    calls_[call.place_] = calls_.back();
    calls_[call.place_]->place_ = call.place_;
    calls_.pop_back();
    call.stop_.reset();
    if (interceptors_) interceptors_->ended(call, how);
    call.on_over(std::move(how));
    call.unkeep();
  }

  void on_room() override {
    while (!queue_.empty()) {
      client_link* l = pool_.pick(queue_.front()->type_);
      if (l == nullptr) break;
      client_call* call = queue_.front();
      queue_.pop_front();
      open(*call, *l);
    }
    pool_.need();
  }

  // Those who do not wait fail now; for the others it goes on in the background.
  void on_unreachable(const status& why) override {
    std::deque<client_call*> failing;
    std::erase_if(queue_, [&failing](client_call* call) {
      if (call->waits_for_ready()) return false;
      failing.push_back(call);
      return true;
    });
    for (client_call* call : failing) call->state_ = client_call::state::fresh;
    for (client_call* call : failing) finish(*call, status(why).set_reached(outcome::not_sent));
  }

  void on_empty() override { let_go(); }

  std::size_t waiting() const noexcept override { return queue_.size(); }
  bool is_urgent() const noexcept override {
    return std::any_of(queue_.begin(), queue_.end(),
                       [](const client_call* call) { return call->wants_connection_now(); });
  }
  std::size_t streams() const noexcept override {
    return static_cast<std::size_t>(
        std::count_if(calls_.begin(), calls_.end(), [](const client_call* c) {
          return c->type_ != call_type::unary && c->type_ != call_type::publish;
        }));
  }

  // Whoever still speaks of the channel may do so on another thread.
  void let_go() {
    home_->leave(*this);
    alive_.reset();
  }

  void abandon() noexcept override {
    const auto self = shared_from_this();
    closed_ = true;
    queue_.clear();
    while (!calls_.empty()) {
      client_call* call = calls_.back();
      calls_.pop_back();
      call->state_ = client_call::state::over;
      home_->remove_timer(*call);
      call->stop_.reset();
      if (interceptors_) interceptors_->ended(*call, client_closed());
      const auto via = std::move(call->via_);
      if (via) via->connection->command().cancel(call->via_id_);
      call->on_abandoned();
      if (via) call->unkeep();
      call->unkeep();
    }
    if (interceptors_) interceptors_->tell();
    pool_.drop(client_closed());
    alive_.reset();
  }

  std::shared_ptr<io::loop> home_;
  url target_;
  url_settings settings_;
  const rpc::scheme* scheme_;
  client_options options_;
  bool owns_thread_;
  std::vector<client_call*> calls_;
  std::deque<client_call*> queue_;
  // Null: there are none, and calls pay nothing for them.
  std::unique_ptr<client_interceptors> interceptors_;
  link_pool pool_;
  repeat_budget repeats_{settings_.bounds.repeat_budget};
  bool closed_ = false;
  // From the first turn until everything is closed: connections speak of their channel.
  std::shared_ptr<channel> alive_;
};

inline void client_call::prepare(std::shared_ptr<channel> owner, format encoding) {
  channel_ = std::move(owner);
  encoding_ = encoding;
  const time_point now = channel_->home().now();
  deadline_ = options_.deadline_from(now);
  if (const auto& usual = channel_->settings().timeout; usual && deadline_ == never) {
    deadline_ = after(now, *usual);
  }
}
inline client_call::~client_call() = default;
inline const std::string& client_call::peer() const noexcept {
  static const std::string nobody;
  const auto* interceptors = channel_->interceptors();
  return interceptors != nullptr ? interceptors->target() : nobody;
}
inline time_point client_call::now() const noexcept { return channel_->home().get_clock().now(); }
inline void client_call::attempt_ended(status how, polywire::metadata&& trailing) {
  if (call_info* info = options_.get_info()) info->trailing = std::move(trailing);
  channel_->attempt_ended(*this, std::move(how));
}
inline void client_call::give_up(status how) { channel_->give_up(*this, std::move(how)); }
inline bool client_call::channel_carries_objects() const noexcept {
  return channel_->carries_objects();
}
inline void client_call::deliver() { channel_->start(*this); }
inline void client_call::on_time() { channel_->expire(*this); }

}  // namespace polywire::inline v1::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/blocking.hpp"
#include "polywire/client/detail/channel.hpp"
#include "polywire/client/detail/client_interceptors.hpp"
#include "polywire/client/detail/link_pool.hpp"
#include "polywire/io/check_transport.hpp"
#include "polywire/io/shared_thread.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::detail {

POLYWIRE_DECL result<std::shared_ptr<channel>> channel::make(io::executor ex,
                                                             std::string_view target,
                                                             const client_options& options) {
  const bool owns_thread = !ex;
  if (owns_thread) ex = io::shared_thread::instance().get_executor();
  auto parsed = url::parse(target);
  if (!parsed) return parsed.status();
  const rpc::scheme* scheme = rpc::scheme::find(parsed->scheme());
  if (scheme == nullptr) return rpc::unknown_scheme(parsed->scheme());
  auto settings = io::read_settings(*parsed, *scheme, options.get_limits(), rpc::role::client);
  if (!settings) return settings.status();
  io::transport_settings wanted;
  wanted.tls = options.get_tls();
  wanted.log = options.get_log();
  auto transport = io::configure_transport(*parsed, *scheme, std::move(wanted));
  if (!transport) return transport.status();
  auto made = std::shared_ptr<channel>(
      new channel(io::loop::make(std::move(ex), options.get_clock()), std::move(*parsed),
                  std::move(*settings), *scheme, std::move(*transport), options, owns_thread));
  made->home_->run([made] {
    made->home_->join(*made);
    if (!made->closed_) made->alive_ = made;
  });
  return made;
}

POLYWIRE_DECL channel::channel(std::shared_ptr<io::loop> home, url target, url_settings settings,
                               const rpc::scheme& scheme,
                               std::shared_ptr<const io::transport> transport,
                               const client_options& options, bool owns_thread)
    : home_(std::move(home)),
      target_(std::move(target)),
      settings_(std::move(settings)),
      scheme_(&scheme),
      options_(options),
      owns_thread_(owns_thread),
      pool_(std::make_unique<link_pool>(home_, target_, settings_, scheme, std::move(transport),
                                        options_, static_cast<pool_events&>(*this))) {
  if (!options.get_interceptors().empty()) {
    interceptors_ = std::make_unique<client_interceptors>(home_, options_, target_.to_string(),
                                                          static_cast<interceptor_events&>(*this));
  }
}
POLYWIRE_DECL channel::~channel() = default;

POLYWIRE_DECL const rpc::backend& channel::protocol() const noexcept { return scheme_->protocol(); }
POLYWIRE_DECL bool channel::carries_objects() const noexcept {
  return protocol().make_linked != nullptr;
}

POLYWIRE_DECL status channel::may_block() const {
  if (owns_thread_ && !io::loop::inside_any()) return {};
  return status(status_code::failed_precondition,
                owns_thread_ ? "this is an I/O thread, which must not block: use the async_ form"
                             : "a client with an executor of yours has no thread of its own to "
                               "do the work while this one blocks: use the async_ form",
                outcome::not_sent);
}

POLYWIRE_DECL time_point channel::wait_limit(time_point deadline) const noexcept {
  const clock& time = home_->get_clock();
  if (!time.is_real()) return never;
  return after(std::max(deadline, time.now()), std::chrono::milliseconds(200));
}

POLYWIRE_DECL void channel::log(log_level level, std::string_view message) const {
  if (options_.get_log()) options_.get_log()(level, message);
}

POLYWIRE_DECL void channel::start(client_call& call) {
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

POLYWIRE_DECL void channel::leave() {
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

POLYWIRE_DECL void channel::close() {
  if (std::exchange(closed_, true)) return;
  const auto self = shared_from_this();
  while (!calls_.empty()) give_up(*calls_.back(), client_closed());
  if (interceptors_) {
    interceptors_->tell();
    interceptors_->forget_log();
  }
  pool_->close(status::cancelled("the client was closed"));
  // Hooks and clock are the user's, who may take them away once the client is gone.
  options_ = client_options();
  home_->forget_clock();
  if (pool_->empty()) let_go();
}

POLYWIRE_DECL void channel::attempt_ended(client_call& call, status how) {
  if (call.state_ != client_call::state::active) return;
  // Whether client or server notices first that the time is over is chance; the caller must not
  // see it. Nobody knows how far the handler came.
  if (how.code() == status_code::deadline_exceeded && how.reached() == outcome::processed) {
    how.set_reached(outcome::maybe_processed);
  }
  if (how.ok() || how.reached() == outcome::processed) {
    pool_->answered(*call.via_);
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
POLYWIRE_DECL void channel::try_again(client_call& call) {
  const duration pause = call.pause();
  if (pause <= duration::zero()) return place(call);
  call.pauses_ = true;
  home_->set_timer(call, after(home_->now(), pause));
}

POLYWIRE_DECL void channel::give_up(client_call& call, status how) {
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

POLYWIRE_DECL void channel::expire(client_call& call) {
  if (std::exchange(call.pauses_, false)) return try_again(call);
  give_up(call, status(status_code::deadline_exceeded,
                       call.state_ == client_call::state::active
                           ? "the deadline passed before the answer came"
                           : "the deadline passed before the call could be sent",
                       call.state_ == client_call::state::active ? outcome::maybe_processed
                                                                 : outcome::not_sent));
}

POLYWIRE_DECL void channel::on_admitted(client_call& call) {
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

POLYWIRE_DECL void channel::on_rejected(client_call& call, status why) {
  finish(call, std::move(why));
}

// Sends the call if a connection has room, else queues it and sees to a connection.
POLYWIRE_DECL void channel::place(client_call& call) {
  if (queue_.empty()) {
    if (client_link* l = pool_->pick(call.type_)) return open(call, *l);
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
  pool_->need();
}

inline status not_private(const std::string& peer) {
  return status(status_code::failed_precondition,
                "this call carries credentials, and the connection to " + peer +
                    " is neither encrypted nor local: use tls:// (https://, wss://), a loopback "
                    "address or a unix socket",
                outcome::not_sent);
}

POLYWIRE_DECL void channel::open(client_call& call, client_link& l) {
  if (call.needs_private_ && !l.connection->is_private()) {
    return finish(call, not_private(l.connection->peer()));
  }
  rpc::call_head head(call.method_, call.type_, call.options_.get_metadata(), call.encoding_);
  head.deadline = call.deadline_;
  head.no_side_effects = call.repeat_ == idempotency::no_side_effects;
  call.complete_head(head);
  pool_->taken(l);
  call.via_ = l.shared_from_this();
  call.state_ = client_call::state::active;
  call.note_attempt(l.connection->peer());
  stored_message* first = call.first_message();
  rpc::session& session = l.connection->command();
  call.keep();  // for the session
  std::optional<outgoing> message;
  if (first != nullptr) message.emplace(first->as_outgoing());
  auto opened = session.open(head, call.sink(), message ? &*message : nullptr, call.only_message());
  if (!opened) {
    release(call);
    return finish(call, opened.status());
  }
  call.via_id_ = *opened;
  call.on_opened(*l.connection, call.via_id_);
}

// The session does not know the call any more.
POLYWIRE_DECL void channel::release(client_call& call) {
  call.via_.reset();
  call.via_id_ = rpc::no_call;
  call.state_ = client_call::state::fresh;
  call.unkeep();
}

POLYWIRE_DECL void channel::finish(client_call& call, status how) {
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

POLYWIRE_DECL void channel::on_room() {
  while (!queue_.empty()) {
    client_link* l = pool_->pick(queue_.front()->type_);
    if (l == nullptr) break;
    client_call* call = queue_.front();
    queue_.pop_front();
    open(*call, *l);
  }
  pool_->need();
}

// Those who do not wait fail now; for the others it goes on in the background.
POLYWIRE_DECL void channel::on_unreachable(const status& why) {
  std::deque<client_call*> failing;
  std::erase_if(queue_, [&failing](client_call* call) {
    if (call->waits_for_ready()) return false;
    failing.push_back(call);
    return true;
  });
  for (client_call* call : failing) call->state_ = client_call::state::fresh;
  for (client_call* call : failing) finish(*call, status(why).set_reached(outcome::not_sent));
}

POLYWIRE_DECL void channel::on_empty() { let_go(); }

POLYWIRE_DECL std::size_t channel::waiting() const noexcept { return queue_.size(); }
POLYWIRE_DECL bool channel::is_urgent() const noexcept {
  return std::any_of(queue_.begin(), queue_.end(),
                     [](const client_call* call) { return call->wants_connection_now(); });
}

POLYWIRE_DECL std::size_t channel::streams() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(calls_.begin(), calls_.end(), [](const client_call* c) {
        return c->type_ != call_type::unary && c->type_ != call_type::publish;
      }));
}

// Whoever still speaks of the channel may do so on another thread.
POLYWIRE_DECL void channel::let_go() {
  home_->leave(*this);
  alive_.reset();
}

POLYWIRE_DECL void channel::abandon() noexcept {
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
  pool_->drop(client_closed());
  alive_.reset();
}

POLYWIRE_DECL client_call::client_call(std::string_view method, call_type type, idempotency repeat,
                                       call_options&& options)
    : client_context(call_side::client, type, method, never),
      repeat_(repeat),
      options_(std::move(options)) {}
POLYWIRE_DECL void client_call::prepare(std::shared_ptr<channel> owner, format encoding) {
  channel_ = std::move(owner);
  encoding_ = encoding;
  const time_point now = channel_->home().now();
  deadline_ = options_.deadline_from(now);
  if (const auto& usual = channel_->settings().timeout; usual && deadline_ == never) {
    deadline_ = after(now, *usual);
  }
}
POLYWIRE_DECL client_call::~client_call() = default;
POLYWIRE_DECL const std::string& client_call::peer() const noexcept {
  static const std::string nobody;
  const auto* interceptors = channel_->interceptors();
  return interceptors != nullptr ? interceptors->target() : nobody;
}
POLYWIRE_DECL time_point client_call::now() const noexcept {
  return channel_->home().get_clock().now();
}
POLYWIRE_DECL void client_call::attempt_ended(status how, polywire::metadata&& trailing) {
  if (call_info* info = options_.get_info()) info->trailing = std::move(trailing);
  channel_->attempt_ended(*this, std::move(how));
}
POLYWIRE_DECL void client_call::give_up(status how) { channel_->give_up(*this, std::move(how)); }
POLYWIRE_DECL bool client_call::channel_carries_objects() const noexcept {
  return channel_->carries_objects();
}
POLYWIRE_DECL void client_call::deliver() { channel_->start(*this); }
POLYWIRE_DECL void client_call::on_time() { channel_->expire(*this); }

}  // namespace polywire::inline v1::detail

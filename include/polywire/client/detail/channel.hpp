// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/client/detail/client_call.hpp"
#include "polywire/client/detail/client_link.hpp"
#include "polywire/client/detail/connector.hpp"
#include "polywire/client/options.hpp"
#include "polywire/core/url_settings.hpp"
#include "polywire/io/inproc_hub.hpp"
#include "polywire/io/stream_connection.hpp"
#include "polywire/rpc/backend.hpp"

#include <algorithm>
#include <deque>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::detail {

/// A client's way to its target: the connections, the calls that wait for one, and the rules of
/// connecting again. Lives on its loop's thread.
class channel final : public std::enable_shared_from_this<channel>, private io::loop_member,
                      private connector_events,
                      private link_events {
 public:
  static std::shared_ptr<channel> make(std::shared_ptr<io::loop> home, url target,
                                       url_settings settings, const rpc::scheme& scheme,
                                       const client_options& options, bool owns_thread) {
    auto made = std::shared_ptr<channel>(new channel(std::move(home), std::move(target),
                                                     std::move(settings), scheme, options,
                                                     owns_thread));
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
                    owns_thread_ ? "this is an I/O thread, which must not block: use the async_ form"
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
    const call_options& options = call.options_;
    if (closed_) return finish(call, client_closed());
    if (!options.error().ok()) return finish(call, status(options.error()));
    if (auto sendable = call.check_start(); !sendable) return finish(call, std::move(sendable));
    if (const auto refusal = protocol().refusal(call.type_); !refusal.empty()) {
      return finish(call, status(status_code::unimplemented, std::string(refusal),
                                 outcome::not_sent));
    }
    const time_point now = home_->now();
    if (call.deadline_ <= now) return expire(call);
    if (call.deadline_ != never) home_->set_timer(call, call.deadline_);
    if (options.stop_token().stop_possible()) {
      if (options.stop_token().stop_requested()) return finish(call, cancelled(outcome::not_sent));
      call.stop_.emplace(options.stop_token(), [home = home_, call = kept_call(call)] {
        home->post_function([call] { call->give_up(cancelled(outcome::maybe_processed)); });
      });
    }
    place(call);
  }

  /// The client is being destroyed: closes, and where another thread does the I/O waits until that
  /// has begun, so that nothing of the user's is touched any more.
  void leave() {
    if (!may_block().ok()) {
      home_->run([self = shared_from_this()] { self->close(); });
      return;
    }
    std::promise<void> closed;
    home_->post_function([self = shared_from_this(), &closed] {
      self->close();
      closed.set_value();
    });
    closed.get_future().wait();
  }

  /// Ends all calls `cancelled` and closes the connections.
  void close() {
    if (std::exchange(closed_, true)) return;
    const auto self = shared_from_this();
    connector_.stop();
    while (!calls_.empty()) give_up(*calls_.back(), client_closed());
    for (const auto& l : std::vector(links_)) {
      l->connection->close(status::cancelled("the client was closed"));
    }
    // Hooks and clock are the user's, who may take them away once the client is gone.
    options_ = client_options();
    home_->forget_clock();
    if (links_.empty()) let_go();
  }

  void attempt_ended(client_call& call, status how) {
    if (call.state_ != client_call::state::active) return;
    const bool again = !closed_ && !carries_objects() &&
                       call.may_try_again(how, settings_.bounds.max_attempts);
    release(call);
    if (!again) return finish(call, std::move(how));
    call.state_ = client_call::state::fresh;
    place(call);
  }

  void give_up(client_call& call, status how) {
    switch (call.state_) {
      case client_call::state::over: return;
      case client_call::state::fresh: break;
      case client_call::state::queued:
        std::erase(queue_, &call);
        how.set_reached(outcome::not_sent);
        break;
      case client_call::state::active:
        call.via_->command().cancel(call.via_id_);
        release(call);
        break;
    }
    finish(call, std::move(how));
  }

  void expire(client_call& call) {
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

 private:
  channel(std::shared_ptr<io::loop> home, url target, url_settings settings,
          const rpc::scheme& scheme, const client_options& options, bool owns_thread)
      : home_(std::move(home)),
        target_(std::move(target)),
        settings_(std::move(settings)),
        scheme_(&scheme),
        options_(options),
        owns_thread_(owns_thread),
        connector_(home_, settings_.bounds, *this) {}

  bool pooled() const noexcept { return protocol().one_call_per_connection; }

  // Sends the call if a connection has room, else queues it and sees to a connection.
  void place(client_call& call) {
    if (queue_.empty()) {
      if (client_link* l = pick()) return open(call, *l);
    }
    if (queue_.size() >= settings_.bounds.max_queue) {
      return finish(call, status(status_code::resource_exhausted,
                                 "more than " + std::to_string(settings_.bounds.max_queue) +
                                     " calls wait for a connection (limits::max_queue)",
                                 outcome::not_sent));
    }
    call.state_ = client_call::state::queued;
    queue_.push_back(&call);
    if (may_connect()) connector_.request();
  }

  client_link* pick() const noexcept {
    for (const auto& l : links_) {
      if (!l->draining && !l->connection->is_closed() && l->connection->session().capacity() > 0) {
        return l.get();
      }
    }
    return nullptr;
  }

  void open(client_call& call, client_link& l) {
    rpc::call_head head(call.method_, call.type_, call.options_.get_metadata(), call.encoding_);
    head.deadline = call.deadline_;
    call.via_ = l.connection;
    call.state_ = client_call::state::active;
    call.note_attempt(l.connection->peer());
    stored_message* first = call.first_message();
    rpc::session& session = l.connection->command();
    call.keep();  // for the session
    auto opened = first != nullptr
                      ? [&] {
                          const outgoing message = first->as_outgoing();
                          return session.open(head, call.sink(), &message, call.only_message());
                        }()
                      : session.open(head, call.sink(), nullptr, false);
    if (!opened) {
      release(call);
      return finish(call, opened.status());
    }
    call.via_id_ = *opened;
    call.on_opened(*l.connection, call.via_id_);
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
    call.on_over(std::move(how));
    call.unkeep();
  }

  void pump() {
    while (!queue_.empty()) {
      client_link* l = pick();
      if (l == nullptr) break;
      client_call* call = queue_.front();
      queue_.pop_front();
      open(*call, *l);
    }
    if (!queue_.empty() && may_connect()) connector_.request();
  }

  bool may_connect() const noexcept {
    if (closed_ || connector_.is_busy()) return false;
    const auto usable = static_cast<std::size_t>(std::count_if(
        links_.begin(), links_.end(), [](const auto& l) { return !l->draining; }));
    if (!pooled()) return usable == 0;
    const auto streams = static_cast<std::size_t>(std::count_if(
        calls_.begin(), calls_.end(),
        [](const client_call* c) { return c->type_ != call_type::unary; }));
    return usable < settings_.bounds.max_pool + std::min(streams, settings_.bounds.max_streams);
  }

  void on_connect_time() override {
    if (closed_ || queue_.empty()) return;
    if (carries_objects()) {
      connect_inproc();
    } else {
      connector_.connect(target_, scheme_->transport());
    }
  }

  // Those who do not wait fail now; for the others it goes on in the background.
  void on_connect_failed(const status& why) override {
    std::deque<client_call*> failing;
    std::erase_if(queue_, [&failing](client_call* call) {
      if (call->options_.waits_for_ready()) return false;
      failing.push_back(call);
      return true;
    });
    for (client_call* call : failing) call->state_ = client_call::state::fresh;
    for (client_call* call : failing) finish(*call, status(why).set_reached(outcome::not_sent));
    if (!closed_ && !queue_.empty()) connector_.try_later();
  }

  void on_connected(std::unique_ptr<io::byte_stream> stream, std::size_t host) override {
    if (closed_) return stream->close();
    adopt(std::move(stream), host);
  }

  void adopt(std::unique_ptr<io::byte_stream> stream, std::size_t host) {
    if (options_.get_stream_hook()) stream = options_.get_stream_hook()(std::move(stream));
    auto l = std::make_shared<client_link>(static_cast<link_events&>(*this));
    const std::string authority =
        host < target_.hosts().size() ? target_.hosts()[host].to_string() : std::string();
    rpc::session_config config(settings_.bounds, *l);
    config.authority = authority;
    config.prefix = target_.path();
    config.now = home_->now();
    connected(l, std::make_shared<io::stream_connection>(home_, *l, settings_.bounds,
                                                         std::move(stream),
                                                         protocol().make_client(config)));
  }

  void connect_inproc() {
    const auto listener = io::inproc_hub::instance().find(target_.name());
    auto l = std::make_shared<client_link>(static_cast<link_events&>(*this));
    rpc::session_config config(settings_.bounds, *l);
    config.now = home_->now();
    auto end = std::make_shared<io::linked_connection>(
        home_, *l, target_.to_string(), protocol().make_linked(config, rpc::role::client));
    if (!listener || !listener->link(end)) {
      return connector_.failed(
          status::unavailable("nothing listens on " + target_.to_string()));
    }
    connected(l, std::move(end));
  }

  void connected(const std::shared_ptr<client_link>& l, std::shared_ptr<io::connection> connection) {
    connector_.succeeded();
    l->connection = std::move(connection);
    links_.push_back(l);
    l->connection->start();
    pump();
  }

  // Whoever still speaks of the channel may do so on another thread.
  void let_go() {
    home_->leave(*this);
    alive_.reset();
  }

  void on_link_capacity() override { pump(); }
  void on_link_closed(client_link& gone) override {
    const auto keep = gone.shared_from_this();
    std::erase(links_, keep);
    if (closed_ && links_.empty()) return let_go();
    if (!queue_.empty() && may_connect()) connector_.request();
  }

  void abandon() noexcept override {
    const auto self = shared_from_this();
    closed_ = true;
    connector_.stop();
    queue_.clear();
    while (!calls_.empty()) {
      client_call* call = calls_.back();
      calls_.pop_back();
      call->state_ = client_call::state::over;
      home_->remove_timer(*call);
      call->stop_.reset();
      const auto via = std::move(call->via_);
      if (via) via->command().cancel(call->via_id_);
      call->on_abandoned();
      if (via) call->unkeep();
      call->unkeep();
    }
    for (const auto& l : std::exchange(links_, {})) {
      l->detach();
      if (l->connection) l->connection->drop(client_closed());
    }
    alive_.reset();
  }

  std::shared_ptr<io::loop> home_;
  url target_;
  url_settings settings_;
  const rpc::scheme* scheme_;
  client_options options_;
  bool owns_thread_;
  std::vector<std::shared_ptr<client_link>> links_;
  std::vector<client_call*> calls_;
  std::deque<client_call*> queue_;
  connector connector_;
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
inline void client_call::attempt_ended(status how, metadata&& trailing) {
  if (call_info* info = options_.get_info()) info->trailing = std::move(trailing);
  channel_->attempt_ended(*this, std::move(how));
}
inline void client_call::give_up(status how) { channel_->give_up(*this, std::move(how)); }
inline void client_call::deliver() { channel_->start(*this); }
inline void client_call::on_time() { channel_->expire(*this); }

}  // namespace polywire::inline v1::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/message.hpp"
#include "polywire/core/method.hpp"
#include "polywire/core/options.hpp"
#include "polywire/interceptor/client_context.hpp"
#include "polywire/io/loop.hpp"
#include "polywire/rpc/session.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::io {
class connection;
}  // namespace polywire::inline v1::io

namespace polywire::inline v1::detail {

class channel;
class client_call;
class client_interception;
class client_interceptors;
class client_link;

/// What calls hear that find the client closed.
inline status client_closed() {
  return status(status_code::cancelled, "the client was closed", outcome::not_sent);
}

/// Keeps a call alive for those who may still speak of it.
class kept_call {
 public:
  explicit kept_call(client_call& call) noexcept;
  kept_call(const kept_call& other) noexcept;
  kept_call& operator=(const kept_call&) = delete;
  ~kept_call();
  client_call* operator->() const noexcept { return call_; }

 private:
  client_call* call_;
};

/// A call from its start to its end, across connections and attempts: what the channel keeps of it.
/// Everything happens on the loop's thread, but for construction.
class client_call : public client_context, public io::mail, public io::timer {
 public:
  client_call(std::string_view method, call_type type, idempotency repeat, call_options&& options);

  const call_options& options() const noexcept { return options_; }
  bool is_over() const noexcept { return state_ == state::over; }
  /// Ends the call here, whatever the peer does. On the loop's thread.
  void give_up(status how);

  const std::string& peer() const noexcept override;
  const polywire::metadata& metadata() const noexcept override { return options_.get_metadata(); }
  time_point now() const noexcept override;
  status add_metadata(std::string_view key, std::string_view value) override {
    return options_.add_metadata(key, value);
  }
  status replace_metadata(std::string_view key, std::string_view value) override {
    return options_.replace_metadata(key, value);
  }
  void require_private() noexcept override { needs_private_ = true; }

 protected:
  ~client_call();

  // Keeps the object alive while the channel or a session knows it; the last `unkeep` may destroy
  // it.
  virtual void keep() noexcept = 0;
  virtual void unkeep() noexcept = 0;
  virtual rpc::call_sink& sink() noexcept = 0;
  /// The message that goes with the opening; null when there is none.
  virtual stored_message* first_message() noexcept = 0;
  /// Nothing follows it.
  virtual bool only_message() const noexcept = 0;
  /// Whether it can be sent at all; asked once.
  virtual status check_start() = 0;
  virtual void on_opened(io::connection& link, rpc::call_id id) = 0;
  /// What the opening says beside the method, the metadata and the deadline.
  virtual void complete_head(rpc::call_head&) {}
  /// How long to wait before the call is tried again.
  virtual duration pause() { return duration::zero(); }
  /// The call is over, for the user too.
  virtual void on_over(status how) = 0;
  /// The execution context is gone: let go of handlers.
  virtual void on_abandoned() noexcept = 0;

  /// To be called by constructors: the encoding, and when the call ends at the latest.
  void prepare(std::shared_ptr<channel> owner, format encoding);
  void note_attempt(const std::string& peer) {
    ++attempts_;
    if (call_info* info = options_.get_info()) {
      info->attempts = attempts_;
      info->peer = peer;
    }
  }
  /// The attempt was none: the server refused the whole connection.
  void forgive_attempt() noexcept { ++forgiven_; }
  /// Whether it fails when it gets no connection soon. One that waits and has had its try does not.
  bool wants_connection_now() const noexcept { return attempts_ == 0 || !waits_for_ready(); }
  bool waits_for_ready() const noexcept { return comes_back_ || options_.waits_for_ready(); }
  /// Whether repeating the call is safe after this end of an attempt. Objects that were given away,
  /// and streams, cannot be repeated at all.
  bool may_try_again(const status& how, int most_attempts) const noexcept {
    if (comes_back_) return how.code() == status_code::unavailable;
    if (channel_carries_objects()) return false;
    const bool one_message = type_ == call_type::unary || type_ == call_type::publish;
    if (!one_message || attempts_ - forgiven_ >= most_attempts) return false;
    if (how.code() != status_code::unavailable) return false;
    switch (how.reached()) {
      case outcome::not_sent:
      case outcome::rejected: return true;
      case outcome::maybe_processed: return repeat_ != idempotency::none;
      case outcome::processed: return false;
    }
    return false;
  }
  void note_initial(polywire::metadata&& initial) {
    if (call_info* info = options_.get_info()) info->initial = std::move(initial);
  }
  /// The session has ended the call. It is tried again where that is safe.
  void attempt_ended(status how, polywire::metadata&& trailing);

  idempotency repeat_;
  format encoding_ = format::protobuf;
  call_options options_;
  std::shared_ptr<channel> channel_;
  /// A subscription that was made once: it is made again after every loss of the connection.
  bool comes_back_ = false;

 private:
  bool channel_carries_objects() const noexcept;
  friend class channel;
  friend class client_interceptors;
  friend class kept_call;
  enum class state { fresh, queued, active, over };

  void deliver() override;
  void on_time() override;

  state state_ = state::fresh;
  bool pauses_ = false;
  bool needs_private_ = false;
  int attempts_ = 0;
  int forgiven_ = 0;
  std::size_t place_ = 0;
  std::shared_ptr<client_link> via_;
  rpc::call_id via_id_ = rpc::no_call;
  std::optional<std::stop_callback<std::function<void()>>> stop_;
  std::unique_ptr<client_interception> interception_;
};

inline kept_call::kept_call(client_call& call) noexcept : call_(&call) { call_->keep(); }
inline kept_call::kept_call(const kept_call& other) noexcept : kept_call(*other.call_) {}
inline kept_call::~kept_call() { call_->unkeep(); }

}  // namespace polywire::inline v1::detail

// Its functions are defined with the channel's.
#include "polywire/client/detail/channel.hpp"

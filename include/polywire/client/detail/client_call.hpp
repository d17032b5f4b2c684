// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/message.hpp"
#include "polywire/core/method.hpp"
#include "polywire/core/options.hpp"
#include "polywire/io/connection.hpp"
#include "polywire/io/loop.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::detail {

class channel;
class client_call;

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
class client_call : public io::mail, public io::timer {
 public:
  client_call(std::string_view method, call_type type, bool may_repeat, call_options&& options)
      : method_(method), type_(type), may_repeat_(may_repeat), options_(std::move(options)) {}

  std::string_view method() const noexcept { return method_; }
  const call_options& options() const noexcept { return options_; }
  time_point deadline() const noexcept { return deadline_; }
  bool is_over() const noexcept { return state_ == state::over; }
  /// Ends the call here, whatever the peer does. On the loop's thread.
  inline void give_up(status how);

 protected:
  ~client_call() = default;

  // Keeps the object alive while the channel or a session knows it; the last `unkeep` may destroy it.
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
  /// The call is over, for the user too.
  virtual void on_over(status how) = 0;
  /// The execution context is gone: let go of handlers.
  virtual void on_abandoned() noexcept = 0;

  /// To be called by constructors: the encoding, and when the call ends at the latest.
  inline void prepare(std::shared_ptr<channel> owner, format encoding);
  void note_attempt(const std::string& peer) {
    ++attempts_;
    if (call_info* info = options_.get_info()) {
      info->attempts = attempts_;
      info->peer = peer;
    }
  }
  /// Whether repeating the call is safe after this end of an attempt. Objects that were given away,
  /// and streams, cannot be repeated at all.
  bool may_try_again(const status& how, int most_attempts) const noexcept {
    if (type_ != call_type::unary || attempts_ >= most_attempts) return false;
    if (how.code() != status_code::unavailable) return false;
    switch (how.reached()) {
      case outcome::not_sent:
      case outcome::rejected: return true;
      case outcome::maybe_processed: return may_repeat_;
      case outcome::processed: return false;
    }
    return false;
  }
  void note_initial(metadata&& initial) {
    if (call_info* info = options_.get_info()) info->initial = std::move(initial);
  }
  /// The session has ended the call. It is tried again where that is safe.
  inline void attempt_ended(status how, metadata&& trailing);

  std::string_view method_;
  call_type type_;
  bool may_repeat_;
  format encoding_ = format::protobuf;
  call_options options_;
  time_point deadline_ = never;
  std::shared_ptr<channel> channel_;

 private:
  friend class channel;
  friend class kept_call;
  enum class state { fresh, queued, active, over };

  inline void deliver() override;
  inline void on_time() override;

  state state_ = state::fresh;
  int attempts_ = 0;
  std::size_t place_ = 0;
  std::shared_ptr<io::connection> via_;
  rpc::call_id via_id_ = rpc::no_call;
  std::optional<std::stop_callback<std::function<void()>>> stop_;
};

inline kept_call::kept_call(client_call& call) noexcept : call_(&call) { call_->keep(); }
inline kept_call::kept_call(const kept_call& other) noexcept : kept_call(*other.call_) {}
inline kept_call::~kept_call() { call_->unkeep(); }

}  // namespace polywire::inline v1::detail

// What is declared inline above stands there.
#include "polywire/client/detail/channel.hpp"

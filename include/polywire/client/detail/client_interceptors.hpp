// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/client/detail/channel_events.hpp"
#include "polywire/client/options.hpp"
#include "polywire/interceptor/interception.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::detail {

class channel;
class client_call;
class kept_call;

/// What a call keeps of its interceptors.
class client_interception final : public interception, public recycled {
 public:
  using interception::interception;

  std::shared_ptr<awaited_start> awaiting;
  /// How it ended, until they are told.
  status how;
};

/// The interceptors of a client. They hear of a call's end when the turn ends, before the caller
/// does: what they do then finds the channel at rest. On the loop's thread.
class client_interceptors final : private io::completion {
 public:
  inline client_interceptors(std::shared_ptr<io::loop> home, const client_options& options,
                             std::string target, interceptor_events& events);
  client_interceptors(const client_interceptors&) = delete;
  client_interceptors& operator=(const client_interceptors&) = delete;
  inline ~client_interceptors();

  /// What the calls' contexts give as their peer.
  const std::string& target() const noexcept { return target_; }

  /// Lets the call go on, sooner or later, or ends it.
  inline void start(client_call& call);
  /// To be called for each call that ends.
  inline void ended(client_call& call, const status& how);
  /// Tells at once.
  inline void tell();

  /// The user's hooks may go away.
  void forget_log() noexcept { chain_.forget_log(); }

 private:
  inline void go_on(client_call& call);
  inline void await(client_call& call);
  inline void reject(client_call& call, status why);

  inline void complete() override;
  inline void discard() noexcept override;

  std::shared_ptr<io::loop> home_;
  interceptor_chain chain_;
  std::string target_;
  interceptor_events* events_;
  std::vector<kept_call> ending_;
  // Keeps all of this while it waits for the end of the turn.
  std::shared_ptr<channel> queued_;
};

}  // namespace polywire::inline v1::detail

// It and calls know each other: what is declared inline above stands behind it.
#include "polywire/client/detail/client_call.hpp"

namespace polywire::inline v1::detail {

inline client_interceptors::client_interceptors(std::shared_ptr<io::loop> home,
                                                const client_options& options, std::string target,
                                                interceptor_events& events)
    : home_(std::move(home)),
      chain_(options.get_interceptors(), options.get_log()),
      target_(std::move(target)),
      events_(&events) {}

inline client_interceptors::~client_interceptors() = default;

inline void client_interceptors::start(client_call& call) {
  call.interception_ = std::make_unique<client_interception>(chain_, call.now());
  go_on(call);
}

inline void client_interceptors::ended(client_call& call, const status& how) {
  if (!call.interception_) return;
  if (const auto waiting = std::move(call.interception_->awaiting)) waiting->stop();
  call.interception_->how = how;
  ending_.emplace_back(call);
  if (queued_) return;
  queued_ = call.channel_;
  home_->complete(*this);
}

inline void client_interceptors::tell() {
  while (!ending_.empty()) {
    for (const kept_call& call : std::exchange(ending_, {})) {
      call->interception_->end(*call.operator->(), call->interception_->how);
    }
  }
}

inline void client_interceptors::go_on(client_call& call) {
  const kept_call kept(call);  // a user's code may end it
  status why;
  switch (call.interception_->run(call, why)) {
    case interception::step::accepted: return events_->on_admitted(call);
    case interception::step::rejected: return reject(call, std::move(why));
    case interception::step::awaits: return await(call);
    case interception::step::over: return;
  }
}

inline void client_interceptors::await(client_call& call) {
  auto decided = [this, kept = kept_call(call)](status how) {
    client_call& it = *kept.operator->();
    it.interception_->awaiting.reset();
    if (it.interception_->decided(it, how)) return go_on(it);
    if (!it.is_over()) reject(it, std::move(how));
  };
  call.interception_->awaiting =
      awaited_start::begin(home_, *call.interception_, call, std::move(decided));
}

inline void client_interceptors::reject(client_call& call, status why) {
  // Unless it says something else.
  if (why.reached() == outcome::processed) why.set_reached(outcome::not_sent);
  events_->on_rejected(call, std::move(why));
}

inline void client_interceptors::complete() {
  const auto keep = std::move(queued_);
  tell();
}
inline void client_interceptors::discard() noexcept { const auto gone = std::move(queued_); }

}  // namespace polywire::inline v1::detail

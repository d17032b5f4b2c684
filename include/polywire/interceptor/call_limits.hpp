// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/status.hpp"
#include "polywire/interceptor/call_context.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1 {

/// Limits the calls of each peer, and of each method: how many at a time, and how many per second
/// with bursts (a token bucket). What is above is `resource_exhausted`, `rejected`.
///
///     polywire::server_options().intercept(
///         polywire::call_limits().peer_calls(20).peer_rate(100, 200).method_calls(500))
///
/// A peer is a host: its connections share the limit, as do all of a unix socket or of inproc.
/// Behind a proxy all peers are one. Subscriptions and streams count as long as they last.
/// Remembers 10,000 peers and methods; of more than that, those that nothing is known against are
/// forgotten, and the rest shares one.
class call_limits {
 public:
  call_limits() = default;

  /// Calls of one peer, or of one method, at a time.
  call_limits& peer_calls(std::size_t most) & { return peers_.calls = most, *this; }
  call_limits& method_calls(std::size_t most) & { return methods_.calls = most, *this; }
  /// So many per second in the long run, and so many at once after a pause.
  call_limits& peer_rate(double per_second, double burst) & {
    return peers_.rate = rate(per_second, burst), *this;
  }
  call_limits& method_rate(double per_second, double burst) & {
    return methods_.rate = rate(per_second, burst), *this;
  }
  call_limits&& peer_calls(std::size_t most) && { return std::move(peer_calls(most)); }
  call_limits&& method_calls(std::size_t most) && { return std::move(method_calls(most)); }
  call_limits&& peer_rate(double per_second, double burst) && {
    return std::move(peer_rate(per_second, burst));
  }
  call_limits&& method_rate(double per_second, double burst) && {
    return std::move(method_rate(per_second, burst));
  }

  status on_start(call_context& call) {
    const time_point now = call.now();
    const std::lock_guard lock(state_->mutex);
    user* peer =
        peers_.applies() ? &state_->peers.find(host_of(call.peer()), peers_, now) : nullptr;
    user* method =
        methods_.applies() ? &state_->methods.find(call.method(), methods_, now) : nullptr;
    if (peer != nullptr) {
      if (auto may = peer->may_start(peers_, "this caller", now); !may) return may;
    }
    if (method != nullptr) {
      if (auto may =
              method->may_start(methods_, "method '" + std::string(call.method()) + "'", now);
          !may) {
        return may;
      }
    }
    if (peer != nullptr) peer->start(peers_);
    if (method != nullptr) method->start(methods_);
    auto* all = call.get<taken_list>();  // other limits may be installed too
    if (all == nullptr) all = &call.set(taken_list());
    all->push_back({state_.get(), peer, method});
    return {};
  }
  void on_end(call_context& call, const status&, duration) {
    const std::lock_guard lock(state_->mutex);
    for (const taken& one : *call.get<taken_list>()) {
      if (one.owner != state_.get()) continue;
      if (one.peer != nullptr) --one.peer->running;
      if (one.method != nullptr) --one.method->running;
    }
  }

 private:
  class rate {
   public:
    rate(double n, double b) noexcept : per_second(n), burst(std::max(b, 1.0)) {}
    double per_second;
    double burst;
  };
  class bounds {
   public:
    bool applies() const noexcept { return calls || rate; }
    std::optional<std::size_t> calls;
    std::optional<call_limits::rate> rate;
  };

  /// What is known of one peer or method.
  class user {
   public:
    status may_start(const bounds& most, const std::string& who, time_point now) {
      if (most.calls && running >= *most.calls) {
        return status::resource_exhausted(who + " has " + std::to_string(running) +
                                          " calls under way, which is the limit; try again later");
      }
      if (!most.rate) return {};
      refill(*most.rate, now);
      if (tokens >= 1) return {};
      return status::resource_exhausted(who +
                                        " makes more calls per second than the limit allows; "
                                        "try again later");
    }
    void start(const bounds& most) noexcept {
      ++running;
      if (most.rate) tokens -= 1;
    }
    bool is_forgettable(const bounds& most, time_point now) {
      if (running > 0) return false;
      if (!most.rate) return true;
      refill(*most.rate, now);
      return tokens >= most.rate->burst;
    }

    std::size_t running = 0;
    double tokens = 0;
    time_point filled{};

   private:
    void refill(const rate& r, time_point now) noexcept {
      const double passed = std::chrono::duration<double>(now - filled).count();
      if (passed <= 0) return;
      tokens = std::min(r.burst, tokens + passed * r.per_second);
      filled = now;
    }
  };
  class taken {
   public:
    const void* owner;
    user* peer;
    user* method;
  };
  using taken_list = std::vector<taken>;

  class table {
   public:
    user& find(std::string_view name, const bounds& most, time_point now) {
      auto found = known_.find(name);
      if (found != known_.end()) return found->second;
      if (known_.size() >= capacity && !make_room(most, now)) return add("", most, now);
      return add(name, most, now);
    }

   private:
    static constexpr std::size_t capacity = 10'000;

    user& add(std::string_view name, const bounds& most, time_point now) {
      const auto [at, is_new] = known_.try_emplace(std::string(name));
      if (is_new) {
        at->second.tokens = most.rate ? most.rate->burst : 0;
        at->second.filled = now;
      }
      return at->second;
    }
    // Looks through all of them, and hence not for every call.
    bool make_room(const bounds& most, time_point now) {
      if (now < next_sweep_) return false;
      next_sweep_ = after(now, std::chrono::seconds(1));
      for (auto one = known_.begin(); one != known_.end();) {
        one = one->second.is_forgettable(most, now) ? known_.erase(one) : std::next(one);
      }
      return known_.size() < capacity;
    }

    std::map<std::string, user, std::less<>> known_;  // whose places calls point to
    time_point next_sweep_ = time_point::min();
  };

  class state {
   public:
    std::mutex mutex;
    table peers;
    table methods;
  };

  /// "127.0.0.1:51234" and "[::1]:51234" without the port; others as they are.
  static std::string_view host_of(std::string_view peer) noexcept {
    const auto colon = peer.rfind(':');
    if (colon == std::string_view::npos || colon + 1 == peer.size()) return peer;
    if (peer.find_first_not_of("0123456789", colon + 1) != std::string_view::npos) return peer;
    return peer.substr(0, colon);
  }

  bounds peers_;
  bounds methods_;
  std::shared_ptr<state> state_ = std::make_shared<state>();
};

}  // namespace polywire::inline v1

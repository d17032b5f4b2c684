// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/hub/detail/cursor_group.hpp"
#include "polywire/rpc/hub/detail/hub_state.hpp"
#include "polywire/rpc/hub/detail/starting_point.hpp"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc::detail {

/// What both kinds of cursor know: they hold no events, only where they stand.
class cursor_base : public cursor {
 public:
  event_id position() const override { return {hub_->epoch(), position_}; }
  status ended() const override {
    return ended_.ok() && hub_->is_closed() ? hub_->why_closed() : ended_;
  }

 protected:
  // With the hub's lock held.
  cursor_base(std::shared_ptr<hub_state> hub, const subscribe_request& asked, subscriber& who,
              hub_thread& home, const std::vector<hub_topic*>& topics, const starting_point& start)
      : hub_(std::move(hub)),
        who_(who),
        group_(hub_->join(*this, home, asked.pattern, topics)),
        position_(start.position),
        lost_(start.lost),
        most_(asked.lag),
        disconnect_(asked.policy == overflow::disconnect) {}
  ~cursor_base() override { hub_->leave(*this, *group_); }

  bool over() {
    if (ended_.ok() && hub_->is_closed()) ended_ = hub_->why_closed();
    return !ended_.ok();
  }
  void end_lagging() {
    ended_ = status::resource_exhausted("the subscription to '" + group_->pattern() +
                                        "' lagged too far behind (overflow::disconnect)");
  }
  void lose(std::uint64_t n, loss::kind how) {
    lost_ += loss(n, how);
    hub_->count_lost(n);
  }
  /// The last thing a cursor does in `hand_on`: it may be gone afterwards.
  void tell(bool has_events) {
    if (over()) {
      if (std::exchange(told_, true)) return;
    } else if (!has_events) {
      return;
    }
    who_.on_ready();
  }

  std::shared_ptr<hub_state> hub_;
  subscriber& who_;
  std::shared_ptr<cursor_group> group_;
  std::uint64_t position_;
  loss lost_;  // before the next event that is taken
  lag_limit most_;
  bool disconnect_;
  bool told_ = false;  // of its end
  status ended_;
};

}  // namespace polywire::inline v1::rpc::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/hub/detail/hub_state.hpp"
#include "polywire/rpc/hub/detail/starting_point.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc::detail {

/// A subscription with a queue of its own: overflow::drop_newest, overflow::block, and members of
/// groups.
class queue_subscription final : public subscription {
 public:
  // With the hub's lock held.
  queue_subscription(std::shared_ptr<hub_state> hub, const subscribe_request& asked,
                     subscriber& who, hub_thread& home, const std::vector<hub_topic*>& topics,
                     const starting_point& start)
      : hub_(std::move(hub)),
        queue_(std::make_shared<event_queue>(home, who,
                                             hub_->offers().bound(asked.pattern, asked.lag))),
        position_(start.position) {
    // Only one topic numbers its events, and a group's member gets some of them only.
    if (topics.size() == 1 && !has_wildcard(asked.pattern) && asked.group.empty()) {
      const std::uint64_t next = topics.front()->log.first_after(start.position);
      sequence_ = next - start.lost.count();
    }
    loss lost = start.lost;
    for (event_ptr& each : backlog(topics))
      queue_->fill({std::move(each), std::exchange(lost, {})});
    sink_ = hub_->join(queue_, asked.pattern, asked.group, asked.policy == overflow::block, topics);
    if (!lost.none()) sink_->lose(lost);
  }
  ~queue_subscription() override { hub_->leave(*queue_, sink_); }

  event_id position() const override { return {hub_->epoch(), position_}; }
  std::uint64_t sequence() const override { return sequence_; }
  bool take(delivery& out) override {
    bool taken = false;
    bool awaited = false;
    do {
      taken = queue_->take(out, awaited);
      if (awaited) hub_->room_made();
    } while (!taken && awaited);
    if (!taken) return false;
    position_ = out.what->id().offset();
    if (sequence_ > 0) sequence_ += 1 + out.lost_before.count();
    return true;
  }
  void stalled() override {
    if (queue_->settle()) hub_->room_made();
  }
  status ended() const override { return queue_->ended(); }

 private:
  std::vector<event_ptr> backlog(const std::vector<hub_topic*>& topics) const {
    std::vector<event_ptr> all;
    for (const hub_topic* topic : topics) {
      const topic_log& log = topic->log;
      for (auto at = log.first_after(position_); at != log.end(); ++at) all.push_back(log.at(at));
    }
    std::sort(all.begin(), all.end(), [](const event_ptr& a, const event_ptr& b) {
      return a->id().offset() < b->id().offset();
    });
    return all;
  }

  const std::shared_ptr<hub_state> hub_;
  const std::shared_ptr<event_queue> queue_;
  std::shared_ptr<event_sink> sink_;
  std::uint64_t position_;
  std::uint64_t sequence_ = 0;
};

}  // namespace polywire::inline v1::rpc::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/hub/detail/cursor_base.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

namespace polywire::inline v1::rpc::detail {

/// A cursor in the log of one topic.
class topic_cursor final : public cursor_base {
 public:
  topic_cursor(std::shared_ptr<hub_state> hub, const subscribe_request& asked, subscriber& who,
               hub_thread& home, hub_topic& topic, const starting_point& start)
      : cursor_base(std::move(hub), asked, who, home, {&topic}, start),
        topic_(topic),
        next_(topic.log.first_after(start.position)),
        live_(topic.log.end()) {}
  ~topic_cursor() override {
    if (batch_) group_->home().give_back(std::move(batch_));
  }

  std::uint64_t sequence() const override {
    return next_ - (batch_ ? batch_->end - batch_->first : 0) - lost_.count();
  }

  bool take(delivery& out) override {
    if (!batch_ && !fetch()) return false;
    out.what = std::move(batch_->events[batch_->first++]);
    out.lost_before = std::exchange(lost_, loss());
    position_ = out.what->id().offset();
    if (batch_->first == batch_->end) group_->home().give_back(std::move(batch_));
    return true;
  }
  void stalled() override {
    if (!batch_) return;
    next_ -= batch_->end - batch_->first;
    group_->home().give_back(std::move(batch_));
  }

  void activate(hub_topic&, std::uint64_t) override {}
  void hand_on() override {
    if (disconnect_ && !over()) {
      const std::lock_guard lock(topic_.mutex);
      catch_up();
    }
    tell(batch_ != nullptr || next_ < topic_.end.load(std::memory_order_acquire));
  }

 private:
  bool fetch() {
    if (over() || next_ == topic_.end.load(std::memory_order_acquire)) return told();
    auto batch = group_->home().lend();
    batch->first = batch->end = 0;
    {
      const std::lock_guard lock(topic_.mutex);
      if (catch_up()) {
        const std::uint64_t end = std::min(topic_.log.end(), next_ + batch->events.size());
        while (next_ != end) batch->events[batch->end++] = topic_.log.at(next_++);
      }
    }
    if (batch->end == 0) {
      group_->home().give_back(std::move(batch));
      return told();
    }
    batch_ = std::move(batch);
    return true;
  }
  // Who is told that there is nothing looks why.
  bool told() noexcept {
    told_ = !ended_.ok();
    return false;
  }
  // With the topic's lock held. What was there before the subscription does not count against the
  // limit, which is judged here and not when events are published: nobody else notices the
  // difference.
  bool catch_up() {
    const topic_log& log = topic_.log;
    const std::uint64_t counted = std::max({next_, live_, log.begin()});
    const std::uint64_t kept = log.within(most_, counted);
    const std::uint64_t allowed = kept > counted ? kept : std::max(next_, log.begin());
    if (allowed == next_) return true;
    if (disconnect_) {
      end_lagging();
      return false;
    }
    lose(allowed - next_, loss::kind::exact);
    next_ = allowed;
    return true;
  }

  hub_topic& topic_;
  std::uint64_t next_;        // number of the next event to fetch
  const std::uint64_t live_;  // of the first one that came after the subscription
  std::unique_ptr<event_batch> batch_;
};

}  // namespace polywire::inline v1::rpc::detail

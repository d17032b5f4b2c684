// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/hub/detail/cursor_base.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc::detail {

/// A cursor in the logs of all topics that a pattern takes, merged by their offsets. It knows the
/// topics in which something waits for it; everything up to `horizon_` has been announced, so the
/// merge goes that far.
class pattern_cursor final : public cursor_base {
 public:
  pattern_cursor(std::shared_ptr<hub_state> hub, const subscribe_request& asked, subscriber& who,
                 hub_thread& home, const std::vector<hub_topic*>& topics,
                 const starting_point& start)
      : cursor_base(std::move(hub), asked, who, home, topics, start),
        floor_(start.position),
        horizon_(hub_->last_offset()) {
    for (hub_topic* topic : topics) {
      source one{topic, topic->log.first_after(floor_), topic->log.end(), 0, 0};
      if (look_at_head(one)) sources_.push_back(one);
    }
    std::make_heap(sources_.begin(), sources_.end(), later());
  }

  std::uint64_t sequence() const override { return 0; }

  bool take(delivery& out) override {
    catch_up();  // another subscriber's on_ready may have brought us here before ours
    event_ptr next = over() ? nullptr : pop();
    if (!next) {
      told_ = !ended_.ok();
      return false;
    }
    out.what = std::move(next);
    out.lost_before = std::exchange(lost_, loss());
    position_ = floor_;
    return true;
  }
  void stalled() override {}  // nothing is taken in advance

  void activate(hub_topic& topic, std::uint64_t first) override {
    sources_.push_back({&topic, first, unknown, 0, 0});
    stale_ = true;
  }
  void hand_on() override {
    catch_up();
    tell(!sources_.empty() && sources_.front().head <= horizon_);
  }

 private:
  static constexpr std::uint64_t unknown = ~std::uint64_t{0};

  struct source {
    hub_topic* topic;
    std::uint64_t next;  // number of the next event
    std::uint64_t live;  // of the first one that counts as lag
    std::uint64_t head;  // offset of the next event
    // Dropped before the next event, and told with it: who resumes after an event before that one
    // hears of the loss again, and who resumes after it does not.
    std::uint64_t missed;
  };
  struct later {
    bool operator()(const source& a, const source& b) const noexcept { return a.head > b.head; }
  };

  static bool look_at_head(source& one) noexcept {
    const topic_log& log = one.topic->log;
    if (one.next == log.end()) return false;
    one.head = log.offset_at(one.next);
    return true;
  }

  // The next event up to the horizon. What was dropped under a source is passed over.
  event_ptr pop() {
    while (!sources_.empty() && sources_.front().head <= horizon_) {
      std::pop_heap(sources_.begin(), sources_.end(), later());
      source& one = sources_.back();
      event_ptr found;
      bool more = true;
      {
        const std::lock_guard lock(one.topic->mutex);
        if (const std::uint64_t dropped = pass_dropped(one)) {
          lag_ -= std::min(lag_, dropped);
        } else {
          found = one.topic->log.at(one.next++);
        }
        more = look_at_head(one);
      }
      if (found) {
        if (one.missed > 0) lost_ += loss(std::exchange(one.missed, 0), loss::kind::at_least);
        floor_ = found->id().offset();
      }
      if (more) {
        std::push_heap(sources_.begin(), sources_.end(), later());
      } else {
        sources_.pop_back();
      }
      if (!ended_.ok()) return nullptr;
      if (found) return found;
    }
    return nullptr;
  }
  // With the topic's lock held. How many of the events that were to come next its log has dropped.
  std::uint64_t pass_dropped(source& one) {
    const std::uint64_t begin = one.topic->log.begin();
    if (begin <= one.next) return 0;
    const std::uint64_t n = begin - std::exchange(one.next, begin);
    miss(one, n);
    return n;
  }
  void miss(source& one, std::uint64_t n) {
    if (disconnect_) return end_lagging();
    one.missed += n;
    hub_->count_lost(n);
  }

  void catch_up() {
    if (!stale_ || over()) return;
    stale_ = false;
    refresh();
    if (!disconnect_) skip();
  }
  // After `activate`: joins new sources with those that were known, looks at each of them again,
  // and counts the lag.
  void refresh() {
    horizon_ = std::max(horizon_, group_->home().seen());
    std::sort(sources_.begin(), sources_.end(), [](const source& a, const source& b) {
      return a.topic != b.topic ? std::less<>()(a.topic, b.topic) : a.live < b.live;
    });
    const auto same = [](const source& a, const source& b) { return a.topic == b.topic; };
    sources_.erase(std::unique(sources_.begin(), sources_.end(), same), sources_.end());
    lag_ = bytes_ = 0;
    std::erase_if(sources_, [&](source& one) {
      const std::lock_guard lock(one.topic->mutex);
      const topic_log& log = one.topic->log;
      if (one.live == unknown) {
        const std::uint64_t first = std::exchange(one.next, log.first_after(floor_));
        one.live = one.next;
        // How many of those that were dropped were for this cursor is known only roughly.
        if (log.dropped_offset() > floor_) {
          miss(one, first < log.begin() ? log.begin() - first : 1);
        }
      } else {
        pass_dropped(one);
      }
      const std::uint64_t from = std::max(one.next, one.live);
      const std::uint64_t to = std::max(log.first_after(horizon_), from);
      lag_ += to - from;
      if (to > from) bytes_ += log.bytes_between(from, to);
      return !look_at_head(one);
    });
    std::make_heap(sources_.begin(), sources_.end(), later());
    if (disconnect_ && lags()) end_lagging();
  }
  bool lags() const noexcept { return lag_ > most_.events || (bytes_ > most_.bytes && lag_ > 1); }

  // overflow::drop_oldest: passes over the oldest until the rest is within the limit.
  void skip() {
    std::uint64_t dropped = 0;
    while (lags() && !sources_.empty()) {
      const bool counts = sources_.front().next >= sources_.front().live;
      const event_ptr oldest = pop();
      if (!oldest) break;
      ++dropped;
      if (!counts) continue;
      --lag_;
      bytes_ -= std::min<std::uint64_t>(bytes_, oldest->size());
    }
    if (dropped > 0) lose(dropped, loss::kind::at_least);
  }

  std::vector<source> sources_;  // a heap: the lowest head first
  std::uint64_t floor_;          // up to this offset nothing is to come any more
  std::uint64_t horizon_;
  bool stale_ = false;  // news have come since `refresh`
  // As of `refresh`: what waits and counts.
  std::uint64_t lag_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace polywire::inline v1::rpc::detail

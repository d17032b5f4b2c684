// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/hub/detail/event_queue.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc::detail {

class hub_topic;

/// Where a topic puts its events: one subscriber's queue, or the queues of a group, each event into
/// one of them. Guarded by the hub's lock.
class event_sink {
 public:
  event_sink(std::string_view pattern, bool wildcard, std::string_view group, bool blocks)
      : pattern_(pattern), group_(group), blocks_(blocks), wildcard_(wildcard) {}

  const std::string& pattern() const noexcept { return pattern_; }
  /// Empty: one subscriber of its own.
  const std::string& group() const noexcept { return group_; }
  bool wildcard() const noexcept { return wildcard_; }
  bool empty() const noexcept { return members_.empty(); }
  std::vector<hub_topic*>& topics() noexcept { return topics_; }
  const std::vector<std::shared_ptr<event_queue>>& members() const noexcept { return members_; }

  void join(std::shared_ptr<event_queue> member) { members_.push_back(std::move(member)); }
  void leave(const event_queue& member) {
    std::erase_if(members_, [&](const auto& one) { return one.get() == &member; });
    if (turn_ >= members_.size()) turn_ = 0;
  }
  /// Counts before the next event that somebody gets.
  void lose(const loss& lost) noexcept { lost_ += lost; }

  /// Whether a publish must wait for it.
  bool must_wait(std::size_t size) { return blocks_ && members_.front()->must_wait(size); }
  /// Whose turn it is and who has room gets the event. Null: nobody had room, it is lost.
  std::shared_ptr<event_queue> push(const event_ptr& what) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const std::size_t at = (turn_ + i) % members_.size();
      if (!members_[at]->push(what, lost_)) continue;
      turn_ = (at + 1) % members_.size();
      lost_ = loss();
      return members_[at];
    }
    lost_ += loss(1, wildcard_ ? loss::kind::at_least : loss::kind::exact);
    return nullptr;
  }

 private:
  const std::string pattern_;
  const std::string group_;
  const bool blocks_;
  const bool wildcard_;
  std::vector<std::shared_ptr<event_queue>> members_;
  std::size_t turn_ = 0;
  loss lost_;
  std::vector<hub_topic*> topics_;
};

}  // namespace polywire::inline v1::rpc::detail

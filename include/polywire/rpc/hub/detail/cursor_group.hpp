// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/topic.hpp"
#include "polywire/rpc/hub/detail/hub_topic.hpp"
#include "polywire/rpc/hub/hub_thread.hpp"
#include "polywire/rpc/hub/subscription.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace polywire::inline v1::rpc::detail {

class cursor_link;

/// A cursor, as its group knows it.
class cursor : public subscription {
 public:
  /// The topic has events that the cursor may not know of, `first` at the earliest.
  virtual void activate(hub_topic& topic, std::uint64_t first) = 0;
  /// Calls `on_ready` if there is something; it may be gone afterwards.
  virtual void hand_on() = 0;
};

/// All cursors of one thread with the same name or pattern: they are announced together.
class cursor_group final : public ready_item {
 public:
  cursor_group(hub_thread& home, std::string_view pattern)
      : home_(home), pattern_(pattern), wildcard_(has_wildcard(pattern)) {}

  hub_thread& home() const noexcept { return home_; }
  const std::string& pattern() const noexcept { return pattern_; }
  bool wildcard() const noexcept { return wildcard_; }
  /// Guarded by the hub's lock. They refer back to the group until the last cursor leaves.
  std::vector<std::shared_ptr<cursor_link>>& links() noexcept { return links_; }

  // On its thread.

  bool empty() const noexcept { return count_ == 0; }
  void join(cursor& one) {
    members_.push_back(&one);
    ++count_;
  }
  void leave(cursor& one) noexcept {
    const auto found = std::find(members_.begin(), members_.end(), &one);
    if (found == members_.end()) return;
    --count_;
    if (depth_ > 0) {
      *found = nullptr;  // somebody is walking along them
    } else {
      members_.erase(found);
    }
  }
  void news_of(hub_topic& topic, std::uint64_t first) {
    due_ = true;
    if (!wildcard_) return;
    for (cursor* one : members_) {
      if (one != nullptr) one->activate(topic, first);
    }
  }
  void activate() override { due_ = true; }
  void hand_on() override {
    if (!due_) return;
    due_ = false;
    ++depth_;
    // Those who join meanwhile stand at the end; they know what is there.
    for (std::size_t i = 0, n = members_.size(); i < n; ++i) {
      if (members_[i] != nullptr) members_[i]->hand_on();
    }
    if (--depth_ == 0) std::erase(members_, nullptr);
  }

 private:
  hub_thread& home_;
  const std::string pattern_;
  const bool wildcard_;
  std::vector<std::shared_ptr<cursor_link>> links_;

  std::vector<cursor*> members_;
  std::size_t count_ = 0;
  int depth_ = 0;
  bool due_ = false;
};

/// Joins a topic and a group.
class cursor_link final : public ready_item {
 public:
  cursor_link(hub_topic& topic, std::shared_ptr<cursor_group> group) noexcept
      : topic_(topic), group_(std::move(group)), announced_(topic.log.end()) {}

  hub_topic& topic() const noexcept { return topic_; }
  cursor_group& group() const noexcept { return *group_; }

  // On the group's thread.

  /// Who joins now knows of everything before.
  void announced_all() noexcept { announced_ = topic_.log.end(); }
  void activate() override {
    if (group_->empty()) return;  // then the topic may be gone
    const std::uint64_t first = announced_;
    if (group_->wildcard()) {
      const std::lock_guard lock(topic_.mutex);
      announced_ = topic_.log.first_after(group_->home().seen());
    }
    group_->news_of(topic_, first);
  }
  void hand_on() override { group_->hand_on(); }

 private:
  hub_topic& topic_;
  const std::shared_ptr<cursor_group> group_;
  std::uint64_t announced_;  // the number of the first event that was not
};

}  // namespace polywire::inline v1::rpc::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/hub/detail/completions.hpp"
#include "polywire/rpc/hub/detail/cursor_group.hpp"
#include "polywire/rpc/hub/detail/event_sink.hpp"
#include "polywire/rpc/hub/detail/hub_topic.hpp"
#include "polywire/rpc/hub/detail/unlocked_work.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc::detail {

/// What a hub and its subscriptions share. One lock orders everything that is published and guards
/// who subscribes to what; below it the locks of single logs, queues and threads, which are never
/// held together. Nobody outside is called, and no event dies, while a lock is held.
class hub_state {
 public:
  hub_state(std::uint64_t epoch, const limits& bounds, hub_events& events)
      : epoch_(epoch), bounds_(std::make_shared<const limits>(bounds)), events_(events) {}

  std::uint64_t epoch() const noexcept { return epoch_; }
  const limits& bounds() const noexcept { return *bounds_; }
  topic_offers& offers() noexcept { return offers_; }
  std::mutex& mutex() noexcept { return mutex_; }
  bool is_closed() const noexcept { return is_closed_.load(std::memory_order_acquire); }
  /// Once it is closed.
  const status& why_closed() const noexcept { return why_closed_; }
  void count_lost(std::uint64_t n) noexcept { lost_.fetch_add(n, std::memory_order_relaxed); }
  hub_stats stats() {
    const std::lock_guard lock(mutex_);
    hub_stats all;
    all.published = last_offset_;
    all.lost = lost_.load(std::memory_order_relaxed);
    all.subscribers = subscribers_;
    all.topics = topics_.size();
    return all;
  }

  // With the lock held.

  std::uint64_t last_offset() const noexcept { return last_offset_; }
  hub_topic* find(std::string_view name) {
    const auto found = topics_.find(name);
    return found != topics_.end() ? found->second.get() : nullptr;
  }
  result<hub_topic*> find_or_make(std::string_view name, const topic_offer& offer) {
    if (hub_topic* found = find(name)) return found;
    if (topics_.size() >= bounds_->max_topics) {
      return status::resource_exhausted("there are " + std::to_string(topics_.size()) +
                                        " topics already (limits::max_topics)");
    }
    auto made = std::make_unique<hub_topic>(name, offer, bounds_);
    hub_topic* const topic = made.get();
    for (const auto& [key, group] : groups_) {
      if (group->wildcard() && topic_matches(group->pattern(), name)) link(*topic, group);
    }
    for (const auto& sink : sinks_) {
      if (sink->wildcard() && topic_matches(sink->pattern(), name)) attach(*topic, sink);
    }
    topics_.emplace(std::string(name), std::move(made));
    return topic;
  }
  std::vector<hub_topic*> matching(std::string_view pattern) {
    std::vector<hub_topic*> found;
    if (!has_wildcard(pattern)) {
      if (hub_topic* one = find(pattern)) found.push_back(one);
      return found;
    }
    for (const auto& [name, topic] : topics_) {
      if (topic_matches(pattern, name)) found.push_back(topic.get());
    }
    return found;
  }

  /// A cursor joins; the topics are those that exist and match.
  std::shared_ptr<cursor_group> join(cursor& one, hub_thread& home, std::string_view pattern,
                                     const std::vector<hub_topic*>& topics) {
    auto& group = groups_[{&home, std::string(pattern)}];
    if (!group) {
      group = std::make_shared<cursor_group>(home, pattern);
      for (hub_topic* topic : topics) link(*topic, group);
    }
    for (const auto& each : group->links()) each->announced_all();
    group->join(one);
    ++subscribers_;
    return group;
  }
  /// A queue joins its group, or a new sink of its own.
  std::shared_ptr<event_sink> join(const std::shared_ptr<event_queue>& queue,
                                   std::string_view pattern, std::string_view group, bool blocks,
                                   const std::vector<hub_topic*>& topics) {
    std::shared_ptr<event_sink> sink;
    if (!group.empty()) {
      const auto found = std::find_if(sinks_.begin(), sinks_.end(), [&](const auto& each) {
        return each->group() == group && each->pattern() == pattern;
      });
      if (found != sinks_.end()) sink = *found;
    }
    if (!sink) {
      sink = std::make_shared<event_sink>(pattern, has_wildcard(pattern), group, blocks);
      sinks_.push_back(sink);
      for (hub_topic* topic : topics) attach(*topic, sink);
    }
    sink->join(queue);
    ++subscribers_;
    return sink;
  }

  // Without the lock.

  void leave(cursor& one, cursor_group& group) {
    std::vector<std::shared_ptr<cursor_link>> gone;
    const std::lock_guard lock(mutex_);
    group.leave(one);
    --subscribers_;
    if (!group.empty()) return;
    gone.swap(group.links());
    for (const auto& each : gone) std::erase(each->topic().links, each);
    groups_.erase({&group.home(), group.pattern()});
  }
  /// What it has not taken goes to the others of its group.
  void leave(event_queue& queue, const std::shared_ptr<event_sink>& sink) {
    unlocked_work work;
    std::deque<delivery> rest;
    std::unique_lock lock(mutex_);
    queue.detach();
    sink->leave(queue);
    --subscribers_;
    rest = queue.take_all();
    if (sink->empty()) {
      for (hub_topic* topic : sink->topics()) std::erase(topic->sinks, sink);
      std::erase(sinks_, sink);
    } else {
      for (const delivery& each : rest) {
        sink->lose(each.lost_before);
        put(*sink, each.what, work);
      }
    }
    go_on(work);
    finish(lock, work);
  }

  std::optional<result<event_id>> publish(hub_topic& topic, std::shared_ptr<event> what,
                                          time_point now, publish_waiter* waiter) {
    unlocked_work work;
    std::optional<result<event_id>> done;
    std::unique_lock lock(mutex_);
    if (is_closed()) return why_closed_;
    if (!topic.waiting.empty() || must_wait(topic, what->size())) {
      if (waiter == nullptr || !may_wait(topic, what->size())) {
        return status::resource_exhausted("the topic '" + topic.info->name() +
                                          "' waits for a slow subscriber");
      }
      wait(topic, {std::move(what), waiter, now}, work);
    } else {
      done = append(topic, std::move(what), work);
    }
    finish(lock, work);
    return done;
  }
  /// A subscriber has room again: publishes that wait go on.
  void room_made() {
    unlocked_work work;
    std::unique_lock lock(mutex_);
    go_on(work);
    finish(lock, work);
  }
  void forget(publish_waiter& who) {
    unlocked_work work;
    std::deque<waiting_publish> gone;
    std::unique_lock lock(mutex_);
    for (hub_topic* topic : waiting_topics_) {
      auto& all = topic->waiting;
      for (auto at = all.begin(); at != all.end();) {
        if (at->who != &who) {
          ++at;
          continue;
        }
        topic->waiting_bytes -= at->what->size();
        gone.push_back(std::move(*at));
        at = all.erase(at);
      }
    }
    completions_.remove(who);
    go_on(work);  // the next one may be smaller
    finish(lock, work);
    lock.lock();
    completions_.wait_for(who, lock);
  }
  void on_time(time_point now) {
    unlocked_work work;
    std::unique_lock lock(mutex_);
    if (timer_ <= now) timer_ = never;
    while (end_overdue(now, work)) go_on(work);
    for (const hub_topic* topic : waiting_topics_) {
      want_timer(after(topic->waiting.front().since, bounds_->block_timeout), work);
    }
    finish(lock, work);
  }
  void close(const status& why) {
    unlocked_work work;
    std::unique_lock lock(mutex_);
    if (is_closed()) return;
    why_closed_ = why.ok() ? status::unavailable("the topics of this server are closed") : why;
    is_closed_.store(true, std::memory_order_release);
    for (hub_topic* topic : waiting_topics_) {
      for (waiting_publish& each : topic->waiting) {
        completions_.add(each.who, why_closed_);
        work.dropped.push(std::move(each.what));
      }
      topic->waiting.clear();
      topic->waiting_bytes = 0;
    }
    work.completed = !waiting_topics_.empty();
    waiting_topics_.clear();
    for (const auto& [key, group] : groups_) announce(group->home(), group, work);
    for (const auto& sink : sinks_) {
      for (const auto& queue : sink->members()) {
        queue->end(why_closed_);
        announce(queue->home(), queue, work);
      }
    }
    finish(lock, work);
  }

 private:
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept {
      return std::hash<std::string_view>()(name);
    }
  };

  // Publishes that wait on one topic.
  static constexpr std::size_t most_waiting = 1'024;
  static constexpr std::size_t most_waiting_bytes = std::size_t{16} << 20;

  static void link(hub_topic& topic, const std::shared_ptr<cursor_group>& group) {
    auto made = std::make_shared<cursor_link>(topic, group);
    group->links().push_back(made);
    topic.links.push_back(std::move(made));
  }
  static void attach(hub_topic& topic, const std::shared_ptr<event_sink>& sink) {
    sink->topics().push_back(&topic);
    topic.sinks.push_back(sink);
  }

  void announce(hub_thread& home, const std::shared_ptr<ready_item>& item, unlocked_work& work) {
    if (home.add(item, last_offset_)) work.wake.push(&home);
  }
  void put(event_sink& sink, const event_ptr& what, unlocked_work& work) {
    if (const auto taker = sink.push(what)) {
      announce(taker->home(), taker, work);
    } else {
      count_lost(1);
    }
  }
  event_id append(hub_topic& topic, std::shared_ptr<event> what, unlocked_work& work) {
    const event_id id(epoch_, ++last_offset_);
    what->id_ = id;
    const event_ptr shared = std::move(what);
    {
      const std::lock_guard lock(topic.mutex);
      topic.log.append(shared, work.dropped);
      topic.end.store(topic.log.end(), std::memory_order_release);
    }
    for (const auto& sink : topic.sinks) put(*sink, shared, work);
    for (const auto& each : topic.links) announce(each->group().home(), each, work);
    return id;
  }

  static bool must_wait(hub_topic& topic, std::size_t size) {
    return std::any_of(topic.sinks.begin(), topic.sinks.end(),
                       [size](const auto& sink) { return sink->must_wait(size); });
  }
  static bool may_wait(const hub_topic& topic, std::size_t size) noexcept {
    return topic.waiting.empty() || (topic.waiting.size() < most_waiting &&
                                     topic.waiting_bytes + size <= most_waiting_bytes);
  }
  void wait(hub_topic& topic, waiting_publish&& one, unlocked_work& work) {
    if (topic.waiting.empty()) {
      waiting_topics_.push_back(&topic);
      want_timer(after(one.since, bounds_->block_timeout), work);
    }
    topic.waiting_bytes += one.what->size();
    topic.waiting.push_back(std::move(one));
  }
  void go_on(unlocked_work& work) {
    for (std::size_t i = 0; i < waiting_topics_.size();) {
      hub_topic& topic = *waiting_topics_[i];
      while (!topic.waiting.empty() && !must_wait(topic, topic.waiting.front().what->size())) {
        waiting_publish one = std::move(topic.waiting.front());
        topic.waiting.pop_front();
        topic.waiting_bytes -= one.what->size();
        completions_.add(one.who, append(topic, std::move(one.what), work));
        work.completed = true;
      }
      if (topic.waiting.empty()) {
        waiting_topics_.erase(waiting_topics_.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
  }
  bool end_overdue(time_point now, unlocked_work& work) {
    bool any = false;
    for (hub_topic* topic : waiting_topics_) {
      const waiting_publish& first = topic->waiting.front();
      if (after(first.since, bounds_->block_timeout) > now) continue;
      for (const auto& sink : topic->sinks) {
        if (!sink->must_wait(first.what->size())) continue;
        const auto& queue = sink->members().front();
        queue->end(status::resource_exhausted("the topic '" + topic->info->name() +
                                              "' waited too long for this subscriber "
                                              "(overflow::block, limits::block_timeout)"));
        announce(queue->home(), queue, work);
        any = true;
      }
    }
    return any;
  }
  void want_timer(time_point when, unlocked_work& work) {
    if (when < timer_) timer_ = work.timer = when;
  }

  void finish(std::unique_lock<std::mutex>& lock, unlocked_work& work) {
    lock.unlock();
    work.wake.each([](hub_thread* home) { home->wake(); });
    if (work.timer != never) events_.on_timer_wanted(work.timer);
    if (!work.completed) return;
    lock.lock();
    completions_.run(lock);
    lock.unlock();
  }

  const std::uint64_t epoch_;
  const std::shared_ptr<const limits> bounds_;
  hub_events& events_;
  topic_offers offers_;

  std::mutex mutex_;
  std::uint64_t last_offset_ = 0;
  std::unordered_map<std::string, std::unique_ptr<hub_topic>, hash, std::equal_to<>> topics_;
  std::map<std::pair<hub_thread*, std::string>, std::shared_ptr<cursor_group>> groups_;
  std::vector<std::shared_ptr<event_sink>> sinks_;
  std::vector<hub_topic*> waiting_topics_;
  completions completions_;
  time_point timer_ = never;
  std::size_t subscribers_ = 0;
  status why_closed_;

  std::atomic<std::uint64_t> lost_{0};
  std::atomic<bool> is_closed_{false};
};

}  // namespace polywire::inline v1::rpc::detail

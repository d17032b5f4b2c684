// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/hub/event.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc {

class hub_thread;

/// Whoever takes from a subscription.
class subscriber {
 public:
  /// On its thread: there are events, or the subscription has ended. Take until there is nothing,
  /// or until you cannot send; then say `stalled()`. It may subscribe, unsubscribe and publish.
  virtual void on_ready() = 0;

 protected:
  ~subscriber() = default;
};

namespace detail {

/// Something that has news for a thread.
class ready_item {
 public:
  ready_item() = default;
  ready_item(const ready_item&) = delete;
  ready_item& operator=(const ready_item&) = delete;
  virtual ~ready_item() = default;

  /// On the thread: first all are told that they have news, then all hand it on.
  virtual void activate() = 0;
  virtual void hand_on() = 0;

 private:
  friend class rpc::hub_thread;
  bool queued_ = false;  // guarded by the thread's lock
};

/// Events that a cursor took from its topic in one go.
class event_batch {
 public:
  std::array<event_ptr, 32> events;
  std::size_t first = 0;
  std::size_t end = 0;
};

}  // namespace detail

/// A thread that has subscribers. A server derives one for each of its loops: `wake` posts to the
/// loop, which then calls `drain`. It outlives its subscriptions and each `publish` that is under
/// way.
class hub_thread {
 public:
  hub_thread() = default;
  hub_thread(const hub_thread&) = delete;
  hub_thread& operator=(const hub_thread&) = delete;

  /// Called on any thread, without a lock of the hub; once, until the `drain` that it asks for.
  virtual void wake() noexcept = 0;

  /// On the owner's thread: `on_ready` of each subscriber with something to take.
  void drain() {
    auto items = std::move(spare_items_);  // keeps its capacity; empty inside an on_ready
    {
      const std::lock_guard lock(mutex_);
      items.swap(ready_);
      for (const auto& item : items) item->queued_ = false;
      woken_ = false;
      seen_ = horizon_;
    }
    for (const auto& item : items) item->activate();
    for (const auto& item : items) item->hand_on();
    items.clear();
    spare_items_ = std::move(items);
  }

  // The rest is the hub's.

  /// News of this offset. True: call `wake` when no lock is held.
  bool add(const std::shared_ptr<detail::ready_item>& item, std::uint64_t offset) {
    const std::lock_guard lock(mutex_);
    if (!item->queued_) ready_.push_back(item);
    item->queued_ = true;
    horizon_ = std::max(horizon_, offset);
    return !std::exchange(woken_, true);
  }
  /// On the thread. What came up to this offset has been activated.
  std::uint64_t seen() const noexcept { return seen_; }

  /// On the thread. Batches are few: only those who are taking have one.
  std::unique_ptr<detail::event_batch> lend() {
    if (spare_batches_.empty()) return std::make_unique<detail::event_batch>();
    auto batch = std::move(spare_batches_.back());
    spare_batches_.pop_back();
    return batch;
  }
  void give_back(std::unique_ptr<detail::event_batch> batch) {
    for (std::size_t i = batch->first; i < batch->end; ++i) batch->events[i].reset();
    if (spare_batches_.size() < 8) spare_batches_.push_back(std::move(batch));
  }

 protected:
  ~hub_thread() = default;

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<detail::ready_item>> ready_;
  // Set together with `ready_`: whoever reads several topics in the order of their offsets must
  // know that no earlier event is still to be announced.
  std::uint64_t horizon_ = 0;
  bool woken_ = false;

  std::uint64_t seen_ = 0;
  std::vector<std::shared_ptr<detail::ready_item>> spare_items_;
  std::vector<std::unique_ptr<detail::event_batch>> spare_batches_;
};

}  // namespace polywire::inline v1::rpc

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/hub/publishing.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace polywire::inline v1::rpc::detail {

/// The waiters whose publish is over and who are to be told, in order, one thread at a time.
/// Guarded by the hub's lock.
class completions {
 public:
  void add(publish_waiter* who, result<event_id> how) { due_.push_back({who, std::move(how)}); }

  /// Tells them all, each without the lock.
  void run(std::unique_lock<std::mutex>& lock) {
    if (running_) return;  // that thread goes on with what was added
    running_ = true;
    thread_ = std::this_thread::get_id();
    while (!due_.empty()) {
      one next = std::move(due_.front());
      due_.pop_front();
      told_ = next.who;
      lock.unlock();
      next.who->on_published(std::move(next.how));
      lock.lock();
      told_ = nullptr;
      done_.notify_all();
    }
    running_ = false;
  }

  /// It is not told any more...
  void remove(const publish_waiter& who) {
    std::erase_if(due_, [&who](const one& o) { return o.who == &who; });
  }
  /// ...unless it is just being told: waits for that, except when it happens on this very thread.
  void wait_for(const publish_waiter& who, std::unique_lock<std::mutex>& lock) {
    if (running_ && thread_ == std::this_thread::get_id()) return;
    done_.wait(lock, [this, &who] { return told_ != &who; });
  }

 private:
  class one {
   public:
    publish_waiter* who;
    result<event_id> how;
  };

  std::deque<one> due_;
  bool running_ = false;
  publish_waiter* told_ = nullptr;
  std::thread::id thread_;
  std::condition_variable done_;
};

}  // namespace polywire::inline v1::rpc::detail

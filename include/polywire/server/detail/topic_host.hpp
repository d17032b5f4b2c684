// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/limits.hpp"
#include "polywire/io/loop.hpp"
#include "polywire/rpc/hub/hub.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace polywire::inline v1::detail {

class topic_host;

/// A subscription that a server carries out, as its thread knows it.
class hosted_subscription {
 public:
  /// The server stops: sends what is there, then ends.
  virtual void finish() = 0;

 protected:
  ~hosted_subscription() = default;
};

/// The subscriptions of one thread of a server. Lives as long as the hub, which may speak of it.
class topic_thread final : public rpc::hub_thread, private io::mail, private io::timer {
 public:
  topic_thread(const std::shared_ptr<io::loop>& home, std::weak_ptr<topic_host> host)
      : home_(home), host_(std::move(host)) {}

  std::shared_ptr<io::loop> home() const noexcept { return home_.lock(); }

  // On the loop's thread.

  void add(hosted_subscription& one) { all_.push_back(&one); }
  void remove(hosted_subscription& one) noexcept { std::erase(all_, &one); }
  bool empty() const noexcept { return all_.empty(); }
  void finish_all() {
    for (hosted_subscription* one : std::vector(all_)) {
      // One that was destroyed meanwhile has left the list.
      if (std::find(all_.begin(), all_.end(), one) != all_.end()) one->finish();
    }
  }
  /// Tells the hub the time at `when`.
  void set_alarm(time_point when) {
    if (const auto l = home(); l && (!is_set() || when < io::timer::when()))
      l->set_timer(*this, when);
  }
  void stop_alarm() noexcept {
    if (const auto l = home()) l->remove_timer(*this);
  }

 private:
  void wake() noexcept override {
    const auto l = home();
    auto host = host_.lock();
    if (!l || !host) return;
    posted_ = std::move(host);  // keeps this object until the mail was delivered
    l->post(*this);
  }
  void deliver() override {
    const auto keep = std::move(posted_);
    drain();
  }
  void discard() noexcept override { const auto gone = std::move(posted_); }
  inline void on_time() override;

  std::weak_ptr<io::loop> home_;
  std::weak_ptr<topic_host> host_;
  std::shared_ptr<topic_host> posted_;
  std::vector<hosted_subscription*> all_;
};

/// The topics of a server: the hub, and the threads that it wakes.
class topic_host final : private rpc::hub_events, public std::enable_shared_from_this<topic_host> {
 public:
  explicit topic_host(const limits& bounds) : hub_(new_epoch(), bounds, *this) {}

  rpc::hub& hub() noexcept { return hub_; }

  std::shared_ptr<topic_thread> add_thread(const std::shared_ptr<io::loop>& home) {
    auto made = std::make_shared<topic_thread>(home, weak_from_this());
    const std::lock_guard lock(mutex_);
    threads_.push_back(made);
    return made;
  }

 private:
  void on_timer_wanted(time_point when) override {
    std::shared_ptr<topic_thread> first;
    {
      const std::lock_guard lock(mutex_);
      if (!threads_.empty()) first = threads_.front();
    }
    if (!first) return;
    if (const auto home = first->home()) {
      home->post_function([first, when] { first->set_alarm(when); });
    }
  }

  // Differs from that of every earlier start.
  static std::uint64_t new_epoch() noexcept {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now).count());
  }

  std::mutex mutex_;
  std::vector<std::shared_ptr<topic_thread>> threads_;
  rpc::hub hub_;
};

inline void topic_thread::on_time() {
  const auto l = home();
  if (const auto host = host_.lock(); host && l) host->hub().on_time(l->now());
}

}  // namespace polywire::inline v1::detail

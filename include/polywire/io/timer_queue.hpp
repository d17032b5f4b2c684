// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace polywire::inline v1::io {

/// A point in time to be told about.
class timer {
 public:
  timer() = default;
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;

  bool is_set() const noexcept { return index_ != unset; }
  time_point when() const noexcept { return when_; }

  virtual void on_time() = 0;

 protected:
  ~timer() = default;

 private:
  friend class timer_queue;
  static constexpr std::size_t unset = static_cast<std::size_t>(-1);
  time_point when_ = never;
  std::size_t index_ = unset;
};

/// All timers of a loop in one heap: setting one is cheap, only the earliest needs the system.
class timer_queue {
 public:
  void set(timer& t, time_point when) {
    if (when == never) return remove(t);
    if (!t.is_set()) {
      t.index_ = heap_.size();
      heap_.push_back(&t);
    }
    t.when_ = when;
    sift_up(t.index_);
    sift_down(t.index_);
  }

  void remove(timer& t) noexcept {
    if (!t.is_set()) return;
    const std::size_t index = std::exchange(t.index_, timer::unset);
    timer* last = heap_.back();
    heap_.pop_back();
    if (last == &t) return;
    heap_[index] = last;
    last->index_ = index;
    sift_up(index);
    sift_down(last->index_);
  }

  time_point earliest() const noexcept { return heap_.empty() ? never : heap_.front()->when_; }

  /// Tells every timer whose time has come.
  void expire(time_point now) {
    while (!heap_.empty() && heap_.front()->when_ <= now) {
      timer& t = *heap_.front();
      remove(t);
      t.on_time();
    }
  }

  bool empty() const noexcept { return heap_.empty(); }

 private:
  void place(std::size_t index, timer* t) noexcept {
    heap_[index] = t;
    t->index_ = index;
  }
  void sift_up(std::size_t index) noexcept {
    timer* t = heap_[index];
    while (index > 0) {
      const std::size_t parent = (index - 1) / 2;
      if (heap_[parent]->when_ <= t->when_) break;
      place(index, heap_[parent]);
      index = parent;
    }
    place(index, t);
  }
  void sift_down(std::size_t index) noexcept {
    timer* t = heap_[index];
    for (;;) {
      std::size_t child = 2 * index + 1;
      if (child >= heap_.size()) break;
      if (child + 1 < heap_.size() && heap_[child + 1]->when_ < heap_[child]->when_) ++child;
      if (t->when_ <= heap_[child]->when_) break;
      place(index, heap_[child]);
      index = child;
    }
    place(index, t);
  }

  std::vector<timer*> heap_;
};

}  // namespace polywire::inline v1::io

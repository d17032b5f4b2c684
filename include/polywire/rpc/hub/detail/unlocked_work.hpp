// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/rpc/hub/event.hpp"
#include "polywire/rpc/hub/hub_thread.hpp"

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc::detail {

/// A list that is short as a rule, and then needs no memory of its own.
template <class T>
class short_list {
 public:
  void push(T value) {
    if (count_ < first_.size()) {
      first_[count_++] = std::move(value);
    } else {
      more_.push_back(std::move(value));
    }
  }
  template <class F>
  void each(F f) {
    for (std::size_t i = 0; i < count_; ++i) f(first_[i]);
    for (T& one : more_) f(one);
  }

 private:
  std::array<T, 4> first_{};
  std::size_t count_ = 0;
  std::vector<T> more_;
};

/// What is found out under the hub's lock and done after it: to wake threads, to ask for a timer,
/// to tell waiters, and to let events die.
class unlocked_work {
 public:
  short_list<hub_thread*> wake;
  short_list<event_ptr> dropped;
  time_point timer = never;
  bool completed = false;
};

}  // namespace polywire::inline v1::rpc::detail

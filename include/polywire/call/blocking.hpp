// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/handler.hpp"
#include "polywire/core/call_info.hpp"
#include "polywire/core/clock.hpp"
#include "polywire/core/status.hpp"

#include <concepts>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace polywire::inline v1::detail {

/// Where a blocking call waits for its result. Shared with the handler, which may come later than
/// the wait lasts.
template <class Value>
class rendezvous {
 public:
  void set(Value value) {
    {
      const std::lock_guard lock(mutex_);
      value_.emplace(std::move(value));
    }
    arrived_.notify_one();
  }
  /// Empty: it did not come in time.
  std::optional<Value> wait(time_point until) {
    std::unique_lock lock(mutex_);
    const auto is_there = [this] { return value_.has_value(); };
    if (until == never) {
      arrived_.wait(lock, is_there);
    } else {
      arrived_.wait_until(lock, until, is_there);
    }
    return std::exchange(value_, std::nullopt);
  }

  /// For those who want to know more of the call; filled before the value.
  call_info info;

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::optional<Value> value_;
};

/// The completion handler of a blocking call.
template <class Value>
class wake_caller : public invoked_in_place {
 public:
  explicit wake_caller(std::shared_ptr<rendezvous<Value>> where) noexcept
      : where_(std::move(where)) {}
  wake_caller(wake_caller&&) noexcept = default;
  wake_caller& operator=(wake_caller&&) = delete;
  /// The execution context went away under the call: nobody may wait for ever.
  ~wake_caller() {
    if (!where_) return;
    if constexpr (std::constructible_from<Value, status>) {
      where_->set(Value(status::cancelled("the client's execution context was destroyed")));
    } else {
      where_->set(Value());
    }
  }
  void operator()(Value value) { std::exchange(where_, nullptr)->set(std::move(value)); }

 private:
  std::shared_ptr<rendezvous<Value>> where_;
};

}  // namespace polywire::inline v1::detail

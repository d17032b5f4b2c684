// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/check.hpp"

#include "polywire/io/asio.hpp"

#include <asio/co_spawn.hpp>
#include <asio/redirect_error.hpp>
#include <asio/system_error.hpp>
#include <asio/this_coro.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <source_location>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace polywire::inline v1::testing::conformance {

using namespace std::chrono_literals;

/// How long a scenario waits for something that must happen. Reached only when it fails.
inline constexpr std::chrono::seconds patience{20};

/// Things that happen elsewhere, and a scenario waits for: answers, handlers that were entered,
/// calls that were cancelled. A handle: copies share what arrived. Any thread.
template <class T>
class arrivals {
 public:
  arrivals() : state_(std::make_shared<state>()) {}

  void put(T value) const {
    const std::lock_guard lock(state_->mutex);
    state_->waiting.push_back(std::move(value));
    ++state_->total;
    state_->changed.notify_all();
  }
  /// A completion handler that puts what it is given.
  auto sink() const {
    return [*this](T value) { put(std::move(value)); };
  }

  /// The next one, in the order of arrival; fails when nothing comes.
  T next(std::string_view what,
         const std::source_location& where = std::source_location::current()) const {
    auto value = next_within(patience);
    if (!value) fail("waited in vain for: " + std::string(what), where);
    return std::move(*value);
  }
  std::optional<T> next_within(std::chrono::steady_clock::duration time) const {
    std::unique_lock lock(state_->mutex);
    if (!state_->changed.wait_for(lock, time, [&] { return !state_->waiting.empty(); })) {
      return std::nullopt;
    }
    std::optional<T> value(std::move(state_->waiting.front()));
    state_->waiting.pop_front();
    return value;
  }
  /// Waits until so many have arrived since the beginning.
  void wait_for(std::size_t count, std::string_view what,
                const std::source_location& where = std::source_location::current()) const {
    std::unique_lock lock(state_->mutex);
    if (state_->changed.wait_for(lock, patience, [&] { return state_->total >= count; })) return;
    fail("waited in vain for " + std::string(what) + ": " + std::to_string(state_->total) + " of " +
             std::to_string(count),
         where);
  }
  /// How many have arrived since the beginning.
  std::size_t total() const {
    const std::lock_guard lock(state_->mutex);
    return state_->total;
  }

 private:
  struct state {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<T> waiting;
    std::size_t total = 0;
  };
  std::shared_ptr<state> state_;
};

/// A door that handlers wait at until some thread opens it. A handle: copies are the same door.
class gate {
 public:
  gate() : state_(std::make_shared<state>()) {}

  void open() const {
    std::vector<std::shared_ptr<asio::steady_timer>> woken;
    {
      const std::lock_guard lock(state_->mutex);
      state_->is_open = true;
      for (const auto& waiter : state_->waiters) {
        if (auto timer = waiter.lock()) woken.push_back(std::move(timer));
      }
      state_->waiters.clear();
      state_->opened.notify_all();
    }
    for (auto& timer : woken) {
      auto executor = timer->get_executor();
      asio::post(executor, [timer = std::move(timer)] { timer->cancel(); });
    }
  }

  /// Throws when the coroutine is cancelled, as all waiting does in Asio.
  asio::awaitable<void> wait() const { return wait_at(state_); }

  /// For handlers that may block.
  void wait_blocking() const {
    std::unique_lock lock(state_->mutex);
    // A scenario that failed destroys its server, which waits for this handler.
    (void)state_->opened.wait_for(lock, patience, [&] { return state_->is_open; });
  }

 private:
  struct state {
    std::mutex mutex;
    std::condition_variable opened;
    bool is_open = false;
    std::vector<std::weak_ptr<asio::steady_timer>> waiters;
  };

  static asio::awaitable<void> wait_at(std::shared_ptr<state> door) {
    auto executor = co_await asio::this_coro::executor;
    auto timer =
        std::make_shared<asio::steady_timer>(executor, asio::steady_timer::time_point::max());
    {
      const std::lock_guard lock(door->mutex);
      if (door->is_open) co_return;
      door->waiters.push_back(timer);
    }
    asio::error_code ended;
    co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ended));
    const std::lock_guard lock(door->mutex);
    if (!door->is_open) throw asio::system_error(ended);
  }

  std::shared_ptr<state> state_;
};

/// Opens a gate when its scope is left, so that a scenario that fails leaves no handler waiting.
class opens_at_exit {
 public:
  explicit opens_at_exit(gate door) : door_(std::move(door)) {}
  opens_at_exit(const opens_at_exit&) = delete;
  opens_at_exit& operator=(const opens_at_exit&) = delete;
  ~opens_at_exit() { door_.open(); }

 private:
  gate door_;
};

/// Lets other work run first.
inline asio::awaitable<void> yield() {
  auto executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
}

}  // namespace polywire::inline v1::testing::conformance

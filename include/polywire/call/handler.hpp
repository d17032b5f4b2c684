// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/asio.hpp"
#include "polywire/io/loop.hpp"

#include <concepts>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace polywire::inline v1::detail {

/// Marks the stand-in handlers of blocking calls, which are invoked wherever the call ends.
class invoked_in_place {};

/// A user's completion handler until its call is over: keeps its executor busy meanwhile, and
/// finally invokes it there, right away when that is where we are.
template <class Handler>
class held_handler {
 public:
  using executor_type = asio::associated_executor_t<Handler, io::executor>;

  held_handler(Handler handler, const io::loop& home) : handler_(std::move(handler)) {
    if constexpr (!std::derived_from<Handler, invoked_in_place>) {
      auto ex = asio::get_associated_executor(handler_, home.get_executor());
      elsewhere_ = !same(ex, home.get_executor());
      if (elsewhere_) work_.emplace(asio::prefer(ex, asio::execution::outstanding_work.tracked));
    }
  }

  auto cancellation_slot() const noexcept {
    return asio::get_associated_cancellation_slot(handler_);
  }

  /// On the loop's thread, outside of any session. Call it last: the handler may destroy
  /// everything.
  template <class... Args>
  void invoke(Args&&... args) {
    if constexpr (std::derived_from<Handler, invoked_in_place>) {
      handler_(std::forward<Args>(args)...);
    } else if (!elsewhere_) {
      Handler handler(std::move(handler_));
      clear(handler);
      std::move(handler)(std::forward<Args>(args)...);
    } else {
      auto work = std::move(*work_);  // keeps the executor busy until the handler has run
      asio::post(
          work,
          [handler = std::move(handler_), work,
           values = std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)]() mutable {
            clear(handler);
            std::apply([&](auto&... a) { std::move(handler)(std::move(a)...); }, values);
          });
    }
  }

 private:
  static bool same(const executor_type& ex, const io::executor& home) noexcept {
    if constexpr (std::same_as<executor_type, io::executor>) {
      return ex == home;
    } else {
      const auto* plain = home.template target<executor_type>();
      return plain != nullptr && *plain == ex;
    }
  }
  static void clear(Handler& handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (slot.is_connected()) slot.clear();
  }

  using work_type = std::decay_t<decltype(asio::prefer(std::declval<const executor_type&>(),
                                                       asio::execution::outstanding_work.tracked))>;

  Handler handler_;
  std::optional<work_type> work_;
  bool elsewhere_ = false;
};

}  // namespace polywire::inline v1::detail

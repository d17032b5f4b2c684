// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/reader.hpp"
#include "polywire/call/writer.hpp"
#include "polywire/core/result.hpp"
#include "polywire/server/server_context.hpp"

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

namespace polywire::inline v1::detail {

template <class T>
inline constexpr bool is_awaitable = false;
template <class T, class Executor>
inline constexpr bool is_awaitable<asio::awaitable<T, Executor>> = true;

template <class T>
class awaited {
 public:
  using type = T;
};
template <class T, class Executor>
class awaited<asio::awaitable<T, Executor>> {
 public:
  using type = T;
};

/// The longest form of a handler that can be invoked: with the context, or without.
template <class Handler, class... Args>
decltype(auto) invoke_handler(Handler& handler, server_context& context, Args&... args) {
  if constexpr (std::invocable<Handler&, Args&..., server_context&>) {
    return std::invoke(handler, args..., context);
  } else {
    return std::invoke(handler, args...);
  }
}

template <class Handler, class... Args>
concept handler_of =
    std::invocable<Handler&, Args&..., server_context&> || std::invocable<Handler&, Args&...>;

template <class Handler, class... Args>
using handler_result = decltype(invoke_handler(
    std::declval<Handler&>(), std::declval<server_context&>(), std::declval<Args&>()...));

/// The same, worked out only when it is asked for.
template <class Handler, class... Args>
class deferred_result {
 public:
  using type = handler_result<Handler, Args...>;
};

/// Returns a T, a result<T>, or an awaitable of either.
template <class Returned, class T>
concept gives = std::convertible_to<typename awaited<Returned>::type, result<T>>;
template <class Returned>
concept gives_status = std::same_as<typename awaited<Returned>::type, status>;

}  // namespace polywire::inline v1::detail

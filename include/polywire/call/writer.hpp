// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/operations.hpp"

#include <type_traits>
#include <utility>

namespace polywire::inline v1 {

/// The sending end of a stream of messages. A write completes when the peer has room for the
/// message, which slows a sender down to the speed of its receiver.
///
/// One write at a time. Lifetime: an lvalue is borrowed until the operation starts (for an
/// awaitable: until its `co_await`), a temporary is moved into it.
template <class T>
class writer {
 public:
  writer() = default;
  explicit writer(detail::ref<detail::stream_core> stream) noexcept : stream_(std::move(stream)) {}

  /// Completion: `void(polywire::status)`. Cancellation: any type cancels the call.
  /// Errors: `invalid_argument` for what cannot be encoded, `resource_exhausted` above the peer's
  /// limit (both leave the stream as it was), else how the call ended.
  template <class Token = asio::use_awaitable_t<>>
  auto async_write(const T& message, Token&& token = Token()) {
    return asio::async_initiate<Token, void(status)>(
        [](auto handler, const detail::ref<detail::stream_core>& stream, const T* borrowed) {
          const outgoing out(*borrowed, stream->encoding());
          detail::start_write(stream, &out, false, std::move(handler));
        },
        token, stream_, &message);
  }
  template <class Token = asio::use_awaitable_t<>>
    requires detail::safe_temporary<T>
  auto async_write(T&& message, Token&& token = Token()) {
    return asio::async_initiate<Token, void(status)>(
        [](auto handler, const detail::ref<detail::stream_core>& stream, T owned) {
          const outgoing out(std::move(owned), stream->encoding());
          detail::start_write(stream, &out, false, std::move(handler));
        },
        token, stream_, std::move(message));
  }
  /// Name the message first: GCC 12 would destroy this temporary twice inside `co_await`.
  template <class Token = asio::use_awaitable_t<>>
    requires(!detail::safe_temporary<T>)
  auto async_write(T&& message, Token&& token = Token()) = delete;

  /// The same, blocking: for handlers on a pool and for clients that own their thread.
  status write(const T& message) {
    if (!stream_) return status::failed_precondition("there is no stream");
    if (auto may = stream_->may_block(); !may) return may;
    const outgoing out(message, stream_->encoding());
    return detail::blocking_write(stream_, &out, false);
  }

 private:
  detail::ref<detail::stream_core> stream_;
};

}  // namespace polywire::inline v1

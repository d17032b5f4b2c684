// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/operations.hpp"

#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

namespace polywire::inline v1 {

/// The receiving end of a stream of messages.
///
///     while (auto user = co_await users.async_read()) use(*user);
///     if (auto how = users.status(); !how) …
///
/// One read at a time. Thread safety: `cancel` from any thread, the rest from one at a time.
/// Lifetime: on a client, leaving the scope cancels the call.
template <class T>
class reader {
 public:
  reader() = default;
  explicit reader(detail::ref<detail::stream_core> stream) noexcept : stream_(std::move(stream)) {}
  reader(reader&&) noexcept = default;
  reader& operator=(reader&& other) noexcept {
    reader taken(std::move(other));
    std::swap(stream_, taken.stream_);
    return *this;
  }
  ~reader() {
    if (stream_) stream_->handle_gone();
  }

  /// The next message; empty at the end, whose reason is `status()`.
  /// Completion: `void(std::optional<T>)`. Cancellation: any type; the read ends empty and the call
  /// goes on.
  template <class Token = asio::use_awaitable_t<>>
  auto async_read(Token&& token = Token()) {
    return asio::async_initiate<Token, void(std::optional<T>)>(
        [](auto handler, const detail::ref<detail::stream_core>& stream) {
          detail::start_read<T>(stream, std::move(handler));
        },
        token, stream_);
  }

  /// The same, blocking. Where no thread may block it is empty and `status()` says why.
  std::optional<T> read() {
    if (!stream_) return std::nullopt;
    blocked_ = stream_->may_block();
    return blocked_.ok() ? detail::blocking_read<T>(stream_) : std::nullopt;
  }

  /// How the stream ended; `unknown` before a read has said that it did.
  polywire::status status() const {
    if (!blocked_.ok()) return blocked_;
    return stream_ ? stream_->final_status() : polywire::status::unknown("there is no stream");
  }

  /// Ends the call; a read that waits ends empty. From any thread.
  void cancel() {
    if (stream_) stream_->cancel();
  }

  /// Blocking iteration: `for (const auto& user : users)`.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = const T&;

    explicit iterator(reader& from) : from_(&from), value_(from.read()) {}
    const T& operator*() const noexcept { return *value_; }
    const T* operator->() const noexcept { return &*value_; }
    iterator& operator++() {
      value_ = from_->read();
      return *this;
    }
    bool operator==(std::default_sentinel_t) const noexcept { return !value_.has_value(); }

   private:
    reader* from_;
    std::optional<T> value_;
  };
  iterator begin() { return iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  detail::ref<detail::stream_core> stream_;
  polywire::status blocked_;
};

}  // namespace polywire::inline v1

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/client/detail/client_subscription.hpp"
#include "polywire/client/event.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace polywire::inline v1 {

/// The events of a topic, as they come.
///
///     for (const auto& event : events) use(event.message(), event.id());
///     while (auto event = co_await events.async_read()) …
///     for (auto some = events.read_some(); !some.empty(); some = events.read_some()) …
///
/// Survives lost connections and servers that start again: it goes on behind the last event that
/// came, and what was lost is told by the next event. It ends when it is cancelled, when the server
/// ends it (`overflow::disconnect`), or when the topic is not there any more.
///
/// One read at a time. Thread safety: `cancel` from any thread, the rest from one at a time.
/// Lifetime: leaving the scope ends the subscription.
template <class T>
class subscription {
 public:
  subscription() = default;
  explicit subscription(detail::ref<detail::client_subscription> core) noexcept
      : core_(std::move(core)), made_(true) {}
  /// One that failed: reads end at once.
  subscription(detail::ref<detail::client_subscription> core, polywire::status why) noexcept
      : core_(std::move(core)), failed_(std::move(why)) {}
  subscription(subscription&&) noexcept = default;
  subscription& operator=(subscription&& other) noexcept {
    subscription taken(std::move(other));
    std::swap(core_, taken.core_);
    std::swap(failed_, taken.failed_);
    std::swap(made_, taken.made_);
    return *this;
  }
  ~subscription() {
    if (core_) core_->handle_gone();
  }

  /// The next event; empty at the end, whose reason is `status()`. Events that cannot be read as
  /// `T` are skipped, logged, and counted as lost before the next one. Completion:
  /// `void(std::optional<event<T>>)`. Cancellation: any type; the read ends empty, and the
  /// subscription goes on.
  template <class Token = asio::use_awaitable_t<>>
  auto async_read(Token&& token = Token()) {
    return initiate<std::optional<event<T>>>(1, token);
  }
  /// The events that are there, in order, at most `most`; waits for one when there is none. For
  /// topics with many events: one wait brings many. Empty at the end. Completion:
  /// `void(std::vector<event<T>>)`; the rest as `async_read`.
  template <class Token = asio::use_awaitable_t<>>
  auto async_read_some(std::size_t most = 1'024, Token&& token = Token()) {
    return initiate<std::vector<event<T>>>(most, token);
  }

  /// The same, blocking.
  std::optional<event<T>> read() { return block<std::optional<event<T>>>(1); }
  std::vector<event<T>> read_some(std::size_t most = 1'024) {
    return block<std::vector<event<T>>>(most);
  }

  /// How it ended; `unknown` before a read has said that it did. Right after `subscribe`: why that
  /// failed.
  polywire::status status() const {
    if (!failed_.ok()) return failed_;
    return core_ ? core_->final_status() : polywire::status::unknown("there is no subscription");
  }
  /// Whether it was made, and events may come.
  explicit operator bool() const noexcept { return made_ && core_; }

  /// Events that came and could not be read as `T`. From any thread.
  std::uint64_t unreadable() const noexcept { return core_ ? core_->unreadable() : 0; }

  /// Ends it; a read that waits ends empty. From any thread.
  void cancel() {
    if (core_) core_->cancel();
  }

  /// Blocking iteration: `for (const auto& event : events)`.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = event<T>;
    using difference_type = std::ptrdiff_t;
    using pointer = const event<T>*;
    using reference = const event<T>&;

    explicit iterator(subscription& from) : from_(&from), value_(from.read()) {}
    const event<T>& operator*() const noexcept { return *value_; }
    const event<T>* operator->() const noexcept { return &*value_; }
    iterator& operator++() {
      auto next = from_->read();
      value_.reset();
      if (next) value_.emplace(std::move(*next));
      return *this;
    }
    bool operator==(std::default_sentinel_t) const noexcept { return !value_.has_value(); }

   private:
    subscription* from_;
    std::optional<event<T>> value_;
  };
  iterator begin() { return iterator(*this); }
  std::default_sentinel_t end() const noexcept { return {}; }

 private:
  template <class Batch, class Token>
  auto initiate(std::size_t most, Token& token) {
    return asio::async_initiate<Token, void(Batch)>(
        [](auto handler, const detail::ref<detail::client_subscription>& from, std::size_t n) {
          start_read<Batch>(from, n, std::move(handler));
        },
        token, core_, most);
  }
  template <class Batch>
  Batch block(std::size_t most) {
    if (!*this) return Batch();
    failed_ = core_->may_block();
    if (!failed_.ok()) return Batch();
    auto where = std::make_shared<detail::rendezvous<Batch>>();
    start_read<Batch>(core_, most, detail::wake_caller<Batch>(where));
    return *where->wait(never);
  }
  template <class Batch, class Handler>
  static void start_read(const detail::ref<detail::client_subscription>& from, std::size_t most,
                         Handler handler) {
    auto* op = new detail::event_read<T, Batch, Handler>(from, std::max<std::size_t>(most, 1),
                                                         std::move(handler));
    io::loop& home = *from->home();
    if (home.here()) {
      from->start_read(*op);
    } else {
      home.post(*op);
    }
  }

  detail::ref<detail::client_subscription> core_;
  polywire::status failed_;
  bool made_ = false;
};

namespace detail {

/// Waits until a subscription was made, or has failed; `Handler` takes a subscription<T>.
template <class T, class Handler>
class subscribe_op final : public io::completion, public recycled {
 public:
  subscribe_op(ref<client_subscription> core, Handler handler)
      : core_(std::move(core)), handler_(std::move(handler), *core_->home()) {
    auto slot = handler_.cancellation_slot();
    if (slot.is_connected()) {
      slot.assign([core = core_](asio::cancellation_type) { core->cancel(); });
    }
  }

  void complete() override {
    auto handler = std::move(handler_);
    auto core = std::move(core_);
    delete this;
    if (!core->is_over()) return handler.invoke(subscription<T>(std::move(core)));
    status how = core->ended_how();
    handler.invoke(subscription<T>(std::move(core), std::move(how)));
  }
  void discard() noexcept override { delete this; }

 private:
  ref<client_subscription> core_;
  held_handler<Handler> handler_;
};

}  // namespace detail

}  // namespace polywire::inline v1

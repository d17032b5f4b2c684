// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/blocking.hpp"
#include "polywire/call/handler.hpp"
#include "polywire/call/stream_core.hpp"

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace polywire::inline v1::detail {

template <class T, class Handler>
class typed_read final : public read_op {
 public:
  typed_read(ref<stream_core> stream, Handler handler)
      : read_op(std::move(stream)), handler_(std::move(handler), *stream_->home()) {
    auto slot = handler_.cancellation_slot();
    if (slot.is_connected()) {
      slot.assign([stream = stream_, number = number()](asio::cancellation_type) {
        stream->home()->run([stream, number] { stream->cancel_read(number); });
      });
    }
  }

  status take(const incoming& message) override { return message.read(value_, stream_->bounds()); }
  void complete() override {
    auto handler = std::move(handler_);
    auto value = std::move(value_);
    delete this;
    handler.invoke(std::move(value));
  }

 private:
  std::optional<T> value_;
  held_handler<Handler> handler_;
};

template <class Handler>
class typed_write final : public write_op {
 public:
  typed_write(ref<stream_core> stream, Handler handler)
      : write_op(stream, stream->encoding()), handler_(std::move(handler), *stream_->home()) {
    auto slot = handler_.cancellation_slot();
    if (slot.is_connected()) {
      slot.assign([stream = stream_](asio::cancellation_type) { stream->cancel(); });
    }
  }

  void complete() override {
    auto handler = std::move(handler_);
    status ended = std::move(how);
    delete this;
    handler.invoke(std::move(ended));
  }

 private:
  held_handler<Handler> handler_;
};

/// Starts reading; `handler` takes an optional<T>.
template <class T, class Handler>
void start_read(const ref<stream_core>& stream, Handler handler) {
  auto* op = new typed_read<T, Handler>(stream, std::move(handler));
  io::loop& home = *stream->home();
  if (home.here()) {
    stream->start_read(*op);
  } else {
    home.post(*op);
  }
}

/// Starts writing `message`, or with null only the end; `handler` takes a status.
template <class Handler>
void start_write(const ref<stream_core>& stream, const outgoing* message, bool last,
                 Handler handler) {
  auto* op = new typed_write<Handler>(stream, std::move(handler));
  op->has_message = message != nullptr;
  op->last = last;
  io::loop& home = *stream->home();
  if (home.here()) {
    stream->start_write(*op, message);
    return;
  }
  if (message != nullptr) op->how = message->store(stream->carries_objects(), op->message);
  home.post(*op);
}

/// Hands a value to a handler at the end of a turn, for operations that need no waiting.
template <class Handler, class Value>
void complete_soon(const std::shared_ptr<io::loop>& home, Handler handler, Value value) {
  class ready final : public io::completion, public recycled {
   public:
    ready(Handler handler, Value value, const io::loop& home)
        : value_(std::move(value)), handler_(std::move(handler), home) {}
    void complete() override {
      auto handler = std::move(handler_);
      auto value = std::move(value_);
      delete this;
      handler.invoke(std::move(value));
    }
    void discard() noexcept override { delete this; }

   private:
    Value value_;
    held_handler<Handler> handler_;
  };
  auto op = std::make_unique<ready>(std::move(handler), std::move(value), *home);
  home->run([home, op = std::move(op)]() mutable { home->complete(*op.release()); });
}

template <class T>
std::optional<T> blocking_read(const ref<stream_core>& stream) {
  auto where = std::make_shared<rendezvous<std::optional<T>>>();
  start_read<T>(stream, wake_caller<std::optional<T>>(where));
  return *where->wait(never);
}

inline status blocking_write(const ref<stream_core>& stream, const outgoing* message, bool last) {
  auto where = std::make_shared<rendezvous<status>>();
  start_write(stream, message, last, wake_caller<status>(where));
  return *where->wait(never);
}

/// GCC 12 destroys a temporary aggregate twice when it stands inside a `co_await` expression. There
/// the overloads that take temporaries refuse such types: name the message first.
template <class T>
inline constexpr bool safe_temporary =
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
    !std::is_aggregate_v<T> || std::is_trivially_destructible_v<T>;
#else
    true;
#endif

}  // namespace polywire::inline v1::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/message.hpp"
#include "polywire/core/buffer.hpp"

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace polywire::inline v1 {

/// Messages that came in and wait for their reader, in order. All are one run of bytes, so that a
/// small one costs little more than its bytes: each stands there as its `numbers`; then the object
/// or the encoded bytes; then, of an event, its `event_numbers`, its topic and its key.
class message_queue {
 public:
  message_queue() = default;
  message_queue(const message_queue&) = delete;
  message_queue& operator=(const message_queue&) = delete;
  ~message_queue() { clear(); }

  bool empty() const noexcept { return count_ == 0; }
  std::size_t size() const noexcept { return count_; }
  /// Of the encoded messages; objects count nothing.
  std::size_t bytes() const noexcept { return bytes_; }

  /// Takes the message over.
  void push(const incoming& message) {
    const bytes_view encoded = message.encoded();
    const event_head* event = message.event();
    std::size_t size = sizeof(numbers) + sizeof(object) + encoded.size();
    if (event != nullptr) size += sizeof(event_numbers) + event->topic.size() + event->key.size();
    run_.prepare(size);
    put(numbers{encoded.size(), message.cost(), message.encoding(), message.is_object(),
                event != nullptr});
    if (message.is_object()) put(object(message.take_object().release()));
    run_.append(encoded);
    if (event != nullptr) {
      put(event_numbers{event->offset, event->epoch, event->lost_before, event->topic.size(),
                        event->key.size()});
      run_.append(event->topic);
      run_.append(event->key);
    }
    ++count_;
    bytes_ += encoded.size();
  }

  /// Drops the first message and calls `read(const incoming&)` with it, which borrows it. `read`
  /// must leave this queue alone.
  template <class Read>
  void take(Read read) {
    const auto n = get<numbers>();
    --count_;
    bytes_ -= n.size;
    const std::size_t cost = forgiven_ > 0 ? 0 : n.cost;
    if (forgiven_ > 0) --forgiven_;
    owned_message held;
    if (n.is_object) held = owned_message(get<object>());
    const bytes_view encoded = next(n.size);
    event_head head;
    if (n.is_event) {
      const auto event = get<event_numbers>();
      head.offset = event.offset;
      head.epoch = event.epoch;
      head.lost_before = event.lost_before;
      head.topic = as_text(next(event.topic_size));
      head.key = as_text(next(event.key_size));
    }
    incoming message =
        held ? incoming(held, n.encoding, cost) : incoming(n.encoding, encoded, cost);
    if (n.is_event) message.with(&head);
    read(std::as_const(message));
    run_.shrink();
  }

  /// Nothing is owed any more for what waits: the connection that it came by is gone.
  void forgive() noexcept { forgiven_ = count_; }
  void clear() {
    while (!empty()) take([](const incoming&) {});
  }

 private:
  using object = owned_message::parts;
  struct numbers {
    std::size_t size;
    std::size_t cost;
    format encoding;
    bool is_object;
    bool is_event;
  };
  struct event_numbers {
    std::uint64_t offset;
    std::uint64_t epoch;
    loss lost_before;
    std::size_t topic_size;
    std::size_t key_size;
  };

  template <class T>
  void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    std::memcpy(run_.grow(sizeof value), &value, sizeof value);
  }
  template <class T>
  T get() noexcept {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(static_cast<void*>(&value), next(sizeof value).data(), sizeof value);
    return value;
  }
  // What is consumed stays where it is until something is put into the run.
  bytes_view next(std::size_t size) noexcept {
    const bytes_view view = run_.view().first(size);
    run_.consume(size);
    return view;
  }

  buffer run_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
  std::size_t forgiven_ = 0;  // so many at the front
};

}  // namespace polywire::inline v1

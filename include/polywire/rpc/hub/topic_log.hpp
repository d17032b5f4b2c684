// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/subscribe_options.hpp"
#include "polywire/rpc/hub/event.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc {

/// The newest events of a topic, numbered from 1 since the topic began. Bounded in events and in
/// bytes of their messages; the newest event always stays.
class topic_log {
 public:
  topic_log(std::size_t most_events, std::size_t most_bytes) noexcept
      : most_events_(std::max<std::size_t>(most_events, 1)), most_bytes_(most_bytes) {}

  /// The number of the first event that is kept; of the next to come.
  std::uint64_t begin() const noexcept { return begin_; }
  std::uint64_t end() const noexcept { return end_; }
  bool empty() const noexcept { return begin_ == end_; }

  const event_ptr& at(std::uint64_t number) const noexcept { return slot(number).what; }
  std::uint64_t offset_at(std::uint64_t number) const noexcept { return slot(number).offset; }
  /// Of the newest event that is not kept any more; 0: none was ever dropped.
  std::uint64_t dropped_offset() const noexcept { return dropped_offset_; }

  /// The first kept event with a greater offset; `end()` if there is none.
  std::uint64_t first_after(std::uint64_t offset) const noexcept {
    return first_where([&](const entry& e) { return e.offset > offset; }, begin_);
  }
  /// Bytes of the messages in [from, to).
  std::uint64_t bytes_between(std::uint64_t from, std::uint64_t to) const noexcept {
    return bytes_before(to) - bytes_before(from);
  }
  /// The first event from `number` on since when no more than `most` came; at least the newest is
  /// in.
  std::uint64_t within(const lag_limit& most, std::uint64_t number) const noexcept {
    if (number >= end_) return number;
    if (end_ - number > most.events) number = end_ - most.events;
    if (bytes_between(number, end_) <= most.bytes) return number;
    const std::uint64_t fits =
        first_where([&](const entry& e) { return bytes_ - e.bytes_before <= most.bytes; }, number);
    return std::min(fits, end_ - 1);
  }

  /// What it drops for the new event goes to `dropped.push(event_ptr)`.
  template <class Dropped>
  void append(event_ptr what, Dropped& dropped) {
    const std::size_t size = what->size();
    while (!empty() &&
           (end_ - begin_ >= most_events_ || bytes_between(begin_, end_) + size > most_bytes_)) {
      entry& oldest = slot(begin_);
      dropped_offset_ = oldest.offset;
      dropped.push(std::move(oldest.what));
      ++begin_;
    }
    if (end_ - begin_ == ring_.size()) grow();
    const std::uint64_t offset = what->id().offset();
    slot(end_) = {std::move(what), offset, bytes_};
    bytes_ += size;
    ++end_;
  }

 private:
  struct entry {
    event_ptr what;
    std::uint64_t offset = 0;
    std::uint64_t bytes_before = 0;  // of all messages before this one since the topic began
  };

  entry& slot(std::uint64_t number) noexcept { return ring_[number & (ring_.size() - 1)]; }
  const entry& slot(std::uint64_t number) const noexcept {
    return ring_[number & (ring_.size() - 1)];
  }
  std::uint64_t bytes_before(std::uint64_t number) const noexcept {
    return number < end_ ? slot(number).bytes_before : bytes_;
  }
  // The entries for which `holds` is false come first.
  template <class Predicate>
  std::uint64_t first_where(Predicate holds, std::uint64_t from) const noexcept {
    std::uint64_t to = end_;
    while (from < to) {
      const std::uint64_t middle = from + (to - from) / 2;
      if (holds(slot(middle))) {
        to = middle;
      } else {
        from = middle + 1;
      }
    }
    return from;
  }
  void grow() {
    std::vector<entry> larger(std::max<std::size_t>(ring_.size() * 2, 4));
    for (std::uint64_t n = begin_; n != end_; ++n) larger[n & (larger.size() - 1)] = slot(n);
    ring_ = std::move(larger);
  }

  std::size_t most_events_;
  std::size_t most_bytes_;
  std::vector<entry> ring_;  // a power of two of slots
  std::uint64_t begin_ = 1;
  std::uint64_t end_ = 1;
  std::uint64_t bytes_ = 0;
  std::uint64_t dropped_offset_ = 0;
};

}  // namespace polywire::inline v1::rpc

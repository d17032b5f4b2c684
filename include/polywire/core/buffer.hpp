// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/bytes.hpp"
#include "polywire/core/recycler.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <utility>

namespace polywire::inline v1 {

/// A growing run of bytes that is written at the end and consumed at the front. Its storage comes
/// from the recycler, is never zeroed, and is given back as soon as the buffer is empty and asked
/// to `shrink`.
class buffer {
 public:
  buffer() = default;
  buffer(buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)),
        begin_(std::exchange(other.begin_, 0)),
        end_(std::exchange(other.end_, 0)) {}
  buffer& operator=(buffer&& other) noexcept {
    buffer taken(std::move(other));
    std::swap(data_, taken.data_);
    std::swap(capacity_, taken.capacity_);
    std::swap(begin_, taken.begin_);
    std::swap(end_, taken.end_);
    return *this;
  }
  ~buffer() { release(); }

  std::byte* data() noexcept { return data_ + begin_; }
  const std::byte* data() const noexcept { return data_ + begin_; }
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bytes_view view() const noexcept { return {data_ + begin_, end_ - begin_}; }

  /// Appends `n` bytes of unspecified value and returns where they start.
  std::byte* grow(std::size_t n) {
    if (capacity_ - end_ < n) make_room(n);
    std::byte* start = data_ + end_;
    end_ += n;
    return start;
  }
  void append(bytes_view view) {
    if (!view.empty()) std::memcpy(grow(view.size()), view.data(), view.size());
  }
  void append(std::string_view text) { append(as_bytes(text)); }
  /// The same where `most` bytes will be in it at the end: the storage grows as fast, but not
  /// beyond.
  void append(bytes_view view, std::uint64_t most) {
    const std::uint64_t wanted = size() + view.size();
    if (capacity_ - end_ < view.size()) {
      reserve(static_cast<std::size_t>(std::clamp(most, wanted, 2 * wanted)));
    }
    append(view);
  }

  /// Room for `n` bytes in all, and hardly more: for bytes that will wait.
  void reserve(std::size_t n) {
    if (capacity_ - begin_ < n) move_to(recycler::good_size(n));
  }

  /// Drops bytes at the front, or at the end.
  void consume(std::size_t n) noexcept {
    assert(n <= size());
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void truncate(std::size_t size) noexcept {
    assert(size <= this->size());
    end_ = begin_ + size;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void clear() noexcept { begin_ = end_ = 0; }

  /// Free space behind the bytes, at least `n`; `commit` makes what was written there part of them.
  std::span<std::byte> prepare(std::size_t n) {
    if (capacity_ - end_ < n) make_room(n);
    return {data_ + end_, capacity_ - end_};
  }
  void commit(std::size_t n) noexcept {
    assert(n <= capacity_ - end_);
    end_ += n;
  }

  /// Gives the storage back when nothing is in it: idle connections cost no buffers.
  void shrink() noexcept {
    if (empty()) release();
  }

 private:
  void make_room(std::size_t n) {
    const std::size_t used = size();
    // Sliding as soon as a quarter is free keeps the storage below 8/3 of what was ever in it, for
    // at most three bytes moved per byte gained.
    if (capacity_ - used >= n && begin_ >= capacity_ / 4) {
      if (used > 0) std::memmove(data_, data_ + begin_, used);
    } else {
      const std::size_t wanted = std::max(used + n, capacity_ * 2);
      move_to(recycler::good_size(std::max<std::size_t>(wanted, 256)));
    }
    begin_ = 0;
    end_ = used;
  }
  void move_to(std::size_t capacity) {
    const std::size_t used = size();
    auto* data = static_cast<std::byte*>(recycler::allocate(capacity));
    if (used > 0) std::memcpy(data, data_ + begin_, used);
    release();
    data_ = data;
    capacity_ = capacity;
    end_ = used;
  }
  void release() noexcept {
    if (data_ != nullptr) recycler::deallocate(data_, capacity_);
    data_ = nullptr;
    capacity_ = begin_ = end_ = 0;
  }

  std::byte* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace polywire::inline v1

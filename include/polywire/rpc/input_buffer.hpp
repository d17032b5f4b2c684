// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/buffer.hpp"

#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

namespace polywire::inline v1::rpc {

/// Where a session reads to. All sessions of a thread share one large buffer; a session keeps only
/// what came of a message that is not whole yet, so an idle connection holds nothing.
class input_buffer {
 public:
  input_buffer() = default;
  input_buffer(const input_buffer&) = delete;
  input_buffer& operator=(const input_buffer&) = delete;
  ~input_buffer() {
    if (data_ != nullptr) release();
  }

  std::span<std::byte> prepare() {
    const std::size_t kept = rest_.size();
    in_place_ = kept >= large;
    if (in_place_) {
      const auto room = rest_.prepare(least);
      data_ = rest_.data();
      return room;
    }
    std::byte* start = acquire(kept + least);
    if (kept > 0) std::memcpy(start, rest_.data(), kept);
    return {start + kept, capacity_ - kept};
  }

  /// All bytes that are not consumed yet, with the `n` new ones.
  std::span<std::byte> commit(std::size_t n) noexcept {
    if (in_place_) rest_.commit(n);
    return {data_, in_place_ ? rest_.size() : rest_.size() + n};
  }

  /// Ends what `prepare` began: `left` are the bytes at the end of what `commit` gave that are to
  /// be kept.
  void finish(bytes_view left) {
    if (in_place_ && left.size() >= large) {
      rest_.consume(rest_.size() - left.size());
    } else {
      buffer kept;
      kept.append(left);
      rest_ = std::move(kept);
    }
    release();
  }

  /// Bytes that wait for the rest of their message.
  std::size_t kept() const noexcept { return rest_.size(); }

 private:
  static constexpr std::size_t shared_size = std::size_t{160} << 10;
  static constexpr std::size_t least = std::size_t{16} << 10;
  // From here on the beginning of a message is not copied to the shared buffer and back each time.
  static constexpr std::size_t large = std::size_t{4} << 10;

  struct shared_buffer {
    std::unique_ptr<std::byte[]> bytes;
    bool busy = false;
  };
  static shared_buffer& shared() noexcept {
    thread_local shared_buffer buffer;
    return buffer;
  }

  std::byte* acquire(std::size_t wanted) {
    shared_buffer& common = shared();
    if (!common.busy && wanted <= shared_size) {
      if (!common.bytes) common.bytes.reset(new std::byte[shared_size]);
      common.busy = true;
      data_ = common.bytes.get();
      capacity_ = shared_size;
    } else {  // a handler runs an event loop of its own, or messages are huge
      own_.reset(new std::byte[wanted]);
      data_ = own_.get();
      capacity_ = wanted;
    }
    return data_;
  }
  void release() noexcept {
    data_ = nullptr;
    if (std::exchange(in_place_, false)) return;
    if (own_) {
      own_.reset();
    } else {
      shared().busy = false;
    }
  }

  buffer rest_;
  std::byte* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::unique_ptr<std::byte[]> own_;
  bool in_place_ = false;
};

}  // namespace polywire::inline v1::rpc

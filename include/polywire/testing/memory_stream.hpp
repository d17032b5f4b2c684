// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/buffer.hpp"
#include "polywire/io/asio.hpp"
#include "polywire/io/byte_stream.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>

namespace polywire::inline v1::testing {

/// What the two ends of an in-memory connection share. The ends may work on different threads.
class memory_link {
 public:
  static constexpr std::size_t default_capacity = std::size_t{256} << 10;

  explicit memory_link(std::size_t capacity = default_capacity) noexcept : capacity_(capacity) {}

  /// Ends the link on one side, whether or not a stream was made of that side yet.
  void close(std::size_t side) noexcept {
    const std::lock_guard lock(mutex_);
    if (ends_[side].closed) return;
    ends_[side].closed = true;
    ends_[side].incoming.clear();
    ends_[1 - side].finished = true;
    for (end& e : ends_) {
      wake(e.readable);
      wake(e.writable);
    }
  }

 private:
  friend class memory_stream;

  // Timers that never expire by themselves hold the waits: so they count as work of the context,
  // and go away with it. Cancelled only under the mutex.
  struct end {
    buffer incoming;
    bool finished = false;  // the other side writes nothing more
    bool closed = false;
    asio::steady_timer* readable = nullptr;
    asio::steady_timer* writable = nullptr;
  };
  static void wake(asio::steady_timer* waiting) noexcept {
    if (waiting == nullptr) return;
    try {
      waiting->cancel();
    } catch (...) {  // Asio declares it, timers do not do it
    }
  }

  std::mutex mutex_;
  std::size_t capacity_;
  end ends_[2];
};

/// One end of a connection in memory: like a socket, with a bounded queue each way.
class memory_stream final : public io::byte_stream {
 public:
  memory_stream(const io::executor& ex, std::shared_ptr<memory_link> link, std::size_t side,
                std::string peer = "memory")
      : link_(std::move(link)),
        side_(side),
        peer_(std::move(peer)),
        readable_(ex, asio::steady_timer::time_point::max()),
        writable_(ex, asio::steady_timer::time_point::max()) {
    const std::lock_guard lock(link_->mutex_);
    own().readable = &readable_;
    own().writable = &writable_;
  }
  ~memory_stream() override {
    memory_stream::close();
    const std::lock_guard lock(link_->mutex_);
    own().readable = own().writable = nullptr;
  }

  std::size_t read_some(std::span<std::byte> into, io::error_code& error) override {
    const std::lock_guard lock(link_->mutex_);
    error.clear();
    if (own().closed) return error = asio::error::bad_descriptor, 0;
    buffer& queue = own().incoming;
    if (queue.empty()) {
      error = own().finished ? io::error_code(asio::error::eof) : asio::error::would_block;
      return 0;
    }
    const std::size_t n = std::min(into.size(), queue.size());
    if (n > 0) std::memcpy(into.data(), queue.data(), n);
    queue.consume(n);
    memory_link::wake(other().writable);
    return n;
  }

  std::size_t write_some(std::span<const bytes_view> from, io::error_code& error) override {
    const std::lock_guard lock(link_->mutex_);
    error.clear();
    if (own().closed) return error = asio::error::bad_descriptor, 0;
    if (other().closed || other().finished) return error = asio::error::broken_pipe, 0;
    buffer& queue = other().incoming;
    std::size_t written = 0;
    for (const bytes_view piece : from) {
      const std::size_t n = std::min(piece.size(), link_->capacity_ - queue.size());
      queue.append(piece.first(n));
      written += n;
    }
    if (written > 0) {
      memory_link::wake(other().readable);
    } else if (queue.size() == link_->capacity_) {
      error = asio::error::would_block;
    }
    return written;
  }

  void wait_readable(std::shared_ptr<io::stream_user> user) override {
    const std::lock_guard lock(link_->mutex_);
    readable_.async_wait([link = link_, side = side_, user = std::move(user)](io::error_code) {
      user->on_readable(why_woken(*link, side));
    });
    if (own().closed || own().finished || !own().incoming.empty()) memory_link::wake(&readable_);
  }
  void wait_writable(std::shared_ptr<io::stream_user> user) override {
    const std::lock_guard lock(link_->mutex_);
    writable_.async_wait([link = link_, side = side_, user = std::move(user)](io::error_code) {
      user->on_writable(why_woken(*link, side));
    });
    if (own().closed || other().closed || other().finished ||
        other().incoming.size() < link_->capacity_) {
      memory_link::wake(&writable_);
    }
  }

  void shutdown_write() noexcept override {
    const std::lock_guard lock(link_->mutex_);
    other().finished = true;
    memory_link::wake(other().readable);
  }
  void close() noexcept override { link_->close(side_); }

  std::string peer() const override { return peer_; }
  bool is_private() const noexcept override { return true; }

 private:
  static io::error_code why_woken(memory_link& link, std::size_t side) {
    const std::lock_guard lock(link.mutex_);
    return link.ends_[side].closed ? io::error_code(asio::error::operation_aborted)
                                   : io::error_code();
  }
  memory_link::end& own() noexcept { return link_->ends_[side_]; }
  memory_link::end& other() noexcept { return link_->ends_[1 - side_]; }

  std::shared_ptr<memory_link> link_;
  std::size_t side_;
  std::string peer_;
  asio::steady_timer readable_;
  asio::steady_timer writable_;
};

/// Two connected ends, each on its executor.
inline std::pair<std::unique_ptr<memory_stream>, std::unique_ptr<memory_stream>>
make_memory_streams(const io::executor& first, const io::executor& second,
                    std::size_t capacity = memory_link::default_capacity) {
  auto link = std::make_shared<memory_link>(capacity);
  auto one = std::make_unique<memory_stream>(first, link, 0);
  return {std::move(one), std::make_unique<memory_stream>(second, link, 1)};
}

}  // namespace polywire::inline v1::testing

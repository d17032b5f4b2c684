// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace polywire::inline v1::io {

/// Counts what the connections of one thread move: that thread writes, any may read.
class traffic {
 public:
  void note_connection() noexcept { add(connections_, 1); }
  void note_received(std::size_t n) noexcept { add(received_, n); }
  void note_sent(std::size_t n) noexcept { add(sent_, n); }

  std::uint64_t connections() const noexcept {
    return connections_.load(std::memory_order_relaxed);
  }
  std::uint64_t received() const noexcept { return received_.load(std::memory_order_relaxed); }
  std::uint64_t sent() const noexcept { return sent_.load(std::memory_order_relaxed); }

 private:
  // One writer: no read-modify-write.
  static void add(std::atomic<std::uint64_t>& to, std::size_t n) noexcept {
    to.store(to.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }

  std::atomic<std::uint64_t> connections_{0};
  std::atomic<std::uint64_t> received_{0};
  std::atomic<std::uint64_t> sent_{0};
};

}  // namespace polywire::inline v1::io

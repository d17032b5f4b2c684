// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/io/asio.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>

namespace polywire::inline v1::testing {

enum class fault {
  eof,      ///< the direction ends as if its writer had said so
  reset,    ///< the whole connection breaks
  silence,  ///< nothing more arrives, and nobody is told: a black hole
};

/// What goes wrong on the streams that share this plan; see `fault_stream`. Positions count the
/// bytes of each stream and direction, from 0. Changes apply to streams that exist already.
///
/// Thread safety: everything may be called from any thread.
///
///     auto plan = std::make_shared<testing::fault_plan>();
///     plan->cut_read(10, testing::fault::reset).short_writes(3);
///     client_options options;
///     options.stream_hook([plan](std::unique_ptr<io::byte_stream> stream) {
///       return std::make_unique<testing::fault_stream>(std::move(stream), plan);
///     });
class fault_plan {
 public:
  static constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

  /// What a stream looks up before each read and write.
  struct direction {
    std::size_t cut_at = nowhere;
    fault how = fault::eof;
    std::size_t flip_at = nowhere;
    std::size_t most = nowhere;         // bytes per call
    std::size_t would_block_every = 0;  // calls; 0: never
  };

  /// Ends reading or writing once `at` bytes went through. A reader notices with its next read;
  /// what a black hole swallows counts as written.
  fault_plan& cut_read(std::size_t at, fault how) { return cut(read_, at, how); }
  fault_plan& cut_write(std::size_t at, fault how) { return cut(write_, at, how); }
  /// Only the first `n` streams that reach a cut suffer it: the reconnects after them are clean.
  fault_plan& at_most(std::size_t n) { return set(cuts_left_, n); }

  /// Inverts the lowest bit of the byte at this position.
  fault_plan& flip_read(std::size_t at) { return set(read_.flip_at, at); }
  fault_plan& flip_write(std::size_t at) { return set(write_.flip_at, at); }

  /// At most `most` (>= 1) bytes per call. With a seed other than 0, which a stream takes when it
  /// is made, it is a random number of them from 1 to `most`.
  fault_plan& short_reads(std::size_t most) { return set(read_.most, most); }
  fault_plan& short_writes(std::size_t most) { return set(write_.most, most); }
  fault_plan& random(std::uint32_t seed) { return set(seed_, seed); }

  /// Each n-th (>= 2) read and write says `would_block` although it would not.
  fault_plan& would_block_every(std::size_t n) {
    const std::lock_guard lock(mutex_);
    read_.would_block_every = write_.would_block_every = n;
    return *this;
  }

  /// What arrives is seen `by` later. `ex`: the executor of the streams.
  fault_plan& delay_reads(const io::executor& ex, duration by) {
    const std::lock_guard lock(mutex_);
    executor_ = ex;
    delay_ = by;
    return *this;
  }

  /// No more faults; streams that were cut stay so.
  void clear() {
    const std::lock_guard lock(mutex_);
    read_ = write_ = direction();
    cuts_left_ = nowhere;
    seed_ = 0;
    delay_ = duration::zero();
  }

  /// How many cuts happened.
  std::size_t cuts() const {
    const std::lock_guard lock(mutex_);
    return cuts_;
  }

 private:
  friend class fault_stream;

  direction read_settings() const {
    const std::lock_guard lock(mutex_);
    return read_;
  }
  direction write_settings() const {
    const std::lock_guard lock(mutex_);
    return write_;
  }
  std::uint32_t seed() const {
    const std::lock_guard lock(mutex_);
    return seed_;
  }
  duration delay(io::executor& ex) const {
    const std::lock_guard lock(mutex_);
    ex = executor_;
    return delay_;
  }
  bool take_cut() {
    const std::lock_guard lock(mutex_);
    if (cuts_left_ == 0) return false;
    --cuts_left_;
    ++cuts_;
    return true;
  }

  fault_plan& cut(direction& d, std::size_t at, fault how) {
    const std::lock_guard lock(mutex_);
    d.cut_at = at;
    d.how = how;
    return *this;
  }
  template <class T>
  fault_plan& set(T& field, T value) {
    const std::lock_guard lock(mutex_);
    field = value;
    return *this;
  }

  mutable std::mutex mutex_;
  direction read_;
  direction write_;
  std::size_t cuts_left_ = nowhere;
  std::size_t cuts_ = 0;
  std::uint32_t seed_ = 0;
  duration delay_ = duration::zero();
  io::executor executor_;
};

}  // namespace polywire::inline v1::testing

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "benchmark.hpp"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>

namespace benchmarks {

/// Counts what happens in a window of time, after a warm-up; then stops the io_context. Costs the
/// measured code one increment.
class meter {
 public:
  meter(asio::io_context& context, const timing& how) : context_(context), timer_(context) {
    timer_.expires_after(how.warm_up);
    timer_.async_wait([this, window = how.window](std::error_code) { begin(window); });
  }

  void count(std::uint64_t n = 1) noexcept { count_ += n; }

  /// After the io_context has run. Throws when it was stopped by a failure.
  double per_second() const {
    if (!finished_) throw std::runtime_error("the io_context ended before the measurement did");
    if (counted_ == 0) throw std::runtime_error("nothing happened in the time measured");
    return static_cast<double>(counted_) / std::chrono::duration<double>(took_).count();
  }

 private:
  using clock = std::chrono::steady_clock;

  void begin(std::chrono::milliseconds window) {
    began_at_ = clock::now();
    began_with_ = count_;
    timer_.expires_after(window);
    timer_.async_wait([this](std::error_code) {
      took_ = clock::now() - began_at_;
      counted_ = count_ - began_with_;
      finished_ = true;
      context_.stop();
    });
  }

  asio::io_context& context_;
  asio::steady_timer timer_;
  std::uint64_t count_ = 0;
  std::uint64_t began_with_ = 0;
  std::uint64_t counted_ = 0;
  clock::time_point began_at_;
  clock::duration took_{};
  bool finished_ = false;
};

/// The same for what has no io_context: calls `step`, which says how many things it did, for the
/// length of the warm-up and of the window.
template <class Step>
double measure_loop(const timing& how, Step step) {
  using clock = std::chrono::steady_clock;
  const auto run_for = [&](std::chrono::milliseconds time) {
    const auto begin = clock::now();
    std::uint64_t count = 0;
    auto now = begin;
    for (; now < begin + time; now = clock::now()) count += step();
    return static_cast<double>(count) / std::chrono::duration<double>(now - begin).count();
  };
  run_for(how.warm_up);
  return run_for(how.window);
}

}  // namespace benchmarks

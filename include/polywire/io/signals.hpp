// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/status.hpp"
#include "polywire/io/asio.hpp"
#include "polywire/io/loop.hpp"

#include <asio/signal_set.hpp>

#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace polywire::inline v1::io {

/// Hears of SIGINT and SIGTERM, instead of the process being ended by them. On the loop's thread,
/// but for `open`.
class signal_watch final : public std::enable_shared_from_this<signal_watch>, private loop_member {
 public:
  /// `tell` hears the how-manieth signal it is, from 1 on.
  signal_watch(std::shared_ptr<loop> home, std::function<void(int)> tell)
      : home_(std::move(home)), tell_(std::move(tell)) {}

  /// Takes the signals over, from now on.
  status open() {
    error_code error;
    signals_.emplace(home_->get_executor());
    for (const int signal : {SIGINT, SIGTERM}) {
      signals_->add(signal, error);
      if (error) {
        signals_.reset();
        return status::unavailable("cannot wait for signals: " + error.message());
      }
    }
    return {};
  }
  void start() {
    if (!signals_) return;
    home_->join(*this);
    wait();
  }
  /// Gives them back.
  void stop() noexcept {
    if (!signals_) return;
    home_->leave(*this);
    signals_.reset();
  }

 private:
  void wait() {
    signals_->async_wait([self = shared_from_this()](error_code error, int) {
      const loop::turn turn(*self->home_);
      if (error || !self->signals_) return;
      self->wait();
      self->tell_(++self->count_);
    });
  }
  void abandon() noexcept override { signals_.reset(); }

  std::shared_ptr<loop> home_;
  std::function<void(int)> tell_;
  std::optional<asio::signal_set> signals_;
  int count_ = 0;
};

}  // namespace polywire::inline v1::io

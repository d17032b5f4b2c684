// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/core/limits.hpp"
#include "polywire/core/log.hpp"
#include "polywire/io/stream_hook.hpp"

#include <utility>

namespace polywire::inline v1 {

/// How a server behaves. Keys of a listen URL override the limits for that endpoint.
class server_options {
 public:
  server_options() {}  // NOLINT(modernize-use-equals-default): no aggregate

  server_options& limits(const polywire::limits& value) {
    limits_ = value;
    return *this;
  }
  /// Must outlive the server.
  server_options& clock(polywire::clock& value) {
    clock_ = &value;
    return *this;
  }
  server_options& log(log_hook value) {
    log_ = std::move(value);
    return *this;
  }
  server_options& stream_hook(polywire::stream_hook value) {
    stream_hook_ = std::move(value);
    return *this;
  }

  const polywire::limits& get_limits() const noexcept { return limits_; }
  polywire::clock& get_clock() const noexcept { return *clock_; }
  const log_hook& get_log() const noexcept { return log_; }
  const polywire::stream_hook& get_stream_hook() const noexcept { return stream_hook_; }

 private:
  polywire::limits limits_;
  polywire::clock* clock_ = &polywire::clock::steady();
  log_hook log_;
  polywire::stream_hook stream_hook_;
};

}  // namespace polywire::inline v1

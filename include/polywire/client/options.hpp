// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/core/limits.hpp"
#include "polywire/core/log.hpp"
#include "polywire/interceptor/client_context.hpp"
#include "polywire/interceptor/interceptor.hpp"
#include "polywire/io/stream_hook.hpp"
#include "polywire/io/tls_options.hpp"

#include <utility>

namespace polywire::inline v1 {

/// How a client behaves. Keys of its URL override the limits.
class client_options {
 public:
  client_options() {}  // NOLINT(modernize-use-equals-default): no aggregate

  client_options& limits(const polywire::limits& value) {
    limits_ = value;
    return *this;
  }
  /// Must outlive the client.
  client_options& clock(polywire::clock& value) {
    clock_ = &value;
    return *this;
  }
  client_options& log(log_hook value) {
    log_ = std::move(value);
    return *this;
  }
  /// For URLs over TLS; their keys go before.
  client_options& tls(tls_options value) {
    tls_ = std::move(value);
    return *this;
  }
  client_options& stream_hook(polywire::stream_hook value) {
    stream_hook_ = std::move(value);
    return *this;
  }

  /// Adds an interceptor (see interceptor/interceptor.hpp), or a shared_ptr to one: the first one
  /// is outermost. Copies of the options share them.
  template <class Interceptor>
  client_options& intercept(Interceptor interceptor) {
    interceptors_.push_back(detail::hold_interceptor<client_context>(std::move(interceptor)));
    return *this;
  }

  const polywire::limits& get_limits() const noexcept { return limits_; }
  polywire::clock& get_clock() const noexcept { return *clock_; }
  const log_hook& get_log() const noexcept { return log_; }
  const tls_options& get_tls() const noexcept { return tls_; }
  const polywire::stream_hook& get_stream_hook() const noexcept { return stream_hook_; }
  const detail::interceptor_list& get_interceptors() const noexcept { return interceptors_; }

 private:
  polywire::limits limits_;
  polywire::clock* clock_ = &polywire::clock::steady();
  log_hook log_;
  tls_options tls_;
  polywire::stream_hook stream_hook_;
  detail::interceptor_list interceptors_;
};

}  // namespace polywire::inline v1

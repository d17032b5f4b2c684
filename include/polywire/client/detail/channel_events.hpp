// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/status.hpp"

#include <cstddef>

/// What a channel hears from its parts.
namespace polywire::inline v1::detail {

class client_call;

class pool_events {
 public:
  /// Some connection may have room for a call.
  virtual void on_room() = 0;
  /// There is no connection, and none is being made: time to fail whoever does not wait for one.
  virtual void on_unreachable(const status& why) = 0;
  /// The last connection is gone.
  virtual void on_empty() = 0;
  /// Calls that wait for a connection, and whether one of them fails without.
  virtual std::size_t waiting() const noexcept = 0;
  virtual bool is_urgent() const noexcept = 0;
  /// Streams, where each has a connection of its own.
  virtual std::size_t streams() const noexcept = 0;

 protected:
  ~pool_events() = default;
};

class interceptor_events {
 public:
  /// None has anything against the call.
  virtual void on_admitted(client_call& call) = 0;
  virtual void on_rejected(client_call& call, status why) = 0;

 protected:
  ~interceptor_events() = default;
};

}  // namespace polywire::inline v1::detail

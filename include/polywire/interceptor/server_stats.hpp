// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace polywire::inline v1 {

/// What a server has counted since it was made; see `server::stats`.
class server_stats {
 public:
  server_stats() = default;

  /// Open now.
  std::size_t connections = 0;
  std::uint64_t connections_accepted = 0;
  /// On connections made of bytes: nothing over inproc.
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;

  /// Subscriptions that exist now.
  std::size_t subscribers = 0;
  std::uint64_t events_published = 0;
  /// Events that subscribers were too slow for.
  std::uint64_t events_lost = 0;
};

}  // namespace polywire::inline v1

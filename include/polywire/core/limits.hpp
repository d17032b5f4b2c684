// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"

#include <cstddef>
#include <cstdint>

namespace polywire::inline v1 {

/// Hard bounds of one client or server. Breaking one ends the call or the connection that broke
/// it, never the process and never another call.
class limits {
 public:
  // A constructor makes this no aggregate: GCC 12 destroys aggregate temporaries twice inside
  // `co_await`.
  limits() {}  // NOLINT(modernize-use-equals-default)

  /// One message in, in bytes; above it the call ends `resource_exhausted`. As gRPC's default.
  std::size_t max_message = std::size_t{4} << 20;
  /// All metadata of one direction of a call, keys and values, in bytes; and its entries.
  std::size_t max_metadata = std::size_t{32} << 10;
  std::size_t max_metadata_entries = 128;
  /// Nesting of a JSON document. Parsers recurse; a stack is small.
  std::size_t max_json_depth = 64;
  /// Nesting of a protobuf message; protobuf's own default.
  int max_protobuf_depth = 100;
  /// Calls that a peer may have open on one connection; further ones are rejected.
  std::uint32_t max_calls = 100;
  /// Connections that a server holds; further ones are closed at once.
  std::size_t max_connections = 10'000;
  /// Bytes that one call may have on the way or waiting unread, in each direction.
  std::uint32_t call_credit = std::uint32_t{256} << 10;
  /// The same for all calls of a connection together: how far a sender may run ahead.
  std::uint32_t connection_credit = std::uint32_t{1} << 20;
  /// Protocol output (not messages: those have credit) that may wait for a peer that does not
  /// read; above it the connection closes.
  std::size_t max_control_output = std::size_t{256} << 10;
  /// Bytes of partly received messages that one connection may hold beyond the calls' credit; at
  /// least one message may always be assembled.
  std::size_t max_assembly = std::size_t{8} << 20;

  /// Subscriptions that a peer may have open on one connection; they do not count as calls.
  std::uint32_t max_subscriptions = 1'000;
  /// Topics of a server, those that patterns let come into being included.
  std::size_t max_topics = 10'000;
  /// How long a topic waits for a subscriber with `overflow::block` before it ends its
  /// subscription.
  duration block_timeout = std::chrono::seconds(10);

  /// From accept to the end of the protocol's greeting. Absolute: a slow trickle does not extend
  /// it.
  duration handshake_timeout = std::chrono::seconds(10);
  /// A frame or body that makes no progress for this long closes its connection.
  duration read_progress_timeout = std::chrono::seconds(30);
  /// A peer that is silent for this long is asked for a sign of life; two unanswered: it is gone.
  duration ping_interval = std::chrono::seconds(30);
  /// A server closes a connection without a request for this long, where the protocol has no pings.
  /// More than the pools of usual clients and proxies keep one (60 s, Go's 90 s), whose request
  /// would else cross the close.
  duration idle_timeout = std::chrono::seconds(120);
  /// Output that cannot be written for this long closes its connection.
  duration write_timeout = std::chrono::seconds(10);
  /// What `stop()` grants the calls in flight.
  duration drain_timeout = std::chrono::seconds(30);
  /// Resolving and connecting, for each attempt; a call's own deadline also counts.
  duration connect_timeout = std::chrono::seconds(5);
  /// Orderly closing: how long the peer may take to read what is left.
  duration close_timeout = std::chrono::seconds(2);

  /// Background reconnecting waits between the two, times 1.6 for each failure, jittered by 20 %.
  duration reconnect_min = std::chrono::seconds(1);
  duration reconnect_max = std::chrono::seconds(120);
  /// Calls that arrive during that wait try at once, but not more often than this.
  duration reconnect_spacing = std::chrono::milliseconds(100);

  /// Pooled protocols: connections for unary calls, for streams, and calls that may queue.
  std::size_t max_pool = 32;
  std::size_t max_streams = 1'024;
  std::size_t max_queue = 1'000;
  /// A pooled connection that nobody uses for this long is closed: sooner than servers do with idle
  /// ones, so that no call meets a connection that is just being closed.
  duration pool_idle_timeout = std::chrono::seconds(45);
  /// How often one call is tried in all, when repeating it is safe.
  int max_attempts = 3;
  /// How many repeats a client may make for each call, beside the first ten, of calls that a server
  /// may have been working on: a service in trouble must not get several times its load.
  double repeat_budget = 0.2;
};

}  // namespace polywire::inline v1

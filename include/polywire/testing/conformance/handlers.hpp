// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/messages.hpp"
#include "polywire/testing/conformance/service.hpp"

#include <stop_token>

/// Handlers that many scenarios share. Each type of handler costs compile time.
namespace polywire::inline v1::testing::conformance {

/// Answers with the request.
template <class M>
inline constexpr auto echoes = [](const typename M::note& n) { return n; };

/// Says that it was entered, waits, and answers with the request. Says also when its context is
/// cancelled meanwhile.
template <class M>
auto waits(const gate& door, const arrivals<bool>& entered, const arrivals<bool>& cancelled = {}) {
  return [door, entered, cancelled](const typename M::note& n,
                                    server_context& context) -> asio::awaitable<typename M::note> {
    const std::stop_callback told(context.stop_token(), [&] { cancelled.put(true); });
    entered.put(true);
    co_await door.wait();
    co_return n;
  };
}

/// Sends so many messages as the request's number says, each with the request's text.
template <class M>
inline constexpr auto sends =
    [](const typename M::note& n, writer<typename M::note>& out) -> asio::awaitable<status> {
  for (std::int64_t i = 0; i < M::number(n); ++i) {
    auto sent = co_await out.async_write(M::make(i, M::text(n)), asio::use_awaitable);
    if (!sent) co_return sent;
  }
  co_return status();
};

}  // namespace polywire::inline v1::testing::conformance

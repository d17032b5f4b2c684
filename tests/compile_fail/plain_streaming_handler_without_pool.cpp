// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
// expect: a server-streaming handler takes
#include "polywire/server.hpp"

#include <asio/thread_pool.hpp>

inline constexpr polywire::server_streaming<polywire::text, polywire::text> list{"a.v1.A/List"};

void add(polywire::server& server, asio::thread_pool& pool) {
  auto handler = [](const polywire::text&, polywire::writer<polywire::text>&) {
    return polywire::status();
  };
#if defined(POLYWIRE_EXPECT_OK)
  server.handle(list, handler, polywire::on(pool));
#else
  server.handle(list, handler);
  (void)pool;
#endif
}

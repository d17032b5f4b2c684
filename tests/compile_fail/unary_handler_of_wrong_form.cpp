// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
// expect: a unary handler takes
#include "polywire/server.hpp"

inline constexpr polywire::unary<polywire::text, polywire::text> echo{"a.v1.A/Echo"};

void add(polywire::server& server) {
#if defined(POLYWIRE_EXPECT_OK)
  server.handle(echo, [](const polywire::text& request) { return request; });
#else
  server.handle(echo, [](int request) { return request; });
#endif
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
// expect: share no format
#include "polywire/client.hpp"

#if defined(POLYWIRE_EXPECT_OK)
using answer = polywire::text;
#else
using answer = polywire::bytes;
#endif
inline constexpr polywire::unary<polywire::text, answer> ask{"a.v1.A/Ask"};

auto run(polywire::client& client) { return client.call(ask, polywire::text("?")); }

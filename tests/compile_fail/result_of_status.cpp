// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
// expect: static assertion failed|static_assert failed
#include "polywire/core/result.hpp"

#ifdef POLYWIRE_EXPECT_OK
polywire::result<int> how;
#else
polywire::result<polywire::status> how;
#endif

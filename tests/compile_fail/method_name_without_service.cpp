// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
// expect: package\.Service/Method|is_method_name|not a constant expression
#include "polywire/core/bytes.hpp"
#include "polywire/core/method.hpp"

#ifdef POLYWIRE_EXPECT_OK
inline constexpr polywire::unary<polywire::text, polywire::text> echo{"demo.v1.Echo/Say"};
#else
inline constexpr polywire::unary<polywire::text, polywire::text> echo{"Say"};
#endif

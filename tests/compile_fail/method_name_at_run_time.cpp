// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
// expect: call to consteval function|is not a constant expression
#include "polywire/core/bytes.hpp"
#include "polywire/core/method.hpp"

#include <string>

bool is_named(const std::string& name);
bool is_named(const std::string& name) {
#ifdef POLYWIRE_EXPECT_OK
  constexpr polywire::unary<polywire::text, polywire::text> echo{"demo.v1.Echo/Say"};
#else
  const polywire::unary<polywire::text, polywire::text> echo{name.c_str()};
#endif
  return echo.name() == name;
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <polywire/core/method.hpp>
#include <polywire/json.hpp>

#include <string>

struct GreetRequest {
  std::string name;
};
struct Greeting {
  std::string text;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(GreetRequest, name)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Greeting, text)

inline constexpr polywire::unary<GreetRequest, Greeting> greet{"hello.v1.Greeter/Greet"};

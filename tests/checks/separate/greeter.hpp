// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <polywire/core/method.hpp>
#include <polywire/core/topic.hpp>
#include <polywire/json.hpp>

#include <string>
#include <string_view>

struct Greeting {
  std::string text;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Greeting, text)

inline constexpr polywire::unary<Greeting, Greeting> greet{"hello.v1.Greeter/Greet"};
inline constexpr polywire::bidi_streaming<Greeting, Greeting> chat{"hello.v1.Greeter/Chat"};
inline constexpr polywire::topic<Greeting> greetings{"hello.v1.greetings"};

/// Calls and subscribes; what went wrong, or nothing.
std::string visit(std::string_view url);

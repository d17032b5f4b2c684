// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "round_trip.hpp"

inline constexpr polywire::unary<polywire::text, polywire::text> greet{"demo.v1.Greeter/Greet"};

int main() {
  for (const char* address : {"inproc://greeter", "tcp://127.0.0.1:0"}) {
    const int code = round_trip(
        address, greet, polywire::text("world"),
        [](const polywire::text& name) { return polywire::text("hello " + name.str()); },
        [](const polywire::text& reply) { return reply.str() == "hello world"; });
    if (code != 0) return code;
  }
}

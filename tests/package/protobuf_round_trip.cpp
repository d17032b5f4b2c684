// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "round_trip.hpp"

#include <polywire/protobuf.hpp>

#include <google/protobuf/wrappers.pb.h>

using google::protobuf::StringValue;

inline constexpr polywire::unary<StringValue, StringValue> greet{"demo.v1.Greeter/Greet"};

int main() {
  StringValue name;
  name.set_value("world");
  return round_trip(
      "tcp://127.0.0.1:0", greet, name,
      [](const StringValue& request) {
        StringValue reply;
        reply.set_value("hello " + request.value());
        return reply;
      },
      [](const StringValue& reply) { return reply.value() == "hello world"; });
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
// expect: T is a protobuf message: #include <polywire/protobuf\.hpp>
#include "polywire/codec/message.hpp"
#ifdef POLYWIRE_EXPECT_OK
#include "polywire/protobuf.hpp"
#endif

#include <google/protobuf/wrappers.pb.h>

polywire::outgoing as_message(google::protobuf::StringValue& name);
polywire::outgoing as_message(google::protobuf::StringValue& name) {
  return {name, polywire::format::protobuf};
}

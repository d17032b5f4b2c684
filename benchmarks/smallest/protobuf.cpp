// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// The smallest sender of a protobuf message.

#include "user.pb.h"

#include <polywire/client.hpp>
#include <polywire/protobuf.hpp>
#include <polywire/tcp.hpp>

#include <iostream>

constexpr polywire::unary<user::v1::CreateUserRequest, user::v1::User> create_user{
    "user.v1.UserService/CreateUser"};

int main() {
  polywire::client users{"tcp://127.0.0.1:7000"};
  user::v1::CreateUserRequest request;
  request.set_name("Ada");
  std::cout << users.call(create_user, request).value().name() << '\n';
}

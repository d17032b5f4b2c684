// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "user_api.hpp"

#include <polywire/client.hpp>
#include <polywire/http.hpp>
#include <polywire/tcp.hpp>

#include <iostream>

/// Sends generated messages: protobuf's binary format on the wire.
int main(int argc, char** argv) {
  polywire::client users{argc > 1 ? argv[1] : "tcp://127.0.0.1:7000"};
  user::v1::CreateUserRequest request;
  request.set_name("Ada Lovelace");
  request.set_email("ada@example.com");
  request.set_age(36);
  const auto user = users.call(create_user, request);
  std::cout << (user ? "protobuf: " + user->ShortDebugString() : user.status().to_string()) << "\n";

  const auto refused = users.call(create_user, user::v1::CreateUserRequest());
  std::cout << refused.status().to_string() << "\n";
  return user ? 0 : 1;
}

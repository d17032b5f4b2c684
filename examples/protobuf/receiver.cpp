// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "user_api.hpp"

#include <polywire/http.hpp>
#include <polywire/server.hpp>
#include <polywire/tcp.hpp>

#include <iostream>
#include <string>

/// Speaks protobuf to those who send protobuf, and JSON to those who send JSON.
int main(int argc, char** argv) {
  int count = 0;
  polywire::server server;
  server.handle(
      create_user,
      [&](const user::v1::CreateUserRequest& request) -> polywire::result<user::v1::User> {
        if (request.name().empty()) return polywire::status::invalid_argument("name is required");
        user::v1::User user;
        user.set_id(std::to_string(++count));
        user.set_name(request.name());
        user.set_email(request.email());
        user.set_age(request.age());
        user.set_active(true);
        return user;
      });
  const auto endpoint = server.listen(argc > 1 ? argv[1] : "tcp://127.0.0.1:7000");
  if (!endpoint) {
    std::cerr << endpoint.status().to_string() << "\n";
    return 1;
  }
  std::cout << "listening on " << endpoint->url() << std::endl;
  server.run();
}

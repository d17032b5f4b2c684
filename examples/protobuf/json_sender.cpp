// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include <polywire/client.hpp>
#include <polywire/http.hpp>
#include <polywire/json.hpp>
#include <polywire/tcp.hpp>

#include <iostream>
#include <string>

/// The same method without protobuf: plain structs with the fields that this sender cares about.
struct CreateUserRequest {
  std::string name;
  std::string email;
};
struct User {
  std::string id;
  std::string name;
  bool active = false;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CreateUserRequest, name, email)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(User, id, name, active)

inline constexpr polywire::unary<CreateUserRequest, User> create_user{
    "user.v1.UserService/CreateUser"};

int main(int argc, char** argv) {
  polywire::client users{argc > 1 ? argv[1] : "tcp://127.0.0.1:7000"};
  const auto user = users.call(create_user, CreateUserRequest{"Grace Hopper", "grace@example.com"});
  if (!user) {
    std::cout << user.status().to_string() << "\n";
    return 1;
  }
  std::cout << "JSON: " << user->id << " " << user->name << (user->active ? ", active" : "")
            << "\n";
}

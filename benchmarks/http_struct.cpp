// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// The same service over http:// with plain structs for messages.

#include "benchmark.hpp"
#include "http_load.hpp"

#include <polywire/http.hpp>
#include <polywire/json.hpp>
#include <polywire/server.hpp>

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace benchmarks {

namespace plain {

struct create_user_request {
  std::string name;
  std::string email;
  int age = 0;
  std::string city;
  std::string country;
  std::string phone;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(create_user_request, name, email, age, city, country, phone)

struct user {
  std::string id;
  std::string name;
  std::string email;
  std::string phone;
  bool active = false;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(user, id, name, email, phone, active)

}  // namespace plain

namespace {

constexpr polywire::unary<plain::create_user_request, plain::user> create_plain_user{
    "user.v1.UserService/CreateUser"};

void serve(const std::function<void(std::uint16_t)>& report) {
  polywire::server server;
  server.handle(create_plain_user, [](const plain::create_user_request& request) {
    return plain::user{"user-1042", request.name, request.email, request.phone, true};
  });
  const auto at = server.listen("http://127.0.0.1:0");
  if (!at) throw std::runtime_error(at.status().to_string());
  report(at->port());
  server.run();
}

}  // namespace

std::vector<benchmark> http_struct_benchmarks() { return by_wrk("http_struct/unary/wrk", serve); }

}  // namespace benchmarks

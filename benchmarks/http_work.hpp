// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <nlohmann/json.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// The work of `work.hpp` as those do it who have nlohmann_json and nothing else.
namespace benchmarks {

inline constexpr std::string_view create_user_path = "/user.v1.UserService/CreateUser";

inline std::string json_request() {
  nlohmann::json request;
  request["name"] = "John Doe";
  request["email"] = "john.doe@example.com";
  request["age"] = 30;
  request["city"] = "New York";
  request["country"] = "USA";
  request["phone"] = "+1-555-123-4567";
  return request.dump();
}

/// What the handler does.
inline std::string json_answer(std::string_view text) {
  nlohmann::json request = nlohmann::json::parse(text);
  nlohmann::json reply;
  reply["id"] = "user-1042";
  reply["name"] = std::move(request.at("name"));
  reply["email"] = std::move(request.at("email"));
  reply["phone"] = std::move(request.at("phone"));
  reply["active"] = true;
  return reply.dump();
}

inline void check_json_answer(std::string_view text) {
  static const auto expected = nlohmann::json::parse(json_answer(json_request()));
  if (nlohmann::json::parse(text) != expected) throw std::runtime_error("a wrong reply");
}

}  // namespace benchmarks

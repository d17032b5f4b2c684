// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <polywire/core/method.hpp>
#include <polywire/core/topic.hpp>
#include <polywire/json.hpp>

#include <cstdint>
#include <string>

/// What sender and receiver agree on: plain structs, and the methods and topics that carry them.
struct CreateUserRequest {
  std::string name;
  std::string email;
  std::string phone;
  std::string city;
  std::string country;
  int age = 0;
};
struct User {
  std::string id;
  std::string name;
  std::string email;
  std::string phone;
  std::string city;
  std::string country;
  int age = 0;
  bool active = false;
};
struct ListUsersRequest {
  int limit = 0;  // 0: all
};
struct Number {
  std::int64_t value = 0;
};
struct Sum {
  std::int64_t value = 0;
  std::int64_t count = 0;
};
struct ChatMessage {
  std::string user;
  std::string text;
};
struct UserEvent {
  std::string what;  // "created"
  User user;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CreateUserRequest, name, email, phone, city, country, age)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(User, id, name, email, phone, city, country, age, active)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ListUsersRequest, limit)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Number, value)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Sum, value, count)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ChatMessage, user, text)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(UserEvent, what, user)

inline constexpr polywire::unary<CreateUserRequest, User> create_user{
    "user.v1.UserService/CreateUser"};
inline constexpr polywire::server_streaming<ListUsersRequest, User> list_users{
    "user.v1.UserService/ListUsers", polywire::no_side_effects};
inline constexpr polywire::client_streaming<Number, Sum> sum{"numbers.v1.NumberService/Sum"};
inline constexpr polywire::bidi_streaming<ChatMessage, ChatMessage> chat{
    "chat.v1.ChatService/Chat"};
inline constexpr polywire::topic<UserEvent> user_events{"user.v1.events"};

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "user.pb.h"

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

/// The work that the benchmarks do, whatever carries it.
namespace benchmarks {

inline user::v1::CreateUserRequest make_request() {
  user::v1::CreateUserRequest request;
  request.set_name("John Doe");
  request.set_email("john.doe@example.com");
  request.set_age(30);
  request.set_city("New York");
  request.set_country("USA");
  request.set_phone("+1-555-123-4567");
  return request;
}

/// What the handler does. `reply` is empty.
inline void answer(const user::v1::CreateUserRequest& request, user::v1::User& reply) {
  reply.set_id("user-1042");
  reply.set_name(request.name());
  reply.set_email(request.email());
  reply.set_phone(request.phone());
  reply.set_active(true);
}

/// Whether the reply is the right one, as far as it costs nothing to see.
inline bool is_right(const user::v1::User& reply) {
  return reply.active() && reply.email().size() == 20;
}

/// A message without a type.
using raw_bytes = std::array<std::uint8_t, 100>;

// How those who have no codec turn messages into bytes and back.

inline std::size_t size_of(const raw_bytes& message) { return message.size(); }
inline void write(const raw_bytes& message, void* to) {
  std::memcpy(to, message.data(), message.size());
}
inline void read(raw_bytes& message, const void* from, std::size_t size) {
  if (size != message.size()) throw std::runtime_error("a malformed message");
  std::memcpy(message.data(), from, size);
}

template <class Message>
std::size_t size_of(const Message& message) {
  return message.ByteSizeLong();
}
/// After `size_of`.
template <class Message>
void write(const Message& message, void* to) {
  message.SerializeWithCachedSizesToArray(static_cast<std::uint8_t*>(to));
}
template <class Message>
void read(Message& message, const void* from, std::size_t size) {
  if (!message.ParseFromArray(from, static_cast<int>(size))) {
    throw std::runtime_error("a malformed message");
  }
}

// What is published bears a number, so that no loss remains unnoticed.

inline void set_number(std::uint8_t* message, std::uint64_t n) {
  std::memcpy(message, &n, sizeof n);
}
inline std::uint64_t number_of(const void* message) {
  std::uint64_t n = 0;
  std::memcpy(&n, message, sizeof n);
  return n;
}
inline void set_number(raw_bytes& message, std::uint64_t n) { set_number(message.data(), n); }
inline std::uint64_t number_of(const raw_bytes& message) { return number_of(message.data()); }
inline void set_number(user::v1::User& user, std::uint64_t n) {
  user.set_id(std::to_string(1'000'000'000 + n));
}
inline std::uint64_t number_of(const user::v1::User& user) {
  std::uint64_t n = 0;
  std::from_chars(user.id().data(), user.id().data() + user.id().size(), n);
  return n;
}

/// Looks whether all come, from the first one on.
class sequence {
 public:
  void take(std::uint64_t number) {
    if (last_ != 0 && number != last_ + 1) throw std::runtime_error("an event was lost");
    last_ = number;
  }

 private:
  std::uint64_t last_ = 0;
};

/// What streams and fan-outs carry, except for its number.
template <class Message>
Message make_message() {
  return Message();
}
template <>
inline user::v1::User make_message<user::v1::User>() {
  user::v1::User user;
  answer(make_request(), user);
  return user;
}

}  // namespace benchmarks

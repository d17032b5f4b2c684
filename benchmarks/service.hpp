// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "meter.hpp"
#include "work.hpp"

#include <polywire/client.hpp>
#include <polywire/protobuf.hpp>
#include <polywire/server.hpp>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>

#include <cstddef>
#include <exception>
#include <stdexcept>
#include <vector>

/// The same service for every backend.
namespace benchmarks {

using user::v1::CreateUserRequest;
using user::v1::ListUsersRequest;
using user::v1::User;

inline constexpr polywire::unary<CreateUserRequest, User> create_user{
    "user.v1.UserService/CreateUser"};
inline constexpr polywire::server_streaming<ListUsersRequest, User> list_users{
    "user.v1.UserService/ListUsers"};
inline constexpr polywire::server_streaming<polywire::bytes, polywire::bytes> read_bytes{
    "benchmark.v1.Bytes/Read"};

/// Goes on until the client leaves.
template <class Message>
asio::awaitable<polywire::status> keep_writing(polywire::writer<Message>& to, Message message) {
  for (;;) {
    polywire::status sent = co_await to.async_write(message);
    if (!sent) co_return sent;
  }
}

inline void add_handlers(polywire::server& server) {
  server.handle(create_user, [](const CreateUserRequest& request) {
    User reply;
    answer(request, reply);
    return reply;
  });
  server.handle(list_users, [](const ListUsersRequest&, polywire::writer<User>& users) {
    return keep_writing(users, make_message<User>());
  });
  server.handle(read_bytes, [](const polywire::bytes&, polywire::writer<polywire::bytes>& all) {
    return keep_writing(all, polywire::bytes(std::vector<std::byte>(sizeof(raw_bytes))));
  });
}

/// For co_spawn: what a coroutine throws leaves from `io_context::run`.
inline void rethrow(const std::exception_ptr& thrown) {
  if (thrown) std::rethrow_exception(thrown);
}

/// Takes the value out of a result, or ends the benchmark.
template <class T>
T expect(polywire::result<T> r) {
  if (!r) throw std::runtime_error(r.status().to_string());
  return std::move(*r);
}

/// One caller: a call after the other, for ever.
inline asio::awaitable<void> keep_calling(polywire::client& client, meter& calls) {
  const CreateUserRequest request = make_request();
  for (;;) {
    polywire::result<User> reply = co_await client.async_call(create_user, request);
    if (!reply) throw std::runtime_error(reply.status().to_string());
    if (!is_right(*reply)) throw std::runtime_error("a wrong reply");
    calls.count();
  }
}

}  // namespace benchmarks

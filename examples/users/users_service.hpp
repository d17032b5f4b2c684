// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "user_api.hpp"

#include <polywire/server.hpp>

#include <cstddef>
#include <iostream>
#include <set>
#include <string>
#include <vector>

/// Keeps users in memory, and tells of each new one. The server that it serves at must run on one
/// thread: nothing is locked.
class users_service {
 public:
  /// Must outlive the server.
  void serve(polywire::server& server) {
    server_ = &server;
    server.offer(user_events, polywire::keep(10'000));  // for those who were away
    server.handle(create_user,
                  [this](const CreateUserRequest& request) { return create(request); });
    server.handle(list_users, [this](const ListUsersRequest& request, polywire::writer<User>& out) {
      return list(request, out);
    });
    server.handle(sum, [](polywire::reader<Number>& numbers) { return add_up(numbers); });
    server.handle(chat, [](polywire::reader<ChatMessage>& in, polywire::writer<ChatMessage>& out) {
      return talk(in, out);
    });
  }

  std::size_t count() const noexcept { return users_.size(); }

 private:
  polywire::result<User> create(const CreateUserRequest& request) {
    if (request.name.empty()) return polywire::status::invalid_argument("name is required");
    if (request.email.empty()) return polywire::status::invalid_argument("email is required");
    if (!emails_.insert(request.email).second) {
      return polywire::status::already_exists("there is a user with the email " + request.email);
    }
    const User user{std::to_string(users_.size() + 1),
                    request.name,
                    request.email,
                    request.phone,
                    request.city,
                    request.country,
                    request.age,
                    true};
    users_.push_back(user);
    if (auto told = server_->publish(user_events, UserEvent{"created", user}); !told) {
      std::cerr << "nobody hears of user " << user.id << ": " << told.to_string() << "\n";
    }
    std::cout << "created user " << user.id << ": " << user.name << " <" << user.email << ">\n";
    return user;
  }

  // The request lives as long as the handler runs, as do the reader and the writer.
  asio::awaitable<polywire::status> list(const ListUsersRequest& request,
                                         polywire::writer<User>& out) {
    const auto wanted = static_cast<std::size_t>(request.limit > 0 ? request.limit : 0);
    // By index: while a write waits for the peer, others may create users.
    for (std::size_t i = 0; i < users_.size() && (wanted == 0 || i < wanted); ++i) {
      if (auto sent = co_await out.async_write(users_[i]); !sent) co_return sent;
    }
    co_return polywire::status();
  }

  static asio::awaitable<Sum> add_up(polywire::reader<Number>& numbers) {
    Sum total;
    while (auto number = co_await numbers.async_read()) {
      total.value += number->value;
      ++total.count;
    }
    co_return total;
  }

  static asio::awaitable<polywire::status> talk(polywire::reader<ChatMessage>& in,
                                                polywire::writer<ChatMessage>& out) {
    while (auto message = co_await in.async_read()) {
      std::cout << message->user << " says: " << message->text << "\n";
      const ChatMessage answer{"receiver", "I heard '" + message->text + "'"};
      if (auto sent = co_await out.async_write(answer); !sent) co_return sent;
    }
    co_return polywire::status();
  }

  polywire::server* server_ = nullptr;
  std::vector<User> users_;
  std::set<std::string> emails_;
};

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "counting_stream.hpp"
#include "user_api.hpp"
#include "users_csv.hpp"

#include <polywire/client.hpp>

#include <chrono>
#include <cstddef>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

/// Creates the users of a file, lists them, sums numbers, chats: one call of each type.
class users_sender {
 public:
  explicit users_sender(const std::string& url)
      : client_(url, polywire::client_options().stream_hook(counting_stream::hook(bytes_))) {}

  /// False when something went wrong that should not have.
  bool run(const std::string& csv) {
    std::ifstream file(csv);
    if (!file) return std::cerr << "cannot read " << csv << "\n", false;
    const auto begin = std::chrono::steady_clock::now();
    const bool good = create_all(file) && list() && add_up() && talk();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::cout << "calls: " << calls_ << ", seconds: " << took.count()
              << ", bytes sent: " << bytes_->sent << ", bytes received: " << bytes_->received
              << "\n";
    return good;
  }

 private:
  bool create_all(std::istream& file) {
    std::size_t created = 0, refused = 0;
    CreateUserRequest last;
    const auto create = [&](std::size_t line, const CreateUserRequest& request) {
      last = request;
      const auto user = call(request);
      if (user && ++created <= 2) std::cout << "created " << user->id << ": " << user->name << "\n";
      if (user) return true;
      std::cout << "line " << line << ": " << user.status().to_string() << "\n";
      return ++refused < 10;
    };
    read_users(file, create, [](std::size_t line, const std::string& why) {
      std::cout << "line " << line << " skipped: " << why << "\n";
    });
    std::cout << "created " << created << " users, " << refused << " refused\n";
    std::cout << "once more: " << call(last).status().to_string() << "\n";
    last.name.clear();
    std::cout << "without a name: " << call(last).status().to_string() << "\n";
    return refused == 0;
  }

  polywire::result<User> call(const CreateUserRequest& request) {
    ++calls_;
    return client_.call(create_user, request, polywire::timeout(std::chrono::seconds(5)));
  }

  bool list() {
    ++calls_;
    std::size_t count = 0;
    auto users = client_.open(list_users, ListUsersRequest());
    for (const User& user : users) count += user.active ? 1 : 0;
    std::cout << "listed " << count << " users: " << users.status().to_string() << "\n";
    return users.status().ok();
  }

  bool add_up() {
    ++calls_;
    auto numbers = client_.open(sum);
    for (int i = 1; i <= 100; ++i) {
      if (auto sent = numbers.write(Number{i}); !sent) break;  // `finish` says why
    }
    const auto total = numbers.finish();
    std::cout << "1 + 2 + … + 100: "
              << (total ? std::to_string(total->value) : total.status().to_string()) << "\n";
    return total.has_value();
  }

  bool talk() {
    ++calls_;
    auto talk = client_.open(chat);
    for (const char* text : {"good morning", "how are you?", "goodbye"}) {
      if (auto sent = talk.write(ChatMessage{"sender", text}); !sent) break;
      if (const auto answer = talk.read())
        std::cout << answer->user << ": " << answer->text << "\n";
    }
    (void)talk.finish_writes();
    talk.read();  // tells how it ended
    const polywire::status how = talk.status();
    std::cout << "the chat ended: " << how.to_string() << "\n";
    // Over http:// one direction waits for the other: a chat is refused before anything is sent.
    const bool refused = how.code() == polywire::status_code::unimplemented &&
                         how.reached() == polywire::outcome::not_sent;
    return how.ok() || refused;
  }

  std::shared_ptr<wire_bytes> bytes_ = std::make_shared<wire_bytes>();
  polywire::client client_;
  std::size_t calls_ = 0;
};

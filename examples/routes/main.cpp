// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include <polywire/http.hpp>
#include <polywire/json.hpp>
#include <polywire/server.hpp>

#include <asio/ip/tcp.hpp>
#include <nlohmann/json.hpp>

#include <iostream>
#include <string>
#include <thread>

struct User {
  std::string id;
  std::string name;
  int age = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(User, id, name, age)

struct Change {
  std::string reason;
  User user;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Change, reason, user)

namespace users {
inline constexpr polywire::unary<User, User> get{"user.v1.Users/Get", polywire::no_side_effects};
inline constexpr polywire::unary<User, User> create{"user.v1.Users/Create"};
inline constexpr polywire::unary<Change, User> update{"user.v1.Users/Update"};
inline constexpr polywire::server_streaming<User, User> list{"user.v1.Users/List",
                                                             polywire::no_side_effects};
}  // namespace users

/// What any client of HTTP would do.
void ask(unsigned short port, const std::string& line, const std::string& body = {}) {
  asio::ip::tcp::iostream peer("127.0.0.1", std::to_string(port));
  peer << line << " HTTP/1.0\r\n";
  if (!body.empty()) peer << "content-type: application/json\r\n";
  peer << "content-length: " << body.size() << "\r\n\r\n" << body << std::flush;
  std::string text;
  std::getline(peer, text);
  std::cout << line << " -> " << text.substr(9, 3) << "\n";
  while (std::getline(peer, text) && text != "\r") {
  }
  while (std::getline(peer, text)) std::cout << text << "\n";
}

/// The same methods as resources: for curl, browsers and whoever knows no polywire.
int main() {
  polywire::server server;
  server.handle(users::get, [](const User& asked) -> polywire::result<User> {
    if (asked.id != "7") return polywire::status::not_found("no user " + asked.id);
    return User{asked.id, "Ada", asked.age};
  });
  server.handle(users::create, [](const User& user) { return user; });
  server.handle(users::update, [](const Change& change) { return change.user; });
  server.handle(
      users::list,
      [](const User& like, polywire::writer<User>& out) -> asio::awaitable<polywire::status> {
        const User first{"7", "Ada", like.age};
        const User second{"8", "Grace", like.age};
        if (auto sent = co_await out.async_write(first); !sent) co_return sent;
        co_return co_await out.async_write(second);
      });

  server.route("GET /v1/users/{id}", users::get);
  server.route("POST /v1/users", users::create);  // the body is the request
  server.route("PATCH /v1/users/{user.id}", users::update, polywire::body("user"));
  server.route("GET /v1/users", users::list);  // a stream: server-sent events
  const auto port = server.listen("http://127.0.0.1:0").value().port();
  std::jthread serving([&] { server.run(); });

  ask(port, "GET /v1/users/7?age=36");
  ask(port, "GET /v1/users/9");
  ask(port, "POST /v1/users", R"({"name":"Grace","age":85})");
  ask(port, "PATCH /v1/users/7?reason=wedding", R"({"name":"Ada Lovelace"})");
  ask(port, "GET /v1/users?age=36");
  server.stop();
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// The other processes of tests, which start this program again (see faults::child). No tests: they
// are hidden, and no ctest entry runs them.
#include "polywire/client.hpp"
#include "polywire/http.hpp"
#include "polywire/server.hpp"
#include "polywire/tcp.hpp"

#include "support/catch.hpp"

#include <chrono>
#include <cstdlib>
#include <future>
#include <iostream>
#include <string>
#include <thread>

#include <unistd.h>

namespace roles {

namespace pw = polywire;

namespace {

constexpr pw::unary<pw::text, pw::text> echo{"faults.v1.Peer/Echo"};
constexpr pw::unary<pw::text, pw::text> hold{"faults.v1.Peer/Hold"};

std::string url() {
  const char* given = std::getenv("POLYWIRE_FAULTS_URL");
  REQUIRE(given != nullptr);
  return given;
}

void wait_for_the_parent_to_go() {
  char byte = 0;
  while (::read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

}  // namespace

TEST_CASE("role: server", "[.][role]") {
  pw::server server;
  server.handle(echo, [](const pw::text& request) { return request; });
  server.handle(hold, [](const pw::text& request) -> asio::awaitable<pw::text> {
    std::cout << "holding " << request.str() << std::endl;
    asio::steady_timer never(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
    co_return request;
  });
  const auto endpoint = server.listen(url());
  REQUIRE(endpoint.status().to_string() == "ok");
  std::cout << "listening on " << endpoint->url() << std::endl;
  std::thread thread([&] { server.run(); });
  wait_for_the_parent_to_go();
  std::_Exit(0);
}

TEST_CASE("role: client", "[.][role]") {
  pw::client user(url());
  std::promise<void> ended;
  user.async_call(hold, "from the child", [&](pw::result<pw::text>) { ended.set_value(); });
  wait_for_the_parent_to_go();
  std::_Exit(0);
}

}  // namespace roles

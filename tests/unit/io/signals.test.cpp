// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/io/signals.hpp"

#include "polywire/client.hpp"
#include "polywire/inproc.hpp"
#include "polywire/server.hpp"

#include "support/catch.hpp"
#include "support/streams.hpp"

#include <asio/use_future.hpp>

#include <csignal>
#include <future>
#include <optional>
#include <thread>

namespace signals_test {

namespace pw = polywire;
using pw::status_code;
using pw::text;
using test::run_until;
using namespace std::chrono_literals;

namespace {

inline constexpr pw::unary<text, text> wait{"test.v1.Test/Wait"};

/// Waits until it is cancelled.
asio::awaitable<pw::result<text>> waits(const text& request, std::promise<void>& entered) {
  entered.set_value();
  asio::steady_timer never(co_await asio::this_coro::executor,
                           asio::steady_timer::time_point::max());
  co_await never.async_wait(asio::use_awaitable);
  co_return request;
}

}  // namespace

TEST_CASE("the first signal drains a server and the second one stops it at once") {
  pw::server server;
  std::promise<void> entered;
  server.handle(wait, [&](const text& request) { return waits(request, entered); });
  const std::string url = server.listen("inproc://signals").value().url();
  REQUIRE(server.stop_on_signals());
  std::thread runs([&] { server.run(); });
  pw::client client(url);
  auto answer = client.async_call(wait, text("x"), asio::use_future);
  entered.get_future().wait();

  std::raise(SIGTERM);
  // Nobody listens any more once it drains; the call goes on.
  pw::client late(url);
  while (late.call(wait, text("y"), pw::timeout(10ms)).status().code() !=
         status_code::unavailable) {
  }
  CHECK(answer.wait_for(0s) == std::future_status::timeout);

  std::raise(SIGINT);
  CHECK(answer.get().status().code() == status_code::unavailable);
  runs.join();
}

TEST_CASE("a server gives the signals back, so that its user's context comes to an end") {
  asio::io_context context;
  SECTION("when it has stopped") {
    pw::server server(context.get_executor());
    REQUIRE(server.listen("inproc://signals"));
    REQUIRE(server.stop_on_signals());
    std::raise(SIGTERM);
    context.run_for(10s);
    CHECK(context.stopped());
  }
  SECTION("when it is destroyed") {
    {
      pw::server server(context.get_executor());
      REQUIRE(server.stop_on_signals());
    }
    context.run_for(10s);
    CHECK(context.stopped());
  }
  struct sigaction after{};
  ::sigaction(SIGTERM, nullptr, &after);
  CHECK(after.sa_handler == SIG_DFL);
}

}  // namespace signals_test

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/testing/memory_transport.hpp"

#include "support/catch.hpp"
#include "support/streams.hpp"

namespace pw = polywire;
namespace io = polywire::io;
using test::drain;
using test::parse;

namespace {

const io::transport& memory = *io::transport::find("memory");

class fixture {
 public:
  io::executor ex() { return context.get_executor(); }
  std::unique_ptr<io::acceptor> listen() { return std::move(memory.listen(ex(), where).value()); }
  std::unique_ptr<io::operation> connect() {
    return memory.connect(ex(), where, 0, [this](auto r) { connected = std::move(r); });
  }

  asio::io_context context{1};
  pw::url where = parse("loopback://users");
  test::maybe_stream connected;
};

}  // namespace

TEST_CASE_METHOD(fixture, "a memory connection reaches who listens under its name") {
  const auto acceptor = listen();
  CHECK(acceptor->address() == "users");
  CHECK(acceptor->port() == 0);
  test::connected_pair pair(context, memory, where, *acceptor);
  CHECK(pair.client->peer() == "memory:users");
  io::error_code error;
  CHECK(test::write(*pair.client, "ping", error) == 4);
  CHECK(test::read_once(*pair.server).data == "ping");
}

TEST_CASE_METHOD(fixture, "a memory connection may be accepted long after it was made") {
  const auto acceptor = listen();
  const auto op = connect();
  CHECK_FALSE(connected.has_value());
  drain(context);
  REQUIRE(connected.has_value());
  io::error_code error;
  CHECK(test::write(***connected, "early", error) == 5);

  asio::io_context other(1);
  test::maybe_stream accepted;
  acceptor->async_accept(other.get_executor(), [&](auto r) { accepted = std::move(r); });
  drain(context);
  REQUIRE(accepted.has_value());
  CHECK(test::read_once(***accepted).data == "early");
}

TEST_CASE_METHOD(fixture, "without a listener a memory connection is unavailable, later") {
  const auto op = connect();
  CHECK_FALSE(connected.has_value());
  drain(context);
  REQUIRE(connected.has_value());
  CHECK(connected->status().code() == pw::status_code::unavailable);
  CHECK(connected->status().reached() == pw::outcome::not_sent);
  CHECK(connected->status().message() == "cannot connect to memory:users: nothing listens there");
}

TEST_CASE_METHOD(fixture, "a cancelled memory connect calls nobody") {
  const auto acceptor = listen();
  const auto op = connect();
  op->cancel();
  drain(context);
  CHECK_FALSE(connected.has_value());
}

TEST_CASE_METHOD(fixture, "a name in memory has one listener until that is closed") {
  auto acceptor = listen();
  CHECK(memory.listen(ex(), where).status().code() == pw::status_code::unavailable);
  bool called = false;
  acceptor->async_accept(ex(), [&](auto) { called = true; });
  acceptor->close();
  drain(context);
  CHECK_FALSE(called);
  acceptor = listen();
  test::connected_pair pair(context, memory, where, *acceptor);
}

TEST_CASE_METHOD(fixture, "connections that nobody accepted end with their listener") {
  const auto acceptor = listen();
  const auto op = connect();
  drain(context);
  acceptor->close();
  REQUIRE(connected.has_value());
  CHECK(test::read_once(***connected).error == asio::error::eof);
}

TEST_CASE_METHOD(fixture, "too many connections that nobody accepts are turned away") {
  const auto acceptor = listen();
  std::vector<std::unique_ptr<io::operation>> operations;
  std::size_t good = 0, bad = 0;
  for (std::size_t i = 0; i < pw::testing::memory_listeners::backlog + 1; ++i) {
    operations.push_back(
        memory.connect(ex(), where, 0, [&](const auto& r) { ++(r ? good : bad); }));
  }
  drain(context);
  CHECK(good == pw::testing::memory_listeners::backlog);
  CHECK(bad == 1);
}

TEST_CASE("a context can go away with a memory accept under way") {
  const auto held = std::make_shared<int>(0);
  {
    asio::io_context context;
    const auto where = parse("loopback://brief");
    const auto acceptor = std::move(memory.listen(context.get_executor(), where).value());
    acceptor->async_accept(context.get_executor(), [held](auto) {});
    CHECK(held.use_count() > 1);
  }
  CHECK(held.use_count() == 1);
}

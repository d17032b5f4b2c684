// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/backend/framed/receiver.hpp"

#include "support/catch.hpp"
#include "unit/backend/framed/scripted.hpp"

namespace receiver_test {

using namespace framed_tests;

namespace {

constexpr std::uint32_t call_credit = 262'144;

/// A server that has open calls 1 to n of a.B/Both; nobody takes their messages unless told.
class open_server : public scripted {
 public:
  explicit open_server(std::uint32_t calls = 1, const pw::limits& own = pw::limits())
      : scripted(rpc::role::server, own) {
    greet();
    for (std::uint32_t id = 1; id <= calls; ++id) {
      send(script().call(id, 0, nullptr, 0, "a.B/Both"));
    }
    (void)heard();
  }
  /// The handler of a call takes one message after the other.
  void take(std::uint32_t id) {
    auto& costs = served(id).costs;
    REQUIRE_FALSE(costs.empty());
    const std::size_t cost = costs.front();
    costs.erase(costs.begin());
    session->consumed(id, cost);
  }
  /// The same, at once.
  void take_all(std::uint32_t id) {
    served(id).on_message_hook = [this, id](const pw::incoming& m, bool) {
      session->consumed(id, m.cost());
    };
  }
};

void check_closed(scripted& server, const std::string& problem) {
  CHECK(server.session->finished());
  const lines said = server.frames();
  REQUIRE_FALSE(said.empty());
  CHECK(said.back() == "goodbye invalid_argument: protocol error: " + problem + " (processed)");
}
const std::string call_problem = "a message exceeds the call's credit or its own size";

}  // namespace

TEST_CASE("a call's credit can be spent to the last byte and no further", "[framed]") {
  open_server server;
  const std::size_t payload = 32'768 - 32;
  for (int i = 0; i < 8; ++i) server.send(script().part(1, payload, 0, 0));
  CHECK_FALSE(server.session->finished());
  CHECK(server.heard().size() == 8);
  server.send(script().call(1, 0, ""));
  check_closed(server, call_problem);
}

TEST_CASE("the connection's credit is given back as frames come, whatever becomes of them",
          "[framed]") {
  open_server server(1);
  const std::size_t payload = 32'768 - 32;
  for (int i = 0; i < 15; ++i) server.send(script().part(99, payload, 0, 0));  // nobody's call
  CHECK(server.frames().empty());
  server.send(script().part(99, payload, 0, 0));
  CHECK(server.frames() == lines{"credit 524288"});
}

TEST_CASE("the call's credit is given back when messages are taken, and saved up to a half",
          "[framed]") {
  open_server server;
  for (int i = 0; i < 5; ++i) server.send(script().part(1, 32'768 - 32, 0, 0));
  for (int i = 0; i < 3; ++i) server.take(1);
  CHECK(server.frames().empty());
  server.take(1);
  CHECK(server.frames() == lines{"1: credit 131072"});
  server.take(1);
  CHECK(server.frames().empty());
}

TEST_CASE("an application that gives back too much gives the peer no more", "[framed]") {
  open_server server;
  for (int i = 0; i < 5; ++i) server.send(script().part(1, 32'768 - 32, 0, 0));
  server.session->consumed(1, 100'000'000);
  CHECK(server.frames() == lines{"1: credit 163840"});
  server.session->consumed(1, 100'000'000);
  server.session->consumed(2, 100);
  CHECK(server.frames().empty());
}

TEST_CASE("parts make a message, with other frames between them", "[framed]") {
  open_server server(2);
  server.send(script()
                  .part(1, 10, 30)
                  .call(2, 0, "other")
                  .credit(1, 1)
                  .part(1, 0)
                  .ping(4)
                  .part(1, 15)
                  .part(1, 5, 0, wf::flag_last));
  CHECK(server.heard() ==
        lines{"2: message 'other'", "1: message '" + std::string(30, 'p') + "' last"});
  CHECK(server.served(1).costs == std::vector<std::size_t>{30 + 4 * 32});
}

TEST_CASE("the last part may be empty, and so may the whole message", "[framed]") {
  open_server server;
  server.send(script().part(1, 3, 3).part(1, 0, 0, 0));
  server.send(script().part(1, 0, 0).part(1, 0, 0, 0));
  CHECK(server.heard() == lines{"1: message 'ppp'", "1: message ''"});
}

TEST_CASE("parts that do not add up close the connection", "[framed]") {
  open_server more;
  more.send(script().part(1, 10, 20).part(1, 11));
  check_closed(more, call_problem);
  open_server less;
  less.send(script().part(1, 10, 20).part(1, 9, 0, 0));
  check_closed(less, call_problem);
  open_server at_once;
  at_once.send(script().part(1, 10, 9));
  check_closed(at_once, call_problem);
}

TEST_CASE("a large message is paid back as it arrives", "[framed]") {
  open_server server;
  std::size_t sent = 0;
  std::int64_t credit = call_credit;
  const std::size_t total = 4u << 20;
  while (sent < total) {
    const std::size_t size = std::min<std::size_t>(65'000, total - sent);
    const bool more = sent + size < total;
    REQUIRE(credit >= static_cast<std::int64_t>(size) + 32);
    server.send(script().part(1, size, sent == 0 ? total : 0, more ? wf::flag_more : 0));
    credit -= static_cast<std::int64_t>(size) + 32;
    sent += size;
    for (const std::string& f : server.frames()) {
      if (f.starts_with("1: credit ")) credit += std::stoll(f.substr(10));
    }
    CHECK(credit > call_credit / 2 - 65'032);
  }
  CHECK(server.heard() == lines{"1: message 4194304 bytes"});
  server.take(1);
  CHECK(credit + static_cast<std::int64_t>(call_credit) / 2 > call_credit);
}

TEST_CASE("a large message is not paid back while earlier ones wait to be taken", "[framed]") {
  open_server server;
  server.send(script().call(1, 0, "unread"));
  for (int i = 0; i < 4; ++i) server.send(script().part(1, 60'000, i == 0 ? 400'000 : 0));
  CHECK(server.frames().empty());
  server.take(1);
  CHECK(server.frames() == lines{"1: credit " + std::to_string(4 * 60'032 + 38)});
  for (int i = 0; i < 2; ++i) server.send(script().part(1, 60'000));
  CHECK(server.frames().empty());
  server.send(script().part(1, 40'000, 0, 0));
  CHECK(server.heard() == lines{"1: message 'unread'", "1: message 400000 bytes"});
  server.take(1);
  CHECK(server.frames() == lines{"1: credit " + std::to_string(2 * 60'032 + 40'032)});
}

TEST_CASE("large messages that nobody takes hold the peer up after the first", "[framed]") {
  open_server server;
  std::int64_t credit = call_credit;
  std::size_t held = 0;
  const auto send = [&](std::size_t size, std::uint32_t total, bool more) {
    const std::int64_t cost = static_cast<std::int64_t>(size) + 32;
    if (credit < cost) return false;
    server.send(script().part(1, size, total, more ? wf::flag_more : 0));
    credit -= cost;
    held += size;
    for (const std::string& f : server.frames()) {
      if (f.starts_with("1: credit ")) credit += std::stoll(f.substr(10));
    }
    return true;
  };
  // Messages of 4 MiB, each with a last part of one byte: nothing of it stays unpaid but that.
  const std::uint32_t total = 4u << 20;
  bool room = true;
  for (int message = 0; room && message < 20; ++message) {
    std::uint32_t sent = 0;
    while (room && sent < total - 1) {
      const std::uint32_t size = std::min(60'000U, total - 1 - sent);
      room = send(size, sent == 0 ? total : 0, true);
      if (room) sent += size;
    }
    room = room && send(1, 0, false);
  }
  CHECK_FALSE(room);
  CHECK_FALSE(server.session->finished());
  CHECK(held <= total + call_credit);
  CHECK(server.served(1).bytes == total);
}

TEST_CASE("calls with large messages take turns when the room for them is short", "[framed]") {
  pw::limits bounds;
  bounds.max_assembly = 1'000'000;
  open_server server(3, bounds);
  const auto start = [&](std::uint32_t id) {
    server.send(script().part(id, 60'000, 600'000).part(id, 60'000).part(id, 60'000));
  };
  start(1);
  CHECK(server.frames() == lines{"1: credit 180096"});
  start(2);
  start(3);
  CHECK(server.frames() == lines{"credit 540288"});  // the connection's, as ever
  for (int i = 0; i < 7; ++i) {
    server.send(script().part(1, 60'000, 0, i < 6 ? wf::flag_more : 0));
  }
  const lines said = server.frames();  // the first is done: it is the second one's turn
  CHECK(std::ranges::count(said, "2: credit 180096") == 1);
  CHECK(std::ranges::none_of(said, [](const auto& f) { return f.starts_with("3:"); }));
  server.send(script().call(2, wf::flag_cancel));
  CHECK(server.frames() ==
        lines{"2: end cancelled: the client cancelled the call (processed)", "3: credit 180096"});
}

TEST_CASE("one message may always be received, however large", "[framed]") {
  pw::limits bounds;
  bounds.max_assembly = 1;
  open_server server(1, bounds);
  for (int i = 0; i < 20; ++i) {
    server.send(script().part(1, 60'000, i == 0 ? 1'200'000 : 0, i < 19 ? wf::flag_more : 0));
  }
  CHECK(server.heard() == lines{"1: message 1200000 bytes"});
}

TEST_CASE("a peer that has not read our hello yet may spend the default credits", "[framed]") {
  pw::limits bounds;
  bounds.call_credit = 10'000;
  bounds.connection_credit = 20'000;
  open_server server(1, bounds);
  const std::size_t payload = 32'768 - 32;
  for (int i = 0; i < 8; ++i) server.send(script().part(1, payload, 0, 0));
  CHECK_FALSE(server.session->finished());
  server.send(script().call(1, 0, ""));
  check_closed(server, call_problem);
}

TEST_CASE("credits below the default settle when everything has been taken", "[framed]") {
  pw::limits bounds;
  bounds.call_credit = 10'000;
  open_server server(1, bounds);
  server.send(script().part(1, 60'000, 0, 0));
  server.take(1);
  CHECK(server.frames() == lines{"1: credit 60032"});
  server.take_all(1);
  std::int64_t credit = 10'000;
  for (int i = 0; i < 100; ++i) {
    REQUIRE(credit >= 4'032);
    server.send(script().part(1, 4'000, 0, 0));
    credit -= 4'032;
    for (const std::string& f : server.frames()) {
      if (f.starts_with("1: credit ")) credit += std::stoll(f.substr(10));
    }
  }
  CHECK_FALSE(server.session->finished());
}

TEST_CASE("half a message closes the connection when its peer could go on and does not",
          "[framed]") {
  open_server server;
  server.send(script().part(1, 1'000, 5'000));
  CHECK(server.session->next_timer() == server.now + 30s);
  server.pass(29s);
  server.send(script().part(1, 1'000));  // progress
  server.pass(29s);
  CHECK_FALSE(server.session->finished());
  server.send(script().ping(1));  // none
  server.pass(1s);
  CHECK(server.session->finished());
  CHECK(server.frames().back() ==
        "goodbye unavailable: half a message came and no more (limits::read_progress_timeout) "
        "(processed)");
}

TEST_CASE("half a message may wait as long as we hold its credit back", "[framed]") {
  open_server server;
  server.send(script().call(1, 0, "unread"));
  for (int i = 0; i < 4; ++i) server.send(script().part(1, 60'000, i == 0 ? 400'000 : 0));
  for (int i = 0; i < 10; ++i) {
    server.pass(20s);
    server.send(script().ping(1));
    REQUIRE_FALSE(server.session->finished());
  }
  server.take(1);
  server.pass(29s);
  server.send(script().ping(1));
  CHECK_FALSE(server.session->finished());
  server.pass(20s);
  CHECK(server.session->finished());
}

TEST_CASE("a finished message leaves no timer behind", "[framed]") {
  open_server server;
  server.send(script().part(1, 1'000, 2'000).part(1, 1'000, 0, 0));
  server.pass(29s);
  server.send(script().ping(1));
  server.pass(29s);
  CHECK_FALSE(server.session->finished());
  CHECK(server.frames() == lines{"pong 1"});
}

TEST_CASE("a message just at the limit is taken", "[framed]") {
  pw::limits bounds;
  bounds.max_message = 100'000;
  open_server server(2, bounds);
  server.send(script().part(1, 50'000, 100'000).part(1, 50'000, 0, 0));
  server.send(script().part(2, 50'000, 100'001));
  CHECK(server.heard() == lines{"1: message 100000 bytes",
                                "2: end resource_exhausted: the message has more than 100000 bytes "
                                "(limits::max_message) (processed)"});
  CHECK_FALSE(server.session->finished());
}

}  // namespace receiver_test

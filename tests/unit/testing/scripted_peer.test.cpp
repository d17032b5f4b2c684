// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/testing/scripted_peer.hpp"

#include "support/catch.hpp"

using polywire::testing::scripted_peer;
using polywire::testing::operator""_hex;
using namespace std::chrono_literals;

namespace {

class fixture {
 public:
  fixture() { server.accept(); }
  scripted_peer server = scripted_peer::listen();
  scripted_peer client = scripted_peer::connect(server.port());
};

}  // namespace

TEST_CASE_METHOD(fixture, "scripted peers talk to each other") {
  client.send("F0 50 57 01"_hex);
  CHECK(server.receive(2) == "\xF0P");
  CHECK(server.receive(2) == "W\x01");
  server.send_slowly("one byte at a time");
  server.shutdown_write();
  CHECK(client.receive_until_eof() == "one byte at a time");
  client.send("still");
  CHECK(server.receive(5) == "still");
}

TEST_CASE_METHOD(fixture, "a scripted peer that gets too little says what it got") {
  client.send("ab");
  CHECK_THROWS_WITH(
      server.receive(3, 20ms),
      Catch::Matchers::StartsWith("scripted peer: after 20 ms: only 2 of 3 bytes came:") &&
          Catch::Matchers::ContainsSubstring("61 62"));
  client.close();
  CHECK_THROWS_WITH(server.receive(1), Catch::Matchers::EndsWith("then the peer closed"));
}

TEST_CASE_METHOD(fixture, "a scripted peer waits for the end only so long") {
  client.send("ab");
  CHECK_THROWS_WITH(server.receive_until_eof(20ms),
                    Catch::Matchers::ContainsSubstring("did not close"));
  CHECK_FALSE(server.closed_by_peer(20ms));
  client.close();
  CHECK(server.closed_by_peer());
}

TEST_CASE_METHOD(fixture, "a scripted peer can reset, and sees a reset") {
  client.reset();
  CHECK_THROWS_WITH(server.receive_until_eof(),
                    Catch::Matchers::StartsWith("scripted peer: the connection broke"));
}

TEST_CASE_METHOD(fixture, "a scripted peer does not send for ever to one that does not read") {
  const std::string block(std::size_t{16} << 20, 'x');
  CHECK_THROWS_WITH(client.send(block, 20ms), Catch::Matchers::ContainsSubstring("bytes"));
}

TEST_CASE("a scripted peer to which nobody comes says so") {
  auto peer = scripted_peer::listen();
  CHECK_THROWS_WITH(peer.accept(20ms), "scripted peer: after 20 ms: nobody connected");
  const auto port = peer.port();
  peer.stop_listening();
  CHECK_THROWS_WITH(scripted_peer::connect(port),
                    Catch::Matchers::ContainsSubstring("Connection refused"));
}

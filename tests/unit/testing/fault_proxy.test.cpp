// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/testing/fault_proxy.hpp"

#include "polywire/testing/scripted_peer.hpp"

#include "support/catch.hpp"

#include <asio/thread_pool.hpp>

#include <bitset>
#include <chrono>
#include <string>
#include <thread>

namespace fault_proxy_test {

using polywire::testing::fault_proxy;
using polywire::testing::proxy_faults;
using polywire::testing::scripted_peer;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

namespace {

/// Two scripted peers with a proxy between them.
class fixture {
 public:
  explicit fixture(const proxy_faults& requests = {}, const proxy_faults& answers = {},
                   std::uint32_t seed = 1)
      : proxy(network.get_executor(), server.port(), seed) {
    proxy.requests(requests);
    proxy.answers(answers);
    connect();
  }
  void connect() {
    client = scripted_peer::connect(proxy.port());
    server.accept();  // through the proxy: it is the only one that knows the port
  }

  asio::thread_pool network{1};
  scripted_peer server = scripted_peer::listen();
  fault_proxy proxy;
  scripted_peer client = scripted_peer::listen();
};

std::string text(std::size_t size) {
  std::string made(size, '\0');
  for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<char>('a' + i % 26);
  return made;
}

template <class Holds>
bool soon(Holds holds) {
  const auto end = steady::now() + 5s;
  while (!holds()) {
    if (steady::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace

TEST_CASE("a proxy without faults passes everything on, ends included") {
  fixture f;
  const std::string much = text(3'000'000);
  std::thread sender([&] {
    f.client.send(much);
    f.client.shutdown_write();
  });
  CHECK(f.server.receive_until_eof() == much);
  sender.join();
  f.server.send("answer");
  f.server.close();
  CHECK(f.client.receive_until_eof() == "answer");
  CHECK(f.proxy.accepted() == 1);
  CHECK(soon([&] { return f.proxy.open() == 0; }));
  CHECK(f.proxy.broken() == 0);
}

TEST_CASE("a proxy resets both ends after so many bytes, and not before") {
  fixture f(proxy_faults().reset_after(10));
  f.client.send(text(9));
  CHECK(f.server.receive(9) == text(9));
  CHECK_FALSE(f.server.closed_by_peer(20ms));
  f.client.send("xyz");
  CHECK_THROWS_WITH(f.server.receive_until_eof(),
                    Catch::Matchers::ContainsSubstring("the connection broke"));
  CHECK_THROWS_WITH(f.client.receive_until_eof(),
                    Catch::Matchers::ContainsSubstring("the connection broke"));
  CHECK(f.proxy.broken() == 1);
  f.connect();  // the next one begins anew
  f.client.send(text(9));
  CHECK(f.server.receive(9) == text(9));
}

TEST_CASE("a proxy closes in an orderly way after so many bytes") {
  fixture f({}, proxy_faults().close_after(10));
  f.server.send(text(100'000));
  CHECK(f.client.receive_until_eof() == text(10));
  CHECK(f.server.receive_until_eof().empty());
  CHECK(f.proxy.broken() == 1);
}

TEST_CASE("a proxy that is silent swallows bytes and ends, until it is cleared") {
  fixture f;
  f.client.send("before");
  CHECK(f.server.receive(6) == "before");
  f.proxy.requests(proxy_faults().silence());
  f.client.send("swallowed");
  CHECK_FALSE(f.server.closed_by_peer(50ms));
  f.server.send("the other direction works");
  CHECK(f.client.receive(25) == "the other direction works");
  f.client.reset();
  CHECK_FALSE(f.server.closed_by_peer(50ms));
  f.proxy.clear();
  f.connect();
  f.client.send("again");
  CHECK(f.server.receive(5) == "again");
}

TEST_CASE("a proxy that has swallowed bytes passes nothing on behind them") {
  fixture f;
  f.proxy.requests(proxy_faults().silence());
  f.client.send("swallowed");
  CHECK_FALSE(f.server.closed_by_peer(50ms));
  f.proxy.clear();
  f.client.send("behind");
  f.client.shutdown_write();
  CHECK_FALSE(f.server.closed_by_peer(50ms));
  f.server.send("the other direction works");
  CHECK(f.client.receive(25) == "the other direction works");
}

TEST_CASE("a proxy delays what it passes on, and keeps its order") {
  fixture f(proxy_faults().latency(30ms, 30ms));
  const auto begin = steady::now();
  f.client.send_slowly(text(100));
  f.client.shutdown_write();
  CHECK(f.server.receive_until_eof() == text(100));
  CHECK(steady::now() - begin >= 30ms);
  f.server.send("at once");
  CHECK(f.client.receive(7) == "at once");
}

TEST_CASE("latency does not bound the throughput of a proxy") {
  fixture f(proxy_faults().latency(100ms));
  const std::string much = text(1'000'000);  // 64 reads: 6.4 s if each one waited
  const auto begin = steady::now();
  std::thread sender([&] { f.client.send(much); });
  CHECK(f.server.receive(much.size()) == much);
  sender.join();
  CHECK(steady::now() - begin < 3s);
}

TEST_CASE("a proxy passes no more bytes a second than it may") {
  fixture f(proxy_faults().bandwidth(100'000));
  const auto begin = steady::now();
  f.client.send(text(20'000));
  CHECK(f.server.receive(20'000) == text(20'000));
  CHECK(steady::now() - begin >= 150ms);
}

TEST_CASE("a proxy cuts what it passes on into small pieces") {
  fixture f({}, proxy_faults().slices(3));
  f.server.send(text(10'000));
  f.server.shutdown_write();
  CHECK(f.client.receive_until_eof() == text(10'000));
}

TEST_CASE("a proxy flips bits, the same ones with the same seed") {
  const auto through = [](std::uint32_t seed) {
    fixture f(proxy_faults().flip_bit_every(100), {}, seed);
    f.client.send(text(20'000));
    return f.server.receive(20'000);
  };
  const std::string sent = text(20'000);
  const std::string got = through(7);
  std::size_t flipped = 0;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    flipped += std::bitset<8>(static_cast<unsigned char>(sent[i] ^ got[i])).count();
  }
  CHECK(flipped > 100);
  CHECK(flipped < 300);
  CHECK(through(7) == got);
  CHECK(through(8) != got);
}

TEST_CASE("a proxy resets all connections, refuses new ones, and follows a server that moves") {
  fixture f;
  f.proxy.reset_all();
  CHECK_THROWS_WITH(f.client.receive_until_eof(),
                    Catch::Matchers::ContainsSubstring("the connection broke"));
  f.proxy.refuse(true);
  auto refused = scripted_peer::connect(f.proxy.port());
  CHECK(refused.closed_by_peer());
  f.proxy.refuse(false);
  auto moved = scripted_peer::listen();
  f.proxy.send_to(moved.port());
  auto client = scripted_peer::connect(f.proxy.port());
  moved.accept();
  client.send("found");
  CHECK(moved.receive(5) == "found");
  CHECK(f.proxy.accepted() == 3);
}

TEST_CASE("a proxy resets who connects when nobody listens behind it") {
  asio::thread_pool network(1);
  auto gone = scripted_peer::listen();
  const fault_proxy proxy(network.get_executor(), gone.port());
  gone.stop_listening();
  auto client = scripted_peer::connect(proxy.port());
  CHECK(client.closed_by_peer());
}

TEST_CASE("a proxy may go while bytes wait in it, and its context may go right after it") {
  asio::io_context context(1);
  auto server = scripted_peer::listen();
  {
    fault_proxy proxy(context.get_executor(), server.port());
    proxy.both(proxy_faults().latency(10s));
    auto client = scripted_peer::connect(proxy.port());
    client.send("late");
    while (proxy.open() == 0) context.run_one_for(1s);
    while (context.poll_one() > 0) {
    }
  }
}

}  // namespace fault_proxy_test

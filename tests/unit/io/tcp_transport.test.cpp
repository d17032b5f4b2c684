// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/io/tcp_transport.hpp"

#include "polywire/testing/scripted_peer.hpp"

#include "support/catch.hpp"
#include "support/streams.hpp"

#include <chrono>
#include <cstdio>
#include <deque>
#include <fstream>
#include <initializer_list>

#include <fcntl.h>
#include <sys/resource.h>

namespace tcp_transport_test {

namespace pw = polywire;
namespace io = polywire::io;
using pw::testing::scripted_peer;
using test::drain;
using test::parse;
using test::run_until;

namespace {

const io::transport& tcp = *io::transport::find("tcp");

std::string at(std::uint16_t port) { return "tcp://127.0.0.1:" + std::to_string(port); }

// A port that neither accepts nor refuses: its backlog is full, so that packets to it are dropped.
class black_hole {
 public:
  black_hole() : acceptor_(context_, {asio::ip::address_v4::loopback(), 0}, false) {
    acceptor_.listen(0);
    for (bool full = false; !full;) {
      auto& socket = waiting_.emplace_back(context_);
      full = true;
      socket.async_connect(acceptor_.local_endpoint(), [&](io::error_code) { full = false; });
      context_.restart();
      context_.run_one_for(std::chrono::milliseconds(50));
    }
  }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  asio::io_context context_{1};
  asio::ip::tcp::acceptor acceptor_;
  std::deque<asio::ip::tcp::socket> waiting_;
};

class fixture {
 public:
  io::executor ex() { return context.get_executor(); }
  std::unique_ptr<io::acceptor> listen(const std::string& where) {
    return tcp.listen(ex(), parse(where)).value();
  }
  std::unique_ptr<io::operation> connect(const std::string& to) {
    return tcp.connect(ex(), parse(to), 0, [this](auto r) { connected = std::move(r); });
  }
  // As if "users:7000" had been resolved to these ports of this machine.
  template <class Before>
  std::shared_ptr<io::tcp_connect> connect_to(std::initializer_list<std::uint16_t> ports,
                                              Before before) {
    std::vector<asio::ip::tcp::endpoint> addresses;
    for (const auto port : ports) addresses.emplace_back(asio::ip::address_v4::loopback(), port);
    before();
    pw::host_port users;
    users.host = "users";
    users.port = 7000;
    users.has_port = true;
    auto op = std::make_shared<io::tcp_connect>(ex(), users,
                                                [this](auto r) { connected = std::move(r); });
    op->start(std::move(addresses));
    return op;
  }
  pw::status failure(const std::string& to) {
    const auto op = connect(to);
    REQUIRE(run_until(context, [this] { return connected.has_value(); }));
    REQUIRE_FALSE(connected->has_value());
    return connected->status();
  }

  asio::io_context context{1};
  test::maybe_stream connected;
};

}  // namespace

TEST_CASE_METHOD(fixture, "a tcp stream carries bytes both ways and then ends") {
  const auto acceptor = listen("tcp://127.0.0.1:0");
  REQUIRE(acceptor->port() != 0);
  CHECK(acceptor->address() == "127.0.0.1:" + std::to_string(acceptor->port()));
  test::connected_pair pair(context, tcp, parse(at(acceptor->port())), *acceptor);
  CHECK(pair.client->peer() == acceptor->address());
  CHECK_THAT(pair.server->peer(), Catch::Matchers::StartsWith("127.0.0.1:"));

  io::error_code error;
  CHECK(test::write(*pair.client, "ping", error) == 4);
  CHECK(test::read(context, *pair.server, 4).data == "ping");
  CHECK(test::write(*pair.server, "pong!", error) == 5);
  CHECK(test::read(context, *pair.client, 5).data == "pong!");
  CHECK(test::read_once(*pair.client).error == asio::error::would_block);

  pair.client->shutdown_write();
  CHECK(test::read(context, *pair.server, 1).error == asio::error::eof);
  CHECK(test::write(*pair.server, "late", error) == 4);
  CHECK(test::read(context, *pair.client, 4).data == "late");
}

#if defined(__linux__)
TEST_CASE_METHOD(fixture, "the kernel watches the peers of both ends of a tcp connection") {
  const auto acceptor = listen("tcp://127.0.0.1:0");
  test::connected_pair pair(context, tcp, parse(at(acceptor->port())), *acceptor);
  // A line of this table has the state 01 (established) and the kind of the timer, 02 (keep-alive).
  char port[8];
  std::snprintf(port, sizeof port, ":%04X", static_cast<unsigned>(acceptor->port()));
  std::ifstream table("/proc/self/net/tcp");
  int watched = 0;
  for (std::string line; std::getline(table, line);) {
    const bool is_ours = line.find(port) != std::string::npos;
    if (is_ours && line.find(" 01 ") != std::string::npos) {
      CHECK(line.find(" 02:") != std::string::npos);
      ++watched;
    }
  }
  CHECK(watched == 2);
}
#endif

TEST_CASE_METHOD(fixture, "a tcp stream gathers up to sixteen pieces in one write") {
  const auto acceptor = listen("tcp://127.0.0.1:0");
  test::connected_pair pair(context, tcp, parse(at(acceptor->port())), *acceptor);
  const std::string letters = "abcdefghijklmnopqrst";
  std::vector<pw::bytes_view> pieces;
  for (const char& letter : letters) pieces.push_back(pw::as_bytes(std::string_view(&letter, 1)));

  io::error_code error;
  CHECK(pair.client->write_some(pieces, error) == 16);
  CHECK(pair.client->write_some(std::span(pieces).subspan(16), error) == 4);
  CHECK(test::read(context, *pair.server, 20).data == letters);
}

TEST_CASE_METHOD(fixture, "a tcp stream that cannot write says so and tells when it can again") {
  const auto acceptor = listen("tcp://127.0.0.1:0");
  test::connected_pair pair(context, tcp, parse(at(acceptor->port())), *acceptor);
  const std::string block(std::size_t{1} << 20, 'x');
  io::error_code error;
  std::size_t written = 0;
  while (!error) written += test::write(*pair.client, block, error);
  CHECK(error == asio::error::would_block);

  const auto user = std::make_shared<test::waiter>();
  pair.client->wait_writable(user);
  drain(context);
  CHECK(user->writable.empty());
  CHECK(test::read(context, *pair.server, written).data.size() == written);
  REQUIRE(run_until(context, [&] { return !user->writable.empty(); }));
  CHECK_FALSE(user->writable[0]);
}

TEST_CASE_METHOD(fixture, "a tcp stream calls who waits later, and keeps it alive until then") {
  const auto acceptor = listen("tcp://127.0.0.1:0");
  test::connected_pair pair(context, tcp, parse(at(acceptor->port())), *acceptor);
  auto user = std::make_shared<test::waiter>();
  const std::weak_ptr<test::waiter> watched = user;
  io::error_code error;
  test::write(*pair.client, "x", error);
  pair.server->wait_readable(user);
  CHECK(user->readable.empty());
  REQUIRE(run_until(context, [&] { return !user->readable.empty(); }));
  CHECK_FALSE(user->readable[0]);

  pair.client->wait_readable(std::move(user));
  CHECK_FALSE(watched.expired());
  pair.client->close();
  drain(context);
  CHECK(watched.expired());
}

TEST_CASE_METHOD(fixture, "closing a tcp stream aborts the waits before and after") {
  const auto acceptor = listen("tcp://127.0.0.1:0");
  test::connected_pair pair(context, tcp, parse(at(acceptor->port())), *acceptor);
  const auto user = std::make_shared<test::waiter>();
  pair.client->wait_readable(user);
  pair.client->close();
  pair.client->close();
  CHECK(user->readable.empty());
  drain(context);
  pair.client->wait_readable(user);
  drain(context);
  REQUIRE(user->readable.size() == 2);
  CHECK(user->readable[0] == asio::error::operation_aborted);
  CHECK(user->readable[1] == asio::error::operation_aborted);
  CHECK(test::read_once(*pair.client).error == asio::error::bad_descriptor);
}

TEST_CASE_METHOD(fixture, "a tcp connection that the peer resets is an error, not an end") {
  auto peer = scripted_peer::listen();
  const auto op = connect(at(peer.port()));
  REQUIRE(run_until(context, [this] { return connected.has_value(); }));
  peer.accept();
  peer.reset();
  CHECK(test::read(context, **connected.value(), 1).error == asio::error::connection_reset);
  io::error_code error;
  test::write(**connected.value(), "x", error);  // no SIGPIPE either
  CHECK(error == asio::error::broken_pipe);
}

TEST_CASE_METHOD(fixture, "resetting a tcp stream is an error to the peer, not an end") {
  const auto acceptor = listen("tcp://127.0.0.1:0");
  test::connected_pair pair(context, tcp, parse(at(acceptor->port())), *acceptor);
  pair.client->reset();
  CHECK(test::read(context, *pair.server, 1).error == asio::error::connection_reset);
}

TEST_CASE_METHOD(fixture,
                 "connecting to where nobody listens is unavailable, and nothing was sent") {
  auto peer = scripted_peer::listen();
  const auto port = peer.port();
  peer.stop_listening();
  const auto why = failure(at(port));
  CHECK(why.code() == pw::status_code::unavailable);
  CHECK(why.reached() == pw::outcome::not_sent);
  CHECK(why.message() ==
        "cannot connect to 127.0.0.1:" + std::to_string(port) + ": Connection refused");
}

TEST_CASE_METHOD(fixture, "connecting through a name tries all its addresses") {
  auto peer = scripted_peer::listen();  // not on ::1, which localhost may mean first
  const auto op = connect("tcp://localhost:" + std::to_string(peer.port()));
  REQUIRE(run_until(context, [this] { return connected.has_value(); }));
  REQUIRE(connected->has_value());
  CHECK((**connected)->peer() == "127.0.0.1:" + std::to_string(peer.port()));
}

TEST_CASE_METHOD(fixture, "an address that refuses gives way to the next one at once") {
  auto gone = scripted_peer::listen();
  auto good = scripted_peer::listen();
  const auto started = std::chrono::steady_clock::now();
  const auto op = connect_to({gone.port(), good.port()}, [&] { gone.stop_listening(); });
  REQUIRE(run_until(context, [this] { return connected.has_value(); }));
  REQUIRE(connected->has_value());
  CHECK((**connected)->peer() == "127.0.0.1:" + std::to_string(good.port()));
  CHECK(std::chrono::steady_clock::now() - started < std::chrono::milliseconds(240));
}

TEST_CASE_METHOD(fixture, "an address that says nothing gets 250 ms before the next one starts") {
  auto good = scripted_peer::listen();
  const black_hole hole;
  const auto started = std::chrono::steady_clock::now();
  const auto op = connect_to({hole.port(), good.port()}, [] {});
  REQUIRE(run_until(context, [this] { return connected.has_value(); }));
  REQUIRE(connected->has_value());
  CHECK((**connected)->peer() == "127.0.0.1:" + std::to_string(good.port()));
  const auto took = std::chrono::steady_clock::now() - started;
  CHECK(took >= std::chrono::milliseconds(245));
  CHECK(took < std::chrono::milliseconds(2000));
}

TEST_CASE_METHOD(fixture, "when all addresses fail, the last one's reason is given") {
  auto one = scripted_peer::listen();
  auto two = scripted_peer::listen();
  const auto op = connect_to({one.port(), two.port()}, [&] {
    one.stop_listening();
    two.stop_listening();
  });
  REQUIRE(run_until(context, [this] { return connected.has_value(); }));
  CHECK(connected->status().message() == "cannot connect to users:7000: Connection refused");
}

TEST_CASE_METHOD(fixture, "a name that means nothing is unavailable and named") {
  const auto why = failure("tcp://no-such-host.invalid:7000");
  CHECK(why.code() == pw::status_code::unavailable);
  CHECK(why.reached() == pw::outcome::not_sent);
  CHECK_THAT(why.message(),
             Catch::Matchers::StartsWith("cannot connect to no-such-host.invalid:7000: "));
}

TEST_CASE_METHOD(fixture, "tcp without a port is refused with an example") {
  const auto why = failure("tcp://users");
  CHECK(why.code() == pw::status_code::invalid_argument);
  CHECK(why.message() == "tcp://users needs a port, such as tcp://users:7000");
  CHECK(tcp.listen(ex(), parse("tcp://[::1]")).status().message() ==
        "tcp://[::1] needs a port, such as tcp://[::1]:7000");
}

TEST_CASE_METHOD(fixture, "after cancel the connect handler is not called, even when it was due") {
  auto peer = scripted_peer::listen();
  auto op = connect(at(peer.port()));
  peer.accept();  // so it has succeeded, and only its handler is missing
  op->cancel();
  drain(context);
  CHECK_FALSE(connected.has_value());
  CHECK(peer.closed_by_peer());

  op = connect("tcp://users");  // fails at once, by a posted handler
  op.reset();
  drain(context);
  CHECK_FALSE(connected.has_value());
}

TEST_CASE_METHOD(fixture, "a context can go away with a connect and an accept under way") {
  std::unique_ptr<io::operation> op;
  auto peer = scripted_peer::listen();
  {
    asio::io_context short_lived;
    op = tcp.connect(short_lived.get_executor(), parse(at(peer.port())), 0,
                     [this](auto r) { connected = std::move(r); });
    const auto acceptor =
        tcp.listen(short_lived.get_executor(), parse("tcp://127.0.0.1:0")).value();
    acceptor->async_accept(short_lived.get_executor(),
                           [this](auto r) { connected = std::move(r); });
  }
  op->cancel();
  CHECK_FALSE(connected.has_value());
}

TEST_CASE_METHOD(fixture, "a tcp address in use is unavailable and named") {
  const auto acceptor = listen("tcp://127.0.0.1:0");
  const auto again = tcp.listen(ex(), parse(at(acceptor->port())));
  REQUIRE_FALSE(again);
  CHECK(again.status().code() == pw::status_code::unavailable);
  CHECK(again.status().message() ==
        "cannot listen on " + acceptor->address() + ": Address already in use");
}

TEST_CASE_METHOD(fixture, "a tcp address of another machine cannot be listened on") {
  const auto bad = tcp.listen(ex(), parse("tcp://192.0.2.1:0"));
  CHECK(bad.status().code() == pw::status_code::invalid_argument);
  const auto name = tcp.listen(ex(), parse("tcp://no-such-host.invalid:0"));
  CHECK(name.status().code() == pw::status_code::invalid_argument);
  const auto two = tcp.listen(ex(), parse("tcp://127.0.0.1:0,127.0.0.1:0"));
  CHECK(two.status().message() == "listen takes one host, not 2");
}

TEST_CASE("what keeps a socket from being bound is told apart") {
  const auto code = [](int error) {
    return io::cannot_listen("127.0.0.1:80", {error, asio::error::get_system_category()}).code();
  };
  CHECK(code(EACCES) == pw::status_code::permission_denied);
  CHECK(code(EADDRINUSE) == pw::status_code::unavailable);
  CHECK(code(EADDRNOTAVAIL) == pw::status_code::invalid_argument);
  CHECK(code(EMFILE) == pw::status_code::resource_exhausted);
}

TEST_CASE_METHOD(fixture, "tcp listens on IPv6, and shows an IPv4 peer as one") {
  const auto possible = tcp.listen(ex(), parse("tcp://[::]:0"));
  if (!possible) return;  // a machine without IPv6
  io::acceptor& acceptor = **possible;
  CHECK(acceptor.address() == "[::]:" + std::to_string(acceptor.port()));
  test::connected_pair old(context, tcp, parse(at(acceptor.port())), acceptor);
  CHECK_THAT(old.server->peer(), Catch::Matchers::StartsWith("127.0.0.1:"));
}

TEST_CASE_METHOD(fixture, "a closed tcp acceptor calls nobody and refuses connections") {
  const auto acceptor = listen("tcp://127.0.0.1:0");
  bool called = false;
  acceptor->async_accept(ex(), [&](auto) { called = true; });
  auto peer = scripted_peer::connect(acceptor->port());
  acceptor->close();
  acceptor->close();
  drain(context);
  CHECK_FALSE(called);
  CHECK(peer.closed_by_peer());
  CHECK(failure(at(acceptor->port())).code() == pw::status_code::unavailable);
}

TEST_CASE_METHOD(fixture,
                 "out of descriptors, accept is resource_exhausted and works again later") {
  const auto acceptor = listen("tcp://127.0.0.1:0");
  auto first = scripted_peer::connect(acceptor->port());
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int lowest_free = ::fcntl(0, F_DUPFD, 0);
  REQUIRE(lowest_free >= 0);
  ::close(lowest_free);

  test::maybe_stream accepted;
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(lowest_free);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  acceptor->async_accept(ex(), [&](auto r) { accepted = std::move(r); });
  const bool answered = run_until(context, [&] { return accepted.has_value(); });
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(answered);
  CHECK(accepted->status().code() == pw::status_code::resource_exhausted);

  accepted.reset();
  acceptor->async_accept(ex(), [&](auto r) { accepted = std::move(r); });
  REQUIRE(run_until(context, [&] { return accepted.has_value(); }));
  CHECK(accepted->has_value());
}

}  // namespace tcp_transport_test

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/bytes.hpp"
#include "polywire/testing/descriptor.hpp"
#include "polywire/testing/hex.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace polywire::inline v1::testing {

/// The other end of a TCP connection, as a script of raw bytes. Everything blocks, and nothing
/// blocks for longer than its timeout: then, as for every failure, it throws `std::runtime_error`
/// that says what was waited for and what came instead.
///
///     auto peer = testing::scripted_peer::listen();
///     polywire::client client("tcp://127.0.0.1:" + std::to_string(peer.port()));
///     …
///     peer.accept();
///     CHECK(testing::to_hex(peer.receive(4)) == "F0 50 57 01");
///     peer.send("\x00\x01");
class scripted_peer {
 public:
  using milliseconds = std::chrono::milliseconds;
  static constexpr milliseconds patience{5000};

  /// On a free port of 127.0.0.1.
  static scripted_peer listen() {
    scripted_peer peer;
    peer.listener_ = make_socket();
    const sockaddr_in any = loopback(0);
    check(::bind(peer.listener_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any),
          "bind");
    check(::listen(peer.listener_.get(), 64), "listen");
    return peer;
  }
  static scripted_peer connect(std::uint16_t port) {
    scripted_peer peer;
    peer.connection_ = make_socket();
    const sockaddr_in to = loopback(port);
    check(::connect(peer.connection_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to),
          "connect to port " + std::to_string(port));
    peer.no_delay();
    return peer;
  }

  /// Its own port.
  std::uint16_t port() const {
    sockaddr_in own{};
    socklen_t size = sizeof own;
    const int fd = listener_.get() >= 0 ? listener_.get() : connection_.get();
    check(::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size), "getsockname");
    return ntohs(own.sin_port);
  }

  /// Takes the next connection; one that it had is closed.
  void accept(milliseconds timeout = patience) {
    connection_ = descriptor();
    if (!ready(listener_.get(), POLLIN, deadline(timeout))) fail("nobody connected", timeout);
    connection_ = descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    check(connection_.get(), "accept");
    no_delay();
  }

  void send(std::string_view data, milliseconds timeout = patience) {
    const auto end = deadline(timeout);
    for (std::size_t sent = 0; sent < data.size();) {
      if (!ready(connection_.get(), POLLOUT, end)) {
        fail("sent only " + std::to_string(sent) + " of " + std::to_string(data.size()) + " bytes",
             timeout);
      }
      const auto n = ::send(connection_.get(), data.data() + sent, data.size() - sent,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n > 0) sent += static_cast<std::size_t>(n);
      if (n < 0 && errno != EAGAIN && errno != EINTR) check(-1, "send");
    }
  }
  void send(bytes_view data, milliseconds timeout = patience) { send(as_text(data), timeout); }
  void send(const bytes& data, milliseconds timeout = patience) { send(data.str(), timeout); }

  /// In pieces of `chunk` bytes, each a packet of its own.
  void send_slowly(std::string_view data, std::size_t chunk = 1) {
    for (; !data.empty(); data.remove_prefix(std::min(chunk, data.size()))) {
      send(data.substr(0, chunk));
    }
  }
  void send_slowly(const bytes& data, std::size_t chunk = 1) { send_slowly(data.str(), chunk); }

  /// Exactly `n` bytes.
  std::string receive(std::size_t n, milliseconds timeout = patience) {
    std::string got;
    const auto end = deadline(timeout);
    while (got.size() < n) {
      switch (read(got, n - got.size(), end)) {
        case event::data: break;
        case event::end: fail(short_of(n, got) + ", then the peer closed");
        case event::broken: fail(short_of(n, got) + ", then the connection broke");
        case event::timeout: fail(short_of(n, got), timeout);
      }
    }
    return got;
  }

  /// Everything until the peer closes properly.
  std::string receive_until_eof(milliseconds timeout = patience) {
    std::string got;
    const auto end = deadline(timeout);
    for (;;) {
      switch (read(got, std::size_t{64} << 10, end)) {
        case event::data: break;
        case event::end: return got;
        case event::broken: fail("the connection broke after:\n" + hex_dump(got));
        case event::timeout: fail("the peer did not close; it sent:\n" + hex_dump(got), timeout);
      }
    }
  }

  /// Whether the peer closes or resets in time; what it sends before is dropped.
  bool closed_by_peer(milliseconds timeout = patience) {
    std::string dropped;
    const auto end = deadline(timeout);
    for (;;) {
      dropped.clear();
      switch (read(dropped, std::size_t{64} << 10, end)) {
        case event::data: break;
        case event::end:
        case event::broken: return true;
        case event::timeout: return false;
      }
    }
  }

  /// Nothing happens when the peer has broken the connection already.
  void shutdown_write() {
    const int done = ::shutdown(connection_.get(), SHUT_WR);
    if (done < 0 && errno != ENOTCONN) check(done, "shutdown");
  }
  /// Breaks the connection: the peer gets "connection reset".
  void reset() {
    const linger at_once{1, 0};
    check(::setsockopt(connection_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once),
          "SO_LINGER");
    connection_ = descriptor();
  }
  void close() { connection_ = descriptor(); }
  /// From now on nobody is listening there.
  void stop_listening() { listener_ = descriptor(); }

 private:
  using clock = std::chrono::steady_clock;
  enum class event { data, end, broken, timeout };

  scripted_peer() = default;

  [[noreturn]] static void fail(const std::string& what) {
    throw std::runtime_error("scripted peer: " + what);
  }
  [[noreturn]] static void fail(const std::string& what, milliseconds timeout) {
    fail("after " + std::to_string(timeout.count()) + " ms: " + what);
  }
  static void check(int returned, const std::string& what) {
    if (returned < 0) fail(what + ": " + std::generic_category().message(errno));
  }
  static std::string short_of(std::size_t n, const std::string& got) {
    return "only " + std::to_string(got.size()) + " of " + std::to_string(n) + " bytes came:\n" +
           hex_dump(got);
  }
  static descriptor make_socket() {
    descriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    check(made.get(), "socket");
    const timeval timeout{patience.count() / 1000, 0};  // of connect
    check(::setsockopt(made.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout),
          "SO_SNDTIMEO");
    return made;
  }
  static clock::time_point deadline(milliseconds timeout) { return clock::now() + timeout; }

  static bool ready(int fd, short what, clock::time_point end) {
    for (;;) {
      const auto left = std::chrono::ceil<milliseconds>(end - clock::now()).count();
      pollfd entry{fd, what, 0};
      const int n = ::poll(&entry, 1, static_cast<int>(std::max<decltype(left)>(left, 0)));
      if (n > 0) return true;
      if (n == 0 && left <= 0) return false;
      if (n < 0 && errno != EINTR) check(n, "poll");
    }
  }
  event read(std::string& into, std::size_t most, clock::time_point end) {
    if (!ready(connection_.get(), POLLIN, end)) return event::timeout;
    const std::size_t before = into.size();
    into.resize(before + most);
    const auto n = ::recv(connection_.get(), into.data() + before, most, MSG_DONTWAIT);
    const bool again = n < 0 && (errno == EAGAIN || errno == EINTR);
    into.resize(before + static_cast<std::size_t>(std::max<decltype(n)>(n, 0)));
    if (n > 0 || again) return event::data;
    return n == 0 ? event::end : event::broken;
  }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  void no_delay() {
    const int on = 1;
    check(::setsockopt(connection_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
  }

  descriptor listener_;
  descriptor connection_;
};

}  // namespace polywire::inline v1::testing

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/connect_operation.hpp"
#include "polywire/io/socket_stream.hpp"

#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>

#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <netinet/tcp.h>
#include <sys/socket.h>

namespace polywire::inline v1::io {

/// An IPv4 peer of a socket that serves both families is shown as what it is.
inline std::string to_text(const asio::ip::tcp::endpoint& endpoint) {
  asio::ip::address address = endpoint.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  host_port out;
  out.host = address.to_string();
  out.port = endpoint.port();
  out.has_port = true;
  return out.to_string();
}

/// The kernel asks a peer that has been silent for a minute for a sign of life, and gives it up two
/// minutes later. Protocols without pings (HTTP) would keep connections to peers that have
/// vanished.
inline void watch_peer(asio::ip::tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
#if defined(TCP_KEEPIDLE) && defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
  const auto set = [&socket](int option, int value) {
    (void)::setsockopt(socket.native_handle(), IPPROTO_TCP, option, &value, sizeof value);
  };
  set(TCP_KEEPIDLE, 60);
  set(TCP_KEEPINTVL, 20);
  set(TCP_KEEPCNT, 6);
#endif
}

inline std::unique_ptr<byte_stream> make_tcp_stream(asio::ip::tcp::socket socket,
                                                    const asio::ip::tcp::endpoint& peer) {
  error_code ignored;  // slower without it, not wrong
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  watch_peer(socket);
  return std::make_unique<socket_stream<asio::ip::tcp>>(std::move(socket), to_text(peer),
                                                        peer.address().is_loopback());
}

/// Resolves a name and tries its addresses in turn: the next one starts when the one before failed
/// or had 250 ms; the first that answers wins (RFC 8305 section 5).
class tcp_connect final : public connect_operation {
  using tcp = asio::ip::tcp;

 public:
  tcp_connect(const executor& ex, host_port to, transport::connect_handler then)
      : connect_operation(ex, std::move(then)),
        to_(std::move(to)),
        resolver_(ex),
        next_start_(ex) {}

  /// With a reason not to connect at all, that is what the handler gets.
  void start(const status& may) {
    if (!may) return finish_later(may);
    error_code error;
    const auto address = asio::ip::make_address(to_.host, error);
    if (!error) return start({tcp::endpoint(address, to_.port)});  // spares the resolver's thread
    // No address_configured: it would leave out addresses of machines that only have loopback.
    resolver_.async_resolve(
        to_.host, std::to_string(to_.port), tcp::resolver::numeric_service,
        [self = shared()](error_code failed, const tcp::resolver::results_type& found) {
          if (self->finished()) return;
          if (failed) return self->finish(self->failure(failed));
          std::vector<tcp::endpoint> addresses;
          for (const auto& entry : found) addresses.push_back(entry.endpoint());
          self->start(std::move(addresses));
        });
  }
  /// The same with the addresses known.
  void start(std::vector<tcp::endpoint> addresses) {
    endpoints_ = std::move(addresses);
    start_next();
  }

 private:
  std::shared_ptr<tcp_connect> shared() {
    return std::static_pointer_cast<tcp_connect>(shared_from_this());
  }

  void start_next() {
    if (started_ == endpoints_.size()) {
      if (pending_ == 0) finish_later(failure(last_error_));
      return;
    }
    const std::size_t index = started_++;
    ++pending_;
    tcp::socket& socket = sockets_.emplace_back(get_executor());
    socket.async_connect(endpoints_[index], [self = shared(), index](error_code error) {
      self->attempt_ended(index, error);
    });
    if (started_ == endpoints_.size()) return;
    next_start_.expires_after(attempt_delay);
    next_start_.async_wait([self = shared()](error_code error) {
      if (!error && !self->finished()) self->start_next();
    });
  }

  void attempt_ended(std::size_t index, error_code error) {
    if (finished()) return;
    tcp::socket& socket = sockets_[index];
    error_code ignored;
    if (!error && connected_to_itself(socket)) error = asio::error::connection_refused;
    if (error) {
      socket.close(ignored);
      --pending_;
      last_error_ = error;
      return start_next();
    }
    // A reactor that has once waited for "writable" goes on reporting it with each later wait.
    // Registered anew, the socket costs one wake-up per wait instead of two.
    tcp::socket fresh(get_executor());
    const auto handle = socket.release(error);
    if (!error) fresh.assign(endpoints_[index].protocol(), handle, error);
    if (error) return finish(failure(error));
    finish(make_tcp_stream(std::move(fresh), endpoints_[index]));
  }

  // On loopback a connect to a free port may draw that very port as its own, and succeed.
  static bool connected_to_itself(const tcp::socket& socket) {
    error_code error;
    const tcp::endpoint local = socket.local_endpoint(error);
    return !error && local == socket.remote_endpoint(error);
  }

  status failure(const error_code& error) const {
    return cannot_connect(to_.to_string(), error.message());
  }

  void give_up() noexcept override {
    error_code ignored;
    resolver_.cancel();
    for (tcp::socket& socket : sockets_) socket.close(ignored);
    try {
      next_start_.cancel();
    } catch (...) {  // epoll never fails here; the wait then ends by itself
    }
  }

  static constexpr std::chrono::milliseconds attempt_delay{250};

  host_port to_;
  tcp::resolver resolver_;
  asio::steady_timer next_start_;
  std::vector<tcp::endpoint> endpoints_;
  std::deque<tcp::socket> sockets_;  // one for each endpoint started; they must not move
  std::size_t started_ = 0;
  std::size_t pending_ = 0;
  error_code last_error_ = asio::error::host_not_found;
};

}  // namespace polywire::inline v1::io

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/asio.hpp"
#include "polywire/io/socket_stream.hpp"
#include "polywire/io/transport.hpp"

#include <asio/basic_socket_acceptor.hpp>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

namespace polywire::inline v1::io {

/// The waiting for connections that tcp and unix share. `Derived` has
/// `static std::unique_ptr<byte_stream> make_stream(socket, const endpoint&, const std::string&
/// own_address)`.
template <class Protocol, class Derived>
class socket_acceptor : public acceptor {
 public:
  void async_accept(const executor& target, handler then) override {
    accept(state_, target, std::move(then));
  }

  void close() noexcept override {
    state_->closed = true;
    error_code ignored;
    state_->socket.close(ignored);
  }

  std::string address() const override { return state_->address; }

 protected:
  using socket_type = typename Protocol::socket;
  using acceptor_type = typename Protocol::acceptor;
  using endpoint_type = typename Protocol::endpoint;

  socket_acceptor(acceptor_type socket, std::string address)
      : state_(std::make_shared<state>(std::move(socket), std::move(address))) {}
  ~socket_acceptor() override { socket_acceptor::close(); }

  bool closed() const noexcept { return state_->closed; }

 private:
  // Outlives the acceptor when an accept is on its way.
  struct state {
    state(acceptor_type s, std::string a) : socket(std::move(s)), address(std::move(a)) {}
    acceptor_type socket;
    endpoint_type peer;
    std::string address;
    bool closed = false;
  };

  static void accept(const std::shared_ptr<state>& s, const executor& target, handler then) {
    s->socket.async_accept(
        target, s->peer,
        [s, target, then = std::move(then)](error_code error, socket_type socket) mutable {
          if (s->closed) return;
          if (error && gone_before_accept(error)) return accept(s, target, std::move(then));
          if (error) return then(explain(error, s->address));
          then(Derived::make_stream(std::move(socket), s->peer, s->address));
        });
  }

  // accept(2): Linux passes on errors of the new connection, which say nothing about the listener.
  static bool gone_before_accept(const error_code& error) noexcept {
    switch (error.value()) {
      case EINTR:
      case ECONNABORTED:
      case EPROTO:
      case ENOPROTOOPT:
      case ENETDOWN:
      case ENETUNREACH:
      case EHOSTDOWN:
      case EHOSTUNREACH:
      case EPERM:  // a firewall's rule
        return error.category() == asio::error::get_system_category();
      default: return false;
    }
  }

  static status explain(const error_code& error, const std::string& address) {
    const std::string message = "cannot accept on " + address + ": " + error.message();
    switch (error.value()) {
      case EMFILE:
      case ENFILE:
      case ENOMEM:
      case ENOBUFS: return status::resource_exhausted(message);
      default: return status::unavailable(message);
    }
  }

  std::shared_ptr<state> state_;
};

/// Why a socket could not be bound.
inline status cannot_listen(const std::string& where, const error_code& error) {
  const std::string message = "cannot listen on " + where + ": " + error.message();
  switch (error.value()) {
    case EACCES:
    case EPERM:
    case EROFS: return status::permission_denied(message);
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG: return status::invalid_argument(message);
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOBUFS: return status::resource_exhausted(message);
    default: return status::unavailable(message);
  }
}

}  // namespace polywire::inline v1::io

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/socket_acceptor.hpp"
#include "polywire/io/tcp_connect.hpp"
#include "polywire/io/transport.hpp"

#include <asio/ip/tcp.hpp>
#include <asio/ip/v6_only.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::io {

class tcp_acceptor final : public socket_acceptor<asio::ip::tcp, tcp_acceptor> {
 public:
  tcp_acceptor(acceptor_type socket, const endpoint_type& bound)
      : socket_acceptor(std::move(socket), to_text(bound)), port_(bound.port()) {}

  std::uint16_t port() const noexcept override { return port_; }

  static std::unique_ptr<byte_stream> make_stream(socket_type socket, const endpoint_type& peer,
                                                  const std::string&) {
    return make_tcp_stream(std::move(socket), peer);
  }

 private:
  std::uint16_t port_;
};

/// TCP over IPv4 and IPv6, Nagle off.
class tcp_transport final : public transport {
  using tcp = asio::ip::tcp;

 public:
  tcp_transport() noexcept : transport("tcp") {}

  /// Unlike others, this one has no usual port.
  status check(const url& u) const override {
    for (const host_port& host : u.hosts()) {
      if (!host.has_port) return no_port(u, host);
    }
    return {};
  }

  std::unique_ptr<operation> connect(const executor& ex, const url& target, std::size_t host,
                                     connect_handler then) const override {
    const host_port& to = target.hosts()[host];
    auto op = std::make_shared<tcp_connect>(ex, to, std::move(then));
    op->start(to.has_port ? status() : no_port(target, to));
    return std::make_unique<connect_handle>(op);
  }

  result<std::unique_ptr<acceptor>> listen(const executor& ex, const url& where) const override {
    if (where.hosts().size() != 1) {
      return status::invalid_argument("listen takes one host, not " +
                                      std::to_string(where.hosts().size()));
    }
    const host_port& at = where.hosts().front();
    if (!at.has_port) return no_port(where, at);
    const std::string name = at.to_string();

    error_code error;
    const std::vector<tcp::endpoint> candidates = resolve(ex, at.host, at.port, error);
    if (error) {
      return status::invalid_argument("cannot listen on " + name + ": " + error.message());
    }
    for (const tcp::endpoint& endpoint : candidates) {
      tcp::acceptor socket(ex);
      bind(socket, endpoint, error);
      if (error) continue;
      const tcp::endpoint bound = socket.local_endpoint(error);
      if (!error) return std::unique_ptr<acceptor>(new tcp_acceptor(std::move(socket), bound));
    }
    return cannot_listen(name, error);
  }

 private:
  static status no_port(const url& u, const host_port& host) {
    const std::string start = u.scheme() + "://" + host.to_string();
    return status(status_code::invalid_argument,
                  start + " needs a port, such as " + start + ":7000", outcome::not_sent);
  }

  // Blocks for names; an address, which is what servers are given, is only parsed.
  static std::vector<tcp::endpoint> resolve(const executor& ex, const std::string& host,
                                            std::uint16_t port, error_code& error) {
    std::vector<tcp::endpoint> found;
    if (const auto address = asio::ip::make_address(host, error); !error) {
      found.emplace_back(address, port);
      return found;
    }
    tcp::resolver resolver(ex);
    const auto flags = tcp::resolver::passive | tcp::resolver::numeric_service;
    for (const auto& entry : resolver.resolve(host, std::to_string(port), flags, error)) {
      found.push_back(entry.endpoint());
    }
    return found;
  }

  static void bind(tcp::acceptor& socket, const tcp::endpoint& endpoint, error_code& error) {
    socket.open(endpoint.protocol(), error);
    if (!error) socket.set_option(tcp::acceptor::reuse_address(true), error);
    // "[::]" means both families whatever the machine's default is.
    if (!error && endpoint.address().is_v6() && endpoint.address().is_unspecified()) {
      socket.set_option(asio::ip::v6_only(false), error);
    }
    if (!error) socket.bind(endpoint, error);
    if (!error) socket.listen(tcp::acceptor::max_listen_connections, error);
  }
};

inline const tcp_transport the_tcp_transport;

}  // namespace polywire::inline v1::io

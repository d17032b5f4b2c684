// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/tcp_transport.hpp"
#include "polywire/io/tls_connect.hpp"
#include "polywire/io/transport.hpp"

#include <openssl/crypto.h>

#include <memory>
#include <string>
#include <utility>

namespace polywire::inline v1::io {

/// Takes connections below, and gives them on at once: each one's handshake is its own affair.
class tls_acceptor final : public acceptor {
 public:
  tls_acceptor(std::unique_ptr<acceptor> below, std::shared_ptr<tls_context> context) noexcept
      : below_(std::move(below)), context_(std::move(context)) {}

  void async_accept(const executor& target, handler then) override {
    below_->async_accept(target, [context = context_, target, then = std::move(then)](
                                     result<std::unique_ptr<byte_stream>> stream) {
      if (!stream) return then(stream.status());
      then(std::unique_ptr<byte_stream>(
          std::make_unique<tls_stream>(target, std::move(*stream), context)));
    });
  }
  void close() noexcept override { below_->close(); }
  std::string address() const override { return below_->address(); }
  std::uint16_t port() const noexcept override { return below_->port(); }

 private:
  std::unique_ptr<acceptor> below_;
  std::shared_ptr<tls_context> context_;
};

/// TLS with the settings of one client or endpoint.
class configured_tls_transport final : public transport {
 public:
  configured_tls_transport(const transport& below, std::shared_ptr<tls_context> context) noexcept
      : transport("tls", unlisted()), below_(&below), context_(std::move(context)) {}

  std::unique_ptr<operation> connect(const executor& ex, const url& target, std::size_t host,
                                     connect_handler then) const override {
    auto op = std::make_shared<tls_connect>(ex, target.hosts()[host], context_, std::move(then));
    op->start(*below_, target, host);
    return std::make_unique<connect_handle>(op);
  }
  result<std::unique_ptr<acceptor>> listen(const executor& ex, const url& where) const override {
    auto below = below_->listen(ex, where);
    if (!below) return below.status();
    return std::unique_ptr<acceptor>(new tls_acceptor(std::move(*below), context_));
  }

 private:
  const transport* below_;
  std::shared_ptr<tls_context> context_;
};

/// TLS over TCP.
class tls_transport final : public transport {
 public:
  // OpenSSL cleans up when the process ends. It does so behind all threads and objects that use it
  // if it is told of that before any of them.
  tls_transport() noexcept : transport("tls") {
    OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, nullptr);
  }

  std::span<const std::string_view> keys() const noexcept override { return tls_options::url_keys; }

  status check(const url& u) const override { return below().check(u); }

  result<std::shared_ptr<const transport>> configure(
      const url& target, const transport_settings& settings) const override {
    auto tls = settings.tls.with(target);
    if (!tls) return tls.status();
    transport_settings own = settings;
    own.tls = std::move(*tls);
    auto context = tls_context::make(std::move(own), target.to_string());
    if (!context) return context.status();
    return std::shared_ptr<const transport>(
        std::make_shared<const configured_tls_transport>(below(), std::move(*context)));
  }

  // Nobody gets here without `configure`.
  std::unique_ptr<operation> connect(const executor& ex, const url& target, std::size_t host,
                                     connect_handler then) const override {
    const auto usual = configure(target, transport_settings());
    if (usual) return (*usual)->connect(ex, target, host, std::move(then));
    auto op = std::make_shared<failed_connect>(ex, std::move(then));
    op->start(usual.status());
    return std::make_unique<connect_handle>(op);
  }
  result<std::unique_ptr<acceptor>> listen(const executor& ex, const url& where) const override {
    transport_settings settings;
    settings.listens = true;
    const auto usual = configure(where, settings);
    return usual ? (*usual)->listen(ex, where) : usual.status();
  }

 private:
  class failed_connect final : public connect_operation {
   public:
    using connect_operation::connect_operation;
    failed_connect(const executor& ex, connect_handler then)
        : connect_operation(ex, std::move(then)) {}
    void start(const status& why) { finish_later(why); }

   private:
    void give_up() noexcept override {}
  };

  static const transport& below() noexcept { return the_tcp_transport; }
};

inline const tls_transport the_tls_transport;

}  // namespace polywire::inline v1::io

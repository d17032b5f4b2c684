// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/io/tls_error.hpp"
#include "polywire/io/tls_files.hpp"
#include "polywire/io/transport_settings.hpp"

#include <openssl/ssl.h>

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::io {

/// What all connections of a client or endpoint have in common. Notices, at most once a second,
/// that its files have changed; new ones that are wrong are logged and not used.
///
/// Thread safety: any thread.
class tls_context {
 public:
  using ssl_ptr = std::unique_ptr<SSL, tls_detail::freed<SSL_free>>;

  /// Errors: `invalid_argument` with the setting that is wrong. `where` is for the log.
  static result<std::shared_ptr<tls_context>> make(transport_settings settings, std::string where) {
    auto made =
        std::shared_ptr<tls_context>(new tls_context(std::move(settings), std::move(where)));
    made->stamps_ = made->look();
    auto loaded = made->load();
    if (!loaded) return loaded.status();
    made->current_ = std::move(*loaded);
    const tls_options& tls = made->settings_.tls;
    if (!made->settings_.listens && !tls.verifies()) {
      made->log(log_level::warning,
                "TLS: verify=false: nobody knows who answers at " + made->where_);
    }
    return made;
  }

  /// For one more connection, with the files of today. Null: out of memory.
  ssl_ptr begin(time_point now = clock::steady().now()) {
    std::optional<status> renewed;
    ssl_ptr made;
    {
      const std::lock_guard lock(mutex_);
      if (now >= next_look_) renewed = look_again(now);
      made.reset(SSL_new(current_.get()));
    }
    if (renewed && renewed->ok()) {
      log(log_level::info, "TLS: the files of " + where_ + " have changed and are used");
    } else if (renewed) {
      log(log_level::error,
          "the files of " + where_ + " have changed, and the old ones stay: " + renewed->message());
    }
    return made;
  }

  void log(log_level level, std::string_view message) const {
    if (settings_.log) settings_.log(level, message);
  }
  const transport_settings& settings() const noexcept { return settings_; }
  bool is_server() const noexcept { return settings_.listens; }

 private:
  using context_ptr = std::unique_ptr<SSL_CTX, tls_detail::freed<SSL_CTX_free>>;
  using stamps = std::array<file_stamp, 5>;

  tls_context(transport_settings settings, std::string where)
      : settings_(std::move(settings)), where_(std::move(where)) {
    if (settings_.protocol.empty()) return;
    protocol_ += static_cast<char>(settings_.protocol.size());
    protocol_ += settings_.protocol;
  }

  stamps look() const {
    const tls_options& tls = settings_.tls;
    return {file_stamp(tls.get_cert()), file_stamp(tls.get_key()), file_stamp(tls.get_ca()),
            file_stamp(tls.get_client_ca()), file_stamp(tls.get_crl())};
  }

  // What became of new files; nothing when there are none.
  std::optional<status> look_again(time_point now) {
    next_look_ = after(now, std::chrono::seconds(1));
    const auto seen = look();
    if (seen == stamps_) return std::nullopt;
    stamps_ = seen;
    auto fresh = load();
    if (!fresh) return fresh.status();
    current_ = std::move(*fresh);
    return status();
  }

  result<context_ptr> load() const {
    const tls_options& tls = settings_.tls;
    context_ptr made(SSL_CTX_new(TLS_method()));
    if (!made) return status::resource_exhausted("TLS: OpenSSL cannot be set up");
    SSL_CTX* c = made.get();
    SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
    // Of TLS 1.2 only what has forward secrecy and authenticates what it encrypts.
    SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
    // Connections last; each new one proves anew who it is.
    SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(c, 0);
    // What is not in the file of 'cert' is not sent: the CAs that clients come from are no part of
    // it.
    SSL_CTX_set_mode(
        c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    tls_files files(*c);
    if (!tls.get_cert().empty()) {
      if (auto done = files.load_identity(tls); !done) return done;
    }
    if (auto done = is_server() ? set_up_server(c, files) : set_up_client(c, files); !done) {
      return done;
    }
    if (!tls.get_crl().empty()) {
      if (auto done = files.load_crls(tls.get_crl()); !done) return done;
    }
    return made;
  }

  status set_up_server(SSL_CTX* c, tls_files& files) const {
    const tls_options& tls = settings_.tls;
    if (tls.get_cert().empty()) {
      return status::invalid_argument(
          "TLS: 'cert': a server needs a certificate: cert=…&key=… in the URL, or "
          "server_options::tls");
    }
    if (!tls.get_client_ca().empty()) {
      if (auto done = files.load_cas("client_ca", tls.get_client_ca(), true); !done) return done;
      SSL_CTX_set_verify(
          c, SSL_VERIFY_PEER | (tls.requires_client() ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
          nullptr);
    }
    if (!protocol_.empty()) {
      SSL_CTX_set_alpn_select_cb(c, &select_protocol, const_cast<std::string*>(&protocol_));
    }
    return {};
  }

  status set_up_client(SSL_CTX* c, tls_files& files) const {
    const tls_options& tls = settings_.tls;
    SSL_CTX_set_verify(c, tls.verifies() ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    if (!tls.get_ca().empty()) {
      if (auto done = files.load_cas("ca", tls.get_ca(), false); !done) return done;
    } else if (tls.verifies() && SSL_CTX_set_default_verify_paths(c) != 1) {
      return status::invalid_argument("TLS: the machine has no store of CAs: give ca=…");
    }
    if (!protocol_.empty()) {  // 0 is success, of this one function
      SSL_CTX_set_alpn_protos(c, reinterpret_cast<const unsigned char*>(protocol_.data()),
                              static_cast<unsigned int>(protocol_.size()));
    }
    return {};
  }

  // A client that names protocols, and not ours, has come to the wrong place (RFC 7301 3.2). One
  // that names none may be behind something that speaks TLS for it.
  static int select_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                             const unsigned char* offered, unsigned int offered_size, void* own) {
    const auto& ours = *static_cast<const std::string*>(own);
    unsigned char* selected = nullptr;
    const int how = SSL_select_next_proto(
        &selected, chosen_size, reinterpret_cast<const unsigned char*>(ours.data()),
        static_cast<unsigned int>(ours.size()), offered, offered_size);
    *chosen = selected;
    return how == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  transport_settings settings_;
  std::string where_;
  std::string protocol_;  // as it is on the wire: its length, and itself
  std::mutex mutex_;
  context_ptr current_;
  stamps stamps_;
  time_point next_look_{};
};

}  // namespace polywire::inline v1::io

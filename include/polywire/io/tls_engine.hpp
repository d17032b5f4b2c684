// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/buffer.hpp"
#include "polywire/io/tls_context.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace polywire::inline v1::io {

/// TLS without a connection: what comes goes in by `feed`, what is to be sent lies in `output`.
/// Must not be moved. Keeps nothing of what is idle: OpenSSL's buffers are released, input is
/// borrowed.
class tls_engine {
 public:
  enum class step : std::uint8_t { done, wants_input, closed, failed };

  /// `host`: whom a client believes to reach.
  tls_engine(std::shared_ptr<tls_context> context, std::string host)
      : context_(std::move(context)), host_(std::move(host)), ssl_(context_->begin()) {
    BIO* bio = BIO_new(method());
    if (!ssl_ || bio == nullptr) {
      BIO_free(bio);
      ssl_.reset();
      problem_ = "out of memory";
      return;
    }
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL* s = ssl_.get();
    SSL_set_bio(s, bio, bio);
    SSL_set_app_data(s, reinterpret_cast<char*>(this));
    SSL_set_verify(s, SSL_get_verify_mode(s), &note_problem);
    if (context_->is_server()) {
      SSL_set_accept_state(s);
    } else {
      set_up_client();
    }
  }
  tls_engine(const tls_engine&) = delete;
  tls_engine& operator=(const tls_engine&) = delete;

  const tls_context& context() const noexcept { return *context_; }

  /// Bytes from the peer, borrowed until `keep_rest`; what OpenSSL has not taken then is copied.
  void feed(bytes_view more) noexcept { input_ = more; }
  void keep_rest() {
    rest_.append(input_);
    input_ = {};
    rest_.shrink();
  }
  /// The peer sends nothing more.
  void set_eof() noexcept { at_eof_ = true; }
  /// Whether there is something to read without more input.
  bool has_input() const noexcept {
    return ssl_ && (!rest_.empty() || SSL_pending(ssl_.get()) > 0);
  }

  /// What is to be sent. Whoever sends it consumes it.
  buffer& output() noexcept { return output_; }

  bool is_established() const noexcept { return ssl_ && SSL_is_init_finished(ssl_.get()) == 1; }
  bool has_failed() const noexcept { return failed_ || !ssl_; }
  /// What went wrong, in words.
  const std::string& problem() const noexcept { return problem_; }
  /// The peer wanted to see a certificate. Under TLS 1.3 a client does not learn yet what it
  /// thinks.
  bool is_asked_for_certificate() const noexcept { return asked_; }

  step handshake() {
    if (has_failed()) return step::failed;
    ERR_clear_error();
    const step how = judge(SSL_do_handshake(ssl_.get()));
    return how == step::done ? check_protocol() : how;
  }
  /// At least one byte, or why not. Does the handshake first.
  step read(std::span<std::byte> into, std::size_t& n) {
    n = 0;
    if (has_failed()) return step::failed;
    ERR_clear_error();
    return judge(SSL_read_ex(ssl_.get(), into.data(), into.size(), &n));
  }
  /// Whether there is something to read.
  step peek() {
    if (has_failed()) return step::failed;
    ERR_clear_error();
    std::byte one{};
    std::size_t n = 0;
    return judge(SSL_peek_ex(ssl_.get(), &one, 1, &n));
  }
  /// All of it, as one record: at most `largest_record` bytes.
  step write(bytes_view piece) {
    if (has_failed()) return step::failed;
    ERR_clear_error();
    std::size_t n = 0;
    return judge(SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &n));
  }
  static constexpr std::size_t largest_record = SSL3_RT_MAX_PLAIN_LENGTH;

  /// Says that nothing follows.
  void shutdown() noexcept {
    if (has_failed() || !is_established()) return;
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

  /// Whom the peer has proved to be; null: it showed nothing.
  std::shared_ptr<const peer_certificate> certificate() const {
    const X509* shown = SSL_get0_peer_certificate(ssl_.get());
    return shown != nullptr ? describe(shown, is_peer_verified()) : nullptr;
  }
  bool is_peer_verified() const noexcept {
    return SSL_get_verify_mode(ssl_.get()) != SSL_VERIFY_NONE &&
           SSL_get_verify_result(ssl_.get()) == X509_V_OK;
  }

 private:
  void set_up_client() {
    SSL* s = ssl_.get();
    SSL_set_connect_state(s);
    SSL_set_cert_cb(s, &note_asked, this);
    const auto& wanted = context_->settings().tls.get_server_name();
    if (!wanted.empty()) host_ = wanted;
    std::string name = host_.substr(0, host_.find('%'));  // an IPv6 zone is nobody else's business
    while (name.ends_with('.')) name.pop_back();
    X509_VERIFY_PARAM* rules = SSL_get0_param(s);
    X509_VERIFY_PARAM_set_hostflags(
        rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    // Addresses are no names: they are not told to the server (RFC 6066 section 3).
    if (X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str()) == 1) return;
    ERR_clear_error();
    if (name.empty() || X509_VERIFY_PARAM_set1_host(rules, name.data(), name.size()) != 1 ||
        SSL_set_tlsext_host_name(s, name.c_str()) != 1) {
      fail("'" + name + "' is no name that a server could have");
    }
  }

  step judge(int returned) {
    switch (SSL_get_error(ssl_.get(), returned)) {
      case SSL_ERROR_NONE: return step::done;
      case SSL_ERROR_WANT_READ: return step::wants_input;
      case SSL_ERROR_ZERO_RETURN: return step::closed;
      default: break;
    }
    const unsigned long error = ERR_peek_error();
    ERR_clear_error();
    if (!refusal_.empty()) return fail(std::move(refusal_));
    if (at_eof_ && rest_.empty() && input_.empty()) return fail("the peer closed the connection");
    return fail(words_for(error, context_->settings().protocol));
  }
  step fail(std::string why) {
    failed_ = true;
    problem_ = std::move(why);
    return step::failed;
  }

  // A server that ignores ALPN may be one that speaks TLS for another; one that chooses what nobody
  // offered is none of ours.
  step check_protocol() {
    const unsigned char* chosen = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(ssl_.get(), &chosen, &size);
    const std::string_view name(reinterpret_cast<const char*>(chosen), size);
    if (name.empty() || name == context_->settings().protocol) return step::done;
    return fail("the server has chosen a protocol that was not offered (ALPN)");
  }

  static tls_engine* of(const SSL* ssl) noexcept {
    return reinterpret_cast<tls_engine*>(SSL_get_app_data(ssl));
  }
  // Keeps the reason while the certificate is at hand; changes nothing.
  static int note_problem(int good, X509_STORE_CTX* verification) {
    const auto* ssl = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
    tls_engine& self = *of(ssl);
    if (good != 1 && self.refusal_.empty() && (SSL_get_verify_mode(ssl) & SSL_VERIFY_PEER) != 0) {
      const bool of_server = !self.context_->is_server();
      self.refusal_ = words_for(verification, of_server ? "server" : "client", self.host_);
    }
    return good;
  }
  static int note_asked(SSL*, void* self) noexcept {
    static_cast<tls_engine*>(self)->asked_ = true;
    return 1;
  }

  // --- what OpenSSL takes for the connection

  static int read_bio(BIO* bio, char* to, int size) {
    auto& self = *static_cast<tls_engine*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    const bytes_view from = self.rest_.empty() ? self.input_ : self.rest_.view();
    const std::size_t n = std::min(from.size(), static_cast<std::size_t>(std::max(size, 0)));
    if (n == 0) {
      if (self.at_eof_) return 0;
      BIO_set_retry_read(bio);
      return -1;
    }
    std::memcpy(to, from.data(), n);
    if (self.rest_.empty()) {
      self.input_ = self.input_.subspan(n);
    } else {
      self.rest_.consume(n);
    }
    return static_cast<int>(n);
  }
  static int write_bio(BIO* bio, const char* from, int size) {
    auto& self = *static_cast<tls_engine*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (size > 0) self.output_.append(std::string_view(from, static_cast<std::size_t>(size)));
    return size;
  }
  static long control_bio(BIO* bio, int command, long, void*) {
    switch (command) {
      case BIO_CTRL_FLUSH: return 1;
      case BIO_CTRL_EOF: return static_cast<tls_engine*>(BIO_get_data(bio))->at_eof_ ? 1 : 0;
      default: return 0;
    }
  }
  // Never freed: connections may end while the process does.
  static const BIO_METHOD* method() {
    static const BIO_METHOD* const made = [] {
      BIO_METHOD* m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "polywire");
      if (m != nullptr) {
        BIO_meth_set_read(m, &read_bio);
        BIO_meth_set_write(m, &write_bio);
        BIO_meth_set_ctrl(m, &control_bio);
      }
      return m;
    }();
    return made;
  }

  std::shared_ptr<tls_context> context_;
  std::string host_;
  buffer rest_;
  bytes_view input_;
  buffer output_;
  std::string problem_;
  std::string refusal_;
  bool at_eof_ = false;
  bool failed_ = false;
  bool asked_ = false;
  tls_context::ssl_ptr ssl_;  // last: it goes first
};

}  // namespace polywire::inline v1::io

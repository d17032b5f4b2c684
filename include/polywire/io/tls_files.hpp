// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/result.hpp"
#include "polywire/io/tls_certificate.hpp"
#include "polywire/io/tls_options.hpp"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace polywire::inline v1::io {

/// Which version of a file it is.
class file_stamp {
 public:
  file_stamp() = default;
  explicit file_stamp(const std::string& path) noexcept {
    struct stat found{};
    if (path.empty() || ::stat(path.c_str(), &found) != 0) return;
    size_ = found.st_size;
    inode_ = found.st_ino;
    seconds_ = found.st_mtim.tv_sec;
    nanoseconds_ = found.st_mtim.tv_nsec;
  }
  friend bool operator==(const file_stamp&, const file_stamp&) = default;

 private:
  off_t size_ = -1;
  ino_t inode_ = 0;
  time_t seconds_ = 0;
  long nanoseconds_ = 0;
};

/// Fills an SSL_CTX from PEM files. What is wrong names the setting, never the file or what is in
/// it.
class tls_files {
 public:
  explicit tls_files(SSL_CTX& into) noexcept : context_(&into) {}

  /// The certificate that we show, what stands between it and the CA, and the key.
  status load_identity(const tls_options& from) {
    auto pem = read("cert", from.get_cert());
    if (!pem) return pem.status();
    const bio_ptr bio = open(*pem);
    x509_ptr first(PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr));
    if (!first) return wrong("cert", "there is no certificate in PEM form in the file");
    if (SSL_CTX_use_certificate(context_, first.get()) != 1) return refused("cert");
    while (x509_ptr next{PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)}) {
      if (SSL_CTX_add0_chain_cert(context_, next.get()) != 1) return refused("cert");
      (void)next.release();  // it is the context's now
    }
    if (!at_end()) return wrong("cert", "a certificate in the file is damaged");
    return load_key(from.get_key());
  }

  /// CAs that the peer's certificate may come from; `named`: clients are told which.
  status load_cas(const char* key, const std::string& file, bool named) {
    auto pem = read(key, file);
    if (!pem) return pem.status();
    const bio_ptr bio = open(*pem);
    bool any = false;
    while (x509_ptr ca{PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)}) {
      any = true;
      if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), ca.get()) != 1) return refused(key);
      if (named && SSL_CTX_add_client_CA(context_, ca.get()) != 1) return refused(key);
    }
    if (!any) return wrong(key, "there is no certificate in PEM form in the file");
    if (!at_end()) return wrong(key, "a certificate in the file is damaged");
    return {};
  }

  status load_crls(const std::string& file) {
    auto pem = read("crl", file);
    if (!pem) return pem.status();
    const bio_ptr bio = open(*pem);
    X509_STORE* store = SSL_CTX_get_cert_store(context_);
    bool any = false;
    while (crl_ptr list{PEM_read_bio_X509_CRL(bio.get(), nullptr, no_password, nullptr)}) {
      any = true;
      if (X509_STORE_add_crl(store, list.get()) != 1) return refused("crl");
    }
    if (!any) return wrong("crl", "there is no revocation list in PEM form in the file");
    if (!at_end()) return wrong("crl", "a revocation list in the file is damaged");
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    return {};
  }

 private:
  using bio_ptr = std::unique_ptr<BIO, tls_detail::freed<BIO_free_all>>;
  using x509_ptr = std::unique_ptr<X509, tls_detail::freed<X509_free>>;
  using crl_ptr = std::unique_ptr<X509_CRL, tls_detail::freed<X509_CRL_free>>;
  using key_ptr = std::unique_ptr<EVP_PKEY, tls_detail::freed<EVP_PKEY_free>>;

  static constexpr std::size_t largest = std::size_t{4} << 20;

  // A key may be in it.
  class secret {
   public:
    secret() = default;
    secret(secret&&) = default;
    secret& operator=(secret&&) = default;
    ~secret() { OPENSSL_cleanse(text.data(), text.size()); }
    std::string text;
  };

  status load_key(const std::string& file) {
    auto pem = read("key", file);
    if (!pem) return pem.status();
    const bio_ptr bio = open(*pem);
    const key_ptr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
    if (!key) {
      const bool encrypted = pem->text.find("ENCRYPTED") != std::string::npos;
      return wrong("key", encrypted ? "the private key is encrypted; it must not be"
                                    : "there is no private key in PEM form in the file");
    }
    if (SSL_CTX_use_PrivateKey(context_, key.get()) != 1 ||
        SSL_CTX_check_private_key(context_) != 1) {
      return wrong("key", "the private key does not belong to the certificate in 'cert'");
    }
    return {};
  }

  static result<secret> read(const char* key, const std::string& file) {
    const auto unreadable = [key] {
      return wrong(key, "cannot read the file: " + std::generic_category().message(errno));
    };
    const int handle = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (handle < 0) return unreadable();
    const auto closed = std::unique_ptr<const int, void (*)(const int*)>(
        &handle, [](const int* h) { ::close(*h); });
    secret all;
    std::array<char, 4096> part{};
    for (;;) {
      const ssize_t n = ::read(handle, part.data(), part.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return unreadable();
      if (n == 0) break;
      all.text.append(part.data(), static_cast<std::size_t>(n));
      if (all.text.size() > largest) return wrong(key, "the file is larger than 4 MiB");
    }
    OPENSSL_cleanse(part.data(), part.size());
    return all;
  }

  static bio_ptr open(const secret& pem) {
    ERR_clear_error();
    return bio_ptr(BIO_new_mem_buf(pem.text.data(), static_cast<int>(pem.text.size())));
  }
  // Whether the last object was the last one, and not one that cannot be read.
  static bool at_end() noexcept {
    const unsigned long error = ERR_peek_last_error();
    ERR_clear_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  }
  // OpenSSL's own would ask at the terminal.
  static int no_password(char*, int, int, void*) noexcept { return -1; }

  static status wrong(const char* key, const std::string& why) {
    ERR_clear_error();
    return status(status_code::invalid_argument, "TLS: '" + std::string(key) + "': " + why,
                  outcome::not_sent);
  }
  static status refused(const char* key) {
    const char* reason = ERR_reason_error_string(ERR_peek_last_error());
    return wrong(key, reason != nullptr ? reason : "OpenSSL does not take it");
  }

  SSL_CTX* context_;
};

}  // namespace polywire::inline v1::io

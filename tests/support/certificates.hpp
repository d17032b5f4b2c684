// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <stdlib.h>

// Keys, certificates and revocation lists, made when a test runs.
namespace test {

/// A certificate with its key, as files.
class identity {
 public:
  std::string cert;
  std::string key;
  std::shared_ptr<X509> x509;
};

/// What a certificate says.
class wish {
 public:
  explicit wish(std::string name, std::string names = "DNS:localhost,IP:127.0.0.1")
      : common_name(std::move(name)), alternative_names(std::move(names)) {}
  wish& valid(std::chrono::seconds begin, std::chrono::seconds end) {
    return from = begin, to = end, *this;
  }

  std::string common_name;
  std::string alternative_names;
  std::chrono::seconds from = -std::chrono::hours(1);
  std::chrono::seconds to = std::chrono::hours(24);
};

/// A CA with a folder for its files, which goes away with it.
class authority {
 public:
  explicit authority(const std::string& name = "test CA") {
    std::string pattern = (std::filesystem::temp_directory_path() / "polywire-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    key_ = make_key();
    own_ = make(wish(name, ""), *key_, nullptr);
    ca_ = write("ca.pem", [this](BIO* to) { return PEM_write_bio_X509(to, own_.get()); });
  }
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;
  ~authority() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  /// The CA's own certificate.
  const std::string& ca() const noexcept { return ca_; }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  identity issue(const wish& what) { return save(what, own_.get()); }
  identity issue_self_signed(const wish& what) { return save(what, nullptr); }
  /// The same in place of the files of another one.
  void renew(const identity& old, const wish& what) {
    const identity fresh = issue(what);
    std::filesystem::rename(fresh.key, old.key);
    std::filesystem::rename(fresh.cert, old.cert);
  }

  /// A list that holds this certificate, or none.
  std::string revoke(const identity* revoked) {
    const std::shared_ptr<X509_CRL> list(X509_CRL_new(), X509_CRL_free);
    X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(own_.get()));
    const std::shared_ptr<ASN1_TIME> now(ASN1_TIME_new(), ASN1_TIME_free);
    X509_gmtime_adj(now.get(), -60);
    X509_CRL_set1_lastUpdate(list.get(), now.get());
    X509_gmtime_adj(now.get(), 3600);
    X509_CRL_set1_nextUpdate(list.get(), now.get());
    if (revoked != nullptr) {
      X509_REVOKED* entry = X509_REVOKED_new();
      X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->x509.get()));
      X509_gmtime_adj(now.get(), -30);
      X509_REVOKED_set_revocationDate(entry, now.get());
      X509_CRL_add0_revoked(list.get(), entry);
    }
    X509_CRL_sort(list.get());
    X509_CRL_sign(list.get(), key_.get(), EVP_sha256());
    return write("list" + std::to_string(++count_) + ".crl",
                 [&](BIO* to) { return PEM_write_bio_X509_CRL(to, list.get()); });
  }

  std::string write_text(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return path(name);
  }

 private:
  static std::shared_ptr<EVP_PKEY> make_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

  // `issuer` null: signed by itself.
  std::shared_ptr<X509> make(const wish& what, EVP_PKEY& key, X509* issuer) {
    std::shared_ptr<X509> made(X509_new(), X509_free);
    X509* x = made.get();
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++count_ + 1000);
    X509_gmtime_adj(X509_getm_notBefore(x), what.from.count());
    X509_gmtime_adj(X509_getm_notAfter(x), what.to.count());
    X509_set_pubkey(x, &key);
    X509_NAME* name = X509_get_subject_name(x);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(what.common_name.c_str()), -1,
                               -1, 0);
    X509_set_issuer_name(x, issuer != nullptr ? X509_get_subject_name(issuer) : name);
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer != nullptr ? issuer : x, x, nullptr, nullptr, 0);
    const auto add = [&](int kind, const std::string& value) {
      X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
      if (extension == nullptr) throw std::runtime_error("a bad extension: " + value);
      X509_add_ext(x, extension, -1);
      X509_EXTENSION_free(extension);
    };
    if (!what.alternative_names.empty()) {
      add(NID_subject_alt_name, what.alternative_names);
    } else if (issuer == nullptr) {
      add(NID_basic_constraints, "critical,CA:TRUE");
      add(NID_key_usage, "critical,keyCertSign,cRLSign");
    }
    X509_sign(x, issuer != nullptr ? key_.get() : &key, EVP_sha256());
    return made;
  }

  identity save(const wish& what, X509* issuer) {
    const auto key = make_key();
    identity made;
    made.x509 = make(what, *key, issuer);
    const std::string name = std::to_string(count_);
    made.cert =
        write(name + ".pem", [&](BIO* to) { return PEM_write_bio_X509(to, made.x509.get()); });
    made.key = write(name + ".key", [&](BIO* to) {
      return PEM_write_bio_PrivateKey(to, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    return made;
  }

  template <class Write>
  std::string write(const std::string& name, Write put) const {
    const std::shared_ptr<BIO> file(BIO_new_file(path(name).c_str(), "w"), BIO_free_all);
    if (!file || put(file.get()) != 1) throw std::runtime_error("cannot write " + name);
    return path(name);
  }

  std::filesystem::path folder_;
  std::string ca_;
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> own_;
  long count_ = 0;
};

}  // namespace test

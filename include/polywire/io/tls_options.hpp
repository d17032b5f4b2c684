// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/result.hpp"
#include "polywire/core/units.hpp"
#include "polywire/core/url.hpp"

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1 {

/// The files and rules of encrypted connections, for `client_options` and `server_options`; each is
/// also a key of URLs, which goes before what is said here. All files are PEM. They are read when
/// the client is made or the server listens; when one changes, connections made from then on use
/// it.
class tls_options {
 public:
  tls_options() {}  // NOLINT(modernize-use-equals-default): no aggregate

  /// The certificate that this side shows, with those between it and the CA. A server needs one.
  tls_options& cert(std::string file) { return cert_ = std::move(file), *this; }
  /// Its private key, not encrypted. Without: it stands in the same file.
  tls_options& key(std::string file) { return key_ = std::move(file), *this; }
  /// Client: the CAs that a server's certificate may come from. Without: those of the machine.
  tls_options& ca(std::string file) { return ca_ = std::move(file), *this; }
  /// Server: clients need a certificate that comes from one of these CAs.
  tls_options& client_ca(std::string file) { return client_ca_ = std::move(file), *this; }
  /// Server: false lets clients in that have no certificate at all.
  tls_options& require_client(bool yes) { return require_client_ = yes, *this; }
  /// Certificates that are valid no more, from every CA that is concerned.
  tls_options& crl(std::string file) { return crl_ = std::move(file), *this; }
  /// Client: the name that the server's certificate must have. Without: the URL's host.
  tls_options& server_name(std::string name) { return server_name_ = std::move(name), *this; }
  /// Client: false believes whoever answers, and says so in the log. For tests by hand.
  tls_options& verify(bool yes) { return verify_ = yes, *this; }

  const std::string& get_cert() const noexcept { return cert_; }
  const std::string& get_key() const noexcept { return key_.empty() ? cert_ : key_; }
  const std::string& get_ca() const noexcept { return ca_; }
  const std::string& get_client_ca() const noexcept { return client_ca_; }
  bool requires_client() const noexcept { return require_client_; }
  const std::string& get_crl() const noexcept { return crl_; }
  const std::string& get_server_name() const noexcept { return server_name_; }
  bool verifies() const noexcept { return verify_; }

  static constexpr std::array<std::string_view, 8> url_keys{
      "ca", "cert", "client_ca", "crl", "key", "server_name", "verify", "verify_client"};

  /// These, changed where the URL has a key. Errors: `invalid_argument` that names it.
  result<tls_options> with(const url& source) const {
    tls_options all = *this;
    const auto take = [&source](std::string_view key, std::string& to) {
      if (const std::string* value = source.find(key)) to = *value;
    };
    if (source.find("cert") != nullptr) all.key_.clear();  // that was another one's
    take("cert", all.cert_);
    take("key", all.key_);
    take("ca", all.ca_);
    take("client_ca", all.client_ca_);
    take("crl", all.crl_);
    take("server_name", all.server_name_);
    if (const std::string* value = source.find("verify")) {
      const auto parsed = parse_bool(*value);
      if (!parsed) return bad("verify", parsed.status().message());
      all.verify_ = *parsed;
    }
    if (const std::string* value = source.find("verify_client")) {
      all.require_client_ = *value == "required";
      if (!all.require_client_ && *value != "optional") {
        return bad("verify_client", "expected required or optional");
      }
      if (all.client_ca_.empty()) return bad("verify_client", "it needs client_ca");
    }
    for (const std::string_view key : url_keys) {
      const std::string* value = source.find(key);
      if (value != nullptr && value->empty()) return bad(key, "it is empty");
    }
    return all;
  }

 private:
  static status bad(std::string_view key, const std::string& why) {
    return status::invalid_argument("bad URL: key '" + std::string(key) + "': " + why);
  }

  std::string cert_;
  std::string key_;
  std::string ca_;
  std::string client_ca_;
  std::string crl_;
  std::string server_name_;
  bool require_client_ = true;
  bool verify_ = true;
};

}  // namespace polywire::inline v1

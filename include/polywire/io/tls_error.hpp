// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/asio.hpp"
#include "polywire/io/tls_certificate.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <string>
#include <string_view>

namespace polywire::inline v1::io {

/// What went wrong on an encrypted connection, for those who only know error codes.
enum class tls_error : int {
  handshake = 1,
  /// The connection ended without the word that nothing follows: somebody may have cut it.
  truncated,
  broken,
};

class tls_category final : public asio::error_category {
 public:
  const char* name() const noexcept override { return "polywire.tls"; }
  std::string message(int value) const override {
    switch (static_cast<tls_error>(value)) {
      case tls_error::handshake: return "the TLS handshake failed";
      case tls_error::truncated: return "it was cut off: TLS ended without close_notify";
      case tls_error::broken: return "what came does not decrypt, or the peer gave TLS up";
    }
    return "unknown";
  }
};

inline error_code make_error(tls_error value) noexcept {
  static const tls_category category;
  return {static_cast<int>(value), category};
}

/// OpenSSL's error in words that say what to do; `protocol` is what we speak above TLS.
inline std::string words_for(unsigned long error, std::string_view protocol) {
  if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
    switch (ERR_GET_REASON(error)) {
      case SSL_R_WRONG_VERSION_NUMBER:
      case SSL_R_HTTP_REQUEST:
      case SSL_R_HTTPS_PROXY_REQUEST:
      case SSL_R_PACKET_LENGTH_TOO_LONG:
      case SSL_R_UNEXPECTED_MESSAGE:
      case SSL_R_BAD_RECORD_TYPE:
        return "the peer does not speak TLS (a plain port, or a plain client?)";
      case SSL_R_UNSUPPORTED_PROTOCOL:
      case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
        return "the peer offers no version of TLS from 1.2 on";
      case SSL_R_NO_SHARED_CIPHER:
      case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
        return "the peer and we have no cipher in common, or it wants a certificate of ours";
      case SSL_R_NO_APPLICATION_PROTOCOL:
      case SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL:
        return "the peer does not speak '" + std::string(protocol) + "' over TLS (ALPN)";
      case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return "the client has no certificate";
      case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        return "the server wants a client certificate: give cert and key";
      case SSL_R_TLSV1_ALERT_UNKNOWN_CA: return "the peer does not know the CA of our certificate";
      case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED: return "the peer finds our certificate expired";
      case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED: return "the peer finds our certificate revoked";
      case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
      case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
      case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
      case SSL_R_TLSV1_ALERT_ACCESS_DENIED: return "the peer does not accept our certificate";
      default: break;
    }
  }
  const char* reason = ERR_reason_error_string(error);
  return reason != nullptr ? reason : "an unknown reason";
}

/// Why a certificate is not believed: called while it is being verified. `whose`: "server" or
/// "client"; `wanted`: the name that it should have.
inline std::string words_for(X509_STORE_CTX* verification, std::string_view whose,
                             std::string_view wanted) {
  const auto shown = [](std::string text) {
    if (text.size() > 64) text.resize(64);
    return text;
  };
  const int error = X509_STORE_CTX_get_error(verification);
  const X509* certificate = X509_STORE_CTX_get_current_cert(verification);
  std::string subject = "the " + std::string(whose) + "'s certificate";
  if (X509_STORE_CTX_get_error_depth(verification) > 0) {
    subject = "a CA's certificate behind " + subject;
  }
  if (certificate == nullptr) return subject + ": " + X509_verify_cert_error_string(error);
  if (auto name = common_name_of(X509_get_subject_name(certificate)); !name.empty()) {
    subject += " (" + shown(std::move(name)) + ")";
  }
  switch (error) {
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: {
      std::string names;
      for (const std::string& name : names_of(certificate)) {
        if (names.size() > 200) {
          names += ", …";
          break;
        }
        names.append(names.empty() ? "" : ", ").append(shown(name));
      }
      return subject + " is for " + (names.empty() ? "no name at all" : names) + ", not for " +
             std::string(wanted);
    }
    case X509_V_ERR_CERT_HAS_EXPIRED: return subject + " has expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return subject + " is not valid yet";
    case X509_V_ERR_CERT_REVOKED: return subject + " was revoked";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return subject + " is signed by itself, and not among the trusted ones";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return subject + " comes from an unknown CA (" +
             shown(common_name_of(X509_get_issuer_name(certificate))) + ")";
    case X509_V_ERR_UNABLE_TO_GET_CRL: return subject + ": crl has no list of its CA";
    case X509_V_ERR_CRL_HAS_EXPIRED: return subject + ": the list in crl is too old";
    default: return subject + ": " + X509_verify_cert_error_string(error);
  }
}

}  // namespace polywire::inline v1::io

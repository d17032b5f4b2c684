// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/peer_certificate.hpp"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <sys/socket.h>

namespace polywire::inline v1::io {

namespace tls_detail {

template <auto Free>
struct freed {
  template <class T>
  void operator()(T* p) const noexcept {
    Free(p);
  }
};
// OpenSSL's own is a macro with arguments of its own.
inline void free_names(GENERAL_NAMES* names) noexcept { GENERAL_NAMES_free(names); }

inline std::string_view view(const ASN1_STRING* text) noexcept {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// What a stranger wrote, fit for logs and comparisons. A zero byte would make one name look like
// another.
inline bool is_plain(std::string_view text) noexcept {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return true;
}

}  // namespace tls_detail

/// The common name of a certificate's subject, or of its issuer.
inline std::string common_name_of(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  if (!tls_detail::is_plain(text)) text.clear();
  return text;
}

/// The alternative names of a certificate, as `peer_certificate::names` has them.
inline std::vector<std::string> names_of(const X509* certificate) {
  using tls_detail::view;
  std::vector<std::string> all;
  const std::unique_ptr<GENERAL_NAMES, tls_detail::freed<tls_detail::free_names>> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  const auto add = [&all](std::string_view kind, std::string_view name) {
    if (tls_detail::is_plain(name)) all.push_back(std::string(kind).append(name));
  };
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    switch (name->type) {
      case GEN_DNS: add("DNS:", view(name->d.dNSName)); break;
      case GEN_URI: add("URI:", view(name->d.uniformResourceIdentifier)); break;
      case GEN_EMAIL: add("email:", view(name->d.rfc822Name)); break;
      case GEN_IPADD: {
        const std::string_view address = view(name->d.iPAddress);
        std::array<char, INET6_ADDRSTRLEN> text{};
        const int family = address.size() == 4 ? AF_INET : AF_INET6;
        if ((address.size() == 4 || address.size() == 16) &&
            ::inet_ntop(family, address.data(), text.data(), text.size()) != nullptr) {
          add("IP:", text.data());
        }
        break;
      }
      default: break;
    }
  }
  return all;
}

inline std::string fingerprint_of(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  std::string text;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return text;
  constexpr std::string_view digits = "0123456789abcdef";
  for (unsigned int i = 0; i < size; ++i) {
    text += digits[digest[i] >> 4U];
    text += digits[digest[i] & 0xfU];
  }
  return text;
}

inline std::shared_ptr<const peer_certificate> describe(const X509* certificate, bool verified) {
  return std::make_shared<const peer_certificate>(
      common_name_of(X509_get_subject_name(certificate)), names_of(certificate),
      fingerprint_of(certificate), verified);
}

}  // namespace polywire::inline v1::io

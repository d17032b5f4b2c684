// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1 {

/// Who the other end of an encrypted connection has proved to be. Rest decisions on it only where
/// `is_verified`.
class peer_certificate {
 public:
  peer_certificate(std::string common_name, std::vector<std::string> names, std::string fingerprint,
                   bool verified)
      : common_name_(std::move(common_name)),
        names_(std::move(names)),
        fingerprint_(std::move(fingerprint)),
        verified_(verified) {}

  /// Of the subject; empty when it has none.
  const std::string& common_name() const noexcept { return common_name_; }
  /// Its alternative names with their kinds: "DNS:users.example", "IP:10.0.0.7",
  /// "URI:spiffe://example/users", "email:ada@example".
  const std::vector<std::string>& names() const noexcept { return names_; }
  bool has_name(std::string_view name) const noexcept {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }
  /// SHA-256 of the certificate in hexadecimal digits, in lower case.
  const std::string& fingerprint() const noexcept { return fingerprint_; }
  /// Somebody whom we trust has signed it, and it is valid. Always so, except for a client with
  /// `verify=false`.
  bool is_verified() const noexcept { return verified_; }

 private:
  std::string common_name_;
  std::vector<std::string> names_;
  std::string fingerprint_;
  bool verified_;
};

}  // namespace polywire::inline v1

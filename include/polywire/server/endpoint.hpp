// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1 {

/// A method that an endpoint's protocol cannot carry, with the reason for people.
class unsupported_method {
 public:
  unsupported_method(std::string name, std::string reason)
      : name_(std::move(name)), reason_(std::move(reason)) {}
  const std::string& name() const noexcept { return name_; }
  const std::string& reason() const noexcept { return reason_; }

 private:
  std::string name_;
  std::string reason_;
};

/// Where a server can be reached.
class endpoint {
 public:
  endpoint() = default;
  endpoint(std::string url, std::uint16_t port, std::vector<unsupported_method> unsupported)
      : url_(std::move(url)), port_(port), unsupported_(std::move(unsupported)) {}

  /// What a client on this machine dials, with the port that was really bound.
  const std::string& url() const noexcept { return url_; }
  /// 0 where there are no ports.
  std::uint16_t port() const noexcept { return port_; }
  /// These answer `unimplemented` here.
  const std::vector<unsupported_method>& unsupported() const noexcept { return unsupported_; }

 private:
  std::string url_;
  std::uint16_t port_ = 0;
  std::vector<unsupported_method> unsupported_;
};

}  // namespace polywire::inline v1

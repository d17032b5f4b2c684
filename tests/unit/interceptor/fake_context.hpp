// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/interceptor/client_context.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace test {

namespace pw = polywire;

/// A call without a client or server, for interceptors that only look.
class fake_context final : public pw::client_context {
 public:
  explicit fake_context(std::string method, pw::call_side side = pw::call_side::server,
                        pw::call_type type = pw::call_type::unary,
                        std::string peer = "127.0.0.1:5000")
      : client_context(side, type, "", pw::never),
        name_(std::move(method)),
        peer_(std::move(peer)) {
    method_ = name_;
  }

  const std::string& peer() const noexcept override { return peer_; }
  const pw::metadata& metadata() const noexcept override { return sent; }
  pw::time_point now() const noexcept override { return time; }
  pw::status add_metadata(std::string_view key, std::string_view value) override {
    return sent.add(key, value);
  }
  pw::status replace_metadata(std::string_view key, std::string_view value) override {
    pw::metadata changed;
    for (const auto& [k, v] : sent) {
      if (k != key) (void)changed.add(k, v);
    }
    sent = changed;
    return sent.add(key, value);
  }
  void require_private() noexcept override {}

  pw::metadata sent;
  pw::time_point time{std::chrono::hours(1)};

 private:
  std::string name_;
  std::string peer_;
};

}  // namespace test

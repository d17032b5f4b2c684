// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <polywire/core/bytes.hpp>
#include <polywire/core/method.hpp>

#include <memory>
#include <string>

inline constexpr polywire::unary<polywire::text, polywire::text> greet{"demo.v1.Greeter/Greet"};

/// A server on a port of its own, until it is destroyed.
class service {
 public:
  service();
  ~service();
  const std::string& url() const { return url_; }

 private:
  struct state;
  std::unique_ptr<state> state_;
  std::string url_;
};

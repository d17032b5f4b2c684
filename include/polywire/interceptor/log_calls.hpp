// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/log.hpp"
#include "polywire/core/status.hpp"
#include "polywire/interceptor/call_context.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1 {

/// Logs each call when it has ended, on either side, as one line of key=value:
///
///     call side=server method=user.v1.UserService/GetUser type=unary peer=127.0.0.1:51234
///     code=not_found outcome=processed duration_us=182 message="no user 7"
///
/// Level: info for ok; error for internal, unknown and data_loss; else warning. Values with spaces,
/// quotes or control characters are quoted and escaped, and cut at 200 bytes. Metadata is never
/// logged.
class log_calls {
 public:
  explicit log_calls(log_hook log) : log_(std::move(log)) {}

  status on_start(call_context&) const { return {}; }
  void on_end(call_context& call, const status& how, duration took) const {
    if (!log_) return;
    std::string line = "call";
    add(line, "side", to_string(call.side()));
    add(line, "method", call.method());
    add(line, "type", to_string(call.type()));
    add(line, "peer", call.peer());
    add(line, "code", to_string(how.code()));
    if (!how.ok()) add(line, "outcome", to_string(how.reached()));
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    add(line, "duration_us", std::to_string(us));
    if (!how.message().empty()) add(line, "message", how.message());
    log_(level_of(how.code()), line);
  }

 private:
  static log_level level_of(status_code code) noexcept {
    switch (code) {
      case status_code::ok: return log_level::info;
      case status_code::unknown:
      case status_code::internal:
      case status_code::data_loss: return log_level::error;
      default: return log_level::warning;
    }
  }

  static void add(std::string& line, std::string_view key, std::string_view value) {
    line.append(" ").append(key).append("=");
    const bool plain = !value.empty() && value.size() <= most && is_plain(value);
    if (plain) {
      line += value;
      return;
    }
    line += '"';
    for (const char c : value.substr(0, most)) add_escaped(line, c);
    if (value.size() > most) line += "...";
    line += '"';
  }
  static bool is_plain(std::string_view value) noexcept {
    for (const char c : value) {
      if (c <= 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '=') return false;
    }
    return true;
  }
  // Bytes of UTF-8 stay as they are; what could end the line, or fool a terminal, does not.
  static void add_escaped(std::string& line, char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line.append(1, '\\').append(1, c);
    } else if (byte < 0x20 || byte == 0x7f) {
      line.append("\\x").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
    } else {
      line += c;
    }
  }

  static constexpr std::size_t most = 200;

  log_hook log_;
};

}  // namespace polywire::inline v1

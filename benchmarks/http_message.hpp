// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <strings.h>

#include <charconv>
#include <cstddef>
#include <optional>
#include <string_view>

namespace benchmarks {

/// Where the parts of an HTTP message are that says how long it is, read with the least work that
/// is right for well-behaved peers.
class http_message {
 public:
  std::string_view head;
  std::string_view body;
  std::size_t size() const noexcept { return head.size() + body.size(); }

  /// Empty: it is not whole yet.
  static std::optional<http_message> find(std::string_view in) {
    const std::size_t end = in.find("\r\n\r\n");
    if (end == std::string_view::npos) return std::nullopt;
    http_message found;
    found.head = in.substr(0, end + 4);
    const std::size_t length = content_length(found.head);
    if (in.size() - found.head.size() < length) return std::nullopt;
    found.body = in.substr(found.head.size(), length);
    return found;
  }

 private:
  static std::size_t content_length(std::string_view head) {
    constexpr std::string_view name = "\r\ncontent-length:";
    std::size_t length = 0;
    for (std::size_t at = head.find("\r\n"); at + name.size() < head.size();
         at = head.find("\r\n", at + 2)) {
      if (::strncasecmp(head.data() + at, name.data(), name.size()) != 0) continue;
      const std::size_t digits = head.find_first_not_of(' ', at + name.size());
      std::from_chars(head.data() + digits, head.data() + head.size(), length);
      break;
    }
    return length;
  }
};

}  // namespace benchmarks

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/url_settings.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

/// Whatever parses prints itself as a URL that parses to the same, and no message gives a
/// password away.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polywire;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (auto parsed = url::parse(text)) {
    const bool no_hosts = parsed->transport() == "unix" || parsed->transport() == "inproc";
    if (parsed->hosts().empty() != no_hosts) std::abort();
    for (const host_port& host : parsed->hosts()) {
      if (host.host.empty()) std::abort();
    }
    for (const std::string_view key : parsed->keys()) {
      if (parsed->find(key)->find('\0') != std::string::npos) std::abort();
    }
    // A decoded socket path is not encoded again: it may hold what a URL may not.
    if (parsed->transport() != "unix") {
      const auto again = url::parse(parsed->to_string());
      if (!again || again->to_string() != parsed->to_string()) std::abort();
      if (!again->keys().empty() || again->hosts() != parsed->hosts()) std::abort();
    }
    if (auto settings = read_settings(*parsed);
        settings && settings->bounds.reconnect_min > settings->bounds.reconnect_max) {
      std::abort();
    }
  }

  const std::string secret = "Hunter2-";
  const std::string with_user = "tcp://" + std::string(text.substr(0, size / 2)) + secret +
                                std::string(text.substr(size / 2)) + "@host:1";
  if (text.find_first_of("?/#") == std::string_view::npos) {
    const auto refused = url::parse(with_user);
    if (refused || refused.status().message().find(secret) != std::string::npos) std::abort();
  }
  const auto query = url::parse("tcp://h?" + std::string(text) + "=" + secret);
  const auto settings = query ? read_settings(*query) : result<url_settings>(query.status());
  if (settings.status().message().find(secret) != std::string::npos) std::abort();
  return 0;
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/result.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1 {

/// One of a URL's hosts. An IPv6 address is kept without its brackets.
class host_port {
 public:
  host_port() = default;

  std::string host;
  std::uint16_t port = 0;
  /// False when the URL names none, and the transport's usual port is meant.
  bool has_port = false;

  /// "users:7000", "[::1]:7000", "users".
  std::string to_string() const {
    std::string out = host.find(':') == std::string::npos ? host : "[" + host + "]";
    if (has_port) out.append(":").append(std::to_string(port));
    return out;
  }

  friend bool operator==(const host_port&, const host_port&) = default;
};

/// How a service is reached:
///
///     [protocol+]transport://host[:port][,host:port…][/prefix][?key=value&…]
///     unix:/path[?key=value…]        inproc://name[?key=value…]
///
/// Query values and the path of a socket are percent-decoded once; '+' stays '+'. A value, or
/// anything that may be a secret, never appears in a message or in `to_string`.
class url {
 public:
  static constexpr std::size_t max_size = std::size_t{8} << 10;
  /// What the address of a Unix socket can hold, without the zero at its end.
  static constexpr std::size_t max_socket_path = 107;
  static constexpr std::size_t max_name = 255;

  url() = default;

  /// Errors: `invalid_argument` that says which part is wrong and what it should be.
  static result<url> parse(std::string_view text) {
    url parsed;
    if (auto done = parsed.read(text); !done) return done;
    return parsed;
  }

  /// In lower case and whole: "jsonrpc+tcp".
  const std::string& scheme() const noexcept { return scheme_; }
  /// What stands before the last '+', empty when there is none: "jsonrpc".
  std::string_view protocol() const noexcept {
    const auto plus = scheme_.rfind('+');
    return plus == std::string::npos ? std::string_view()
                                     : std::string_view(scheme_).substr(0, plus);
  }
  /// What moves the bytes, the last part of the scheme: "tcp".
  std::string_view transport() const noexcept {
    const auto plus = scheme_.rfind('+');
    return std::string_view(scheme_).substr(plus == std::string::npos ? 0 : plus + 1);
  }
  /// At least one, except for unix and inproc, which have none.
  const std::vector<host_port>& hosts() const noexcept { return hosts_; }
  /// The HTTP family's prefix without a '/' at its end, as it goes into requests; or the decoded
  /// path of the socket. Empty when there is none.
  const std::string& path() const noexcept { return path_; }
  /// inproc's name.
  const std::string& name() const noexcept { return name_; }

  /// The decoded value of a query key, or null.
  const std::string* find(std::string_view key) const noexcept {
    for (const auto& [name, value] : query_) {
      if (name == key) return &value;
    }
    return nullptr;
  }
  /// All query keys, in their order, so that those which nobody knows can be refused.
  std::vector<std::string_view> keys() const {
    std::vector<std::string_view> names;
    for (const auto& entry : query_) names.emplace_back(entry.first);
    return names;
  }

  /// The URL without its query, fit for messages and logs.
  std::string to_string() const {
    if (transport() == "unix") return scheme_ + ":" + path_;
    std::string out = scheme_ + "://" + name_;
    for (std::size_t i = 0; i < hosts_.size(); ++i) {
      out.append(i == 0 ? "" : ",").append(hosts_[i].to_string());
    }
    return out + path_;
  }

  friend bool operator==(const url&, const url&) = default;

 private:
  static status bad(std::string why) { return status::invalid_argument("bad URL: " + why); }
  static bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  static bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  static int hex(char c) noexcept {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  }
  static bool only(std::string_view text, std::string_view extra) noexcept {
    for (const char c : text) {
      if (!is_letter(c) && !is_digit(c) && extra.find(c) == std::string_view::npos) return false;
    }
    return true;
  }
  // With an '@' about, any part may belong to a password that was cut at the wrong place.
  static std::string shown(std::string_view part, bool secret) {
    return secret ? std::string() : " '" + std::string(part.substr(0, 64)) + "'";
  }
  static status decode(std::string_view encoded, const std::string& part, std::string& out) {
    for (std::size_t i = 0; i < encoded.size(); ++i) {
      if (encoded[i] != '%') {
        out += encoded[i];
        continue;
      }
      const int high = i + 2 < encoded.size() ? hex(encoded[i + 1]) : -1;
      const int low = i + 2 < encoded.size() ? hex(encoded[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return bad(part +
                   " has a '%' that is not followed by two hexadecimal digits; write '%25' "
                   "for the character itself");
      }
      if (high + low == 0) return bad(part + " contains a zero byte (%00)");
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
    return {};
  }

  status read(std::string_view text) {
    if (text.size() > max_size) return bad("it is longer than 8 KiB");
    for (const char c : text) {
      if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) {
        return bad("spaces and control characters have to be percent-encoded");
      }
    }
    if (text.find('#') != std::string_view::npos) return bad("a '#' has to be written as %23");

    const auto colon = text.find(':');
    if (colon == std::string_view::npos || !read_scheme(text.substr(0, colon))) {
      return bad("it has to begin with a scheme, such as tcp://");
    }
    std::string_view rest = text.substr(colon + 1);
    const auto question = rest.find('?');
    if (question != std::string_view::npos) {
      if (auto done = read_query(rest.substr(question + 1)); !done) return done;
      rest = rest.substr(0, question);
    }
    if (transport() == "unix") return read_socket_path(rest);
    if (!rest.starts_with("//")) {
      return bad("it has to begin with a scheme and '//', as in tcp://host:port");
    }
    rest.remove_prefix(2);
    const bool secret = text.find('@') != std::string_view::npos;
    if (rest.find('@') != std::string_view::npos) {
      return bad(
          "user information before '@' is not supported; give credentials as metadata of "
          "the calls");
    }
    if (transport() == "inproc") return read_name(rest, secret);
    const auto slash = rest.find('/');
    if (slash != std::string_view::npos) {
      if (auto done = read_prefix(rest.substr(slash)); !done) return done;
      rest = rest.substr(0, slash);
    }
    return read_hosts(rest, secret);
  }

  bool read_scheme(std::string_view text) {
    char before = '+';
    for (const char c : text) {
      const bool first = before == '+';  // each part begins with a letter
      if (!is_letter(c) && (first || (!is_digit(c) && c != '+' && c != '-' && c != '.'))) {
        return false;
      }
      scheme_ += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      before = c;
    }
    return before != '+' && text.size() <= 64;
  }

  status read_hosts(std::string_view text, bool secret) {
    while (true) {
      const auto comma = text.find(',');
      if (auto done = read_host(text.substr(0, comma), secret); !done) return done;
      if (comma == std::string_view::npos) return {};
      text.remove_prefix(comma + 1);
    }
  }

  status read_host(std::string_view text, bool secret) {
    host_port host;
    std::string_view port;
    if (text.starts_with('[')) {
      const auto end = text.find(']');
      if (end == std::string_view::npos) return bad("a '[' has no ']' behind the IPv6 address");
      host.host = text.substr(1, end - 1);
      port = text.substr(end + 1);
      if (!is_ipv6(host.host)) {
        return bad("the brackets hold no IPv6 address" + shown(host.host, secret));
      }
      if (!port.empty() && port.front() != ':') return bad("only ':port' may follow ']'");
    } else {
      const auto colon = text.find(':');
      host.host = text.substr(0, colon);
      port = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
      if (port.find(':', 1) != std::string_view::npos) {
        return bad(
            "a host has several colons; an IPv6 address is written in brackets, as in "
            "[::1]:7000");
      }
      if (host.host.empty()) return bad("a host is empty; write host:port");
      if (host.host.size() > max_name || !only(host.host, "-._")) {
        return bad("a host" + shown(host.host, secret) +
                   " may only have letters, digits, '-', '.' and '_', and at most 255 of them");
      }
    }
    if (!port.empty()) {
      port.remove_prefix(1);
      std::uint32_t number = 0;
      for (const char c : port) {
        number = is_digit(c) && number <= 65'535 ? number * 10 + static_cast<std::uint32_t>(c - '0')
                                                 : 65'536;
      }
      if (port.empty() || number > 65'535) {
        return bad("a port" + shown(port, secret) + " is not a number from 0 to 65535");
      }
      host.port = static_cast<std::uint16_t>(number);
      host.has_port = true;
    }
    hosts_.push_back(std::move(host));
    return {};
  }

  // Only the letters: whether it is an address is decided by who dials it.
  static bool is_ipv6(std::string_view text) noexcept {
    const auto zone = text.find('%');
    if (zone != std::string_view::npos) {
      if (zone + 1 == text.size() || !only(text.substr(zone + 1), "-._")) return false;
      text = text.substr(0, zone);
    }
    std::size_t colons = 0;
    for (const char c : text) {
      if (c == ':')
        ++colons;
      else if (hex(c) < 0 && c != '.')
        return false;
    }
    return colons >= 2 && text.size() <= 45;
  }

  status read_prefix(std::string_view text) {
    const std::string_view carrier = transport();
    while (text.ends_with('/')) text.remove_suffix(1);
    if (text.empty()) return {};
    if (carrier != "http" && carrier != "https" && carrier != "ws" && carrier != "wss") {
      return bad("only http, https, ws and wss have a path behind the host, not '" + scheme_ + "'");
    }
    std::string decoded;
    if (auto done = decode(text, "the path", decoded); !done) return done;
    if (!only(text, "/%-._~!$&'()*+,;=:")) {
      return bad("the path has a character that has to be percent-encoded");
    }
    path_ = text;
    return {};
  }

  status read_socket_path(std::string_view text) {
    if (text.starts_with("///")) text.remove_prefix(2);
    if (!text.starts_with('/') || text.starts_with("//")) {
      return bad("the path of a socket is absolute, as in unix:/run/users.sock");
    }
    if (auto done = decode(text, "the path of the socket", path_); !done) return done;
    if (path_.size() > max_socket_path) {
      return bad(
          "the path of the socket is longer than 107 bytes, which is all a socket address "
          "holds");
    }
    return {};
  }

  status read_name(std::string_view text, bool secret) {
    if (text.ends_with('/')) text.remove_suffix(1);
    if (text.empty()) return bad("a name is missing; write inproc://name");
    if (text.size() > max_name || !only(text, "-._")) {
      return bad("the name" + shown(text, secret) +
                 " may only have letters, digits, '-', '.' and '_', and at most 255 of them");
    }
    name_ = text;
    return {};
  }

  status read_query(std::string_view text) {
    for (std::size_t number = 1;; ++number) {
      const auto end = text.find('&');
      const std::string_view part = text.substr(0, end);
      const auto equals = part.find('=');
      const std::string_view key = part.substr(0, equals);
      // What has no '=' may be the second half of a secret with an '&' in it: not to be shown.
      if (equals == std::string_view::npos || key.empty() || key.size() > 64 || !is_key(key)) {
        return bad("part " + std::to_string(number) +
                   " behind '?' is not key=value with a key of lower-case letters, digits and '_'; "
                   "an '&' in a value has to be written as %26");
      }
      if (find(key) != nullptr) {
        return bad("the key '" + std::string(key) + "' appears twice");
      }
      std::string value;
      if (auto done =
              decode(part.substr(equals + 1), "the value of '" + std::string(key) + "'", value);
          !done) {
        return done;
      }
      query_.emplace_back(key, std::move(value));
      if (end == std::string_view::npos) return {};
      text.remove_prefix(end + 1);
    }
  }
  static bool is_key(std::string_view key) noexcept {
    for (const char c : key) {
      if ((c < 'a' || c > 'z') && !is_digit(c) && c != '_') return false;
    }
    return true;
  }

  std::string scheme_;
  std::vector<host_port> hosts_;
  std::string path_;
  std::string name_;
  std::vector<std::pair<std::string, std::string>> query_;
};

}  // namespace polywire::inline v1

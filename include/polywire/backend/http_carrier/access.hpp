// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/status.hpp"
#include "polywire/core/url.hpp"
#include "polywire/wire/http1/fields.hpp"
#include "polywire/wire/http1/head.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace polywire::inline v1::http_carrier {

/// Who may ask what by way of a browser, which carries out the wishes of any page that it shows:
/// for which hosts the server speaks at all (DNS rebinding), and which pages of other origins may
/// use it (the Fetch standard, 3.2 "HTTP-CORS protocol"). Programs that are no browsers send no
/// Origin, and are not concerned.
class access_rules {
 public:
  access_rules() = default;

  /// What the URL says that is listened on: `hosts=api.example,api2.example` are the names that
  /// requests may be for, `*` is any. Without it, it is any too, but on a loopback address only
  /// that one: localhost, 127.0.0.1, [::1]. `cors=https://app.example,https://other:8443`: the
  /// origins that may use it, `*` all of them. Errors: `invalid_argument`.
  status read(const url& where) {
    const std::string* hosts = where.find("hosts");
    const bool is_local = std::any_of(where.hosts().begin(), where.hosts().end(),
                                      [](const host_port& h) { return is_loopback(h.host); });
    if (is_local || hosts != nullptr) hosts_ = {"localhost", "127.0.0.1", "[::1]"};
    for (const host_port& h : where.hosts()) {
      if (!hosts_.empty()) hosts_.push_back(lower(without_port(h.to_string())));
    }
    if (hosts != nullptr) {
      if (auto good = read_hosts(*hosts); !good) return good;
    }
    if (const std::string* origins = where.find("cors")) return read_origins(*origins);
    return {};
  }

  /// Whether requests for this host are answered. `authority`: of the request, empty where it has
  /// none, as only old programs do.
  bool is_host(std::string_view authority) const {
    if (hosts_.empty() || authority.empty()) return true;
    std::string name = lower(without_port(authority));
    if (name.ends_with('.')) name.pop_back();
    return std::find(hosts_.begin(), hosts_.end(), name) != hosts_.end();
  }

  /// Whether the request comes from a page of the same host, of an origin that is allowed, or from
  /// no page at all.
  bool is_from_friend(const wire::http1::request_head& head) const {
    for (const auto& [name, value] : head.fields) {
      if (!wire::http1::detail::same_ignoring_case(name, "origin")) continue;
      if (!is_same_host(value, head.host) && !is_allowed(value)) return false;
    }
    return true;
  }

  /// What goes into every answer to this request: whether the page that asked may see it.
  std::string fields_for(const wire::http1::request_head& head) const {
    std::string out;
    if (allows_all_) {
      out = "access-control-allow-origin: *\r\naccess-control-expose-headers: *\r\n";
    } else if (!origins_.empty()) {
      out = "vary: Origin\r\n";  // a cache would give one page's answer to another
      const auto origin = head.fields.get("origin");
      if (origin && head.fields.count("origin") == 1 && is_allowed(*origin)) {
        out.append("access-control-allow-origin: ").append(*origin).append("\r\n");
        out.append("access-control-expose-headers: *\r\n");
      }
    }
    return out;
  }

  /// A browser asks beforehand whether a page may send its request.
  bool is_preflight(const wire::http1::request_head& head) const {
    const auto origin = head.fields.get("origin");
    return head.method == "OPTIONS" && origin && head.fields.count("origin") == 1 &&
           is_allowed(*origin) && head.fields.get("access-control-request-method").has_value();
  }
  /// What the answer to that says, beside `fields_for`. The fields that it asks for are what the
  /// application sends: any may be metadata.
  static std::string preflight_fields(const wire::http1::request_head& head) {
    std::string out = "access-control-allow-methods: GET, HEAD, POST, PUT, PATCH, DELETE\r\n";
    std::string names;
    for (const auto& [name, value] : head.fields) {
      if (!wire::http1::detail::same_ignoring_case(name, "access-control-request-headers"))
        continue;
      std::string_view list = value;
      for (std::string_view element; wire::http1::next_element(list, element);) {
        if (!wire::http1::detail::is_token(element)) continue;
        names.append(names.empty() ? "" : ", ").append(element);
      }
    }
    if (!names.empty()) out.append("access-control-allow-headers: ").append(names).append("\r\n");
    return out.append("access-control-max-age: 7200\r\n");  // no browser keeps it for longer
  }

 private:
  static bool is_loopback(std::string_view host) noexcept {
    return host.starts_with("127.") || host == "::1" || lower(host) == "localhost";
  }
  static std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
  }
  static std::string_view without_port(std::string_view authority) noexcept {
    const std::size_t colon = authority.rfind(':');
    const std::size_t bracket = authority.rfind(']');
    const bool has_port =
        colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    return has_port ? authority.substr(0, colon) : authority;
  }

  status read_hosts(std::string_view list) {
    for (std::string_view host; wire::http1::next_element(list, host);) {
      if (host == "*") {
        hosts_.clear();
        return {};
      }
      if (without_port(host) != host || host.find_first_of("/@ ") != std::string_view::npos) {
        return status::invalid_argument(
            "bad URL: key 'hosts': expected names without port, joined by commas, or *");
      }
      hosts_.push_back(lower(host));
    }
    return {};
  }

  status read_origins(std::string_view list) {
    for (std::string_view origin; wire::http1::next_element(list, origin);) {
      if (origin == "*") {
        allows_all_ = true;
        continue;
      }
      const std::size_t host = origin.find("://");
      if (host == std::string_view::npos || host == 0 || host + 3 == origin.size() ||
          lower(origin).find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-._+:[]",
                                          host + 3) != std::string::npos) {
        return status::invalid_argument(
            "bad URL: key 'cors': expected origins such as https://app.example, joined by commas, "
            "or *");
      }
      origins_.push_back(lower(origin));
    }
    return {};
  }

  bool is_allowed(std::string_view origin) const {
    return allows_all_ ||
           std::find(origins_.begin(), origins_.end(), lower(origin)) != origins_.end();
  }

  // The scheme is not compared: behind a proxy that ends TLS it is not the one of the connection.
  static bool is_same_host(std::string_view origin, std::string_view host) {
    const std::size_t at = origin.find("://");
    if (at == std::string_view::npos || host.empty()) return false;
    const auto plain = [](std::string_view authority, std::string_view port) {
      return authority.ends_with(port) ? authority.substr(0, authority.size() - port.size())
                                       : authority;
    };
    // RFC 6454 6.2: the usual port is left out.
    const std::string_view usual = origin.starts_with("https:") ? ":443" : ":80";
    return lower(plain(origin.substr(at + 3), usual)) == lower(plain(host, usual));
  }

  std::vector<std::string> hosts_;
  std::vector<std::string> origins_;
  bool allows_all_ = false;
};

}  // namespace polywire::inline v1::http_carrier

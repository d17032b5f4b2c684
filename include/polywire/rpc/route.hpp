// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/message_fields.hpp"
#include "polywire/core/method.hpp"
#include "polywire/core/result.hpp"
#include "polywire/core/utf8.hpp"
#include "polywire/rpc/page.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc {

class method_entry;

/// One segment of a template's path.
class route_segment {
 public:
  enum class kind : std::uint8_t { literal, one, rest };

  route_segment(kind k, std::string_view t) : what(k), text(t) {}

  kind what;
  /// The segment itself, or the field that the variable is: "id", "user.id".
  std::string text;
};

/// Another way to a method, for protocols that have verbs and paths: "GET /v1/users/{id}" with the
/// request's fields in the path, in the query and in the body. `{name}` stands for one segment,
/// `{name=**}` at the end for all that is left.
class route {
 public:
  /// What the body is when nobody says it: everything for the verbs that bring one.
  static constexpr std::string_view whole_body = "*";

  /// Errors: `invalid_argument` that says what is wrong with the template, or which of its
  /// variables the request has no field for; `failed_precondition` when the method has no routes.
  static result<route> make(std::string_view pattern, const method_info& method,
                            message_fields request, std::optional<std::string_view> body) {
    route made(method, request);
    status good = made.read(pattern);
    if (good.ok()) good = made.read_body(body);
    if (good.ok()) good = made.check_fields();
    if (good.ok()) good = made.check_method();
    if (good.ok()) return made;
    return status(good.code(), "route \"" + polywire::detail::shown(pattern, 128) + "\" to " +
                                   made.method_name_ + ": " + good.message());
  }
  /// A way that ends at a page: GET of its path. Errors: `invalid_argument`.
  static result<route> make_page(std::string_view path, page shown) {
    route made(std::move(shown));
    status good = made.read("GET " + std::string(path));
    if (good.ok()) good = made.check_page();
    if (good.ok()) return made;
    return status(good.code(),
                  "page \"" + polywire::detail::shown(path, 128) + "\": " + good.message());
  }

  const std::string& verb() const noexcept { return verb_; }
  const std::vector<route_segment>& path() const noexcept { return path_; }
  /// "*", the field that it is, or empty: there is none.
  const std::string& body() const noexcept { return body_; }
  const std::string& method_name() const noexcept { return method_name_; }
  call_type type() const noexcept { return type_; }
  const message_fields& request() const noexcept { return request_; }
  /// Null: it leads to a method.
  const page* shown() const noexcept { return page_ ? &*page_ : nullptr; }
  /// Who serves it. Set before anybody asks.
  method_entry* method = nullptr;

  /// Two routes of the same shape take the same requests.
  std::string shape() const {
    std::string out = verb_;
    for (const route_segment& s : path_) {
      out += '/';
      out += s.what == route_segment::kind::literal ? s.text
             : s.what == route_segment::kind::one   ? "{}"
                                                    : "{**}";
    }
    return out;
  }

 private:
  static constexpr std::array<std::string_view, 5> verbs{"GET", "POST", "PUT", "PATCH", "DELETE"};

  route(const method_info& m, message_fields request)
      : method_name_(m.name()),
        type_(m.type()),
        is_safe_(m.has_no_side_effects()),
        request_(request) {}
  explicit route(page shown)
      : method_name_("a page"), type_(call_type::unary), is_safe_(true), page_(std::move(shown)) {}

  static status bad(std::string why) { return status::invalid_argument(std::move(why)); }

  status read(std::string_view pattern) {
    const std::size_t blank = pattern.find(' ');
    verb_ = pattern.substr(0, blank);
    if (blank == std::string_view::npos ||
        std::find(verbs.begin(), verbs.end(), verb_) == verbs.end()) {
      return bad(
          "it begins with GET, POST, PUT, PATCH or DELETE and a blank, as in \"GET /users\"");
    }
    std::string_view path = pattern.substr(blank + 1);
    if (!path.starts_with('/')) return bad("the path begins with '/'");
    path.remove_prefix(1);
    while (!path.empty() || !path_.empty()) {
      const std::size_t slash = path.find('/');
      if (auto good = read_segment(path.substr(0, slash)); !good) return good;
      if (slash == std::string_view::npos) break;
      path.remove_prefix(slash + 1);
    }
    return {};
  }

  status read_segment(std::string_view text) {
    using enum route_segment::kind;
    if (!path_.empty() && path_.back().what == rest) return bad("'{…=**}' is the last segment");
    if (text.empty()) return bad("a segment of the path is empty");
    if (!text.starts_with('{')) {
      if (!is_literal(text) || text == "." || text == "..") {
        return bad("'" + polywire::detail::shown(text, 64) +
                   "' is no segment: letters, digits and -._~!$&'()+,;=:@, or '{field}'");
      }
      path_.emplace_back(literal, text);
      return {};
    }
    if (!text.ends_with('}')) return bad("a variable is a whole segment, as in '/{id}/'");
    std::string_view name = text.substr(1, text.size() - 2);
    const bool takes_rest = name.ends_with("=**");
    if (takes_rest) name.remove_suffix(3);
    if (name.empty() || name.find_first_of("{}=* ") != std::string_view::npos) {
      return bad("a variable is written '{field}' or '{field=**}'");
    }
    for (const route_segment& s : path_) {
      if (s.what != literal && s.text == name) {
        return bad("the variable '" + std::string(name) + "' is there twice");
      }
    }
    path_.emplace_back(takes_rest ? rest : one, name);
    return {};
  }

  static bool is_literal(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             std::string_view("-._~!$&'()+,;=:@").find(c) != std::string_view::npos;
    });
  }

  status read_body(std::optional<std::string_view> body) {
    const bool brings_one = verb_ == "POST" || verb_ == "PUT" || verb_ == "PATCH";
    body_ = body.value_or(brings_one ? whole_body : std::string_view());
    // RFC 9110 9.3.1: nobody knows what the body of a GET means.
    if (!body_.empty() && verb_ == "GET") return bad("a GET has no body");
    return {};
  }

  status check_fields() const {
    if (!request_) {
      return status::failed_precondition(
          "its request is no protobuf message, nor a struct with a default constructor that is "
          "written as a JSON object: nothing is known of its fields");
    }
    if (!body_.empty() && body_ != whole_body && request_.find(body_).name.empty()) {
      return bad("the request has no field '" + polywire::detail::shown(body_, 64) +
                 "' for the body");
    }
    for (const route_segment& s : path_) {
      if (s.what == route_segment::kind::literal) continue;
      const field_info field = find_field(request_, s.text);
      const std::string shown = "'" + polywire::detail::shown(s.text, 64) + "'";
      if (field.name.empty()) return bad("the request has no field " + shown);
      if (field.repeated || field.kind == field_kind::none || field.kind == field_kind::message) {
        return bad("the field " + shown + " has no form that fits into a path");
      }
      if (s.text == body_) return bad("the field " + shown + " is in the path and the body");
    }
    return {};
  }

  // Browsers send GET wherever a page asks them to, and caches and crawlers at their own will.
  status check_method() const {
    if (verb_ == "GET" && !is_safe_) {
      return status::failed_precondition(
          "only methods that are declared with polywire::no_side_effects are called by GET");
    }
    return {};
  }

  status check_page() const {
    const auto is_literal_segment = [](const route_segment& s) {
      return s.what == route_segment::kind::literal;
    };
    if (!std::all_of(path_.begin(), path_.end(), is_literal_segment)) {
      return bad("the path of a page has no variables");
    }
    if (page_->has_good_type()) return {};
    return bad("'" + polywire::detail::shown(page_->content_type, 64) +
               "' is no content type such as text/html; charset=utf-8");
  }

  /// The field at the end of "user.address.city".
  static field_info find_field(message_fields fields, std::string_view path) {
    field_info found;
    for (;;) {
      const std::size_t dot = path.find('.');
      found = fields.find(path.substr(0, dot));
      if (found.name.empty() || dot == std::string_view::npos) return found;
      fields = found.fields;
      path.remove_prefix(dot + 1);
    }
  }

  std::string verb_;
  std::vector<route_segment> path_;
  std::string body_;
  std::string method_name_;
  call_type type_;
  bool is_safe_;
  message_fields request_;
  std::optional<page> page_;
};

}  // namespace polywire::inline v1::rpc

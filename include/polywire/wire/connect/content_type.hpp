// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/payload.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace polywire::inline v1::wire::connect {

/// What a Content-Type of Connect says. Streams are in envelopes.
struct content_kind {
  format encoding = format::json;
  bool streaming = false;

  friend constexpr bool operator==(content_kind, content_kind) = default;
};

namespace detail {

struct content_name {
  std::string_view name;
  content_kind kind;
};
inline constexpr content_name content_names[] = {
    {"application/json", {format::json, false}},
    {"application/proto", {format::protobuf, false}},
    {"application/connect+json", {format::json, true}},
    {"application/connect+proto", {format::protobuf, true}},
    // Codecs of our own, named as Connect lets implementations name theirs.
    {"application/text", {format::text, false}},
    {"application/bytes", {format::bytes, false}},
    {"application/connect+text", {format::text, true}},
    {"application/connect+bytes", {format::bytes, true}},
    // What the same bytes are called elsewhere; never written.
    {"application/protobuf", {format::protobuf, false}},
    {"application/x-protobuf", {format::protobuf, false}},
    {"application/octet-stream", {format::bytes, false}},
};

/// ASCII only, as names in HTTP are.
constexpr bool same_name(std::string_view a, std::string_view lower) noexcept {
  return std::ranges::equal(a, lower, [](char x, char y) {
    return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
  });
}

// RFC 9110 5.6.2
constexpr bool is_token_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

constexpr std::string_view take_token(std::string_view& text) noexcept {
  const auto end = std::ranges::find_if_not(text, is_token_character);
  const std::string_view token = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(token.size());
  return token;
}

/// RFC 9110 5.6.4; what is between the quotes, with its backslashes. False: it does not end.
constexpr bool take_quoted(std::string_view& text, std::string_view& inner) noexcept {
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      inner = text.substr(1, i - 1);
      text.remove_prefix(i + 1);
      return true;
    }
    if (text[i] == '\\') ++i;
  }
  return false;
}

/// RFC 9110 5.6.6: *( OWS ";" OWS [ name "=" value ] ). Whether they are well-formed, and leave
/// JSON in UTF-8; others than `charset` change nothing (RFC 8259 11 defines none at all).
constexpr bool good_parameters(std::string_view text, bool is_json) noexcept {
  const auto skip_blanks = [&text] {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  };
  for (;;) {
    skip_blanks();
    if (text.empty()) return true;
    if (text.front() != ';') return false;
    text.remove_prefix(1);
    skip_blanks();
    if (text.empty() || text.front() == ';') continue;
    const std::string_view name = take_token(text);
    if (name.empty() || !text.starts_with('=')) return false;
    text.remove_prefix(1);
    std::string_view value;
    if (text.starts_with('"') ? !take_quoted(text, value) : (value = take_token(text)).empty()) {
      return false;
    }
    if (is_json && same_name(name, "charset") && !same_name(value, "utf-8")) return false;
  }
}

}  // namespace detail

/// Nothing: Connect does not have it, and the answer is 415.
constexpr std::optional<content_kind> parse_content_type(std::string_view text) noexcept {
  // RFC 9110 8.3.1: names are case-insensitive.
  const std::string_view name = text.substr(0, text.find_first_of("; \t"));
  for (const auto& known : detail::content_names) {
    if (!detail::same_name(name, known.name)) continue;
    text.remove_prefix(name.size());
    if (!detail::good_parameters(text, known.kind.encoding == format::json)) return std::nullopt;
    return known.kind;
  }
  return std::nullopt;
}

/// Empty for formats that Connect does not have (all but JSON and protobuf).
constexpr std::string_view content_type(content_kind kind) noexcept {
  for (const auto& known : detail::content_names) {
    if (known.kind == kind) return known.name;
  }
  return {};
}

}  // namespace polywire::inline v1::wire::connect

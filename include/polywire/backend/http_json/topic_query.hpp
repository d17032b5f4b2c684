// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/event_head.hpp"
#include "polywire/core/payload.hpp"
#include "polywire/core/status.hpp"
#include "polywire/core/subscribe_options.hpp"
#include "polywire/wire/http1/target.hpp"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

/// What a subscription asks for, as the query of `GET /topics/<topic>`:
/// `from=now|earliest|last-10|<id>`, `sequence=n`, `overflow=drop_oldest|…`, `lag=n`,
/// `lag_bytes=n`, `group=name`, `format=json|proto|text|bytes`.
namespace polywire::inline v1::http_json {

namespace detail {

template <class Number>
bool read_number(std::string_view text, Number& out) noexcept {
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, out);
  return error == std::errc() && last == end && !text.empty();
}

inline constexpr std::pair<std::string_view, overflow> overflow_names[] = {
    {"drop_oldest", overflow::drop_oldest},
    {"drop_newest", overflow::drop_newest},
    {"disconnect", overflow::disconnect},
    {"block", overflow::block}};

inline constexpr std::pair<std::string_view, format> format_names[] = {{"json", format::json},
                                                                       {"proto", format::protobuf},
                                                                       {"text", format::text},
                                                                       {"bytes", format::bytes}};

template <class Names, class Value>
bool read_name(const Names& names, std::string_view text, Value& out) noexcept {
  for (const auto& [name, value] : names) {
    if (name != text) continue;
    out = value;
    return true;
  }
  return false;
}
template <class Names, class Value>
std::string_view name_of(const Names& names, Value wanted) noexcept {
  for (const auto& [name, value] : names) {
    if (value == wanted) return name;
  }
  return {};
}

inline bool read_start(std::string_view text, start_at& out) noexcept {
  std::uint64_t count = 0;
  if (text == "now") {
    out = start_at();
  } else if (text == "earliest") {
    out = start_at::earliest();
  } else if (text.starts_with("last-") && read_number(text.substr(5), count)) {
    out = start_at::last(count);
  } else if (const auto id = event_id::parse(text)) {
    out = start_at::after(*id);
  } else {
    return false;
  }
  return true;
}
inline std::string start_text(const start_at& start) {
  switch (start.how()) {
    case start_at::kind::now: return "now";
    case start_at::kind::earliest: return "earliest";
    case start_at::kind::last: return "last-" + std::to_string(start.count());
    case start_at::kind::after: return start.id().to_string();
  }
  return "now";
}

}  // namespace detail

/// What a request for events says.
class topic_query {
 public:
  /// Errors: `invalid_argument` that names the key.
  status read(std::string_view query) {
    wire::http1::query_reader in(query, wire::http1::plus::is_blank);
    while (in.next()) {
      if (!take(in.key(), in.value())) {
        return status::invalid_argument("the query's '" + polywire::detail::shown(in.key(), 32) +
                                        "' is no key here, or its value is malformed");
      }
    }
    if (in.problem().status != 0) return status::invalid_argument(in.problem().text);
    head.group = group_;
    return {};
  }

  subscribe_head head;
  format encoding = format::json;

 private:
  bool take(std::string_view key, const std::string& value) {
    if (key == "from") return detail::read_start(value, head.start);
    if (key == "sequence") return detail::read_number(value, head.sequence);
    if (key == "overflow") return detail::read_name(detail::overflow_names, value, head.policy);
    if (key == "format") return detail::read_name(detail::format_names, value, encoding);
    if (key == "group") return group_ = value, true;
    std::size_t number = 0;
    if (!detail::read_number(value, number)) return false;
    if (key == "lag") {
      head.lag = lag_limit(number, head.lag.bytes);
    } else if (key == "lag_bytes") {
      head.lag = lag_limit(head.lag.events, number);
    } else {
      return false;
    }
    return true;
  }

  std::string group_;
};

/// Appends the query that asks for this.
inline void write_topic_query(const subscribe_head& asked, format encoding, std::string& out) {
  const lag_limit usual;
  out.append("?format=").append(detail::name_of(detail::format_names, encoding));
  out.append("&from=").append(detail::start_text(asked.start));
  if (asked.sequence != 0) out.append("&sequence=").append(std::to_string(asked.sequence));
  if (asked.policy != overflow::drop_oldest) {
    out.append("&overflow=").append(detail::name_of(detail::overflow_names, asked.policy));
  }
  if (asked.lag.events != usual.events)
    out.append("&lag=").append(std::to_string(asked.lag.events));
  if (asked.lag.bytes != usual.bytes) {
    out.append("&lag_bytes=").append(std::to_string(asked.lag.bytes));
  }
  if (!asked.group.empty()) {
    out.append("&group=");
    wire::http1::percent_encode(asked.group, out);
  }
}

}  // namespace polywire::inline v1::http_json

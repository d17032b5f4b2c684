// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/exchange.hpp"
#include "polywire/codec/json_writer.hpp"
#include "polywire/core/utf8.hpp"
#include "polywire/wire/http1/body_writer.hpp"
#include "polywire/wire/http1/head_writer.hpp"

#include <initializer_list>
#include <string_view>
#include <utility>

namespace polywire::inline v1::http_carrier {

/// More members of a problem, or fields of the answer.
using named_texts = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// Answers with an error that is HTTP's own (RFC 9457 3.1). `fields` are safe to be written as they
/// are.
inline void answer_problem(exchange_port& port, unsigned status, std::string_view detail,
                           named_texts members = {}, named_texts fields = {}) {
  auto head = port.begin(status);
  head.field("content-type: application/problem+json\r\n");
  for (const auto& [name, value] : fields) (void)head.field(name, value);
  wire::http1::body_writer body(head, 100);
  buffer& out = port.output();
  out.append("{\"title\":");
  append_json_string(out, wire::http1::reason_of(status));
  out.append(",\"status\":");
  append_json_number(out, status);
  const auto member = [&out](std::string_view name, std::string_view value) {
    out.append(",");
    append_json_string(out, name);
    out.append(":");
    if (!append_json_string(out, value))
      append_json_string(out, detail::shown(value, value.size()));
  };
  if (!detail.empty()) member("detail", detail);
  for (const auto& [name, value] : members) member(name, value);
  out.append("}\n");
  port.to_head ? body.finish_without_body() : body.finish();
  port.complete();
}

}  // namespace polywire::inline v1::http_carrier

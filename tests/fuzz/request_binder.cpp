// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// The first line is a template, the second one a target, the rest is a body. A template that is
// accepted finds what a plain comparison finds, whatever other routes there are; and the request
// that is bound together is strict JSON, in which the path's variables have their values.
#include "polywire/backend/http_json/request_binder.hpp"
#include "polywire/json.hpp"
#include "polywire/rpc/route_table.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace pw = polywire;

namespace {

void require(bool good) {
  if (!good) std::abort();
}

struct inner {
  std::string name;
  int age = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(inner, name, age)

struct outer {
  std::string id;
  int number = 0;
  bool yes = false;
  std::vector<std::string> tags;
  inner user;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(outer, id, number, yes, tags, user)

const pw::method_info method("a.B/C", pw::call_type::unary, pw::no_side_effects);

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  return line;
}

bool matches(const pw::rpc::route& r, std::string_view path) {
  using enum pw::rpc::route_segment::kind;
  std::vector<std::string_view> parts;
  for (std::string_view rest = path.substr(1); path != "/";) {
    parts.push_back(rest.substr(0, rest.find('/')));
    if (rest.find('/') == std::string_view::npos) break;
    rest.remove_prefix(parts.back().size() + 1);
  }
  for (std::size_t i = 0; i < r.path().size(); ++i) {
    if (i >= parts.size()) return false;
    const auto& s = r.path()[i];
    if (s.what == rest) return !parts[i].empty() || i + 1 < parts.size();
    if (s.what == one ? parts[i].empty() : parts[i] != s.text) return false;
  }
  return parts.size() == r.path().size();
}

const nlohmann::json& at(const nlohmann::json& all, std::string_view path) {
  const nlohmann::json* found = &all;
  for (;;) {
    const std::size_t dot = path.find('.');
    found = &found->at(std::string(path.substr(0, dot)));
    if (dot == std::string_view::npos) return *found;
    path.remove_prefix(dot + 1);
  }
}

void check_request(const pw::rpc::route& r, const pw::wire::http1::target& target,
                   pw::bytes_view body) {
  const pw::limits bounds;
  pw::http_json::request_binder binder(r.request(), bounds.max_json_depth);
  pw::rpc::path_segments segments(target.path());
  std::vector<std::pair<std::string_view, std::string_view>> variables;
  for (const auto& s : r.path()) {
    const bool is_rest = s.what == pw::rpc::route_segment::kind::rest;
    const std::string_view value = is_rest ? segments.rest() : segments.next();
    if (s.what == pw::rpc::route_segment::kind::literal) continue;
    if (!binder.bind_variable(s.text, value)) return;
    variables.emplace_back(s.text, value);
  }
  if (!binder.bind_query(target.query(), r.body())) return;
  if (!body.empty() && !r.body().empty() && !binder.bind_body(body, r.body())) return;
  pw::buffer out;
  binder.write(out);
  pw::json_reader reader(out.view(), bounds.max_json_depth);
  reader.skip();
  require(reader.finish());
  const auto document = nlohmann::json::parse(pw::as_text(out.view()), nullptr, false);
  require(!document.is_discarded());
  for (const auto& [name, value] : variables) {
    const nlohmann::json& found = at(document, name);
    require(found.is_string() ? found == value : found.dump() == value || found.is_number());
  }
  std::optional<outer> decoded;
  (void)pw::codec<outer>::decode(out.view(), pw::format::json, decoded, bounds);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<pw::rpc::route> others = [] {
    std::vector<pw::rpc::route> made;
    for (const char* pattern : {"GET /v1/{id}", "GET /v1/me", "PUT /v1/{id}/{number}",
                                "PATCH /v1/{user.name=**}", "DELETE /{id=**}"}) {
      made.push_back(
          pw::rpc::route::make(pattern, method, pw::fields_of<outer>(), std::nullopt).value());
    }
    return made;
  }();
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string_view pattern = take_line(text);
  const std::string_view path = take_line(text);
  pw::wire::http1::target target;
  if (!target.parse(path) || target.path() == "*") return 0;
  for (const bool is_field : {false, true}) {
    const auto body = is_field ? std::optional<std::string_view>("user") : std::nullopt;
    auto made = pw::rpc::route::make(pattern, method, pw::fields_of<outer>(), body);
    if (!made) {
      require(!made.status().message().empty() && made.status().message().size() < 1000);
      continue;
    }
    pw::rpc::route_table alone;
    alone.add(*made);
    const bool expected = matches(*made, target.path());
    require((alone.find(made->verb(), target.path()).found != nullptr) == expected);
    require(alone.find("NONE", target.path()).allow.empty() != expected);
    pw::rpc::route_table table;
    for (const auto& r : others) table.add(r);
    table.add(*made);
    const auto* found = table.find(made->verb(), target.path()).found;
    require(!expected || found != nullptr);
    require(found == nullptr || matches(*found, target.path()));
    if (found != nullptr) check_request(*found, target, pw::as_bytes(text));
  }
  return 0;
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_number.hpp"
#include "polywire/codec/json_reader.hpp"
#include "polywire/codec/json_writer.hpp"
#include "polywire/codec/message_fields.hpp"
#include "polywire/core/buffer.hpp"
#include "polywire/core/status.hpp"
#include "polywire/core/utf8.hpp"
#include "polywire/wire/http1/target.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1::http_json {

/// Makes a request, as JSON, of what a URL and a body say about its fields:
///
///     request_binder binder(method.request_fields(), limits.max_json_depth);
///     status good = binder.bind_variable("id", "7");       // of the path
///     if (good.ok()) good = binder.bind_query("active=true&tag=a&tag=b");
///     if (good.ok()) good = binder.bind_body(body, "user");
///     if (good.ok()) binder.write(out);                    // {"active":true,"id":"7",…}
///
/// In that order. What is bound first goes before what the body says. Errors: `invalid_argument`
/// that names the field.
class request_binder {
 public:
  request_binder(message_fields request, std::size_t max_depth) noexcept
      : request_(request), max_depth_(max_depth) {}

  status bind_variable(std::string_view name, std::string_view value) {
    names at;
    auto done = bind(name, value, "path", at);
    if (done.ok()) variables_.push_back(std::move(at));
    return done;
  }

  /// `body`: the field that comes with the body, which the query has nothing to say about; "*": the
  /// body says all that the path does not.
  status bind_query(std::string_view query, std::string_view body) {
    wire::http1::query_reader in(query, wire::http1::plus::is_blank);
    const std::string_view taken = request_.find(body).name;
    while (in.next()) {
      const std::string& key = in.key();
      const std::string_view first = std::string_view(key).substr(0, key.find('.'));
      if (body == "*" || (!taken.empty() && request_.find(first).name == taken)) {
        return bad("the query's", key, "belongs into the body");
      }
      names at;
      if (auto done = bind(key, in.value(), "query", at); !done) return done;
    }
    if (in.problem().status != 0) return status::invalid_argument(in.problem().text);
    return {};
  }

  /// `field`: what the body is; "*": the request. The body is borrowed until `write`.
  status bind_body(bytes_view body, std::string_view field) {
    names at;
    if (field != "*") at.push_back(request_.find(field).name);
    json_reader in(body, max_depth_);
    if (place_of(at) == place::beside) {
      entry whole;
      in.skip(whole.raw);
      entries_.emplace(std::move(at), std::move(whole));
    } else if (auto done = merge(in, at); !done) {
      return done;
    }
    if (!in.finish()) return status::invalid_argument("the body: " + in.error().message());
    return {};
  }

  /// Appends the request.
  void write(buffer& out) const {
    if (const auto all = entries_.find({}); all != entries_.end() && !all->second.is_members) {
      out.append(all->second.raw);  // the body is all there is
      return;
    }
    names open;
    append_json_character(out, '{');
    for (auto next = entries_.begin(); next != entries_.end();) {
      const names& at = next->first;
      const entry& e = next->second;
      go_to(std::span(at).first(at.size() - (e.is_members ? 0 : 1)), open, out);
      if (e.is_members) {
        if (!e.text.empty()) comma(out);
        out.append(e.text);
        ++next;
        continue;
      }
      add_key(at.back(), out);
      if (!e.repeated) {
        out.append(e.value());
        ++next;
        continue;
      }
      const auto end = entries_.upper_bound(at);
      append_json_character(out, '[');
      for (auto one = next; one != end; ++one) {
        if (one != next) append_json_character(out, ',');
        out.append(one->second.value());
      }
      append_json_character(out, ']');
      next = end;
    }
    go_to({}, open, out);
    append_json_character(out, '}');
  }

 private:
  // As JSON says them; they live as long as the program.
  using names = std::vector<std::string_view>;

  /// A value at its place, or members (`"a":1,"b":2`) of the object that is there.
  class entry {
   public:
    std::string_view value() const noexcept { return raw.empty() ? std::string_view(text) : raw; }

    std::string text;
    std::string_view raw;  // instead of `text`: borrowed
    bool repeated = false;
    bool is_members = false;
  };

  static status bad(std::string_view where, std::string_view name, const std::string& why) {
    return status::invalid_argument(std::string(where) + " '" + polywire::detail::shown(name, 64) +
                                    "' " + why);
  }

  status bind(std::string_view path, std::string_view value, std::string_view part, names& at) {
    const std::string where = "the " + std::string(part) + "'s";
    field_info field;
    message_fields fields = request_;
    for (std::string_view rest = path;;) {
      const std::size_t dot = rest.find('.');
      field = fields.find(rest.substr(0, dot));
      if (field.name.empty()) return bad(where, path, "is no field of the request");
      if (at.size() == max_depth_) return bad(where, path, "is nested too deep");
      at.push_back(field.name);
      fields = field.fields;
      if (dot == std::string_view::npos) break;
      rest.remove_prefix(dot + 1);
    }
    entry made;
    made.repeated = field.repeated;
    if (auto good = to_json(field.kind, value, made.text); !good) {
      return bad(where, path, good.message());
    }
    if (!field.repeated && entries_.contains(at)) return bad(where, path, "is given twice");
    entries_.emplace(at, std::move(made));
    return {};
  }

  static status to_json(field_kind kind, std::string_view value, std::string& out) {
    const auto is_not = [&](const char* what) {
      return status::invalid_argument("is '" + polywire::detail::shown(value, 64) + "' where " +
                                      what + " is expected");
    };
    switch (kind) {
      case field_kind::text: break;
      case field_kind::enumerator:
        if (json_number::integer(value).empty()) break;
        out = value;
        return {};
      case field_kind::number:
        if (value == "NaN" || value == "Infinity" || value == "-Infinity") break;
        if (json_number::whole(value).empty()) return is_not("a number");
        out = value;
        return {};
      case field_kind::boolean:
        if (value != "true" && value != "false") return is_not("true or false");
        out = value;
        return {};
      case field_kind::message:
        return status::invalid_argument("is a message: give its fields, as in 'user.name'");
      case field_kind::none:
        return status::invalid_argument("has no form that fits into a URL; put it into the body");
    }
    buffer quoted;
    if (!append_json_string(quoted, value)) return status::invalid_argument("is not UTF-8");
    out = as_text(quoted.view());
    return {};
  }

  enum class place { beside, above, same };

  /// Where the variables of the path are, seen from here.
  place place_of(const names& at) const {
    for (const names& bound : variables_) {
      if (bound.size() < at.size() || !std::equal(at.begin(), at.end(), bound.begin())) continue;
      return bound.size() == at.size() ? place::same : place::above;
    }
    return place::beside;
  }

  /// Takes the object's members, but those that variables say: these go before.
  status merge(json_reader& in, names& at) {
    std::string_view key;
    std::string_view raw;
    std::vector<message_fields> fields{request_};
    for (const std::string_view name : at) fields.push_back(fields.back().find(name).fields);
    std::vector<buffer> members;
    if (!enter(in, members)) return no_object(in, at);
    while (!members.empty()) {
      if (!in.next_key(key)) {
        if (!in.ok()) break;
        entry object;
        object.text = as_text(members.back().view());
        object.is_members = true;
        entries_.emplace(at, std::move(object));
        members.pop_back();
        fields.pop_back();
        if (!members.empty()) at.pop_back();
        continue;
      }
      const field_info field = fields.back().find(key);
      if (!field.name.empty()) at.push_back(field.name);
      const place where = field.name.empty() ? place::beside : place_of(at);
      if (where == place::above && in.peek() != json_kind::null) {
        if (!enter(in, members)) return no_object(in, at);
        fields.push_back(field.fields);
        continue;
      }
      if (where == place::beside) {
        comma(members.back());
        append_json_string(members.back(), key);
        append_json_character(members.back(), ':');
        if (in.skip(raw)) members.back().append(raw);
      } else {
        in.skip();
      }
      if (!field.name.empty()) at.pop_back();
    }
    return {};
  }
  static bool enter(json_reader& in, std::vector<buffer>& members) {
    if (in.peek() != json_kind::object) return false;
    members.emplace_back();
    return in.enter_object();
  }
  static status no_object(const json_reader& in, const names& at) {
    if (!in.ok()) return status::invalid_argument("the body: " + in.error().message());
    if (at.empty()) return status::invalid_argument("the body is no JSON object");
    return bad("the body's", at.back(), "is no JSON object");
  }

  static void comma(buffer& out) {
    if (out.size() > 0 && as_text(out.view()).back() != '{') append_json_character(out, ',');
  }
  static void add_key(std::string_view name, buffer& out) {
    comma(out);
    append_json_string(out, name);
    append_json_character(out, ':');
  }
  /// Closes and opens objects until those that are open are these.
  static void go_to(std::span<const std::string_view> wanted, names& open, buffer& out) {
    const auto [differs, end] =
        std::mismatch(open.begin(), open.end(), wanted.begin(), wanted.end());
    const auto common = static_cast<std::size_t>(differs - open.begin());
    for (; open.size() > common; open.pop_back()) append_json_character(out, '}');
    for (std::size_t i = common; i < wanted.size(); ++i) {
      add_key(wanted[i], out);
      append_json_character(out, '{');
      open.push_back(wanted[i]);
    }
  }

  message_fields request_;
  std::size_t max_depth_;
  // In the order in which they are written, values of one place in the order of their coming.
  std::multimap<names, entry> entries_;
  std::vector<names> variables_;
};

}  // namespace polywire::inline v1::http_json

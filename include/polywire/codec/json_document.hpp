// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_escapes.hpp"
#include "polywire/codec/json_number.hpp"
#include "polywire/codec/json_place.hpp"
#include "polywire/codec/json_reader.hpp"
#include "polywire/codec/json_writer.hpp"
#include "polywire/core/buffer.hpp"
#include "polywire/core/bytes.hpp"
#include "polywire/core/status.hpp"
#include "polywire/core/utf8.hpp"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// nlohmann's documents from and to text: the same as its own parser and printer make, but sooner,
/// with the place of what is wrong, and safe from deep nesting.
namespace polywire::inline v1::detail {

/// An integer that no 64 bits hold becomes a double. False: no double holds it.
inline bool read_json_number(const json_number& number, nlohmann::json& out) {
  const bool is_negative = number.text().starts_with('-');
  if (number.is_integral() && is_negative) {
    if (const auto value = number.to_integer<std::int64_t>()) return out = *value, true;
  } else if (number.is_integral()) {
    if (const auto value = number.to_integer<std::uint64_t>()) return out = *value, true;
  }
  const auto value = number.to_double();
  if (value) out = *value;
  return value.has_value();
}

/// Reads a document; the last of two equal keys wins. Errors: `invalid_argument` with the place.
inline status read_json_document(bytes_view text, std::size_t max_depth, nlohmann::json& out) {
  json_reader in(text, max_depth);
  std::vector<nlohmann::json*> open;  // objects and arrays, the innermost last
  nlohmann::json* at = &out;          // where the next value goes
  std::string_view string;
  json_number number;
  bool truth = false;
  for (;;) {
    switch (in.peek()) {
      case json_kind::object:
        if (!in.enter_object()) return in.error();
        *at = nlohmann::json::object();
        open.push_back(at);
        break;
      case json_kind::array:
        if (!in.enter_array()) return in.error();
        *at = nlohmann::json::array();
        open.push_back(at);
        break;
      case json_kind::string:
        if (in.read_string(string)) *at = std::string(string);
        break;
      case json_kind::number:
        if (in.read_number(number) && !read_json_number(number, *at)) {
          return status::invalid_argument("JSON: no number of 64 bits holds " +
                                          shown(number.text(), 64));
        }
        break;
      case json_kind::boolean:
        if (in.read_boolean(truth)) *at = truth;
        break;
      case json_kind::null:
        if (in.read_null()) *at = nullptr;
        break;
      case json_kind::none: return in.error();
    }
    for (at = nullptr; !open.empty() && at == nullptr;) {
      nlohmann::json& inside = *open.back();
      if (inside.is_object()) {
        if (in.next_key(string)) {
          at = &inside.get_ref<nlohmann::json::object_t&>()[std::string(string)];
        }
      } else if (in.next_element()) {
        at = &inside.get_ref<nlohmann::json::array_t&>().emplace_back();
      }
      if (!in.ok()) return in.error();
      if (at == nullptr) open.pop_back();
    }
    if (at == nullptr) return in.finish() ? status() : in.error();
  }
}

/// Writes documents that can be written: JSON has no NaN and no infinity.
class json_document_writer {
 public:
  explicit json_document_writer(buffer& out) noexcept : out_(out) {}

  /// `levels`: how deep it may be. Errors: `invalid_argument` with the place; a part of it may be
  /// appended then.
  status write(const nlohmann::json& value, const json_place& place, std::size_t levels) {
    const auto bad = [&](const char* why) {
      return status::invalid_argument(place.to_string() + " " + why);
    };
    using kind = nlohmann::json::value_t;
    switch (value.type()) {
      case kind::object:
        if (levels == 0) return bad(too_deep);
        return write_object(value.get_ref<const nlohmann::json::object_t&>(), place, levels - 1);
      case kind::array:
        if (levels == 0) return bad(too_deep);
        return write_array(value.get_ref<const nlohmann::json::array_t&>(), place, levels - 1);
      case kind::string:
        return write_string(value.get_ref<const std::string&>()) ? status() : bad("is not UTF-8");
      case kind::boolean: out_.append(value.get_ref<const bool&>() ? "true" : "false"); return {};
      case kind::null: out_.append("null"); return {};
      case kind::number_integer:
        append_json_number(out_, value.get_ref<const std::int64_t&>());
        return {};
      case kind::number_unsigned:
        append_json_number(out_, value.get_ref<const std::uint64_t&>());
        return {};
      case kind::discarded: return bad("is the discarded result of a failed parse");
      case kind::number_float:
        if (!std::isfinite(value.get_ref<const double&>())) {
          return bad("is not a finite number, which JSON cannot express");
        }
        break;
      case kind::binary: break;
    }
    out_.append(value.dump());
    return {};
  }

 private:
  static constexpr const char* too_deep = "is nested too deep to be sent as JSON";

  status write_object(const nlohmann::json::object_t& members, const json_place& place,
                      std::size_t levels) {
    append_json_character(out_, '{');
    bool is_first = true;
    for (const auto& [key, child] : members) {
      if (!std::exchange(is_first, false)) append_json_character(out_, ',');
      if (!write_string(key)) {
        return status::invalid_argument(place.to_string() + " has a key that is not UTF-8");
      }
      append_json_character(out_, ':');
      if (auto done = write(child, {place, key}, levels); !done) return done;
    }
    append_json_character(out_, '}');
    return {};
  }
  status write_array(const nlohmann::json::array_t& elements, const json_place& place,
                     std::size_t levels) {
    append_json_character(out_, '[');
    for (std::size_t i = 0; i < elements.size(); ++i) {
      if (i > 0) append_json_character(out_, ',');
      if (auto done = write(elements[i], {place, i}, levels); !done) return done;
    }
    append_json_character(out_, ']');
    return {};
  }

  bool write_string(std::string_view text) {
    if (!is_utf8(text)) return false;
    append_json_character(out_, '"');
    const char* const end = text.data() + text.size();
    for (const char* at = text.data();; ++at) {
      const char* const plain = std::exchange(at, end_of_plain_json(at, end));
      out_.append(std::string_view(plain, static_cast<std::size_t>(at - plain)));
      if (at == end) break;
      append_json_escape(out_, static_cast<unsigned char>(*at));
    }
    append_json_character(out_, '"');
    return true;
  }

  buffer& out_;
};

}  // namespace polywire::inline v1::detail

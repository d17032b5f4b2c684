// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/message_fields.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::detail {

/// The fields of a plain struct, read off a default one written as JSON. It does not tell what the
/// elements of an array are, nor what stands for null: there values of each kind are tried.
class json_fields {
 public:
  /// Whether the type can be read from such a document.
  using trial = bool (*)(const nlohmann::json&);

  /// `prototype` is an object; else there are no fields.
  json_fields(const nlohmann::json& prototype, trial reads) {
    nlohmann::json document = prototype;
    add(document, document, reads);
  }

  message_fields view() const noexcept { return {this, find}; }

 private:
  class field {
   public:
    field_kind kind = field_kind::none;
    bool repeated = false;
    std::unique_ptr<json_fields> inner;
  };

  json_fields() = default;

  // Goes as deep as the type does, not as any input. `object` is a part of `document`.
  void add(nlohmann::json& document, nlohmann::json& object, trial reads) {
    if (!object.is_object()) return;
    for (auto& [name, value] : object.get_ref<nlohmann::json::object_t&>()) {
      field& f = fields_[name];
      if (value.is_object()) {
        f.kind = field_kind::message;
        f.inner.reset(new json_fields);
        f.inner->add(document, value, reads);
      } else if (value.is_array() || value.is_null()) {
        f.repeated = value.is_array();
        f.kind = try_kinds(document, value, reads);
      } else {
        f.kind = value.is_string()    ? field_kind::text
                 : value.is_boolean() ? field_kind::boolean
                                      : field_kind::number;
      }
    }
  }

  static field_kind try_kinds(const nlohmann::json& document, nlohmann::json& value, trial reads) {
    // Strings first: what takes any kind takes a text as it is. nlohmann reads a boolean as an
    // integer, hence booleans last.
    const std::array<std::pair<field_kind, nlohmann::json>, 3> kinds{{
        {field_kind::text, ""},
        {field_kind::number, 0},
        {field_kind::boolean, true},
    }};
    const nlohmann::json before = value;
    const std::size_t size = std::max<std::size_t>(before.size(), 1);  // std::array needs its own
    field_kind found = before.is_array() ? field_kind::none : field_kind::text;
    for (const auto& [kind, example] : kinds) {
      value = before.is_array() ? nlohmann::json(nlohmann::json::array_t(size, example)) : example;
      if (!reads(document)) continue;
      found = kind;
      break;
    }
    value = before;
    return found;
  }

  static field_info find(const void* message, std::string_view name) {
    const json_fields& self = *static_cast<const json_fields*>(message);
    const auto found = self.fields_.find(name);
    field_info info;
    if (found == self.fields_.end()) return info;
    const field& f = found->second;
    info.name = found->first;
    info.kind = f.kind;
    info.repeated = f.repeated;
    if (f.kind == field_kind::message) info.fields = f.inner->view();
    return info;
  }

  std::map<std::string, field, std::less<>> fields_;
};

}  // namespace polywire::inline v1::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_writer.hpp"
#include "polywire/core/buffer.hpp"
#include "polywire/core/bytes.hpp"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1::detail {

// Names are strings or views, by the version of protobuf; they live as long as the program.
template <class Name>
std::string_view name_of(const Name& name) {
  return {name.data(), name.size()};
}

/// `name` as JSON, quotes included.
inline std::string json_quoted(std::string_view name) {
  buffer out;
  append_json_string(out, name);
  return std::string(as_text(out.view()));
}

template <class Enum>
bool is_closed_enum(const Enum& type) {
  if constexpr (requires { type.is_closed(); }) {
    return type.is_closed();
  } else {  // before protobuf 22
    return type.file()->syntax() == google::protobuf::FileDescriptor::SYNTAX_PROTO2;
  }
}

class json_enum {
 public:
  explicit json_enum(const google::protobuf::EnumDescriptor& type)
      : is_null(name_of(type.full_name()) == "google.protobuf.NullValue"),
        is_closed(is_closed_enum(type)) {
    for (int i = 0; i < type.value_count(); ++i) {
      const google::protobuf::EnumValueDescriptor& value = *type.value(i);
      by_name_.emplace_back(name_of(value.name()), value.number());
      // Of several names for a number the first one is written.
      if (type.FindValueByNumber(value.number()) == &value) {
        by_number_.emplace_back(value.number(), json_quoted(name_of(value.name())));
      }
    }
    std::sort(by_name_.begin(), by_name_.end());
    std::sort(by_number_.begin(), by_number_.end());
  }

  /// Quoted; empty when no name is known.
  std::string_view name_of_value(std::int32_t number) const noexcept {
    const auto at = std::lower_bound(by_number_.begin(), by_number_.end(), number,
                                     [](const auto& a, std::int32_t n) { return a.first < n; });
    return at != by_number_.end() && at->first == number ? at->second : std::string_view();
  }
  std::optional<std::int32_t> value_of_name(std::string_view value) const noexcept {
    const auto at = std::lower_bound(by_name_.begin(), by_name_.end(), value,
                                     [](const auto& a, std::string_view n) { return a.first < n; });
    if (at == by_name_.end() || at->first != value) return std::nullopt;
    return at->second;
  }

  bool is_null;    ///< its only value is the literal null
  bool is_closed;  ///< what is not known here is an unknown field

 private:
  std::vector<std::pair<std::string_view, std::int32_t>> by_name_;
  std::vector<std::pair<std::int32_t, std::string>> by_number_;
};

}  // namespace polywire::inline v1::detail

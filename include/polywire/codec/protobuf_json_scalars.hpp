// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_number.hpp"
#include "polywire/codec/json_place.hpp"
#include "polywire/codec/json_reader.hpp"
#include "polywire/codec/protobuf_json_enum.hpp"
#include "polywire/codec/protobuf_json_mask.hpp"
#include "polywire/codec/protobuf_json_table.hpp"
#include "polywire/codec/protobuf_json_time.hpp"
#include "polywire/codec/protobuf_wire.hpp"
#include "polywire/core/base64.hpp"
#include "polywire/core/buffer.hpp"
#include "polywire/core/bytes.hpp"
#include "polywire/core/status.hpp"
#include "polywire/core/utf8.hpp"

#include <google/protobuf/descriptor.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace polywire::inline v1::detail {

/// Reads single values of JSON into protobuf's binary format.
class protobuf_json_scalars {
 public:
  protobuf_json_scalars(bytes_view json, std::size_t max_depth) noexcept : in_(json, max_depth) {}

 protected:
  // All return false after an error, be it one of the JSON text or of what it means.

  /// A value of any kind but messages. Appends nothing for the name of an enum's value that is not
  /// known here: a newer peer may send it.
  bool read_scalar(const json_field& field, const json_place& at) {
    switch (field.type) {
      case field_descriptor::TYPE_STRING: {
        std::string_view text;
        return expect(json_kind::string, "a string", at) && in_.read_string(text) &&
               append_text(text);
      }
      case field_descriptor::TYPE_BYTES: return read_bytes(at);
      case field_descriptor::TYPE_BOOL: {
        bool value = false;
        if (!expect(json_kind::boolean, "true or false", at) || !in_.read_boolean(value)) {
          return false;
        }
        append_varint(wire_, value ? 1 : 0);
        return true;
      }
      case field_descriptor::TYPE_DOUBLE:
      case field_descriptor::TYPE_FLOAT: return read_float(field.type, at);
      case field_descriptor::TYPE_ENUM: return read_enum(*field.values, at);
      default: return read_integer(field.type, at);
    }
  }

  /// The key of a map's entry.
  bool read_key(const json_field& key, std::string_view text, const json_place& at) {
    append_varint(wire_, key.tag);
    switch (key.type) {
      case field_descriptor::TYPE_STRING: return append_text(text);
      case field_descriptor::TYPE_BOOL:
        if (text != "true" && text != "false") return unfit(at, "true or false", in_.token());
        append_varint(wire_, text == "true" ? 1 : 0);
        return true;
      default: return append_integer(key.type, json_number::integer(text), at);
    }
  }

  bool read_time(bool is_duration, const json_place& at) {
    const std::string_view expected =
        is_duration ? R"(a duration like "1.5s", of at most 10,000 years,)"
                    : R"(a time like "2020-02-29T12:34:56.789Z", of the years 1 to 9999,)";
    std::string_view text;
    if (!expect(json_kind::string, expected, at) || !in_.read_string(text)) return false;
    const auto time = is_duration ? parse_json_duration(text) : parse_json_timestamp(text);
    if (!time) return unfit(at, expected, in_.token());
    append_time_fields(wire_, *time);
    return true;
  }

  bool read_mask(const json_field& paths, const json_place& at) {
    constexpr std::string_view expected = R"(paths of fields like "a,b.cD")";
    std::string_view text;
    if (!expect(json_kind::string, expected, at) || !in_.read_string(text)) return false;
    std::string path;
    while (!text.empty()) {
      if (!take_mask_path(text, path)) return unfit(at, expected, in_.token());
      if (path.empty()) continue;
      append_varint(wire_, paths.tag);
      append_varint(wire_, path.size());
      wire_.append(path);
    }
    return true;
  }

  bool fail(const json_place& at, const std::string& why) {
    error_ = status::invalid_argument("reading JSON: " + at.to_string() + " " + why);
    return false;
  }
  bool expect(json_kind kind, std::string_view expected, const json_place& at) {
    return in_.peek() == kind || unfit(at, expected);
  }
  /// For what comes next, or was `found`.
  bool unfit(const json_place& at, std::string_view expected) {
    const json_kind kind = in_.peek();
    if (kind == json_kind::none) return false;
    return unfit(at, expected, to_string(kind));
  }
  bool unfit(const json_place& at, std::string_view expected, std::string_view found) {
    return fail(at, "is " + shown(found, 64) + " where " + std::string(expected) + " is expected");
  }

  json_reader in_;
  buffer wire_;
  status error_;

 private:
  using field_descriptor = google::protobuf::FieldDescriptor;

  /// A number, or a string that holds one without fraction and exponent.
  bool read_integer(json_field::kind type, const json_place& at) {
    json_number number;
    if (in_.peek() == json_kind::string) {
      std::string_view text;
      if (!in_.read_string(text)) return false;
      number = json_number::integer(text);
    } else if (!expect(json_kind::number, "an integer", at) || !in_.read_number(number)) {
      return false;
    }
    return append_integer(type, number, at);
  }

  bool append_integer(json_field::kind type, const json_number& number, const json_place& at) {
    switch (type) {
      case field_descriptor::TYPE_UINT32:
      case field_descriptor::TYPE_FIXED32:
      case field_descriptor::TYPE_UINT64:
      case field_descriptor::TYPE_FIXED64: return append_unsigned(type, number, at);
      default: return append_signed(type, number, at);
    }
  }

  bool append_signed(json_field::kind type, const json_number& number, const json_place& at) {
    const bool is_long = type == field_descriptor::TYPE_INT64 ||
                         type == field_descriptor::TYPE_SINT64 ||
                         type == field_descriptor::TYPE_SFIXED64;
    const std::optional<std::int64_t> value = number.to_integer<std::int64_t>();
    if (!value || (!is_long && *value != static_cast<std::int32_t>(*value))) {
      return unfit(at, is_long ? "an integer of 64 bits" : "an integer of 32 bits", in_.token());
    }
    switch (type) {
      case field_descriptor::TYPE_SINT32:
      case field_descriptor::TYPE_SINT64: append_varint(wire_, zigzag(*value)); break;
      case field_descriptor::TYPE_SFIXED32:
        append_fixed(wire_, static_cast<std::uint32_t>(*value));
        break;
      case field_descriptor::TYPE_SFIXED64:
        append_fixed(wire_, static_cast<std::uint64_t>(*value));
        break;
      default: append_varint(wire_, static_cast<std::uint64_t>(*value));
    }
    return true;
  }

  bool append_unsigned(json_field::kind type, const json_number& number, const json_place& at) {
    const bool is_long =
        type == field_descriptor::TYPE_UINT64 || type == field_descriptor::TYPE_FIXED64;
    const std::optional<std::uint64_t> value = number.to_integer<std::uint64_t>();
    if (!value || (!is_long && *value != static_cast<std::uint32_t>(*value))) {
      return unfit(at,
                   is_long ? "an unsigned integer of 64 bits" : "an unsigned integer of 32 bits",
                   in_.token());
    }
    switch (type) {
      case field_descriptor::TYPE_FIXED32:
        append_fixed(wire_, static_cast<std::uint32_t>(*value));
        break;
      case field_descriptor::TYPE_FIXED64: append_fixed(wire_, *value); break;
      default: append_varint(wire_, *value);
    }
    return true;
  }

  bool read_float(json_field::kind type, const json_place& at) {
    using facts = std::numeric_limits<double>;
    std::optional<double> value;
    json_number number;
    if (in_.peek() == json_kind::string) {
      std::string_view text;
      if (!in_.read_string(text)) return false;
      if (text == "NaN") {
        value = facts::quiet_NaN();
      } else if (text == "Infinity" || text == "-Infinity") {
        value = text.front() == '-' ? -facts::infinity() : facts::infinity();
      } else {
        number = json_number::whole(text);
      }
    } else if (!expect(json_kind::number, "a number", at) || !in_.read_number(number)) {
      return false;
    }
    if (type == field_descriptor::TYPE_DOUBLE) {
      if (!value) value = number.to_double();
      if (!value) return unfit(at, "a number that a double can hold", in_.token());
      append_fixed(wire_, std::bit_cast<std::uint64_t>(*value));
    } else {
      const auto narrow = value ? std::optional(static_cast<float>(*value)) : number.to_float();
      if (!narrow) return unfit(at, "a number that a float can hold", in_.token());
      append_fixed(wire_, std::bit_cast<std::uint32_t>(*narrow));
    }
    return true;
  }

  bool read_bytes(const json_place& at) {
    std::string_view text;
    if (!expect(json_kind::string, "a string", at) || !in_.read_string(text)) return false;
    const length_ahead length(wire_);
    if (!append_from_base64(text, wire_)) return unfit(at, "base64", in_.token());
    length.close(wire_);
    return true;
  }

  /// Appends nothing for a name that is not known.
  bool read_enum(const json_enum& values, const json_place& at) {
    if (values.is_null && in_.peek() == json_kind::null) {
      append_varint(wire_, 0);
      return in_.read_null();
    }
    json_number number;
    if (in_.peek() == json_kind::string) {
      std::string_view text;
      if (!in_.read_string(text)) return false;
      if (const std::optional<std::int32_t> value = values.value_of_name(text)) {
        append_varint(wire_, static_cast<std::uint64_t>(std::int64_t{*value}));
        return true;
      }
      const std::optional<std::int64_t> value =
          json_number::integer(text).to_integer<std::int64_t>();
      if (value && *value == static_cast<std::int32_t>(*value) &&
          !values.name_of_value(static_cast<std::int32_t>(*value)).empty()) {
        append_varint(wire_, static_cast<std::uint64_t>(*value));
      }
      return true;
    }
    return expect(json_kind::number, "the name or number of an enum's value", at) &&
           in_.read_number(number) && append_integer(field_descriptor::TYPE_INT32, number, at);
  }

  bool append_text(std::string_view text) {
    append_varint(wire_, text.size());
    wire_.append(text);
    return true;
  }
};

}  // namespace polywire::inline v1::detail

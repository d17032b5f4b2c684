// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_writer.hpp"
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
#include <string>
#include <string_view>

namespace polywire::inline v1::detail {

/// Writes single values of protobuf's binary format as JSON.
class protobuf_json_scalar_writer {
 public:
  explicit protobuf_json_scalar_writer(buffer& out) noexcept : out_(out) {}

 protected:
  // All return false after an error.

  /// A value of any kind but messages.
  bool write_scalar(const json_field& field, wire_reader& in) {
    switch (field.type) {
      case field_descriptor::TYPE_DOUBLE:
        append_json_number(out_, std::bit_cast<double>(in.fixed<std::uint64_t>()));
        return true;
      case field_descriptor::TYPE_FLOAT:
        append_json_number(out_, std::bit_cast<float>(in.fixed<std::uint32_t>()));
        return true;
      case field_descriptor::TYPE_BOOL:
        out_.append(in.varint() != 0 ? "true" : "false");
        return true;
      case field_descriptor::TYPE_ENUM: return write_enum(*field.values, in);
      case field_descriptor::TYPE_STRING:
        if (append_json_string(out_, in.bytes())) return true;
        return fail("field " + shown(field.name, 64) + " has a string that is not UTF-8");
      case field_descriptor::TYPE_BYTES:
        append_json_character(out_, '"');
        append_base64(as_bytes(in.bytes()), out_);
        append_json_character(out_, '"');
        return true;
      case field_descriptor::TYPE_INT32:
      case field_descriptor::TYPE_UINT32:
      case field_descriptor::TYPE_FIXED32:
      case field_descriptor::TYPE_SFIXED32:
      case field_descriptor::TYPE_SINT32: return write_integer(field.type, in);
      default:
        // A double, which JavaScript has for a number, does not hold 64 bits.
        append_json_character(out_, '"');
        write_integer(field.type, in);
        append_json_character(out_, '"');
        return true;
    }
  }

  /// As a value, but 64 bits without quotes of their own.
  bool write_key(const json_field& key, wire_reader& in) {
    switch (key.type) {
      case field_descriptor::TYPE_INT64:
      case field_descriptor::TYPE_UINT64:
      case field_descriptor::TYPE_FIXED64:
      case field_descriptor::TYPE_SFIXED64:
      case field_descriptor::TYPE_SINT64: return write_integer(key.type, in);
      default: return write_scalar(key, in);
    }
  }

  /// The serializer leaves zeros out, and an empty reader gives them.
  bool write_wrapper(const json_field& value, std::string_view wire) {
    wire_reader in(wire);
    wire_reader zero({});
    return write_scalar(value, in.take_tag(value.tag) ? in : zero);
  }

  bool write_timestamp(std::string_view wire) {
    const seconds_and_nanos time = time_of_fields(wire);
    if (!is_timestamp(time)) return unfit("Timestamp", time, "in the years 1 to 9999");
    append_timestamp(out_, time);
    return true;
  }
  bool write_duration(std::string_view wire) {
    const seconds_and_nanos time = time_of_fields(wire);
    if (!is_duration(time)) return unfit("Duration", time, "10,000 years, with one sign");
    append_duration(out_, time);
    return true;
  }

  bool write_mask(const json_field& paths, std::string_view wire) {
    std::string text;
    for (wire_reader in(wire); in.take_tag(paths.tag);) {
      if (!text.empty()) text += ',';
      const std::string_view path = in.bytes();
      if (!append_mask_path(path, text)) {
        return fail("the path " + shown(path, 64) +
                    " of a google.protobuf.FieldMask has no form in JSON that is read as the same");
      }
    }
    return append_json_string(out_, text) || fail("a google.protobuf.FieldMask is not UTF-8");
  }

  bool fail(const std::string& why) {
    error_ = status::invalid_argument("writing JSON: " + why);
    return false;
  }

  buffer& out_;
  status error_;

 private:
  using field_descriptor = google::protobuf::FieldDescriptor;

  bool write_integer(json_field::kind type, wire_reader& in) {
    switch (type) {
      case field_descriptor::TYPE_INT32:
        write_signed(static_cast<std::int32_t>(in.varint()));
        break;
      case field_descriptor::TYPE_INT64:
        write_signed(static_cast<std::int64_t>(in.varint()));
        break;
      case field_descriptor::TYPE_SINT32:
      case field_descriptor::TYPE_SINT64: write_signed(from_zigzag(in.varint())); break;
      case field_descriptor::TYPE_SFIXED32:
        write_signed(static_cast<std::int32_t>(in.fixed<std::uint32_t>()));
        break;
      case field_descriptor::TYPE_SFIXED64:
        write_signed(static_cast<std::int64_t>(in.fixed<std::uint64_t>()));
        break;
      case field_descriptor::TYPE_FIXED32:
        append_json_number(out_, std::uint64_t{in.fixed<std::uint32_t>()});
        break;
      case field_descriptor::TYPE_FIXED64:
        append_json_number(out_, in.fixed<std::uint64_t>());
        break;
      default: append_json_number(out_, in.varint());
    }
    return true;
  }
  void write_signed(std::int64_t value) { append_json_number(out_, value); }

  bool write_enum(const json_enum& values, wire_reader& in) {
    const auto number = static_cast<std::int32_t>(in.varint());
    if (values.is_null) {
      out_.append("null");
    } else if (const std::string_view name = values.name_of_value(number); !name.empty()) {
      out_.append(name);
    } else if (!values.is_closed) {
      write_signed(number);
    }
    return true;
  }

  bool unfit(const char* type, const seconds_and_nanos& time, const char* bounds) {
    return fail(std::string("a google.protobuf.") + type + " of " + std::to_string(time.seconds) +
                " seconds and " + std::to_string(time.nanos) +
                " nanos is not within its bounds: " + bounds);
  }
};

}  // namespace polywire::inline v1::detail

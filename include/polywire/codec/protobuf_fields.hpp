// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/message_fields.hpp"

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

namespace polywire::inline v1::detail {

inline field_info find_protobuf_field(const void* message, std::string_view name);

inline message_fields protobuf_fields(const google::protobuf::Descriptor& type) noexcept {
  return {&type, find_protobuf_field};
}

/// What the JSON mapping writes a message as, where that is a scalar.
inline field_kind kind_of_message(const google::protobuf::Descriptor& type) {
  using google::protobuf::Descriptor;
  switch (type.well_known_type()) {
    case Descriptor::WELLKNOWNTYPE_UNSPECIFIED:
      return type.full_name() == "google.protobuf.Empty" ? field_kind::none : field_kind::message;
    case Descriptor::WELLKNOWNTYPE_STRINGVALUE:
    case Descriptor::WELLKNOWNTYPE_BYTESVALUE:
    case Descriptor::WELLKNOWNTYPE_FIELDMASK:
    case Descriptor::WELLKNOWNTYPE_DURATION:
    case Descriptor::WELLKNOWNTYPE_TIMESTAMP: return field_kind::text;
    case Descriptor::WELLKNOWNTYPE_BOOLVALUE: return field_kind::boolean;
    case Descriptor::WELLKNOWNTYPE_ANY:
    case Descriptor::WELLKNOWNTYPE_VALUE:
    case Descriptor::WELLKNOWNTYPE_LISTVALUE:
    case Descriptor::WELLKNOWNTYPE_STRUCT: return field_kind::none;
    default: return field_kind::number;
  }
}

inline field_kind kind_of_field(const google::protobuf::FieldDescriptor& field) {
  using google::protobuf::FieldDescriptor;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING: return field_kind::text;  // bytes as base64
    case FieldDescriptor::CPPTYPE_BOOL: return field_kind::boolean;
    case FieldDescriptor::CPPTYPE_ENUM: return field_kind::enumerator;
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      const field_kind kind = kind_of_message(*field.message_type());
      const bool has_fields = kind == field_kind::message;
      return has_fields && field.is_repeated() ? field_kind::none : kind;  // maps, too
    }
    default: return field_kind::number;
  }
}

inline field_info find_protobuf_field(const void* message, std::string_view name) {
  const auto& type = *static_cast<const google::protobuf::Descriptor*>(message);
  const google::protobuf::FieldDescriptor* found = type.FindFieldByName(std::string(name));
  for (int i = 0; found == nullptr && i < type.field_count(); ++i) {
    if (type.field(i)->json_name() == name) found = type.field(i);
  }
  field_info info;
  if (found == nullptr) return info;
  const auto& json_name = found->json_name();
  info.name = {json_name.data(), json_name.size()};
  info.kind = kind_of_field(*found);
  info.repeated = found->is_repeated();
  if (info.kind == field_kind::message) info.fields = protobuf_fields(*found->message_type());
  return info;
}

}  // namespace polywire::inline v1::detail

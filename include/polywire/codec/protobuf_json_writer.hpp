// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_scan.hpp"
#include "polywire/codec/json_writer.hpp"
#include "polywire/codec/protobuf_json_scalar_writer.hpp"
#include "polywire/codec/protobuf_json_table.hpp"
#include "polywire/codec/protobuf_json_utility.hpp"
#include "polywire/codec/protobuf_wire.hpp"
#include "polywire/core/bytes.hpp"
#include "polywire/core/status.hpp"
#include "polywire/core/utf8.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace polywire::inline v1::detail {

/// Writes the binary form of a message as JSON. Going by the binary form, not by reflection, is
/// faster, and leaves to protobuf what is set, what has its default and what a map holds.
class protobuf_json_writer : private protobuf_json_scalar_writer {
 public:
  using protobuf_json_scalar_writer::protobuf_json_scalar_writer;

  /// `wire` comes from protobuf's own serializer.
  status write(const json_table& type, std::string_view wire) {
    write_message(type, wire, max_written_json_depth);
    return std::move(error_);
  }

 private:
  using field_descriptor = google::protobuf::FieldDescriptor;

  // All return false after an error. `levels`: how much deeper the text may nest.

  bool write_message(const json_table& type, std::string_view wire, std::size_t levels) {
    switch (type.form()) {
      case json_form::members: return write_members(type, wire, levels);
      case json_form::wrapper: return write_wrapper(type.first(), wire);
      case json_form::timestamp: return write_timestamp(wire);
      case json_form::duration: return write_duration(wire);
      case json_form::field_mask: return write_mask(type.first(), wire);
      case json_form::structure: return write_bare(type.first(), wire, levels);
      case json_form::list: return write_bare(type.first(), wire, levels);
      case json_form::value: return write_kind(type, wire, levels);
      case json_form::any: return write_any(type, wire, levels);
      case json_form::by_utility: break;
    }
    return write_by_utility(type, wire, levels);
  }

  bool write_members(const json_table& type, std::string_view wire, std::size_t levels) {
    if (levels == 0) return too_deep();
    append_json_character(out_, '{');
    if (!write_fields(type, wire, levels - 1)) return false;
    append_json_character(out_, '}');
    return true;
  }

  bool write_fields(const json_table& type, std::string_view wire, std::size_t levels,
                    bool is_first = true) {
    std::size_t next = 0;
    for (wire_reader in(wire); !in.empty();) {
      const std::uint32_t tag = in.tag();
      const json_field* field = type.find(static_cast<int>(tag >> 3U), next);
      const bool is_packed = field != nullptr && tag != field->tag && field->is_packable &&
                             tag == wire_tag(field->number, wire_type::length);
      if (field == nullptr || (tag != field->tag && !is_packed)) {
        in.skip(static_cast<wire_type>(tag & 7U));  // not known here
        continue;
      }
      const std::size_t before = out_.size();
      out_.append(std::string_view(field->prefix).substr(is_first ? 1 : 0));
      const std::size_t after_name = out_.size();
      if (!write_field(*field, in, is_packed, levels)) return false;
      if (out_.size() == after_name) {
        out_.truncate(before);
      } else {
        is_first = false;
      }
    }
    return true;
  }

  bool write_field(const json_field& field, wire_reader& in, bool is_packed, std::size_t levels) {
    if (!field.is_repeated) return write_value(field, in, levels);
    if (levels == 0) return too_deep();
    const std::size_t outside = out_.size();
    append_json_character(out_, field.is_map ? '{' : '[');
    const std::size_t start = out_.size();
    const auto write_one = [&](wire_reader& from) {
      const std::size_t before = out_.size();
      if (before != start) append_json_character(out_, ',');
      const std::size_t after_comma = out_.size();
      if (field.is_map ? !write_entry(*field.message, from.bytes(), levels - 1)
                       : !write_value(field, from, levels - 1)) {
        return false;
      }
      if (out_.size() == after_comma) out_.truncate(before);
      return true;
    };
    if (is_packed) {
      for (wire_reader all(in.bytes()); !all.empty();) {
        if (!write_one(all)) return false;
      }
    } else {
      do {
        if (!write_one(in)) return false;
      } while (in.take_tag(field.tag));
    }
    if (out_.size() == start) {
      out_.truncate(outside);
    } else {
      append_json_character(out_, field.is_map ? '}' : ']');
    }
    return true;
  }

  bool write_entry(const json_table& entry, std::string_view wire, std::size_t levels) {
    // The serializer writes the key first, and both even if they have their defaults.
    wire_reader in(wire);
    const std::size_t before = out_.size();
    if (!in.take_tag(entry.key().tag)) return true;
    const bool is_string = entry.key().type == field_descriptor::TYPE_STRING;
    if (!is_string) append_json_character(out_, '"');
    if (!write_key(entry.key(), in)) return false;
    out_.append(is_string ? ":" : "\":");
    const std::size_t after_key = out_.size();
    if (in.take_tag(entry.value().tag) && !write_value(entry.value(), in, levels)) return false;
    if (out_.size() == after_key) out_.truncate(before);
    return true;
  }

  bool write_value(const json_field& field, wire_reader& in, std::size_t levels) {
    switch (field.type) {
      case field_descriptor::TYPE_MESSAGE: return write_message(*field.message, in.bytes(), levels);
      case field_descriptor::TYPE_GROUP: return write_message(*field.message, in.group(), levels);
      default: return write_scalar(field, in);
    }
  }

  /// A message that is in JSON what its only field is, a list or map. The serializer has left it
  /// out if it is empty.
  bool write_bare(const json_field& field, std::string_view wire, std::size_t levels) {
    if (levels == 0) return too_deep();
    const std::size_t before = out_.size();
    wire_reader in(wire);
    if (in.take_tag(field.tag) && !write_field(field, in, false, levels)) return false;
    if (out_.size() == before) out_.append(field.is_map ? "{}" : "[]");
    return true;
  }

  /// A google.protobuf.Value; nothing when it has no kind.
  bool write_kind(const json_table& type, std::string_view wire, std::size_t levels) {
    std::size_t next = 0;
    for (wire_reader in(wire); !in.empty();) {
      const std::uint32_t tag = in.tag();
      const json_field* field = type.find(static_cast<int>(tag >> 3U), next);
      if (field != nullptr && field->tag == tag) return write_value(*field, in, levels);
      in.skip(static_cast<wire_type>(tag & 7U));
    }
    return true;
  }

  bool write_any(const json_table& any, std::string_view wire, std::size_t levels) {
    if (levels == 0) return too_deep();
    wire_reader in(wire);
    const std::string_view url = in.take_tag(any.first().tag) ? in.bytes() : std::string_view();
    const std::string_view value =
        in.take_tag(wire_tag(2, wire_type::length)) ? in.bytes() : std::string_view();
    const json_table* type = value.empty() ? nullptr : json_table::of_url(url);
    if (type != nullptr && type->form() == json_form::by_utility) {
      return write_by_utility(any, wire, levels);
    }
    append_json_character(out_, '{');
    if (!url.empty()) {
      out_.append("\"@type\":");
      if (!append_json_string(out_, url)) return fail("the type of an Any is not UTF-8");
    }
    if (!value.empty()) {  // a type need not be known if nothing of it is there
      if (type == nullptr) return fail("the type " + shown(url, 64) + " of an Any is not known");
      if (!write_content(*type, value, levels - 1)) return false;
    }
    append_json_character(out_, '}');
    return true;
  }

  /// What an Any holds.
  bool write_content(const json_table& type, std::string_view value, std::size_t levels) {
    // Anyone may have written these bytes, and we can only read what protobuf writes.
    std::string wire;
    const std::unique_ptr<google::protobuf::Message> message(type.prototype().New());
    if (!message->ParsePartialFromArray(value.data(), static_cast<int>(value.size())) ||
        !message->SerializePartialToString(&wire)) {
      return fail("an Any holds " + std::to_string(value.size()) + " bytes that are no " +
                  std::string(type.name()));
    }
    if (type.form() == json_form::members) return write_fields(type, wire, levels, false);
    const std::size_t before = out_.size();
    out_.append(",\"value\":");
    const std::size_t after_name = out_.size();
    if (!write_message(type, wire, levels)) return false;
    if (out_.size() == after_name) out_.truncate(before);
    return true;
  }

  bool write_by_utility(const json_table& type, std::string_view wire, std::size_t levels) {
    const std::unique_ptr<google::protobuf::Message> message(type.prototype().New());
    if (!message->ParsePartialFromArray(wire.data(), static_cast<int>(wire.size()))) {
      return fail("a " + std::string(type.name()) +
                  " has a string that is not UTF-8, or is nested too deep");
    }
    std::string text;
    status good = detail::write_by_utility(*message, text);
    if (good) good = check_json(as_bytes(text), levels);
    if (!good) return fail("a " + std::string(type.name()) + ": " + good.message());
    out_.append(text);
    return true;
  }

  bool too_deep() {
    return fail("nested deeper than " + std::to_string(max_written_json_depth) + " levels");
  }
};

}  // namespace polywire::inline v1::detail

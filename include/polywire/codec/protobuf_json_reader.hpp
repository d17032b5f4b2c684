// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_place.hpp"
#include "polywire/codec/json_reader.hpp"
#include "polywire/codec/protobuf_json_scalars.hpp"
#include "polywire/codec/protobuf_json_table.hpp"
#include "polywire/codec/protobuf_json_utility.hpp"
#include "polywire/codec/protobuf_parse.hpp"
#include "polywire/codec/protobuf_wire.hpp"
#include "polywire/core/bytes.hpp"
#include "polywire/core/status.hpp"
#include "polywire/core/utf8.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1::detail {

/// Reads JSON as the binary form of a message, which protobuf then parses: that is faster than
/// reflection, and leaves maps, presence and repeated fields to it.
class protobuf_json_reader : private protobuf_json_scalars {
 public:
  using protobuf_json_scalars::protobuf_json_scalars;

  status read(const json_table& type) {
    const bool good = read_message(type, {}) && in_.finish();
    if (good) return {};
    return error_ ? in_.error() : std::move(error_);
  }

  /// What has been read.
  bytes_view wire() const noexcept { return wire_.view(); }

 private:
  bool read_message(const json_table& type, const json_place& at) {
    switch (type.form()) {
      case json_form::members: return read_members(type, at);
      case json_form::wrapper: return read_tagged(type.first(), at);
      case json_form::timestamp: return read_time(false, at);
      case json_form::duration: return read_time(true, at);
      case json_form::field_mask: return read_mask(type.first(), at);
      case json_form::structure: return read_map(type.first(), at);
      case json_form::list: return read_list(type.first(), at);
      case json_form::value:
        return in_.peek() != json_kind::none && read_tagged(type.field_for(in_.peek()), at);
      case json_form::any: return read_any(type, at);
      case json_form::by_utility: break;
    }
    return read_by_utility(type, at);
  }

  bool read_members(const json_table& type, const json_place& at) {
    if (!expect(json_kind::object, "an object", at) || !in_.enter_object()) return false;
    const std::size_t oneofs = taken_.size();
    taken_.resize(oneofs + type.oneofs());
    std::size_t next = 0;
    std::string_view key;
    while (in_.next_key(key)) {
      const json_field* field = type.find(key, next);
      if (field == nullptr) {  // a newer peer may send more
        if (!in_.skip()) return false;
      } else if (!read_field(*field, oneofs, {at, field->name})) {
        return false;
      }
    }
    taken_.resize(oneofs);
    return in_.ok();
  }

  bool read_field(const json_field& field, std::size_t oneofs, const json_place& at) {
    if (in_.peek() == json_kind::null && (!field.takes_null || field.is_repeated)) {
      return in_.read_null();  // stands for the default
    }
    if (field.is_map) return read_map(field, at);
    if (field.is_repeated) return read_list(field, at);
    if (field.oneof) {
      if (taken_[oneofs + *field.oneof]) {
        return fail(at, "is there twice, or together with another field of its oneof");
      }
      taken_[oneofs + *field.oneof] = true;
    }
    return read_tagged(field, at);
  }

  bool read_list(const json_field& field, const json_place& at) {
    if (!expect(json_kind::array, "an array", at) || !in_.enter_array()) return false;
    std::optional<length_ahead> length;
    if (field.is_packable) {
      append_varint(wire_, wire_tag(field.number, wire_type::length));
      length.emplace(wire_);
    }
    for (std::size_t i = 0; in_.next_element(); ++i) {
      const json_place here(at, i);
      if (!(length ? read_value(field, here) : read_tagged(field, here))) return false;
    }
    if (length) length->close(wire_);
    return in_.ok();
  }

  bool read_map(const json_field& field, const json_place& at) {
    if (!expect(json_kind::object, "an object", at) || !in_.enter_object()) return false;
    const std::size_t first_key = keys_.size();
    std::string_view key;
    while (in_.next_key(key)) {
      const std::string_view quoted = in_.token();  // `key` does not stay
      const json_place here(at, quoted.substr(1, quoted.size() - 2));
      append_varint(wire_, field.tag);
      const length_ahead entry(wire_);
      const std::size_t start = wire_.size();
      if (!read_key(field.message->key(), key, here)) return false;
      keys_.emplace_back(start, wire_.size() - start);
      if (!read_tagged(field.message->value(), here)) return false;
      entry.close(wire_);
    }
    return in_.ok() && check_keys(first_key, at);
  }

  /// Refuses two equal keys among those that were read since `first`, which it forgets.
  bool check_keys(std::size_t first, const json_place& at) {
    const auto begin = keys_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto text = [&](const std::pair<std::size_t, std::size_t>& key) {
      return as_text(wire_.view().subspan(key.first, key.second));
    };
    std::sort(begin, keys_.end(), [&](const auto& a, const auto& b) { return text(a) < text(b); });
    const auto twice = std::adjacent_find(
        begin, keys_.end(), [&](const auto& a, const auto& b) { return text(a) == text(b); });
    if (twice != keys_.end()) return fail(at, "has a key twice");
    keys_.resize(first);
    return true;
  }

  bool read_tagged(const json_field& field, const json_place& at) {
    const std::size_t before = wire_.size();
    append_varint(wire_, field.tag);
    const std::size_t after_tag = wire_.size();
    if (!read_value(field, at)) return false;
    if (field.type == google::protobuf::FieldDescriptor::TYPE_ENUM && wire_.size() == after_tag) {
      wire_.truncate(before);  // a name that is not known here
    }
    return true;
  }

  bool read_value(const json_field& field, const json_place& at) {
    if (field.message == nullptr) return read_scalar(field, at);
    // Only the utility would take it: as nothing at all, or as an empty message.
    if (!field.takes_null && in_.peek() == json_kind::null) return unfit(at, "a message");
    if (field.type == google::protobuf::FieldDescriptor::TYPE_GROUP) {
      if (!read_message(*field.message, at)) return false;
      append_varint(wire_, wire_tag(field.number, wire_type::end_group));
      return true;
    }
    const length_ahead length(wire_);
    if (!read_message(*field.message, at)) return false;
    length.close(wire_);
    return true;
  }

  bool read_any(const json_table& type, const json_place& at) {
    if (!expect(json_kind::object, "an object", at)) return false;
    std::string url;
    if (!find_type(url)) {
      std::string_view text;
      if (!in_.skip(text)) return false;
      const bool is_empty = text.find('"') == std::string_view::npos;
      return is_empty || fail(at, "has no \"@type\" that is a string");
    }
    const json_table* content = json_table::of_url(url);
    if (content == nullptr) return fail(at, "has the unknown \"@type\" " + shown(url, 64));
    append_varint(wire_, type.first().tag);
    append_varint(wire_, url.size());
    wire_.append(url);
    const std::size_t start = wire_.size();
    switch (content->form()) {
      case json_form::members:
        if (!read_members(*content, at)) return false;  // to which "@type" is unknown
        break;
      case json_form::by_utility:
        if (!read_by_utility(*content, at)) return false;
        break;
      default:
        if (!read_content(*content, at)) return false;
    }
    return pack(*content, start, at);
  }

  /// Makes the value of an Any of what has been read since `start`. Others will see these bytes as
  /// they are, so that they have to be those that protobuf writes.
  bool pack(const json_table& type, std::size_t start, const json_place& at) {
    const bytes_view content = wire_.view().subspan(start);
    const std::unique_ptr<google::protobuf::Message> message(type.prototype().New());
    std::string value;
    if (content.size() > max_protobuf_size ||
        !message->ParsePartialFromArray(content.data(), static_cast<int>(content.size())) ||
        !message->SerializePartialToString(&value)) {
      return fail(at, "is nested too deep for a " + std::string(type.name()));
    }
    wire_.truncate(start);
    append_varint(wire_, wire_tag(2, wire_type::length));
    append_varint(wire_, value.size());
    wire_.append(value);
    return true;
  }

  /// Looks for the member "@type", which mostly comes first, of the object that comes next. An Any
  /// inside others may be searched for each of them: `limits::max_json_depth` bounds how often.
  bool find_type(std::string& url) const {
    json_reader ahead = in_.ahead();
    std::string_view text;
    ahead.enter_object();
    while (ahead.next_key(text)) {
      if (text != "@type") {
        ahead.skip();
      } else if (ahead.peek() == json_kind::string && ahead.read_string(text)) {
        url = text;
        return true;
      } else {
        return false;
      }
    }
    return false;
  }

  /// What an Any holds if it has a form of its own.
  bool read_content(const json_table& type, const json_place& at) {
    std::string_view key;
    in_.enter_object();
    while (in_.next_key(key)) {
      if (key == "@type") {
        if (!in_.skip()) return false;
      } else if (key != "value") {
        return fail(at, "has a member " + shown(key, 64) + ", but a " + std::string(type.name()) +
                            " has only \"value\"");
      } else if (in_.peek() == json_kind::null && type.form() != json_form::value) {
        in_.read_null();  // stands for the default
      } else if (!read_message(type, {at, "value"})) {
        return false;
      }
    }
    return in_.ok();
  }

  bool read_by_utility(const json_table& type, const json_place& at) {
    std::string_view text;
    if (!in_.skip(text)) return false;
    std::string wire;
    if (status done = detail::read_by_utility(text, type.prototype(), wire); !done) {
      return fail(at, "is no " + std::string(type.name()) + ": " + done.message());
    }
    wire_.append(wire);
    return true;
  }

  // Of all messages and maps that are being read, the innermost last:
  std::vector<bool> taken_;                                // which oneofs are set
  std::vector<std::pair<std::size_t, std::size_t>> keys_;  // where in wire_ they are
};

}  // namespace polywire::inline v1::detail

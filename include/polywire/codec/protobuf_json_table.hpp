// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_reader.hpp"
#include "polywire/codec/protobuf_json_enum.hpp"
#include "polywire/codec/protobuf_wire.hpp"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

/// What the JSON codec knows of a message type, looked up once in protobuf's descriptors.
namespace polywire::inline v1::detail {

class json_table;

class json_field {
 public:
  using kind = google::protobuf::FieldDescriptor::Type;

  std::string_view name;  ///< as it is written
  std::string prefix;     ///< a comma, the name in quotes, a colon
  int number = 0;
  std::uint32_t tag = 0;  ///< of one value
  kind type{};
  bool is_repeated = false;
  bool is_map = false;
  bool is_packable = false;
  bool takes_null = false;           ///< null is a value of it, not its absence
  std::optional<std::size_t> oneof;  ///< which of the message's
  const json_table* message =
      nullptr;  ///< of a message, group or map: its type, or that of an entry
  std::unique_ptr<json_enum> values;
};

/// What a message type looks like in JSON.
enum class json_form : std::uint8_t {
  members,  ///< an object with its fields
  wrapper,  ///< as its only field
  timestamp,
  duration,
  field_mask,
  structure,  ///< google.protobuf.Struct: an object with any members
  list,       ///< google.protobuf.ListValue
  value,      ///< google.protobuf.Value: any JSON
  any,        ///< an object of the type that its member "@type" names
  by_utility  ///< as protobuf's utility has it
};

/// One message type. Immutable once it can be seen.
class json_table {
 public:
  /// The table of `type`, with those of all types that it refers to. Made once, never destroyed.
  /// Thread safety: any thread; takes a lock, so that callers keep what they get.
  static const json_table& of(const google::protobuf::Descriptor& type);
  /// Of the type that a google.protobuf.Any names; null when it is not known here.
  static const json_table* of_url(std::string_view url);

  /// A field by its number; `next` is where the one after the last found is.
  const json_field* find(int number, std::size_t& next) const noexcept {
    if (next < fields_.size() && fields_[next].number == number) return &fields_[next++];
    const auto at = std::lower_bound(fields_.begin(), fields_.end(), number,
                                     [](const json_field& f, int n) { return f.number < n; });
    if (at == fields_.end() || at->number != number) return nullptr;
    next = static_cast<std::size_t>(at - fields_.begin()) + 1;
    return &*at;
  }
  /// A field by its JSON name or its name in the .proto file.
  const json_field* find(std::string_view name, std::size_t& next) const noexcept {
    if (next < fields_.size() && fields_[next].name == name) return &fields_[next++];
    const auto at = std::lower_bound(names_.begin(), names_.end(), name,
                                     [](const auto& a, std::string_view n) { return a.first < n; });
    if (at == names_.end() || at->first != name) return nullptr;
    next = at->second + 1;
    return &fields_[at->second];
  }

  const json_field& key() const noexcept { return fields_[0]; }    ///< of a map's entry
  const json_field& value() const noexcept { return fields_[1]; }  ///< of a map's entry
  const json_field& first() const noexcept { return fields_[0]; }  ///< often the only one
  /// Of google.protobuf.Value: the field for what is so in JSON.
  const json_field& field_for(json_kind kind) const noexcept {
    switch (kind) {
      case json_kind::number: return fields_[1];
      case json_kind::string: return fields_[2];
      case json_kind::boolean: return fields_[3];
      case json_kind::object: return fields_[4];
      case json_kind::array: return fields_[5];
      default: return fields_[0];
    }
  }

  std::string_view name() const noexcept { return name_; }
  json_form form() const noexcept { return form_; }
  std::size_t oneofs() const noexcept { return oneofs_; }
  /// An empty message of this type.
  const google::protobuf::Message& prototype() const {
    return *google::protobuf::MessageFactory::generated_factory()->GetPrototype(type_);
  }

 private:
  friend class json_tables;
  json_table() = default;

  std::string_view name_;
  std::vector<json_field> fields_;  // by number
  std::vector<std::pair<std::string_view, std::size_t>> names_;
  json_form form_ = json_form::members;
  std::size_t oneofs_ = 0;
  const google::protobuf::Descriptor* type_ = nullptr;
};

/// All tables of the program.
class json_tables {
 public:
  static const json_table& get(const google::protobuf::Descriptor& type) {
    static json_tables& all = *new json_tables;
    const std::lock_guard lock(all.mutex_);
    const json_table& table = all.declare(type);
    // Types may refer to each other in circles, so that a table is known before it is filled.
    while (!all.to_fill_.empty()) {
      const auto [next, its_table] = all.to_fill_.back();
      all.to_fill_.pop_back();
      all.fill(*next, *its_table);
    }
    return table;
  }

 private:
  using descriptor = google::protobuf::Descriptor;
  using field_descriptor = google::protobuf::FieldDescriptor;

  json_table& declare(const descriptor& type) {
    std::unique_ptr<json_table>& table = tables_[&type];
    if (!table) {
      table.reset(new json_table);
      to_fill_.emplace_back(&type, table.get());
    }
    return *table;
  }

  void fill(const descriptor& type, json_table& table) {
    table.name_ = name_of(type.full_name());
    table.type_ = &type;
    table.form_ = form_of(type);
    if (table.form_ == json_form::by_utility) return;
    table.oneofs_ = static_cast<std::size_t>(type.oneof_decl_count());
    for (int i = 0; i < type.field_count(); ++i) table.fields_.push_back(make(*type.field(i)));
    std::sort(table.fields_.begin(), table.fields_.end(),
              [](const json_field& a, const json_field& b) { return a.number < b.number; });
    // Where a JSON name is also another field's own name, it is the JSON name that counts.
    std::map<std::string_view, std::size_t> names;
    for (std::size_t i = 0; i < table.fields_.size(); ++i) names.emplace(table.fields_[i].name, i);
    for (std::size_t i = 0; i < table.fields_.size(); ++i) {
      names.emplace(name_of(type.FindFieldByNumber(table.fields_[i].number)->name()), i);
    }
    table.names_.assign(names.begin(), names.end());
  }

  json_field make(const field_descriptor& from) {
    json_field field;
    field.name = name_of(from.json_name());
    field.prefix = "," + json_quoted(field.name) + ":";
    field.number = from.number();
    field.type = from.type();
    field.tag = wire_tag(from.number(), wire_type_of(from.type()));
    field.is_repeated = from.is_repeated();
    field.is_map = from.is_map();
    field.is_packable = from.is_packable();
    if (from.containing_oneof() != nullptr) {  // `optional` of proto3 makes one, too
      field.oneof = static_cast<std::size_t>(from.containing_oneof()->index());
    }
    if (from.message_type() != nullptr) {
      field.message = &declare(*from.message_type());
      field.takes_null = name_of(from.message_type()->full_name()) == "google.protobuf.Value";
    }
    if (from.enum_type() != nullptr) {
      field.values = std::make_unique<json_enum>(*from.enum_type());
      field.takes_null = field.values->is_null;
    }
    return field;
  }

  static wire_type wire_type_of(json_field::kind type) noexcept {
    switch (type) {
      case field_descriptor::TYPE_DOUBLE:
      case field_descriptor::TYPE_FIXED64:
      case field_descriptor::TYPE_SFIXED64: return wire_type::fixed64;
      case field_descriptor::TYPE_FLOAT:
      case field_descriptor::TYPE_FIXED32:
      case field_descriptor::TYPE_SFIXED32: return wire_type::fixed32;
      case field_descriptor::TYPE_STRING:
      case field_descriptor::TYPE_BYTES:
      case field_descriptor::TYPE_MESSAGE: return wire_type::length;
      case field_descriptor::TYPE_GROUP: return wire_type::group;
      default: return wire_type::varint;
    }
  }

  static json_form form_of(const descriptor& type) {
    constexpr std::string_view package = "google.protobuf.";
    using named = std::pair<std::string_view, json_form>;
    constexpr std::array<named, 16> own_forms = {{{"Any", json_form::any},
                                                  {"Timestamp", json_form::timestamp},
                                                  {"Duration", json_form::duration},
                                                  {"FieldMask", json_form::field_mask},
                                                  {"Struct", json_form::structure},
                                                  {"ListValue", json_form::list},
                                                  {"Value", json_form::value},
                                                  {"DoubleValue", json_form::wrapper},
                                                  {"FloatValue", json_form::wrapper},
                                                  {"Int64Value", json_form::wrapper},
                                                  {"UInt64Value", json_form::wrapper},
                                                  {"Int32Value", json_form::wrapper},
                                                  {"UInt32Value", json_form::wrapper},
                                                  {"BoolValue", json_form::wrapper},
                                                  {"StringValue", json_form::wrapper},
                                                  {"BytesValue", json_form::wrapper}}};
    // What its extensions are, only protobuf knows.
    if (type.extension_range_count() > 0) return json_form::by_utility;
    std::string_view name = name_of(type.full_name());
    if (!name.starts_with(package)) return json_form::members;
    name.remove_prefix(package.size());
    const auto at = std::find_if(own_forms.begin(), own_forms.end(),
                                 [&](const named& own) { return own.first == name; });
    return at == own_forms.end() ? json_form::members : at->second;
  }

  std::mutex mutex_;
  std::unordered_map<const descriptor*, std::unique_ptr<json_table>> tables_;
  std::vector<std::pair<const descriptor*, json_table*>> to_fill_;
};

inline const json_table& json_table::of(const google::protobuf::Descriptor& type) {
  return json_tables::get(type);
}

inline const json_table* json_table::of_url(std::string_view url) {
  constexpr std::string_view prefix =
      "type.googleapis.com/";  // the only one that the utility knows
  if (!url.starts_with(prefix)) return nullptr;
  const std::string name(url.substr(prefix.size()));
  const auto* type =
      google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
  return type == nullptr ? nullptr : &of(*type);
}

}  // namespace polywire::inline v1::detail

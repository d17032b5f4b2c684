// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/codec.hpp"
#include "polywire/core/payload.hpp"

#include <concepts>
#include <cstdint>
#include <string_view>

/// The fields of a message type without the type: for those who make a message out of texts that
/// have no kinds of their own, such as the variables of a URL.
namespace polywire::inline v1 {

/// What a text becomes in JSON so that a field takes it.
enum class field_kind : std::uint8_t {
  none,  ///< no text says a value of this field
  text,
  number,
  boolean,
  enumerator,  ///< a name, or its number
  message      ///< has fields of its own
};

class field_info;

/// Lives as long as the program, as what it finds does.
class message_fields {
 public:
  using finder = field_info (*)(const void* message, std::string_view name);

  message_fields() = default;
  message_fields(const void* message, finder how) noexcept : message_(message), find_(how) {}

  /// False: nothing is known of the type's fields.
  explicit operator bool() const noexcept { return message_ != nullptr; }

  /// By the name that JSON has for it, or by any other that reading accepts.
  inline field_info find(std::string_view name) const;

 private:
  const void* message_ = nullptr;
  finder find_ = nullptr;
};

class field_info {
 public:
  /// As JSON says it; empty: there is no such field.
  std::string_view name;
  field_kind kind = field_kind::none;
  /// Takes any number of values, each of this kind.
  bool repeated = false;
  /// kind message: its fields.
  message_fields fields;
};

inline field_info message_fields::find(std::string_view name) const {
  return message_ != nullptr ? find_(message_, name) : field_info();
}

/// What is known of the fields of T: all of a protobuf message, and of a plain struct what a
/// default one is written as. Nothing of what is no object or no JSON at all.
template <class T>
message_fields fields_of() {
  if constexpr (!std::same_as<T, payload>) {
    if constexpr (requires { codec<T>::fields(); }) return codec<T>::fields();
  }
  return {};
}

}  // namespace polywire::inline v1

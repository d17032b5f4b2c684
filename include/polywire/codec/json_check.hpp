// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_place.hpp"
#include "polywire/core/status.hpp"
#include "polywire/core/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

/// What nlohmann's conversions do not check: missing keys, kinds, numbers that do not fit.
namespace polywire::inline v1::detail {

inline std::string_view kind_name(const nlohmann::json& value) {
  switch (value.type()) {
    case nlohmann::json::value_t::object: return "an object";
    case nlohmann::json::value_t::array: return "an array";
    case nlohmann::json::value_t::string: return "a string";
    case nlohmann::json::value_t::boolean: return "a boolean";
    case nlohmann::json::value_t::number_integer:
    case nlohmann::json::value_t::number_unsigned: return "an integer";
    case nlohmann::json::value_t::number_float: return "a number";
    default: return "null";
  }
}

/// Above this a double no longer tells neighbouring integers apart.
inline constexpr double exact_integers = 9007199254740992.0;

inline bool is_exact_integer(double value) noexcept {
  return std::abs(value) <= exact_integers && std::trunc(value) == value;
}

inline bool is_small_integer(const nlohmann::json& value) noexcept {
  if (value.is_number_unsigned()) return value.get_ref<const std::uint64_t&>() <= 127;
  if (value.is_number_integer()) {
    const auto number = value.get_ref<const std::int64_t&>();
    return number >= 0 && number <= 127;
  }
  return false;
}

/// Whether something in here may have lost its value when it was converted to a C++ type of which
/// nothing is known.
inline bool may_be_narrowed(const nlohmann::json& value) {
  if (value.is_number()) return !is_small_integer(value);
  if (value.is_boolean()) return true;  // nlohmann makes a short or a char of it
  if (!value.is_structured()) return false;
  return std::any_of(value.begin(), value.end(), may_be_narrowed);
}

/// Applies the prototype rule: `prototype` is a default-constructed T as JSON. Keys that `input`
/// lacks are filled from it; kinds have to agree, where null in the prototype agrees with all.
/// `narrowed` becomes true when the numbers have to be looked at after conversion.
inline status apply_prototype(nlohmann::json& input, const nlohmann::json& prototype,
                              const json_place& place, bool& narrowed) {
  if (prototype.is_null()) {
    narrowed = narrowed || may_be_narrowed(input);
    return {};
  }
  if (prototype.is_number_integer() && input.is_number_float() &&
      is_exact_integer(input.get_ref<const double&>())) {
    input = static_cast<std::int64_t>(input.get_ref<const double&>());
  }
  if (prototype.is_number_float() && input.is_number()) {
    // Only the field's own range matters; a float that is too small for the value becomes infinite.
    narrowed = narrowed || (input.is_number_float() && std::abs(input.get_ref<const double&>()) >
                                                           std::numeric_limits<float>::max());
    return {};
  }
  if (prototype.is_number_integer() && input.is_number_integer()) {
    narrowed = narrowed || !is_small_integer(input);
    return {};
  }
  if (prototype.type() != input.type()) {
    return status::invalid_argument(place.to_string() + " is " + std::string(kind_name(input)) +
                                    " where " + std::string(kind_name(prototype)) + " is expected");
  }
  if (input.is_array()) {
    narrowed = narrowed || may_be_narrowed(input);
    return {};
  }
  if (!input.is_object()) return {};
  const auto& known = prototype.get_ref<const nlohmann::json::object_t&>();
  auto& members = input.get_ref<nlohmann::json::object_t&>();
  std::size_t met = 0;
  for (auto& [key, child] : members) {
    const auto like = known.find(key);
    if (like == known.end()) {
      narrowed = narrowed || may_be_narrowed(child);
    } else {
      ++met;
      if (auto done = apply_prototype(child, like->second, {place, key}, narrowed); !done) {
        return done;
      }
    }
  }
  if (met < known.size()) members.insert(known.begin(), known.end());  // keeps what is there
  return {};
}

/// An integer of either sign, compared by its value: nlohmann's own comparison wraps around.
class exact_integer {
 public:
  /// `value` is a number without fraction.
  explicit exact_integer(const nlohmann::json& value) {
    if (value.is_number_unsigned()) {
      bits_ = value.get_ref<const std::uint64_t&>();
    } else {
      const std::int64_t number = value.is_number_float()
                                      ? static_cast<std::int64_t>(value.get_ref<const double&>())
                                      : value.get_ref<const std::int64_t&>();
      not_negative_ = number >= 0;
      bits_ = static_cast<std::uint64_t>(number);
    }
  }
  friend auto operator<=>(const exact_integer&, const exact_integer&) = default;

 private:
  bool not_negative_ = true;
  std::uint64_t bits_ = 0;
};

/// The scalars of a document that a conversion may have changed.
class number_list {
 public:
  explicit number_list(const nlohmann::json& value) { add(value); }

  std::vector<exact_integer> integers;
  bool has_fractions = false;
  bool has_floats = false;
  bool has_booleans = false;

 private:
  void add(const nlohmann::json& value) {
    has_booleans = has_booleans || value.is_boolean();
    has_floats = has_floats || value.is_number_float();
    if (value.is_number_float() && !is_exact_integer(value.get_ref<const double&>())) {
      has_fractions = true;
    } else if (value.is_number()) {
      integers.emplace_back(value);
    } else if (value.is_structured()) {
      for (const nlohmann::json& child : value) add(child);
    }
  }
};

/// Sets and maps come back in another order: then every number has to be somewhere.
inline bool same_numbers(const nlohmann::json& input, const nlohmann::json& again) {
  const number_list wanted(input);
  number_list found(again);
  if (wanted.has_booleans && !found.has_booleans) return false;
  if (found.has_floats) return true;  // rounded: nothing to learn
  if (wanted.has_fractions) return false;
  std::sort(found.integers.begin(), found.integers.end());
  return std::all_of(wanted.integers.begin(), wanted.integers.end(), [&](const exact_integer& n) {
    return std::binary_search(found.integers.begin(), found.integers.end(), n);
  });
}

/// Compares the numbers of a message with those of the same message after conversion to T and
/// back: nlohmann truncates without a word what does not fit.
inline status check_numbers(const nlohmann::json& input, const nlohmann::json& again,
                            const json_place& place) {
  const auto bad = [&] {
    return status::invalid_argument(place.to_string() +
                                    " does not fit its type: out of range or "
                                    "not an integer");
  };
  if (again.is_number()) {
    if (input.is_boolean()) return bad();
    if (!input.is_number()) return {};
    if (again.is_number_float()) {
      return std::isfinite(again.get_ref<const double&>()) ? status() : bad();
    }
    if (input.is_number_float() && !is_exact_integer(input.get_ref<const double&>())) return bad();
    return exact_integer(input) == exact_integer(again) ? status() : bad();
  }
  if (input.is_object() && again.is_object()) {
    const auto& members = again.get_ref<const nlohmann::json::object_t&>();
    for (const auto& [key, child] : input.get_ref<const nlohmann::json::object_t&>()) {
      const auto same = members.find(key);
      if (same == members.end()) continue;
      if (auto done = check_numbers(child, same->second, {place, key}); !done) return done;
    }
  } else if (input.is_array() && again.is_array()) {
    status first = input.size() == again.size() ? status() : bad();
    for (std::size_t i = 0; first.ok() && i < input.size(); ++i) {
      first = check_numbers(input[i], again[i], {place, i});
    }
    if (!first.ok() && !same_numbers(input, again)) return first;
  }
  return {};
}

}  // namespace polywire::inline v1::detail

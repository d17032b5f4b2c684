// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/codec.hpp"
#include "polywire/codec/json_check.hpp"
#include "polywire/codec/json_document.hpp"
#include "polywire/codec/json_fields.hpp"
#include "polywire/codec/json_scan.hpp"

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace polywire::inline v1 {

namespace detail {

/// Runs what may throw, which is nlohmann and the user's own conversions.
template <class Work>
status without_exceptions(const char* doing, Work&& work) {
  const auto bad = [&](std::string_view why) {
    return status::invalid_argument(std::string(doing) + ": " + shown(why));
  };
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return status::resource_exhausted(std::string(doing) + ": out of memory");
  } catch (const std::exception& error) {
    return bad(error.what());
  } catch (...) {
    return bad("an exception that is no std::exception");
  }
}

/// A default T as JSON, made once; null where nothing is known. Never destroyed: messages may still
/// come while the process ends.
template <class T>
const nlohmann::json& json_prototype() {
  static const nlohmann::json& prototype = *new nlohmann::json([]() -> nlohmann::json {
    if constexpr (std::default_initializable<T> && !std::same_as<T, nlohmann::json>) {
      try {
        nlohmann::json made(T{});
        if (made.is_object() || std::is_arithmetic_v<T>) return made;
      } catch (...) {  // a default T that cannot be written tells nothing
        return nullptr;
      }
    }
    return nullptr;
  }());
  return prototype;
}

}  // namespace detail

/// Messages as JSON through nlohmann_json: structs with `to_json` and `from_json` (or one of the
/// NLOHMANN_DEFINE_TYPE macros), scalars, strings, containers, and `nlohmann::json` itself.
///
/// For a T with a default constructor that is written as an object, `json(T{})` tells keys and
/// kinds: keys that are missing in the input keep their defaults, in nested objects too, and a
/// value of another kind is refused with its place. Numbers that do not fit their C++ type are
/// refused as well: they are compared with what the decoded message is written as, so `to_json` and
/// `from_json` have to mirror each other. (For a floating-point number in a container of integers
/// that comes after nlohmann's cast, which C++ leaves undefined but every processor gives some
/// value.) As everywhere in nlohmann, the last of two equal keys wins.
template <class T>
struct codec<T, codec_family::json> {
  static_assert(std::is_constructible_v<nlohmann::json, const T&>,
                "T needs to_json and from_json in its own namespace; "
                "NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(T, members...) writes both");

  static constexpr format_set formats{format::json};
  static constexpr format preferred = format::json;

  static status encode(const T& value, format f, buffer& out) {
    if (f != format::json) return detail::wrong_format(formats, f);
    const std::size_t before = out.size();
    status done = detail::without_exceptions("writing JSON", [&]() -> status {
      detail::json_document_writer writer(out);
      if constexpr (std::same_as<T, nlohmann::json>) {
        return writer.write(value, {}, max_written_json_depth);
      } else {
        return writer.write(nlohmann::json(value), {}, max_written_json_depth);
      }
    });
    if (!done) out.truncate(before);
    return done;
  }

  static status decode(bytes_view in, format f, std::optional<T>& out, const limits& bounds) {
    out.reset();
    if (f != format::json) return detail::wrong_format(formats, f);
    status done = detail::without_exceptions("reading JSON", [&]() -> status {
      nlohmann::json document;
      if (auto good = detail::read_json_document(in, bounds.max_json_depth, document); !good) {
        return good;
      }
      if constexpr (std::same_as<T, nlohmann::json>) {
        out.emplace(std::move(document));
        return {};
      } else {
        bool narrowed = false;
        if (auto good =
                detail::apply_prototype(document, detail::json_prototype<T>(), {}, narrowed);
            !good) {
          return good;
        }
        out.emplace(document.template get<T>());
        return narrowed ? detail::check_numbers(document, nlohmann::json(*out), {}) : status();
      }
    });
    if (!done) out.reset();
    return done;
  }

  static message_fields fields() {
    if (!detail::json_prototype<T>().is_object()) return {};
    // Never destroyed, as the prototype.
    static const detail::json_fields& known =
        *new detail::json_fields(detail::json_prototype<T>(), reads);
    return known.view();
  }

 private:
  static bool reads(const nlohmann::json& document) {
    const auto read = [&]() -> status {
      (void)document.template get<T>();
      return {};
    };
    return detail::without_exceptions("reading JSON", read).ok();
  }
};

}  // namespace polywire::inline v1

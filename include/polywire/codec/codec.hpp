// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/buffer.hpp"
#include "polywire/core/limits.hpp"
#include "polywire/core/payload.hpp"
#include "polywire/core/status.hpp"
#include "polywire/core/utf8.hpp"

#include <concepts>
#include <optional>
#include <string>
#include <type_traits>

namespace polywire::inline v1 {

/// How a message type becomes bytes. It depends on the type alone, never on which header happens
/// to be included: that would give one type two meanings in one program.
enum class codec_family { protobuf, json, text, bytes };

/// A class that protoc generated, seen without protobuf's headers.
template <class T>
concept generated_message = requires(const T& message, T& target) {
  T::descriptor();
  message.ByteSizeLong();
  message.GetCachedSize();
  target.Clear();
};

template <class T>
consteval codec_family family_of() {
  if constexpr (std::same_as<T, text>)
    return codec_family::text;
  else if constexpr (std::same_as<T, bytes>)
    return codec_family::bytes;
  else if constexpr (generated_message<T>)
    return codec_family::protobuf;
  else
    return codec_family::json;
}

/// Turns a T into bytes and back. A family's header specialises it for all its types:
///
///     static constexpr format_set formats;   // what it speaks
///     static constexpr format preferred;     // what a client sends
///     static status encode(const T&, format, buffer& out);       // appends
///     static status decode(bytes_view, format, std::optional<T>& out, const limits&);
///
/// `encode` fails `invalid_argument` when the value has no representation and leaves `out` as it
/// was; `decode` fails `invalid_argument` with the place and the reason, and never throws.
template <class T, codec_family Family = family_of<T>()>
struct codec;

template <class T>
concept has_codec = requires { sizeof(codec<T>); };

/// Says at compile time which header is missing.
template <class T>
consteval bool require_codec() {
  constexpr codec_family family = family_of<T>();
  if constexpr (family == codec_family::protobuf) {
    static_assert(has_codec<T>, "T is a protobuf message: #include <polywire/protobuf.hpp>");
  } else if constexpr (family == codec_family::json) {
    static_assert(has_codec<T>,
                  "T travels as JSON (a struct with to_json/from_json, a scalar, an array): "
                  "#include <polywire/json.hpp>");
  }
  return has_codec<T>;
}

namespace detail {

inline status wrong_format(format_set spoken, format got) {
  std::string names;
  for (const format f : {format::protobuf, format::json, format::text, format::bytes}) {
    if (spoken.contains(f)) names.append(names.empty() ? "" : " or ").append(to_string(f));
  }
  return status::invalid_argument("this message is sent as " + names + ", not as " +
                                  std::string(to_string(got)));
}

}  // namespace detail

template <>
struct codec<bytes, codec_family::bytes> {
  static constexpr format_set formats{format::bytes};
  static constexpr format preferred = format::bytes;

  static status encode(const bytes& value, format f, buffer& out) {
    if (f != format::bytes) return detail::wrong_format(formats, f);
    out.append(value.view());
    return {};
  }
  static status decode(bytes_view in, format f, std::optional<bytes>& out, const limits&) {
    if (f != format::bytes) return detail::wrong_format(formats, f);
    out.emplace(in);
    return {};
  }
};

template <>
struct codec<text, codec_family::text> {
  static constexpr format_set formats{format::text};
  static constexpr format preferred = format::text;

  static status encode(const text& value, format f, buffer& out) {
    if (f != format::text) return detail::wrong_format(formats, f);
    if (auto good = check(value.str()); !good) return good;
    out.append(value.str());
    return {};
  }
  static status decode(bytes_view in, format f, std::optional<text>& out, const limits&) {
    if (f != format::text) return detail::wrong_format(formats, f);
    if (auto good = check(as_text(in)); !good) return good;
    out.emplace(as_text(in));
    return {};
  }

 private:
  static status check(std::string_view value) {
    const std::size_t good = valid_utf8(value);
    if (good == value.size()) return {};
    return status::invalid_argument("the text is not UTF-8 at byte " + std::to_string(good) +
                                    "; send other bytes as polywire::bytes");
  }
};

}  // namespace polywire::inline v1

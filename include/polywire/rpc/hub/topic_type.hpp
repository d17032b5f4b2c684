// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/codec.hpp"
#include "polywire/core/buffer.hpp"
#include "polywire/core/limits.hpp"
#include "polywire/core/payload.hpp"
#include "polywire/core/status.hpp"

#include <optional>
#include <string>

namespace polywire::inline v1::rpc {

/// What the hub knows of the type of a topic's events.
class topic_type {
 public:
  /// What they may be published in, and subscribed in.
  format_set formats;
  /// Appends the event in the format `to`. With `from == to` it only checks that the bytes are an
  /// event, and `out` stays as it was.
  status (*transcode)(bytes_view in, format from, format to, const limits& bounds, buffer& out);
};

template <class T>
inline constexpr topic_type topic_type_of = [] {
  static_assert(require_codec<T>());
  topic_type type{};
  type.formats = codec<T>::formats;
  type.transcode = [](bytes_view in, format from, format to, const limits& bounds, buffer& out) {
    std::optional<T> value;
    status done = codec<T>::decode(in, from, value, bounds);
    if (done && from != to) done = codec<T>::encode(*value, to, out);
    return done;
  };
  return type;
}();

/// Events without a type: in any format, unchecked, and only in the format they were published in.
template <>
inline constexpr topic_type topic_type_of<payload> = [] {
  topic_type type{};
  type.formats = format_set::all();
  type.transcode = [](bytes_view, format from, format to, const limits&, buffer&) {
    if (from == to) return status();
    return status::unimplemented("an event without a type was published as " +
                                 std::string(to_string(from)) + " and cannot become " +
                                 std::string(to_string(to)));
  };
  return type;
}();

}  // namespace polywire::inline v1::rpc

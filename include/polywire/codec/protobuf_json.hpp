// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/protobuf_json_reader.hpp"
#include "polywire/codec/protobuf_json_table.hpp"
#include "polywire/codec/protobuf_json_writer.hpp"
#include "polywire/codec/protobuf_parse.hpp"
#include "polywire/core/buffer.hpp"
#include "polywire/core/bytes.hpp"
#include "polywire/core/limits.hpp"
#include "polywire/core/status.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

/// The proto3 JSON mapping of generated messages. What we read and write is what protobuf's own
/// utility (3.21) reads and writes, with these exceptions, which tests/fuzz/protobuf_json_same.cpp
/// knows as well.
///
/// The utility is lenient, we refuse:
/// * what RFC 8259 does not allow: trailing commas, bare and single-quoted strings, "\v";
/// * one value where a list is expected, and lists inside lists;
/// * null inside lists and maps or as the whole message, where it does not stand for a value
///   (Value, NullValue);
/// * "true" for true; numbers in strings with spaces, "0x", "+" or leading zeros, "inf", "nan";
/// * integers that no 64 bits hold, but their nearest double does; keys of maps that differ in
///   their text but not in their value;
/// * an object, with the fields that it has in the binary form, for a type with a form of its own;
/// * times with digits left out or behind the end, or that their offset takes out of the years 1 to
///   9999; durations with spaces, "+", no digit behind the point or zeros behind the ninth;
/// * parentheses, brackets and quotes in the paths of field masks, which it gives a meaning.
///
/// The utility is wrong, newer versions are mostly not:
/// * null for a list of Value or NullValue is an empty list, not one null;
/// * it loses the sign of -0, and refuses unknown fields whose name is empty or whose number no
///   double holds;
/// * it cannot read groups, nor a float in a string that rounds to the greatest one;
/// * it takes durations of nearly 2^64 seconds for negative ones, and writes nonsense for those
///   whose seconds and nanos differ in their sign; we refuse both;
/// * it loses underscores of a mask's paths ("fooBAR" is "foo_b_a_r"), and writes paths that will
///   be read as others, which we refuse; it does not write masks with unknown fields;
/// * it cannot read a ListValue inside an Any, keeps zeros in an Any's bytes, and of an Any that
///   comes twice the first value if the second one is empty;
/// * inside an Any it refuses unknown names of enums, which it passes over elsewhere, and takes
///   what is deeper than the binary form may be;
/// * it counts a Value's levels more than once, and so does not write some that are not too deep;
/// * it writes a Value of no kind that is the whole message as no text at all; we refuse it;
/// * it drops bytes that are not UTF-8 from strings of proto2; we refuse to write them;
/// * it writes values of closed enums that are not known here, and so may write a field twice;
/// * a list or map that holds nothing that can be written is left out;
/// * it writes more characters as escapes, and more digits of floats below 1e-37, than it has to.
namespace polywire::inline v1::detail {

template <class T>
const json_table& json_table_of() {
  static const json_table& table = json_table::of(*T::descriptor());
  return table;
}

/// Errors: `invalid_argument` when a string is not UTF-8, the nesting is too deep, or an Any holds
/// a type that this program does not know. Then nothing is appended.
template <class T>
status write_protobuf_json(const T& message, buffer& out) {
  const std::size_t size = message.ByteSizeLong();
  if (size > max_protobuf_size) {
    return status::invalid_argument("writing JSON: a message of " + std::to_string(size) +
                                    " bytes is above protobuf's bound of 2 GiB");
  }
  buffer wire;
  if (size > 0) {
    message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(wire.grow(size)));
  }
  const std::size_t before = out.size();
  status done = protobuf_json_writer(out).write(json_table_of<T>(), as_text(wire.view()));
  if (done && out.size() == before) {
    done = status::invalid_argument(
        "writing JSON: a google.protobuf.Value without a kind has no form");
  }
  if (!done) out.truncate(before);
  return done;
}

/// `message` is empty.
template <class T>
status read_protobuf_json(bytes_view in, T& message, const limits& bounds) {
  protobuf_json_reader reader(in, bounds.max_json_depth);
  if (status done = reader.read(json_table_of<T>()); !done) return done;
  const bytes_view wire = reader.wire();
  if (wire.size() <= max_protobuf_size && parse_protobuf(wire, message, bounds)) return {};
  return status::invalid_argument(
      "reading JSON: the message is above protobuf's bound of 2 GiB, or nested deeper than " +
      std::to_string(bounds.max_protobuf_depth) + " levels");
}

}  // namespace polywire::inline v1::detail

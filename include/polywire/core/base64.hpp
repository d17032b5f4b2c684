// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/buffer.hpp"
#include "polywire/core/bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace polywire::inline v1 {

/// How base64 is written. Reading takes any of them.
enum class base64_form : std::uint8_t {
  padded,        ///< RFC 4648 4: JSON
  unpadded,      ///< the same without '=': binary metadata, details of a Connect error
  url_unpadded,  ///< RFC 4648 5: fit for a query, which would need '=' escaped
};

/// Characters that `size` bytes become.
constexpr std::size_t base64_size(std::size_t size, base64_form form) noexcept {
  if (form == base64_form::padded) return (size + 2) / 3 * 4;
  return size / 3 * 4 + (size % 3 == 0 ? 0 : size % 3 + 1);
}

/// No less than the bytes that so many characters become; exact where they have no padding.
constexpr std::size_t base64_decoded_room(std::size_t size) noexcept {
  return size / 4 * 3 + size % 4 * 3 / 4;
}

namespace detail {

inline constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline constexpr std::string_view base64_url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

// The six bits of a character, and above them which alphabet has it when only one does. What is in
// neither has both marks: so has the union of a text that mixes them.
inline constexpr std::uint8_t base64_only_standard = 0x40;
inline constexpr std::uint8_t base64_only_url = 0x80;
inline constexpr std::uint8_t base64_bad = base64_only_standard | base64_only_url;

constexpr std::array<std::uint8_t, 256> make_base64_values() noexcept {
  std::array<std::uint8_t, 256> values{};
  values.fill(base64_bad);
  for (std::uint8_t i = 0; i < 62; ++i) {
    values[static_cast<unsigned char>(base64_alphabet[i])] = i;
  }
  for (std::uint8_t i = 62; i < 64; ++i) {
    values[static_cast<unsigned char>(base64_alphabet[i])] = i | base64_only_standard;
    values[static_cast<unsigned char>(base64_url_alphabet[i])] = i | base64_only_url;
  }
  return values;
}
inline constexpr std::array<std::uint8_t, 256> base64_values = make_base64_values();

}  // namespace detail

/// Writes `base64_size(in.size(), form)` characters.
inline void encode_base64(bytes_view in, base64_form form, char* out) noexcept {
  const char* const letters = form == base64_form::url_unpadded ? detail::base64_url_alphabet.data()
                                                                : detail::base64_alphabet.data();
  const auto at = [in](std::size_t i) { return std::to_integer<std::uint32_t>(in[i]); };
  std::size_t i = 0;
  for (; in.size() - i >= 3; i += 3, out += 4) {
    const std::uint32_t bits = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    out[0] = letters[bits >> 18];
    out[1] = letters[bits >> 12 & 63];
    out[2] = letters[bits >> 6 & 63];
    out[3] = letters[bits & 63];
  }
  const std::size_t left = in.size() - i;
  if (left == 0) return;
  const std::uint32_t bits = at(i) << 16 | (left == 2 ? at(i + 1) << 8 : 0);
  *out++ = letters[bits >> 18];
  *out++ = letters[bits >> 12 & 63];
  if (left == 2) *out++ = letters[bits >> 6 & 63];
  if (form != base64_form::padded) return;
  *out++ = '=';
  if (left == 1) *out = '=';
}

inline void append_base64(bytes_view in, buffer& out, base64_form form = base64_form::padded) {
  encode_base64(in, form, reinterpret_cast<char*>(out.grow(base64_size(in.size(), form))));
}

inline std::string to_base64(bytes_view in, base64_form form) {
  std::string out(base64_size(in.size(), form), '\0');
  encode_base64(in, form, out.data());
  return out;
}

/// Takes either alphabet, but not both in one text; padding is all there or not at all; bits that
/// stand for no byte are zero, as every encoder leaves them, so that only one text means the same
/// bytes. Nothing else passes, spaces and line ends included.
///
/// `out` has `base64_decoded_room(in.size())` bytes, and may be the text itself. Returns how many
/// were written, or nothing: then what is in `out` has no meaning.
inline std::optional<std::size_t> decode_base64(std::string_view in, std::byte* out) noexcept {
  if (in.size() % 4 == 0 && in.ends_with('=')) in.remove_suffix(in.ends_with("==") ? 2 : 1);
  if (in.size() % 4 == 1) return std::nullopt;
  std::byte* const start = out;
  std::uint32_t marks = 0;
  const auto take = [&marks, in](std::size_t i) {
    const std::uint32_t value = detail::base64_values[static_cast<unsigned char>(in[i])];
    marks |= value;
    return value & 63;
  };
  std::size_t i = 0;
  for (; in.size() - i >= 4; i += 4, out += 3) {
    const std::uint32_t bits = take(i) << 18 | take(i + 1) << 12 | take(i + 2) << 6 | take(i + 3);
    out[0] = static_cast<std::byte>(bits >> 16);
    out[1] = static_cast<std::byte>(bits >> 8);
    out[2] = static_cast<std::byte>(bits);
  }
  const std::size_t left = in.size() - i;
  if (left > 0) {
    const std::uint32_t bits =
        take(i) << 18 | take(i + 1) << 12 | (left == 3 ? take(i + 2) << 6 : 0);
    const std::uint32_t unused = left == 3 ? 0xff : 0xffff;
    if ((bits & unused) != 0) return std::nullopt;
    *out++ = static_cast<std::byte>(bits >> 16);
    if (left == 3) *out++ = static_cast<std::byte>(bits >> 8);
  }
  if ((marks & detail::base64_bad) == detail::base64_bad) return std::nullopt;
  return static_cast<std::size_t>(out - start);
}

/// As above, into a string: empty where it fails.
inline bool decode_base64(std::string_view in, std::string& out) {
  out.resize(base64_decoded_room(in.size()));
  const auto size = decode_base64(in, reinterpret_cast<std::byte*>(out.data()));
  out.resize(size.value_or(0));
  return size.has_value();
}

/// As above, behind what `out` holds: nothing is appended where it fails.
inline bool append_from_base64(std::string_view in, buffer& out) {
  const std::size_t before = out.size();
  const auto size = decode_base64(in, out.grow(base64_decoded_room(in.size())));
  out.truncate(before + size.value_or(0));
  return size.has_value();
}

}  // namespace polywire::inline v1

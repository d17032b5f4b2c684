// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/compression.hpp"
#include "polywire/codec/message.hpp"
#include "polywire/core/result.hpp"
#include "polywire/wire/connect/envelope.hpp"
#include "polywire/wire/http1/fields.hpp"
#include "polywire/wire/http1/head_writer.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace polywire::inline v1::http_json {

/// How the messages of one direction are compressed, if at all.
class packing {
 public:
  packing() = default;
  /// `always`: every message that is not empty, else those for which it pays.
  explicit packing(const http_carrier::compression* how, bool always = false) noexcept
      : how_(how), always_(always) {}

  explicit operator bool() const noexcept { return how_ != nullptr; }
  std::string_view name() const noexcept { return how_ != nullptr ? how_->name() : "identity"; }
  /// Connect never compresses an empty message.
  bool packs(std::size_t size) const noexcept {
    return how_ != nullptr && size > 0 && (always_ || size >= pays_from);
  }
  status pack(bytes_view in, buffer& out) const { return how_->deflate(in, out); }

  /// A message as it came, which is at most `max_message` long once it is unpacked.
  /// Lifetime: the result is `in`, or in `out`.
  result<bytes_view> unpack(bytes_view in, std::size_t max_message, buffer& out) const {
    if (how_ == nullptr || in.empty()) return in;
    out.clear();
    if (auto done = how_->inflate(in, max_message, out); !done) return done;
    return out.view();
  }
  /// How long a message may be as it comes: what does not shrink grows a little.
  std::size_t most(std::size_t max_message) const noexcept {
    return how_ != nullptr ? max_message + max_message / 512 + 64 : max_message;
  }
  std::uint8_t envelope_flag() const noexcept {
    return how_ != nullptr ? wire::connect::compressed_flag : std::uint8_t{0};
  }

 private:
  // Below that a message goes in one segment anyhow.
  static constexpr std::size_t pays_from = 1'024;

  const http_carrier::compression* how_ = nullptr;
  bool always_ = false;
};

/// What a field such as Content-Encoding says about the body behind it.
/// Errors: `unimplemented` with the codings that are known.
inline result<packing> read_packing(std::string_view name) {
  if (name.empty() || wire::http1::detail::same_ignoring_case(name, "identity")) return packing();
  if (const auto* known = http_carrier::compression::find(name)) return packing(known, true);
  const std::string all = http_carrier::compression::names();
  return status::unimplemented("the compression '" + polywire::detail::shown(name, 32) +
                               "' is not known here; there is " + (all.empty() ? "" : all + ", ") +
                               "identity");
}
inline result<packing> read_packing(const wire::http1::field_list& fields, std::string_view field) {
  return read_packing(fields.get(field).value_or(""));
}

/// Appends a message in its envelope, compressed where that pays. On an error nothing is appended.
inline status append_message(const outgoing& message, const packing& how, buffer& out) {
  if (!how) {
    wire::connect::envelope_writer envelope(out);
    if (auto done = message.encode(out); !done) return done;
    envelope.finish();
    return {};
  }
  buffer plain;
  if (auto done = message.encode(plain); !done) return done;
  const bool packs = how.packs(plain.size());
  wire::connect::envelope_writer envelope(out, packs ? how.envelope_flag() : std::uint8_t{0});
  if (!packs) {
    out.append(plain.view());
  } else if (auto done = how.pack(plain.view(), out); !done) {
    return done;
  }
  envelope.finish();
  return {};
}

}  // namespace polywire::inline v1::http_json

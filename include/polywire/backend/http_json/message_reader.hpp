// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_json/packing.hpp"
#include "polywire/wire/connect/envelope.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace polywire::inline v1::http_json {

/// Reads the envelopes of one stream, and unpacks what is compressed.
class message_reader {
 public:
  /// `allowed`: as with `envelope_reader`; the flag of compression goes by `how`.
  message_reader(std::size_t max_message, packing how, std::uint8_t allowed) noexcept
      : max_message_(max_message),
        how_(how),
        envelopes_(how.most(max_message),
                   static_cast<std::uint8_t>(allowed | how.envelope_flag())) {}

  /// As `envelope_reader::read`; the message is unpacked.
  wire::connect::envelope_state read(bytes_view& in, wire::connect::envelope& out) {
    using wire::connect::envelope_state;
    if (!problem_.ok()) return envelope_state::error;
    const envelope_state state = envelopes_.read(in, out);
    if (state == envelope_state::error) problem_ = envelopes_.problem();
    if (state != envelope_state::complete) return state;
    if (out.is_compressed()) {
      auto message = how_.unpack(out.message, max_message_, unpacked_);
      if (!message) return fail(message.status());
      out.message = *message;
    } else if (out.message.size() > max_message_) {
      return fail(status::resource_exhausted("a message has " + std::to_string(out.message.size()) +
                                             " bytes; the limit max_message is " +
                                             std::to_string(max_message_)));
    }
    return envelope_state::complete;
  }
  status finish() const { return problem_.ok() ? envelopes_.finish() : problem_; }
  const status& problem() const noexcept { return problem_; }

 private:
  wire::connect::envelope_state fail(status why) {
    problem_ = std::move(why);
    return wire::connect::envelope_state::error;
  }

  std::size_t max_message_;
  packing how_;
  wire::connect::envelope_reader envelopes_;
  buffer unpacked_;
  status problem_;
};

}  // namespace polywire::inline v1::http_json

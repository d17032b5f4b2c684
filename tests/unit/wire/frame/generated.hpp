// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/wire/frame/decode.hpp"
#include "polywire/wire/frame/frame.pb.h"

#include <string>
#include <string_view>

/// Our frames in terms of the code that protoc generates, for comparisons.
namespace frame_tests {

namespace pb = polywire::frames::v1;

inline std::string to_string(polywire::bytes_view bytes) {
  return std::string(polywire::as_text(bytes));
}

/// With metadata and statuses decoded, which must succeed: `good` becomes false otherwise.
inline pb::Frame to_generated(const polywire::wire::frame::frame& f, bool& good) {
  pb::Frame out;
  out.set_call(f.call);
  out.set_flags(f.flags);
  out.set_method(f.method);
  if (f.has_payload) out.set_payload(to_string(f.payload));
  out.set_name(std::string(f.name));
  out.set_format(static_cast<pb::Format>(f.encoding));
  out.set_message_size(f.message_size);
  if (f.has_timeout) out.set_timeout_us(f.timeout_us);
  out.set_credit(f.credit);
  if (f.has_hello) {
    out.mutable_hello()->set_max_message(f.hello.max_message);
    out.mutable_hello()->set_max_calls(f.hello.max_calls);
    out.mutable_hello()->set_max_frame(f.hello.max_frame);
    out.mutable_hello()->set_call_credit(f.hello.call_credit);
    out.mutable_hello()->set_connection_credit(f.hello.connection_credit);
    out.mutable_hello()->set_max_subscriptions(f.hello.max_subscriptions);
  }
  if (f.has_ping) out.set_ping(f.ping);
  if (f.has_pong) out.set_pong(f.pong);

  out.set_key(std::string(f.key));
  out.set_event(f.event);
  out.set_lost(f.lost_before.count());
  out.set_lost_kind(static_cast<unsigned>(f.lost_before.how()));
  polywire::subscribe_head asked;
  if (f.has_subscribe) {
    if (polywire::wire::frame::decode_subscribe(f.subscribe_bytes, asked) != nullptr) good = false;
    pb::Subscribe* to = out.mutable_subscribe();
    to->set_from(static_cast<unsigned>(asked.start.how()));
    to->set_count(asked.start.count());
    to->set_epoch(asked.start.id().epoch());
    to->set_offset(asked.start.id().offset());
    to->set_sequence(asked.sequence);
    to->set_overflow(static_cast<unsigned>(asked.policy));
    to->set_lag_events(asked.lag.events);
    to->set_lag_bytes(asked.lag.bytes);
    to->set_group(std::string(asked.group));
  }
  polywire::subscribe_position begin;
  if (f.has_position) {
    if (!polywire::wire::frame::decode_position(f.position_bytes, begin)) good = false;
    out.mutable_position()->set_epoch(begin.after.epoch());
    out.mutable_position()->set_offset(begin.after.offset());
    out.mutable_position()->set_sequence(begin.sequence);
  }

  polywire::metadata metadata;
  if (!polywire::wire::frame::decode_metadata(f, polywire::limits(), metadata)) good = false;
  for (const auto& [key, value] : metadata) {
    auto* entry = out.add_metadata();
    entry->set_key(key);
    entry->set_value(value);
  }
  const auto add_status = [&good](polywire::bytes_view bytes, pb::Status* to) {
    polywire::status status;
    if (!polywire::wire::frame::decode_status(bytes, status)) good = false;
    to->set_code(static_cast<unsigned>(status.code()));
    to->set_message(status.message());
    if (status.reached() == polywire::outcome::rejected) to->set_outcome(1);
    for (const auto& detail : status.details()) {
      auto* added = to->add_details();
      added->set_type(detail.type_name());
      added->set_format(static_cast<pb::Format>(detail.value().encoding()));
      added->set_value(std::string(detail.value().str()));
    }
  };
  if (f.has_status) add_status(f.status_bytes, out.mutable_status());
  if (f.has_goodbye) add_status(f.goodbye_bytes, out.mutable_goodbye());
  return out;
}

}  // namespace frame_tests

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/framed/call.hpp"
#include "polywire/core/publish_options.hpp"
#include "polywire/rpc/names.hpp"
#include "polywire/wire/frame/frame.hpp"

namespace polywire::inline v1::framed {

/// What a server's frames say of events beside their messages; knows the numbers of its topics.
class event_reader {
 public:
  /// Reads what a frame of `c` says of an event, if anything. Returns how it breaks the rules, or
  /// null. What comes for a call that is over binds numbers all the same.
  const char* read(const call& c, const wire::frame::frame& f, event_head& out) {
    if (f.event == 0) {
      const bool orphan = c.subscription && f.has_payload && !c.over && !c.event;
      return orphan ? "an event came without its id" : nullptr;
    }
    if (!c.subscription) return "an event came outside of a subscription";
    if (!c.over && !c.confirmed) return "an event came before the subscription was confirmed";
    if (!c.over && c.event) return "an event came within another one";
    if (f.key.size() > publish_options::max_key) return "the key of an event is too long";
    out.offset = f.event;
    out.lost_before = f.lost_before;
    out.key = f.key;
    return read_topic(f, out);
  }

 private:
  const char* read_topic(const wire::frame::frame& f, event_head& out) {
    if (!f.name.empty()) {
      if (!is_topic_name(f.name)) return "a topic's name is malformed";
      if (f.method != 0 && !topics_.bind(f.method, f.name, nullptr)) {
        return "a topic's number is out of range or bound twice";
      }
      out.topic = f.name;
    } else if (f.method != 0) {
      const auto* bound = topics_.find(f.method);
      if (bound == nullptr) return "a topic's number is not bound to a name";
      out.topic = bound->name;
    }
    return nullptr;
  }

  rpc::received_names topics_;
};

}  // namespace polywire::inline v1::framed

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_json/error_json.hpp"
#include "polywire/codec/json_reader.hpp"
#include "polywire/codec/json_writer.hpp"
#include "polywire/core/base64.hpp"
#include "polywire/core/event_head.hpp"
#include "polywire/core/limits.hpp"
#include "polywire/core/payload.hpp"
#include "polywire/core/publish_options.hpp"
#include "polywire/core/topic.hpp"
#include "polywire/wire/sse/event.hpp"
#include "polywire/wire/sse/writer.hpp"

#include <string>
#include <string_view>
#include <utility>

/// Events as server-sent events. A message is the data of an event without a type, so that browsers
/// see it as such: JSON as it is, text as a JSON string, other bytes as base64. What else there is
/// to say comes in events of its own before it: `lost` {"count":3,"kind":"exact"}, `about`
/// {"topic":"…","key":"…"}; and `end`, the status as Connect writes errors, is the last one.
namespace polywire::inline v1::http_json {

inline constexpr std::pair<std::string_view, loss::kind> loss_names[] = {
    {"exact", loss::kind::exact},
    {"at_least", loss::kind::at_least},
    {"unknown", loss::kind::unknown}};

/// Where a subscription begins, said in the head of the answer.
inline constexpr std::string_view position_field = "polywire-position";
inline constexpr std::string_view sequence_field = "polywire-sequence";

/// Appends a message that is encoded in `encoded`, which is used up.
inline void append_message_event(std::string_view id, format encoding, buffer& encoded,
                                 buffer& out) {
  wire::sse::event e;
  e.id = id;
  buffer text;
  if (encoding == format::text) {
    append_json_string(text, as_text(encoded.view()));
    e.data = as_text(text.view());
  } else if (encoding == format::json) {
    e.data = as_text(encoded.view());
  } else {
    append_base64(encoded.view(), text);
    e.data = as_text(text.view());
  }
  (void)wire::sse::append_event(out, e);
}

inline void append_loss_event(const loss& lost, buffer& out) {
  buffer text;
  text.append("{\"count\":");
  append_json_number(text, lost.count());
  text.append(",\"kind\":\"");
  for (const auto& [name, kind] : loss_names) {
    if (kind == lost.how()) text.append(name);
  }
  text.append("\"}");
  wire::sse::event e;
  e.type = "lost";
  e.data = as_text(text.view());
  (void)wire::sse::append_event(out, e);
}

inline void append_about_event(const event_head& head, buffer& out) {
  buffer text;
  text.append("{\"topic\":");
  append_json_string(text, head.topic);
  text.append(",\"key\":\"");
  append_base64(as_bytes(head.key), text);  // any bytes
  text.append("\"}");
  wire::sse::event e;
  e.type = "about";
  e.data = as_text(text.view());
  (void)wire::sse::append_event(out, e);
}

/// `id`: what a browser that comes back names then; empty leaves the last one.
inline void append_end_event(const status& how, buffer& out, std::string_view id = {}) {
  buffer text;
  if (how.ok()) {
    text.append("{}");
  } else {
    write_error(how, text);
  }
  wire::sse::event e;
  e.type = "end";
  e.id = id;
  e.data = as_text(text.view());
  (void)wire::sse::append_event(out, e);
}

/// What comes before a message, kept until it comes.
class event_preface {
 public:
  /// Takes a `lost` or an `about`. False: it is malformed.
  bool take(std::string_view type, std::string_view json, const limits& bounds) {
    json_reader in(as_bytes(json), bounds.max_json_depth);
    std::string_view key;
    std::string_view value;
    bool good = in.enter_object();
    while (good && in.next_key(key)) {
      if (type == "lost" && key == "count" && in.peek() == json_kind::number) {
        std::string_view digits;
        std::uint64_t count = 0;
        good =
            in.skip(digits) &&
            std::from_chars(digits.data(), digits.data() + digits.size(), count).ec == std::errc();
        lost_ += loss(count, loss::kind::exact);
      } else if (type == "lost" && key == "kind") {
        good = in.read_string(value);
        for (const auto& [name, kind] : loss_names) {
          if (value == name) lost_ += loss(0, kind);
        }
      } else if (type == "about" && key == "topic") {
        good = in.read_string(value) && (value.empty() || is_topic_name(value));
        topic_ = value;
      } else if (type == "about" && key == "key") {
        good = in.read_string(value) && decode_base64(value, key_) &&
               key_.size() <= publish_options::max_key;
      } else {
        in.skip();
      }
    }
    return good && in.finish();
  }
  /// Whose views last until the next `take`.
  event_head next() {
    event_head head;
    head.lost_before = std::exchange(lost_, loss());
    last_topic_ = std::exchange(topic_, std::string());
    last_key_ = std::exchange(key_, std::string());
    head.topic = last_topic_;
    head.key = last_key_;
    return head;
  }

 private:
  loss lost_;
  std::string topic_;
  std::string key_;
  std::string last_topic_;
  std::string last_key_;
};

}  // namespace polywire::inline v1::http_json

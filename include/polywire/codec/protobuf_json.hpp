// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/json_scan.hpp"
#include "polywire/core/buffer.hpp"
#include "polywire/core/limits.hpp"
#include "polywire/core/status.hpp"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <memory>
#include <string>
#include <string_view>

/// The proto3 JSON mapping, by protobuf's own utility.
namespace polywire::inline v1::detail {

/// Errors: `invalid_argument` when a string is not UTF-8, the nesting is too deep, or an Any holds
/// a type that this program does not know.
inline status write_protobuf_json(const google::protobuf::Message& message, buffer& out) {
  std::string text;
  // The utility drops bytes that are not UTF-8 without a word; reading back refuses them.
  const std::unique_ptr<google::protobuf::Message> probe(message.New());
  if (!message.SerializePartialToString(&text) || !probe->ParsePartialFromString(text)) {
    return status::invalid_argument(
        "writing JSON: a string is not UTF-8, or the message is too large or nested too deep");
  }
  text.clear();
  // The defaults are the mapping's: lowerCamelCase names, no fields with default values.
  const auto done = google::protobuf::util::MessageToJsonString(message, &text);
  if (!done.ok()) {
    const auto& why = done.message();
    return status::invalid_argument("writing JSON: " + shown({why.data(), why.size()}));
  }
  if (auto good = check_json(as_bytes(text), max_written_json_depth); !good) {
    return status::invalid_argument("writing JSON: " + good.message());
  }
  out.append(text);
  return {};
}

inline status read_protobuf_json(bytes_view in, google::protobuf::Message& message,
                                 const limits& bounds) {
  if (auto good = check_json(in, bounds.max_json_depth); !good) return good;
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // a newer peer may send more
  const std::string_view text = as_text(in);
  const auto done =
      google::protobuf::util::JsonStringToMessage({text.data(), text.size()}, &message, options);
  if (!done.ok()) {
    const auto& why = done.message();
    return status::invalid_argument("reading JSON: " + shown({why.data(), why.size()}));
  }
  return {};
}

}  // namespace polywire::inline v1::detail

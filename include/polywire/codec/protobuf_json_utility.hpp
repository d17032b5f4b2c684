// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/status.hpp"
#include "polywire/core/utf8.hpp"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <exception>
#include <memory>
#include <string>
#include <string_view>

/// The proto3 JSON mapping by protobuf's own utility, for types that may have extensions. It takes
/// some microseconds for each value, whatever its size.
namespace polywire::inline v1::detail {

inline status write_by_utility(const google::protobuf::Message& message, std::string& text) {
  // The defaults are the mapping's: lowerCamelCase names, no fields with default values.
  const auto done = google::protobuf::util::MessageToJsonString(message, &text);
  if (done.ok()) return {};
  const auto& why = done.message();
  return status::invalid_argument(shown({why.data(), why.size()}));
}

/// Appends to `wire` what `text` stands for as the type of `prototype`. `text` is strict JSON, and
/// not too deep: the utility is lenient, and parses by recursion.
inline status read_by_utility(std::string_view text, const google::protobuf::Message& prototype,
                              std::string& wire) try {
  namespace util = google::protobuf::util;
  util::JsonParseOptions options;
  options.ignore_unknown_fields = true;  // a newer peer may send more
  // Newer versions of protobuf know extensions, but only in the memory of a message.
  const std::unique_ptr<google::protobuf::Message> message(prototype.New());
  const auto done = util::JsonStringToMessage({text.data(), text.size()}, message.get(), options);
  if (!done.ok()) {
    const auto& why = done.message();
    return status::invalid_argument(shown({why.data(), why.size()}));
  }
  return message->AppendPartialToString(&wire) ? status() : status::internal("too large");
} catch (const std::exception& error) {
  // Some input that it did not expect (an Any twice, inside another) fails a check of its own.
  return status::invalid_argument(std::string("protobuf cannot read it: ") + error.what());
}

}  // namespace polywire::inline v1::detail

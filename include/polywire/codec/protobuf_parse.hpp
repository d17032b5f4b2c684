// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/bytes.hpp"
#include "polywire/core/limits.hpp"

#include <google/protobuf/io/coded_stream.h>

#include <cstddef>
#include <cstdint>
#include <limits>

namespace polywire::inline v1::detail {

/// protobuf keeps sizes in an int.
inline constexpr std::size_t max_protobuf_size = std::numeric_limits<std::int32_t>::max();

/// Reads protobuf's binary format; `in` is within the bound, `message` is empty. False: it is
/// malformed, or nested deeper than `limits::max_protobuf_depth`.
template <class T>
bool parse_protobuf(bytes_view in, T& message, const limits& bounds) {
  using google::protobuf::io::CodedInputStream;
  const auto size = static_cast<int>(in.size());
  if (bounds.max_protobuf_depth == CodedInputStream::GetDefaultRecursionLimit()) {
    // A good deal faster, but it only knows this depth.
    return message.ParsePartialFromArray(in.data(), size);
  }
  CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(in.data()), size);
  stream.SetRecursionLimit(bounds.max_protobuf_depth);
  return message.MergePartialFromCodedStream(&stream) && stream.ConsumedEntireMessage();
}

}  // namespace polywire::inline v1::detail

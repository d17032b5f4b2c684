// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/protobuf.hpp"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace {

template <class T>
void there_and_back(polywire::bytes_view in, polywire::format f) {
  using namespace polywire;
  const limits bounds;
  std::optional<T> first;
  if (!codec<T>::decode(in, f, first, bounds)) {
    if (first) std::abort();
    return;
  }
  buffer binary;
  if (!codec<T>::encode(*first, format::protobuf, binary)) std::abort();
  std::optional<T> again;
  if (!codec<T>::decode(binary.view(), format::protobuf, again, bounds)) std::abort();
  // JSON may refuse: it nests less deeply, and unknown fields are not written.
  buffer json;
  if (!codec<T>::encode(*first, format::json, json)) return;
  const status read = codec<T>::decode(json.view(), format::json, again, bounds);
  // protobuf writes an empty Any of a type that it cannot read again.
  if (!read && !std::same_as<T, google::protobuf::Any>) std::abort();
}

}  // namespace

/// The first byte chooses the format; what was read can be written and read again. The types are
/// those that come with protobuf: recursive ones, and ones with a JSON form of their own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace polywire;
  if (size == 0) return 0;
  const format f = data[0] % 2 == 0 ? format::json : format::protobuf;
  const auto in = as_bytes(std::string_view(reinterpret_cast<const char*>(data) + 1, size - 1));
  there_and_back<google::protobuf::FileDescriptorProto>(in, f);
  there_and_back<google::protobuf::Struct>(in, f);
  there_and_back<google::protobuf::Timestamp>(in, f);
  there_and_back<google::protobuf::Any>(in, f);
  return 0;
}

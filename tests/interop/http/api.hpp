// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <polywire/core/method.hpp>
#include <polywire/core/topic.hpp>
#include <polywire/json.hpp>
#include <polywire/protobuf.hpp>

#include <google/protobuf/empty.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/wrappers.pb.h>

#include <cstdint>
#include <string>

/// What the two programs of this folder share.
namespace interop {

namespace pb = google::protobuf;

/// The service of values.proto, which says what its methods do.
namespace values {
inline constexpr polywire::unary<pb::Struct, pb::Struct> echo{"interop.v1.Values/Echo"};
inline constexpr polywire::unary<pb::Struct, pb::Struct> get{"interop.v1.Values/Get",
                                                             polywire::no_side_effects};
inline constexpr polywire::unary<pb::Int32Value, pb::Empty> fail{"interop.v1.Values/Fail"};
inline constexpr polywire::unary<pb::Empty, pb::Empty> wait{"interop.v1.Values/Wait"};
inline constexpr polywire::unary<pb::Empty, pb::Struct> waiting{"interop.v1.Values/Waiting"};
inline constexpr polywire::server_streaming<pb::Int32Value, pb::Int32Value> count{
    "interop.v1.Values/Count"};
inline constexpr polywire::server_streaming<pb::Empty, pb::Int32Value> tick{
    "interop.v1.Values/Tick"};
inline constexpr polywire::client_streaming<pb::StringValue, pb::StringValue> join{
    "interop.v1.Values/Join"};
inline constexpr polywire::bidi_streaming<pb::StringValue, pb::StringValue> talk{
    "interop.v1.Values/Talk"};
/// Nobody serves it.
inline constexpr polywire::unary<pb::Empty, pb::Empty> unknown{"interop.v1.Values/Unknown"};
}  // namespace values

struct Note {
  std::int64_t number = 0;
  std::string text;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Note, number, text)

namespace notes {
/// The note that is asked for; there is none of number 404.
inline constexpr polywire::unary<Note, Note> get{"interop.v1.Notes/Get", polywire::no_side_effects};
/// Publishes it.
inline constexpr polywire::unary<Note, Note> add{"interop.v1.Notes/Add"};
/// As many notes as its number, all of its text.
inline constexpr polywire::server_streaming<Note, Note> list{"interop.v1.Notes/List",
                                                             polywire::no_side_effects};
inline constexpr polywire::topic<Note> news{"interop.v1.news"};
}  // namespace notes

}  // namespace interop

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/connect/content_type.hpp"

#include "support/catch.hpp"

#include <string_view>
#include <utility>

namespace wc = polywire::wire::connect;
using polywire::format;
using wc::content_kind;
using wc::parse_content_type;

namespace {

constexpr content_kind json{format::json, false};
constexpr content_kind proto{format::protobuf, false};
constexpr content_kind json_stream{format::json, true};
constexpr content_kind proto_stream{format::protobuf, true};

}  // namespace

TEST_CASE("the four content types are read and written") {
  for (const auto& [name, kind] :
       {std::pair("application/json", json), std::pair("application/proto", proto),
        std::pair("application/connect+json", json_stream),
        std::pair("application/connect+proto", proto_stream)}) {
    CHECK(parse_content_type(name) == kind);
    CHECK(wc::content_type(kind) == name);
  }
}

TEST_CASE("text and bytes have names as codecs of Connect, and protobuf has others that are read") {
  CHECK(wc::content_type({format::text, false}) == "application/text");
  CHECK(wc::content_type({format::bytes, true}) == "application/connect+bytes");
  for (const auto f : {format::text, format::bytes}) {
    for (const bool streaming : {false, true}) {
      CHECK(parse_content_type(wc::content_type({f, streaming})) == content_kind{f, streaming});
    }
  }
  CHECK(parse_content_type("application/protobuf") == proto);
  CHECK(parse_content_type("application/x-protobuf") == proto);
  CHECK(parse_content_type("application/octet-stream") == content_kind{format::bytes, false});
}

TEST_CASE("letters of either case are the same") {
  CHECK(parse_content_type("Application/JSON") == json);
  CHECK(parse_content_type("APPLICATION/CONNECT+PROTO; CHARSET=UTF-8") == proto_stream);
}

TEST_CASE("parameters that change nothing are passed over") {
  for (const std::string_view text :
       {"application/json;charset=utf-8", "application/json; charset=utf-8",
        "application/json; charset=UTF-8", "application/json ;\tcharset=\"utf-8\" ",
        "application/json;", "application/json ; ; charset=utf-8;",
        "application/json; a=b;c=\"d;\\\"e\"", "application/json; version=1; charset=utf-8",
        "application/json "}) {
    CAPTURE(text);
    CHECK(parse_content_type(text) == json);
  }
  CHECK(parse_content_type("application/proto; charset=latin1") == proto);
  CHECK(parse_content_type("application/proto; messageType=\"a.B\"") == proto);
}

TEST_CASE("JSON in another character set is not taken") {
  for (const std::string_view text :
       {"application/json; charset=latin1", "application/json; charset=utf-16",
        "application/json; charset=\"utf-8 \"", "application/json; charset=utf-8; charset=utf-16",
        "application/connect+json; charset=iso-8859-1", "application/json; Charset=utf8"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_content_type(text).has_value());
  }
}

TEST_CASE("parameters that are not well-formed are not taken") {
  for (const std::string_view text :
       {"application/json charset=utf-8", "application/json; charset", "application/json; charset=",
        "application/json; =utf-8", "application/json; charset =utf-8",
        "application/json; charset= utf-8", "application/json; charset=\"utf-8",
        "application/json; a=\"b\\", "application/json; a=\"b\\\"", "application/json; a=\"b\"c",
        "application/json; a=b c", "application/json, application/proto", "application/proto; x",
        "application/json; a=b, application/proto"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_content_type(text).has_value());
  }
}

TEST_CASE("other types are not taken") {
  for (const std::string_view text :
       {"", ";", "application", "application/", "application/jso", "application/jsonx", "text/json",
        "application/protobufs", "application/grpc", "application/connect+",
        "application/connect+xml", "application/connect json", " application/json", "text/plain",
        "application/grpc-web+proto", "image/jpeg"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_content_type(text).has_value());
  }
  CHECK_FALSE(parse_content_type(std::string_view("application/json\0", 17)).has_value());
}

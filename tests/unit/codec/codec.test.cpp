// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/codec.hpp"

#include "support/catch.hpp"

#include <optional>
#include <string>

using namespace polywire;

namespace {

class plain {};

}  // namespace

TEST_CASE("text and bytes need no header but the codec's") {
  STATIC_REQUIRE(has_codec<text>);
  STATIC_REQUIRE(has_codec<bytes>);
  STATIC_REQUIRE(family_of<text>() == codec_family::text);
  STATIC_REQUIRE(family_of<bytes>() == codec_family::bytes);
  STATIC_REQUIRE(family_of<plain>() == codec_family::json);
  STATIC_REQUIRE(family_of<std::string>() == codec_family::json);
  STATIC_REQUIRE(!has_codec<plain>);
}

TEST_CASE("bytes are carried as they are") {
  const bytes value(std::string_view("\0\xff\n", 3));
  buffer out;
  out.append("before");
  REQUIRE(codec<bytes>::encode(value, format::bytes, out));
  CHECK(as_text(out.view()) == std::string_view("before\0\xff\n", 9));
  out.consume(6);
  std::optional<bytes> back;
  REQUIRE(codec<bytes>::decode(out.view(), format::bytes, back, limits()));
  CHECK(back == value);
  REQUIRE(codec<bytes>::decode({}, format::bytes, back, limits()));
  CHECK(back->empty());
}

TEST_CASE("text is carried as it is, also when empty or with a zero") {
  for (const std::string& value :
       {std::string(), std::string("gr\xc3\xbc\xc3\x9f"), std::string("a\0b", 3)}) {
    buffer out;
    REQUIRE(codec<text>::encode(text(value), format::text, out));
    CHECK(as_text(out.view()) == value);
    std::optional<text> back;
    REQUIRE(codec<text>::decode(out.view(), format::text, back, limits()));
    CHECK(back->str() == value);
  }
}

TEST_CASE("text that is not UTF-8 is refused both ways, with the place") {
  buffer out;
  out.append("before");
  const status sent = codec<text>::encode(text("ab\xff"), format::text, out);
  CHECK(sent.code() == status_code::invalid_argument);
  CHECK(sent.message().find("at byte 2") != std::string::npos);
  CHECK(as_text(out.view()) == "before");
  std::optional<text> back;
  const status read = codec<text>::decode(as_bytes("\xed\xa0\x80"), format::text, back, limits());
  CHECK(read.code() == status_code::invalid_argument);
  CHECK(!back);
}

TEST_CASE("a format that a type does not speak is refused with the one it does") {
  buffer out;
  std::optional<text> t;
  std::optional<bytes> b;
  for (const status& refused : {codec<text>::encode(text("x"), format::json, out),
                                codec<text>::decode({}, format::protobuf, t, limits())}) {
    CHECK(refused.code() == status_code::invalid_argument);
    CHECK(refused.message().find("is sent as text, not as") != std::string::npos);
  }
  for (const status& refused : {codec<bytes>::encode(bytes(), format::text, out),
                                codec<bytes>::decode({}, format::json, b, limits())}) {
    CHECK(refused.message().find("is sent as bytes, not as") != std::string::npos);
  }
  CHECK(out.empty());
}

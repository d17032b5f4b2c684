// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/protobuf.hpp"

#include "polywire/codec/json.hpp"

#include "all_kinds.pb.h"
#include "required.pb.h"
#include "user.pb.h"

#include "support/catch.hpp"

#include <limits>
#include <optional>
#include <string>

using namespace polywire;
using test::AllKinds;
using test::Chain;
using test::Required;

namespace {

AllKinds full() {
  AllKinds m;
  m.set_a_double(0.1);
  m.set_a_float(0.5F);
  m.set_an_int32(std::numeric_limits<std::int32_t>::min());
  m.set_an_int64(std::numeric_limits<std::int64_t>::min());
  m.set_a_uint32(std::numeric_limits<std::uint32_t>::max());
  m.set_a_uint64(std::numeric_limits<std::uint64_t>::max());
  m.set_a_sint32(-1);
  m.set_a_sint64(-2);
  m.set_a_fixed32(3);
  m.set_a_fixed64(4);
  m.set_a_sfixed32(-5);
  m.set_a_sfixed64(-6);
  m.set_a_bool(true);
  m.set_a_string("gr\xc3\xbc\xc3\x9f\" \\\n");
  m.set_some_bytes(std::string("\0\xff", 2));
  m.set_a_colour(test::COLOUR_GREEN);
  m.mutable_nested()->set_label("n");
  m.add_numbers(1);
  m.add_numbers(-1);
  m.add_words("a");
  m.add_words("");
  m.add_list()->set_weight(7);
  m.add_list();
  (*m.mutable_counts())["k"] = 9;
  (*m.mutable_by_number())[-3].set_label("x");
  m.set_chosen_number(0);
  m.set_maybe(0);
  return m;
}

/// `depth` messages inside each other, the outermost included.
Chain chain(int depth) {
  Chain whole;
  Chain* innermost = &whole;
  for (int i = 1; i < depth; ++i) innermost = innermost->mutable_next();
  innermost->set_value(1);
  return whole;
}

template <class T>
std::string written(const T& message, format f) {
  buffer out;
  const status done = codec<T>::encode(message, f, out);
  INFO(done.message());
  REQUIRE(done.ok());
  return std::string(as_text(out.view()));
}

template <class T>
T good(std::string_view in, format f) {
  std::optional<T> out;
  const status done = codec<T>::decode(as_bytes(in), f, out, limits());
  INFO(done.message());
  REQUIRE(done.ok());
  return std::move(*out);
}

template <class T>
std::string refusal(std::string_view in, format f, const limits& bounds = limits()) {
  std::optional<T> out;
  const status done = codec<T>::decode(as_bytes(in), f, out, bounds);
  CHECK(done.code() == status_code::invalid_argument);
  CHECK(!out.has_value());
  CHECK(done.message().size() < 500);
  CHECK(is_utf8(done.message()));
  return done.message();
}

bool same(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return a.SerializeAsString() == b.SerializeAsString();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("generated messages are recognised and prefer protobuf") {
  STATIC_REQUIRE(family_of<AllKinds>() == codec_family::protobuf);
  STATIC_REQUIRE(codec<AllKinds>::preferred == format::protobuf);
  STATIC_REQUIRE(codec<AllKinds>::formats.contains(format::json));
  STATIC_REQUIRE(!codec<AllKinds>::formats.contains(format::text));
}

TEST_CASE("every kind of field survives protobuf and JSON") {
  for (const format f : {format::protobuf, format::json}) {
    const AllKinds back = good<AllKinds>(written(full(), f), f);
    CHECK(back.ShortDebugString() == full().ShortDebugString());
    CHECK(back.has_maybe());
    CHECK(back.choice_case() == AllKinds::kChosenNumber);
  }
}

TEST_CASE("the binary form is what protobuf itself writes and reads") {
  CHECK(good<AllKinds>(full().SerializeAsString(), format::protobuf).words_size() == 2);
  AllKinds back;
  REQUIRE(back.ParseFromString(written(full(), format::protobuf)));
  CHECK(back.ShortDebugString() == full().ShortDebugString());
}

TEST_CASE("encoding appends to what is there") {
  buffer out;
  out.append("before");
  user::v1::GetUserRequest request;
  request.set_id("7");
  REQUIRE(codec<user::v1::GetUserRequest>::encode(request, format::protobuf, out));
  CHECK(as_text(out.view()) ==
        "before\x0a\x01"
        "7");
  REQUIRE(codec<user::v1::GetUserRequest>::encode(request, format::json, out));
  CHECK(as_text(out.view()).ends_with(R"({"id":"7"})"));
}

TEST_CASE("an empty message is no bytes, or two braces") {
  CHECK(written(AllKinds(), format::protobuf).empty());
  CHECK(written(AllKinds(), format::json) == "{}");
  CHECK(same(good<AllKinds>("", format::protobuf), AllKinds()));
  CHECK(same(good<AllKinds>("{}", format::json), AllKinds()));
  std::optional<AllKinds> out;
  CHECK(codec<AllKinds>::decode({}, format::protobuf, out, limits()).ok());
}

TEST_CASE("JSON names are lowerCamelCase, defaults are left out, 64-bit numbers are strings") {
  AllKinds m;
  m.set_an_int64(5);
  m.set_some_bytes("\xff");
  m.set_a_colour(test::COLOUR_RED);
  CHECK(written(m, format::json) == R"({"anInt64":"5","someBytes":"/w==","aColour":"COLOUR_RED"})");
  CHECK(good<AllKinds>(R"({"an_int64":5,"aColour":2})", format::json).a_colour() ==
        test::COLOUR_GREEN);
}

TEST_CASE("numbers that are not finite are JSON strings of protobuf") {
  AllKinds m;
  m.set_a_double(std::numeric_limits<double>::infinity());
  CHECK(written(m, format::json) == R"({"aDouble":"Infinity"})");
  CHECK(same(good<AllKinds>(written(m, format::json), format::json), m));
}

TEST_CASE("unknown fields are kept in binary and skipped in JSON") {
  const std::string bytes = full().SerializeAsString();
  CHECK(written(good<Required>("\x0a\x01"
                               "a\x98\x06\x01",
                               format::protobuf),
                format::protobuf) ==
        "\x0a\x01"
        "a\x98\x06\x01");
  CHECK(good<user::v1::User>(R"({"id":"7","new":[{"x":1}]})", format::json).id() == "7");
}

TEST_CASE("every cut of a message is read or refused, and never beyond its end") {
  const std::string whole = full().SerializeAsString();
  std::size_t refused = 0;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const std::string cut(whole.data(), n);
    std::optional<AllKinds> out;
    if (!codec<AllKinds>::decode(as_bytes(cut), format::protobuf, out, limits())) ++refused;
  }
  CHECK(refused > whole.size() / 2);
}

TEST_CASE("malformed bytes are refused with the type's name") {
  for (const std::string_view bytes :
       {std::string_view("\xff\xff\xff"), std::string_view("\x0a"),
        std::string_view("\x0a\x05"
                         "ab"),
        std::string_view("\x00", 1), std::string_view("\x0b"), std::string_view("\x0c"),
        std::string_view("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"),
        std::string_view("\x0a\x01\xff")}) {
    CHECK(contains(refusal<user::v1::User>(bytes, format::protobuf), "no user.v1.User"));
  }
}

TEST_CASE("binary nesting passes up to the limit and is refused above it") {
  // The limit counts what is nested, so that the outermost message is free.
  CHECK(good<Chain>(chain(100).SerializeAsString(), format::protobuf).has_next());
  CHECK(good<Chain>(chain(101).SerializeAsString(), format::protobuf).has_next());
  CHECK(contains(refusal<Chain>(chain(102).SerializeAsString(), format::protobuf),
                 "deeper than 100"));
  limits narrow;
  narrow.max_protobuf_depth = 2;
  std::optional<Chain> out;
  CHECK(
      codec<Chain>::decode(as_bytes(chain(3).SerializeAsString()), format::protobuf, out, narrow));
  CHECK(contains(refusal<Chain>(chain(4).SerializeAsString(), format::protobuf, narrow),
                 "deeper than 2"));
}

TEST_CASE("JSON nesting is bounded in both directions") {
  const auto nested = [](std::size_t n) {
    std::string text;
    for (std::size_t i = 1; i < n; ++i) text += R"({"next":)";
    return text + "{}" + std::string(n - 1, '}');
  };
  CHECK(written(good<Chain>(nested(63), format::json), format::json) == nested(63));
  CHECK(good<Chain>(nested(64), format::json).has_next());
  CHECK(contains(refusal<Chain>(nested(65), format::json), "nested deeper than 64"));
  CHECK(!refusal<Chain>(std::string(100'000, '['), format::json).empty());
  buffer out;
  CHECK(codec<Chain>::encode(chain(200), format::json, out).code() ==
        status_code::invalid_argument);
  CHECK(out.empty());
}

TEST_CASE("JSON that does not fit the message is refused") {
  for (const char* text :
       {"", "[]", "5", "null5", R"({"age":"x"})", R"({"age":1.5})", R"({"age":2147483648})",
        R"({"name":5,"name":[]})", R"({"name":{}})", R"({"age":1} {})", R"({"age":1]})",
        "{'age':1}", "{age:1}", R"({"name":"\ud800"})", "{\"name\":\"\xff\"}", R"({"age":NaN})"}) {
    INFO(text);
    CHECK(!refusal<user::v1::CreateUserRequest>(text, format::json).empty());
  }
}

TEST_CASE("a string that is not UTF-8 is refused when writing JSON") {
  user::v1::User u;
  u.set_name("a\xff");
  buffer out;
  CHECK(codec<user::v1::User>::encode(u, format::json, out).code() ==
        status_code::invalid_argument);
  CHECK(out.empty());
}

TEST_CASE("a proto2 message without a required field is refused both ways") {
  Required m;
  m.set_age(3);
  buffer out;
  for (const format f : {format::protobuf, format::json}) {
    const status refused = codec<Required>::encode(m, f, out);
    CHECK(refused.code() == status_code::invalid_argument);
    CHECK(refused.message() == "polywire.test.Required lacks required fields: name");
    CHECK(out.empty());
  }
  CHECK(contains(refusal<Required>("\x10\x03", format::protobuf), "lacks required fields: name"));
  CHECK(!refusal<Required>(R"({"age":3})", format::json).empty());
  CHECK(good<Required>(R"({"name":"a"})", format::json).name() == "a");
}

TEST_CASE("generated messages speak protobuf and JSON only") {
  buffer out;
  std::optional<AllKinds> in;
  CHECK(codec<AllKinds>::encode({}, format::text, out).message() ==
        "this message is sent as protobuf or json, not as text");
  CHECK(codec<AllKinds>::decode({}, format::bytes, in, limits()).message() ==
        "this message is sent as protobuf or json, not as bytes");
}

TEST_CASE("a message of a megabyte passes in both formats") {
  AllKinds m;
  for (int i = 0; i < 20'000; ++i)
    m.add_words("a word of some length, and then some " + std::to_string(i));
  for (const format f : {format::protobuf, format::json}) {
    CHECK(good<AllKinds>(written(m, f), f).words(19'999) == m.words(19'999));
  }
}

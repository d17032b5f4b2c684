// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/json_reader.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace polywire;

namespace {

json_reader reader(std::string_view text, std::size_t depth = 64) {
  return {as_bytes(text), depth};
}

/// The error of a reader that passes over everything.
std::string refusal(std::string_view text, std::size_t depth = 64) {
  const std::string own(text);  // the sanitizer sees a read too far
  json_reader in = reader(own, depth);
  const bool skipped = in.skip();
  INFO(text.substr(0, 100));
  CHECK_FALSE((skipped && in.finish()));
  CHECK(in.error().code() == status_code::invalid_argument);
  return in.error().message();
}

bool passes(std::string_view text, std::size_t depth = 64) {
  const std::string own(text);
  json_reader in = reader(own, depth);
  return in.skip() && in.finish() && in.error().ok();
}

std::string read(std::string_view json) {
  json_reader in = reader(json);
  std::string_view text;
  CHECK(in.read_string(text));
  CHECK(in.finish());
  return std::string(text);
}

std::string nested(std::size_t depth, char open, char close) {
  return std::string(depth, open) + std::string(depth, close);
}

}  // namespace

TEST_CASE("looking ahead keeps the bound of nesting, and does not move the reader") {
  for (const std::size_t depth : {2U, 3U}) {
    json_reader in(as_bytes(R"([[[1]],2])"), depth);
    REQUIRE(in.enter_array());
    REQUIRE(in.next_element());
    json_reader ahead = in.ahead();
    CHECK(ahead.skip() == (depth == 3));
    CHECK(in.ok());
    CHECK(in.skip() == (depth == 3));
  }
}

TEST_CASE("a document is read piece by piece") {
  json_reader in = reader(R"( {"a" : [1, -2.5e3], "b":{"c":"x\ty"},"d":true , "e":null} )");
  std::vector<std::string> seen;
  std::string_view key;
  std::string_view text;
  json_number number;
  bool truth = false;
  REQUIRE(in.peek() == json_kind::object);
  REQUIRE(in.enter_object());
  while (in.next_key(key)) {
    seen.emplace_back(key);
    switch (in.peek()) {
      case json_kind::array:
        REQUIRE(in.enter_array());
        while (in.next_element()) {
          REQUIRE(in.read_number(number));
          seen.emplace_back(number.text());
        }
        break;
      case json_kind::object:
        REQUIRE(in.enter_object());
        REQUIRE(in.next_key(key));
        REQUIRE(in.read_string(text));
        seen.emplace_back(text);
        REQUIRE(!in.next_key(key));
        break;
      case json_kind::boolean:
        REQUIRE(in.read_boolean(truth));
        CHECK(truth);
        break;
      default: REQUIRE(in.read_null());
    }
  }
  CHECK(in.finish());
  CHECK(seen == std::vector<std::string>{"a", "1", "-2.5e3", "b", "x\ty", "d", "e"});
}

TEST_CASE("strings without escapes are views of the text, others are unescaped") {
  const std::string_view json =
      R"(["plain, and long enough", "\"\\\/\b\f\n\r\t", "x\u00e4\ud83d\ude00y"])";
  json_reader in = reader(json);
  std::string_view text;
  REQUIRE(in.enter_array());
  REQUIRE(in.next_element());
  REQUIRE(in.read_string(text));
  CHECK(text.data() == json.data() + 2);
  REQUIRE(in.next_element());
  REQUIRE(in.read_string(text));
  CHECK(text == "\"\\/\b\f\n\r\t");
  CHECK(in.token() == R"("\"\\\/\b\f\n\r\t")");
  REQUIRE(in.next_element());
  REQUIRE(in.read_string(text));
  CHECK(text == "x\xc3\xa4\xf0\x9f\x98\x80y");
  CHECK(!in.next_element());
  CHECK(in.finish());
}

TEST_CASE("escapes make every code point") {
  CHECK(read(R"("\u0000")") == std::string(1, '\0'));
  CHECK(read(R"("\u007F\u0080\u07ff\u0800\uFFFF\ud800\udc00\udbff\udfff")") ==
        "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}

TEST_CASE("malformed escapes are refused") {
  for (const char* text :
       {R"("\x")", R"("\v")", R"("\u12")", R"("\u12g4")", R"("\ud800")", R"("\ud800x")",
        R"("\ud800\n")", R"("\ud800\u0041")", R"("\ud800\ud800")", R"("\ud800\ue000")",
        R"("\udc00")", R"("\u")", R"("\U0041")"}) {
    CHECK(refusal(text).find("malformed escape") != std::string::npos);
  }
  CHECK(refusal(R"("\)").find("escape") != std::string::npos);
}

TEST_CASE("what is not UTF-8 is refused, also around escapes") {
  CHECK(refusal("\"a\xff\"") == "JSON, byte 2: not UTF-8");
  CHECK(refusal("\"\xed\xa0\x80\"") == "JSON, byte 1: not UTF-8");
  CHECK(refusal("\"\xc3\\u00a4\"").find("not UTF-8") != std::string::npos);
  CHECK(refusal("{\"\xc3\":1}").find("not UTF-8") != std::string::npos);
}

TEST_CASE("the reader takes nesting up to its limit, and refuses it above") {
  for (const std::size_t limit : {std::size_t{1}, std::size_t{2}, std::size_t{64}}) {
    CHECK(passes(nested(limit - 1, '[', ']') == "" ? "1" : nested(limit - 1, '[', ']'), limit));
    CHECK(passes(nested(limit, '[', ']'), limit));
    CHECK(refusal(nested(limit + 1, '[', ']'), limit) == "JSON, byte " + std::to_string(limit) +
                                                             ": nested deeper than " +
                                                             std::to_string(limit) + " levels");
  }
  CHECK(passes("1", 0));
  CHECK(refusal("{}", 0).find("nested deeper than 0") != std::string::npos);
  CHECK(passes("[[],[],{}]", 2));
  CHECK(refusal(std::string(100'000, '[')).find("byte 64:") != std::string::npos);
  CHECK(passes(nested(100'000, '[', ']'), 100'000));  // no recursion
}

TEST_CASE("what only lenient parsers take is refused") {
  for (const std::string_view text : {"",
                                      " ",
                                      "{'a':1}",
                                      "// x\n1",
                                      "{a:1}",
                                      "NaN",
                                      "Infinity",
                                      "nul",
                                      "nulL",
                                      "True",
                                      "01",
                                      "1.",
                                      ".5",
                                      "+1",
                                      "[1,]",
                                      "[,1]",
                                      "[1 2]",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "{\"a\"}",
                                      "{\"a\" 1}",
                                      "{1:1}",
                                      "[1}",
                                      "{]",
                                      "]",
                                      "1 1",
                                      "{} {}",
                                      "[1",
                                      "{\"a\"",
                                      "{\"a\":",
                                      "\"a",
                                      "\"a\n\"",
                                      "tru",
                                      "\xef\xbb\xbf{}",
                                      "\v1",
                                      "-",
                                      "[-]",
                                      "1e",
                                      "{\"a\":1 \"b\":2}"}) {
    CHECK(!refusal(text).empty());
  }
  CHECK(!refusal(std::string_view("1\0", 2)).empty());
}

TEST_CASE("the first error stays, and ends everything") {
  json_reader in = reader("[1 2, 3]");
  json_number number;
  REQUIRE(in.enter_array());
  REQUIRE(in.next_element());
  REQUIRE(in.read_number(number));
  CHECK(!in.next_element());
  CHECK(!in.ok());
  CHECK(!in.next_element());
  CHECK(!in.skip());
  CHECK(in.peek() == json_kind::none);
  CHECK(!in.finish());
  CHECK(in.error().message() == "JSON, byte 3: a comma or a closing bracket is expected");
}

TEST_CASE("a value of another kind is refused") {
  std::string_view text;
  json_number number;
  bool truth = false;
  CHECK(!reader("1").enter_object());
  CHECK(!reader("{}").enter_array());
  CHECK(!reader("1").read_string(text));
  CHECK(!reader("\"1\"").read_number(number));
  CHECK(!reader("1").read_boolean(truth));
  CHECK(!reader("1").read_null());
}

TEST_CASE("a value that is passed over shows its text") {
  json_reader in = reader(R"([ {"a":[1,"]"]} , 2])");
  std::string_view raw;
  REQUIRE(in.enter_array());
  REQUIRE(in.next_element());
  REQUIRE(in.skip(raw));
  CHECK(raw == R"({"a":[1,"]"]})");
  REQUIRE(in.next_element());
  REQUIRE(in.skip(raw));
  CHECK(raw == "2");
  CHECK(!in.next_element());
  CHECK(in.finish());
}

TEST_CASE("every cut of a document is refused, and never read beyond") {
  const std::string whole = R"({"a":[1,-2.5e3,"x\"\u00e4\ud83d\ude00",true,{"b":null}],"c":false})";
  REQUIRE(passes(whole));
  for (std::size_t n = 0; n < whole.size(); ++n) CHECK(!passes(whole.substr(0, n)));
}

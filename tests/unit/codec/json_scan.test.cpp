// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/json_scan.hpp"

#include "support/catch.hpp"

#include <string>

using namespace polywire;

namespace {

status scan(std::string_view text, std::size_t depth = 64) {
  return check_json(as_bytes(text), depth);
}

std::string refusal(std::string_view text, std::size_t depth = 64) {
  const status refused = scan(text, depth);
  INFO(text.substr(0, 100));
  CHECK(refused.code() == status_code::invalid_argument);
  return refused.message();
}

std::string nested(std::size_t depth, char open, char close) {
  return std::string(depth, open) + std::string(depth, close);
}

}  // namespace

TEST_CASE("JSON of every kind passes the scan") {
  for (const char* text :
       {"{}", "[]", "null", "true", "false", "0", "-1.5e+10", "1E-3", "\"\"", "\"a\\\"]\\\\\"",
        " [ 1 , {\"a\" : [true, false, null] } ]\r\n\t", "\"gr\xc3\xbc\xc3\x9f\"", "\"\x7f\""}) {
    INFO(text);
    CHECK(scan(text).ok());
  }
}

TEST_CASE("nesting passes up to the limit and is refused above it") {
  for (const std::size_t limit : {std::size_t{1}, std::size_t{2}, std::size_t{64}}) {
    CHECK(scan(nested(limit - 1, '[', ']'), limit).ok() == true);
    CHECK(scan(nested(limit, '[', ']'), limit).ok());
    CHECK(scan(nested(limit, '{', '}'), limit).ok());
    CHECK(refusal(nested(limit + 1, '[', ']'), limit).find("nested deeper than") !=
          std::string::npos);
    CHECK(!scan(nested(limit + 1, '{', '}'), limit).ok());
  }
  CHECK(scan("1", 0).ok());
  CHECK(!scan("[]", 0).ok());
}

TEST_CASE("depth counts what is open at once, not all brackets") {
  std::string wide = "[";
  for (int i = 0; i < 1'000; ++i) wide += "[{}],";
  CHECK(scan(wide + "[]]", 3).ok());
  CHECK(!scan(wide + "[]]", 2).ok());
}

TEST_CASE("a hundred thousand open brackets are refused at once") {
  const std::string attack(100'000, '[');
  CHECK(refusal(attack).find("byte 64:") != std::string::npos);
}

TEST_CASE("brackets in strings do not count, whatever is escaped before them") {
  CHECK(scan(R"(["[[[[[["])", 1).ok());
  CHECK(scan(R"(["\"[[[[["])", 1).ok());
  CHECK(scan(R"(["\\",1])", 1).ok());
  CHECK(!scan(R"(["\\",[1]])", 1).ok());
  CHECK(scan(R"(["\u005b\"[", "]"])", 1).ok());
}

TEST_CASE("text that ends too early is refused") {
  for (const char* text :
       {"[", "{", "[[]", "\"", "\"abc", "\"abc\\", "\"abc\\\"", "{\"a\":", "tru"}) {
    CHECK(!refusal(text).empty());
  }
}

TEST_CASE("a bracket that nothing opened is refused") {
  for (const char* text : {"]", "}", "[]]", "{}}[["}) {
    CHECK(refusal(text).find("not opened") != std::string::npos);
  }
}

TEST_CASE("what only lenient parsers take is refused: they would see other strings") {
  for (const char* text : {"{'a':1}", "{'\"':[[[['\"':1}", "// x\n1", "/* \" */ [", "# x\n1",
                           "{a:1}", "NaN", "Infinity", "-Infinity", "nul", "True", "nan", "e",
                           "[e5]", "\\", "`", "\xef\xbb\xbf{}", "\v1", "\x01"}) {
    CHECK(refusal(text).find("unexpected character") != std::string::npos);
  }
}

TEST_CASE("a zero does not end the text, as it does for nlohmann") {
  CHECK(refusal(std::string_view("5\0[", 3)) == "JSON, byte 1: unexpected character");
  CHECK(!scan(std::string_view("5\0", 2)).ok());
}

TEST_CASE("control characters in strings are refused") {
  for (const std::string_view text : {std::string_view("\"a\nb\""), std::string_view("\"\0\"", 3),
                                      std::string_view("\"\x1f\"")}) {
    CHECK(refusal(text).find("control character") != std::string::npos);
  }
}

TEST_CASE("JSON that is not UTF-8 is refused with the place") {
  CHECK(refusal("\"a\xff\"") == "JSON, byte 2: not UTF-8");
  CHECK(refusal("\"\xed\xa0\x80\"") == "JSON, byte 1: not UTF-8");
  CHECK(refusal("\"\xc3") == "JSON, byte 1: not UTF-8");
}

TEST_CASE("every cut of a document passes or is refused, and never reads beyond") {
  const std::string whole = R"({"a":[1,-2.5e3,"x\"\u00e4",true,{"b":null}],"c":false})";
  REQUIRE(scan(whole).ok());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const std::string cut(whole.data(), n);  // own storage: the sanitizer sees a read too far
    CHECK(scan(cut).ok() == (n == 0));
  }
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/json_document.hpp"

#include "support/catch.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

using namespace polywire;
using nlohmann::json;

namespace {

json read(std::string_view text, std::size_t levels = 64) {
  json out;
  INFO(text);
  CHECK(detail::read_json_document(as_bytes(text), levels, out).ok());
  return out;
}

std::string refusal(std::string_view text, std::size_t levels = 64) {
  json out;
  const status how = detail::read_json_document(as_bytes(text), levels, out);
  INFO(text.substr(0, 100));
  CHECK(how.code() == status_code::invalid_argument);
  return how.message();
}

std::string written(const json& value, std::size_t levels = 64) {
  buffer out;
  CHECK(detail::json_document_writer(out).write(value, {}, levels).ok());
  return std::string(as_text(out.view()));
}

std::string write_refusal(const json& value, std::size_t levels = 64) {
  buffer out;
  const status how = detail::json_document_writer(out).write(value, {}, levels);
  CHECK(how.code() == status_code::invalid_argument);
  return how.message();
}

}  // namespace

TEST_CASE("a document is read and written as nlohmann does it") {
  for (const char* text :
       {"null", "true", "false", "0", "\"\"", "[]", "{}", "[[]]", "[{}]", R"({"a":{}})",
        R"({"a":[],"b":{"c":[1,[2,{"d":null}],"x"]},"e":-1.5})", R"([1,"a",[true,false],{}])",
        R"("\u0000\u001f\b\t\n\f\r\"\\/<>)"
        "\x7f\"",
        "\"gr\xc3\xbc\xc3\x9f \\ud83d\\ude00\"", " [ 1 , { \"a\" : 2 } ] \r\n\t"}) {
    const json theirs = json::parse(text);
    CHECK(read(text) == theirs);
    CHECK(written(theirs) == theirs.dump());
  }
}

TEST_CASE("the last of two equal keys wins, whatever came before") {
  CHECK(read(R"({"a":[1],"b":2,"a":{"c":3}})") == json::parse(R"({"a":{"c":3},"b":2})"));
  CHECK(read(R"({"a":{"c":3},"a":[1]})") == json::parse(R"({"a":[1]})"));
  CHECK(read(R"({"a":1,"a":null})") == json::parse(R"({"a":null})"));
}

TEST_CASE("numbers have the types that nlohmann gives them") {
  for (const char* text : {"0", "-0", "127", "-1", "9223372036854775807", "9223372036854775808",
                           "18446744073709551615", "18446744073709551616", "-9223372036854775808",
                           "-9223372036854775809", "1.0", "-0.0", "1e3", "1E-3", "0.1", "1e-400",
                           "1.7976931348623157e308", "123456789012345678901234567890"}) {
    const json theirs = json::parse(text);
    const json ours = read(text);
    INFO(text);
    CHECK(ours.type() == theirs.type());
    CHECK(ours == theirs);
    CHECK(written(ours) == theirs.dump());
  }
  CHECK(refusal("[1e400]") == "JSON: no number of 64 bits holds 1e400");
}

TEST_CASE("reading stops at the limit of nesting") {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  CHECK(read(nested(3), 4) == json::parse(nested(3)));
  CHECK(read(nested(4), 4) == json::parse(nested(4)));
  CHECK(refusal(nested(5), 4).find("nested deeper than 4") != std::string::npos);
  CHECK(refusal(R"([{"a":[{}]}])", 3).find("nested deeper than 3") != std::string::npos);
  CHECK(refusal(std::string(100'000, '[')).find("nested deeper") != std::string::npos);
}

TEST_CASE("what is not JSON is refused with its place") {
  CHECK(refusal("").find("byte 0") != std::string::npos);
  CHECK(refusal("[1,]").find("byte 3") != std::string::npos);
  CHECK(refusal("[1 2]").find("byte 3") != std::string::npos);
  CHECK(refusal("{\"a\"}").find("byte 4") != std::string::npos);
  CHECK(refusal("{\"a\":1,}").find("byte 7") != std::string::npos);
  CHECK(refusal("{\"a\":tru}").find("byte 5") != std::string::npos);
  CHECK(refusal("1 2").find("byte 2") != std::string::npos);
  CHECK(refusal("\"\\ud800\"").find("escape") != std::string::npos);
  CHECK(refusal("\"\xff\"").find("not UTF-8") != std::string::npos);
}

TEST_CASE("writing stops at the limit of nesting") {
  CHECK(written(json::parse("[[1]]"), 2) == "[[1]]");
  CHECK(write_refusal(json::parse("[[[1]]]"), 2) == "[0][0] is nested too deep to be sent as JSON");
  CHECK(write_refusal(json::parse("{}"), 0) == "the message is nested too deep to be sent as JSON");
}

TEST_CASE("what JSON cannot express is refused with its place") {
  const double infinite = std::numeric_limits<double>::infinity();
  CHECK(write_refusal(json{{"a", {1, infinite}}}) ==
        "a[1] is not a finite number, which JSON cannot express");
  CHECK(write_refusal(json{{"a", "b\xff"}}) == "a is not UTF-8");
  CHECK(write_refusal(json{{"a", {{"\xc3", 1}}}}) == "a has a key that is not UTF-8");
  CHECK(write_refusal(json(json::value_t::discarded)) ==
        "the message is the discarded result of a failed parse");
}

TEST_CASE("binary values are written as nlohmann writes them") {
  const json value = json::binary({1, 2, 255});
  CHECK(written(value) == value.dump());
}

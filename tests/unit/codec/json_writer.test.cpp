// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/json_writer.hpp"

#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <string>

using namespace polywire;

namespace {

std::string written(std::string_view text) {
  buffer out;
  CHECK(append_json_string(out, text));
  return std::string(as_text(out.view()));
}

template <class Number>
std::string number(Number value) {
  buffer out;
  append_json_number(out, value);
  return std::string(as_text(out.view()));
}

}  // namespace

TEST_CASE("strings are quoted and escaped") {
  CHECK(written("") == "\"\"");
  CHECK(written("John Doe") == "\"John Doe\"");
  CHECK(written("a \"b\" \\ \b\t\n\f\r") == R"("a \"b\" \\ \b\t\n\f\r")");
  CHECK(written(std::string_view("\0\x1f\x7f", 3)) == R"("\u0000\u001f\u007f")");
  CHECK(written("</script>") == R"("\u003c/script\u003e")");
  CHECK(written("gr\xc3\xbc\xc3\x9f") == "\"gr\xc3\xbc\xc3\x9f\"");
}

TEST_CASE("every character is escaped if it has to be, wherever it stands") {
  for (int c = 0; c < 0x80; ++c) {
    for (std::size_t before : {0U, 1U, 6U, 7U, 8U, 9U, 15U, 16U}) {
      const std::string text =
          std::string(before, 'x') + static_cast<char>(c) + std::string("\xc3\xa4 and more");
      const std::string json = written(text);
      CHECK(nlohmann::json::parse(json).get<std::string>() == text);
      const bool plain = c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != 0x7f;
      CHECK((json.find('\\') == std::string::npos) == plain);
    }
  }
}

TEST_CASE("what is not UTF-8 is not written") {
  buffer out;
  out.append("kept");
  CHECK(!append_json_string(out, "long enough \xff"));
  CHECK(as_text(out.view()) == "kept");
}

TEST_CASE("integers are written whole") {
  CHECK(number(0) == "0");
  CHECK(number(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(number(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
}

TEST_CASE("floating-point numbers have as many digits as it takes") {
  CHECK(number(0.0) == "0");
  CHECK(number(-0.0) == "-0");
  CHECK(number(0.1) == "0.1");
  CHECK(number(0.1 + 0.2) == "0.30000000000000004");
  CHECK(number(1e21) == "1e+21");
  CHECK(number(1.5e300) == "1.5e+300");
  CHECK(number(0.1F) == "0.1");
  CHECK(number(16777216.0F) == "16777216");
  CHECK(number(std::numeric_limits<double>::max()) == "1.7976931348623157e+308");
  CHECK(number(std::numeric_limits<double>::quiet_NaN()) == "\"NaN\"");
  CHECK(number(std::numeric_limits<float>::infinity()) == "\"Infinity\"");
  CHECK(number(-std::numeric_limits<double>::infinity()) == "\"-Infinity\"");
}

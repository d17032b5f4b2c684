// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/http1/target.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace h1 = polywire::wire::http1;

namespace {

/// "path?query", or what is wrong.
std::string parsed(std::string_view text) {
  h1::target target;
  if (!target.parse(text)) {
    CHECK(target.problem().status == 400);
    CHECK(target.problem().text.size() < 200);
    return target.problem().text;
  }
  return target.path() + "?" + std::string(target.query());
}
bool refused(std::string_view text) { return !h1::target().parse(text); }

/// "key=value|", or what is wrong.
std::string pairs(std::string_view query, h1::plus rule = h1::plus::is_blank) {
  h1::query_reader reader(query, rule);
  std::string all;
  while (reader.next()) all += reader.key() + "=" + reader.value() + "|";
  if (reader.problem().status == 0) return all;
  CHECK(reader.problem().status == 400);
  CHECK_FALSE(reader.next());
  return reader.problem().text;
}

}  // namespace

TEST_CASE("a target is taken apart, and its path decoded once") {
  CHECK(parsed("/a/b?c=d") == "/a/b?c=d");
  CHECK(parsed("/") == "/?");
  CHECK(parsed("*") == "*?");
  CHECK(parsed("/a?") == "/a?");
  CHECK(parsed("?a") == "/?a");
  CHECK(parsed("/a?b?c/../d%zz") == "/a?b?c/../d%zz");
  CHECK(parsed("/gr%C3%bc%20%25") == "/gr\xc3\xbc %?");
  CHECK(parsed("/%252e%252e/a+b") == "/%2e%2e/a+b?");
  CHECK(parsed("//a//b/") == "//a//b/?");
  CHECK(parsed("/.a/..b/c./d../...") == "/.a/..b/c./d../...?");
}

TEST_CASE("paths that two parties may understand in two ways are refused") {
  for (const char* text : {"/.", "/..", "/./a", "/../a", "/a/..", "/a/.", "/a/../b", "/%2e",
                           "/%2E%2e/a", "/a/.%2e", "/a/%2e?b"}) {
    INFO(text);
    CHECK(parsed(text).find("segment") != std::string::npos);
  }
  for (const char* text : {"/a%2fb", "/a%2Fb", "/..%2f", "/a%5cb", "/%00", "/a%0d%0aB:%20c", "/%7f",
                           "/%1F", "/%c3%bc%09"}) {
    INFO(text);
    CHECK(parsed(text).find("escaped") != std::string::npos);
  }
  for (const char* text : {"/%", "/a%2", "/%2x", "/%x2", "/%%20", "/%+1", "/% 1"}) {
    INFO(text);
    CHECK(parsed(text).find("hexadecimal") != std::string::npos);
  }
  for (const char* text : {"/%ff", "/%c3", "/%ed%a0%80", "/%c0%ae", "/%f5%80%80%80"}) {
    INFO(text);
    CHECK(parsed(text).find("UTF-8") != std::string::npos);
  }
  CHECK(refused("a"));
  CHECK(refused("../a"));
  CHECK(refused("%2fa"));
}

TEST_CASE("a target is used again") {
  h1::target target;
  REQUIRE(target.parse("/a%20b?c"));
  REQUIRE_FALSE(target.parse("/%"));
  REQUIRE(target.parse("/d"));
  CHECK(target.path() == "/d");
  CHECK(target.query().empty());
}

TEST_CASE("a query is read pair by pair") {
  CHECK(pairs("") == "");
  CHECK(pairs("a=b") == "a=b|");
  CHECK(pairs("a=b&a=c&d") == "a=b|a=c|d=|");
  CHECK(pairs("&&a==b&&=c&") == "a==b|=c|");
  CHECK(pairs("a%3db%26=%c3%bc%2B%00x") == "a=b&=\xc3\xbc+" + std::string(1, '\0') + "x|");
  CHECK(pairs("a+b=c+%2b+d") == "a b=c + d|");
  CHECK(pairs("a+b=c+%2b", h1::plus::is_plus) == "a+b=c++|");
  CHECK(pairs("%2525=%2520") == "%25=%20|");
}

TEST_CASE("a bad query is refused, and what came before it is not a lie") {
  CHECK(pairs("a=b&c=%").find("hexadecimal") != std::string::npos);
  CHECK(pairs("%4=b").find("hexadecimal") != std::string::npos);
  CHECK(pairs("a=%ff").find("UTF-8") != std::string::npos);
  CHECK(pairs("%ed%a0%80").find("UTF-8") != std::string::npos);
}

TEST_CASE("a query has a thousand pairs at most") {
  std::string query = "a";
  for (std::size_t i = 1; i < h1::query_reader::max_pairs - 1; ++i) query += "&a";
  CHECK(pairs(query).size() == 3 * 999);
  query += "&a";
  CHECK(pairs(query).size() == 3 * 1'000);
  query += "&a";
  CHECK(pairs(query).find("1000 pairs") != std::string::npos);
}

TEST_CASE("what is encoded decodes to the same") {
  std::string every;
  for (int c = 0; c < 256; ++c) every += static_cast<char>(c);
  std::string encoded;
  h1::percent_encode(every, encoded);
  CHECK(encoded.find_first_of(" /?#&=+\r\n\"") == std::string::npos);
  for (const h1::plus rule : {h1::plus::is_plus, h1::plus::is_blank}) {
    std::string decoded;
    REQUIRE(h1::percent_decode(encoded, rule, decoded));
    CHECK(decoded == every);
  }
}

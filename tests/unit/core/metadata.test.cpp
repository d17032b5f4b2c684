// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/metadata.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace polywire;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("pairs are kept in order, keys in lower case") {
  metadata pairs;
  REQUIRE(pairs.add("Tenant", "a"));
  REQUIRE(pairs.add("x-1._y", "b c"));
  REQUIRE(pairs.add("TENANT", "d"));
  CHECK(pairs.count() == 3);
  CHECK(pairs.get("tenant") == "a");
  CHECK(pairs.get("teNant") == "a");
  CHECK(pairs.get_all("Tenant") == std::vector<std::string_view>{"a", "d"});
  CHECK(!pairs.get("other"));
  CHECK(pairs.get_all("other").empty());
  CHECK(pairs.begin()->first == "tenant");
}

TEST_CASE("the size of metadata is that of all keys and values") {
  metadata pairs;
  CHECK(pairs.empty());
  CHECK(pairs.size() == 0);
  REQUIRE(pairs.add("ab", "cde"));
  REQUIRE(pairs.add("ab", ""));
  CHECK(pairs.size() == 7);
  CHECK(!pairs.empty());
}

TEST_CASE("a bad metadata key is refused, shown harmlessly, and changes nothing") {
  metadata pairs;
  CHECK(contains(pairs.add("", "x").message(), "empty"));
  for (const std::string_view key :
       {std::string_view("a b"), std::string_view("a:b"), std::string_view("a\r\nb"),
        std::string_view("\xc3\xa4"), std::string_view("a\0b", 3), std::string_view("a/b")}) {
    const status refused = pairs.add(key, "x");
    CHECK(refused.code() == status_code::invalid_argument);
    CHECK(contains(refused.message(), "may only have letters"));
    CHECK(!contains(refused.message(), "\r"));
  }
  CHECK(pairs.add(std::string(1'000, '!'), "x").message().size() < 200);
  CHECK(pairs.empty());
  CHECK(pairs.size() == 0);
}

TEST_CASE("prefixes of protocols are refused, however they are written") {
  metadata pairs;
  for (const char* key : {"polywire-x", "grpc-timeout", "GRPC-Timeout", "connect-protocol",
                          "trailer-x", "grpc-status-details-bin"}) {
    const status refused = pairs.add(key, "x");
    CHECK(refused.code() == status_code::invalid_argument);
    CHECK(contains(refused.message(), "reserved"));
  }
  CHECK(pairs.add("grpc", "x"));
  CHECK(pairs.add("my-grpc-x", "x"));
}

TEST_CASE("values are printable ASCII") {
  metadata pairs;
  CHECK(pairs.add("a", ""));
  CHECK(pairs.add("a", " ~"));
  for (const std::string_view value :
       {std::string_view("\x1f"), std::string_view("\x7f"), std::string_view("a\r\nb: c"),
        std::string_view("\0", 1), std::string_view("\xc3\xa4"), std::string_view("\xff")}) {
    const status refused = pairs.add("token", value);
    CHECK(refused.code() == status_code::invalid_argument);
    CHECK(contains(refused.message(), "'token'"));
    CHECK(contains(refused.message(), "-bin"));
  }
}

TEST_CASE("the value of a refused pair is not repeated") {
  metadata pairs;
  CHECK(!contains(pairs.add("token", "hunter2\n").message(), "hunter2"));
  CHECK(!contains(pairs.add("grpc-token", "hunter2").message(), "hunter2"));
}

TEST_CASE("a key that ends in -bin carries any bytes") {
  metadata pairs;
  const std::string any("\0\x01\xff\r\n", 5);
  REQUIRE(pairs.add("Trace-Bin", any));
  CHECK(pairs.get("trace-bin") == any);
  CHECK(metadata::is_binary_key("x-bin"));
  CHECK(!metadata::is_binary_key("x-bin2"));
  CHECK(!metadata::is_binary_key("bin"));
}

TEST_CASE("metadata is equal when the pairs and their order are") {
  metadata a;
  metadata b;
  REQUIRE(a.add("x", "1"));
  REQUIRE(a.add("y", "2"));
  REQUIRE(b.add("Y", "2"));
  CHECK(!(a == b));
  REQUIRE(b.add("X", "1"));
  CHECK(!(a == b));
  metadata c;
  REQUIRE(c.add("X", "1"));
  REQUIRE(c.add("Y", "2"));
  CHECK(a == c);
}

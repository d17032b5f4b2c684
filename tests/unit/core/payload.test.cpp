// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/payload.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace polywire;

TEST_CASE("formats have names and the numbers of the wire") {
  CHECK(to_string(format::protobuf) == "protobuf");
  CHECK(to_string(format::json) == "json");
  CHECK(to_string(format::text) == "text");
  CHECK(to_string(format::bytes) == "bytes");
  CHECK(to_string(static_cast<format>(9)) == "unknown");
  CHECK(static_cast<int>(format::protobuf) == 0);
  CHECK(static_cast<int>(format::bytes) == 3);
}

TEST_CASE("a set of formats holds what it was made of") {
  constexpr format_set some(format::json, format::bytes);
  CHECK(some.contains(format::json));
  CHECK(some.contains(format::bytes));
  CHECK(!some.contains(format::protobuf));
  CHECK(!some.contains(format::text));
  CHECK(!format_set().contains(format::protobuf));
  for (const format f : {format::protobuf, format::json, format::text, format::bytes}) {
    CHECK(format_set::all().contains(f));
  }
}

TEST_CASE("a payload is a format and bytes") {
  const payload p(format::json, "{}");
  CHECK(p.encoding() == format::json);
  CHECK(p.str() == "{}");
  CHECK(p == payload(format::json, bytes("{}")));
  CHECK(!(p == payload(format::text, "{}")));
  CHECK(!(p == payload(format::json, "[]")));
  CHECK(payload().str().empty());
}

TEST_CASE("bytes keep every value, zero included") {
  const bytes raw(std::string_view("\0\xff\n", 3));
  CHECK(raw.size() == 3);
  CHECK(raw.str() == std::string_view("\0\xff\n", 3));
  CHECK(raw == bytes(raw.view()));
  bytes other(std::vector<std::byte>{std::byte{0}});
  CHECK(!(other == raw));
  other.assign(raw.view());
  CHECK(other == raw);
  other.resize(1);
  CHECK(other.size() == 1);
  CHECK(bytes().empty());
  CHECK(as_text(bytes().view()).empty());
}

TEST_CASE("text is made of every kind of string") {
  const std::string owned = "a";
  CHECK(text("a") == text(owned));
  CHECK(text(std::string_view("a")) == text("a"));
  CHECK(std::string_view(text("abc")) == "abc");
  text t;
  t.str() = "x";
  CHECK(t.str() == "x");
}

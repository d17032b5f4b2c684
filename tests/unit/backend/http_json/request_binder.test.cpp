// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/backend/http_json/request_binder.hpp"

#include "polywire/protobuf.hpp"

#include "all_kinds.pb.h"
#include "support/catch.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace request_binder_test {

namespace pw = polywire;
using Catch::Matchers::ContainsSubstring;
using polywire::test::AllKinds;
using polywire::test::Chain;
using pw::http_json::request_binder;

namespace {

template <class T>
request_binder binder_of() {
  return {pw::fields_of<T>(), 64};
}

std::string written(const request_binder& binder) {
  pw::buffer out;
  binder.write(out);
  return std::string(pw::as_text(out.view()));
}

/// What the query makes, or why not.
template <class T>
std::string bound(std::string_view query) {
  auto binder = binder_of<T>();
  if (auto good = binder.bind_query(query, ""); !good) return good.message();
  return written(binder);
}

template <class T>
std::optional<T> decoded(const std::string& json) {
  std::optional<T> out;
  const auto good = pw::codec<T>::decode(pw::as_bytes(json), pw::format::json, out, pw::limits());
  INFO(good.message() << " in " << json);
  CHECK(good.ok());
  return out;
}

}  // namespace

TEST_CASE("nothing makes an empty request") {
  CHECK(bound<AllKinds>("") == "{}");
  CHECK(bound<AllKinds>("&&") == "{}");
}

TEST_CASE("every kind of field that a text can say is said") {
  const auto all = decoded<AllKinds>(bound<AllKinds>(
      "a_double=1.5&aFloat=Infinity&an_int32=-7&an_int64=-9223372036854775808&a_uint64="
      "18446744073709551615&a_bool=true&a_string=%22x%22&some_bytes=AAE=&a_colour=COLOUR_RED&"
      "nested.label=a&words=x&nested.weight=3&words=y&numbers=1&numbers=2&chosen_number=4&maybe="
      "0"));
  REQUIRE(all);
  CHECK(all->a_double() == 1.5);
  CHECK(all->a_float() > 1e38F);
  CHECK(all->an_int32() == -7);
  CHECK(all->an_int64() == INT64_MIN);
  CHECK(all->a_uint64() == UINT64_MAX);
  CHECK(all->a_bool());
  CHECK(all->a_string() == "\"x\"");
  CHECK(all->some_bytes() == std::string("\0\1", 2));
  CHECK(all->a_colour() == polywire::test::COLOUR_RED);
  CHECK(all->nested().label() == "a");
  CHECK(all->nested().weight() == 3);
  CHECK(all->words_size() == 2);
  CHECK(all->words(1) == "y");
  CHECK(all->numbers_size() == 2);
  CHECK(all->chosen_number() == 4);
  CHECK(all->has_maybe());
  CHECK(decoded<AllKinds>(bound<AllKinds>("a_colour=2"))->a_colour() ==
        polywire::test::COLOUR_GREEN);
}

TEST_CASE("the two names of a field are one field") {
  CHECK_THAT(bound<AllKinds>("a_bool=true&aBool=false"),
             ContainsSubstring("'aBool' is given twice"));
  auto binder = binder_of<AllKinds>();
  REQUIRE(binder.bind_variable("a_string", "path"));
  REQUIRE(
      binder.bind_body(pw::as_bytes(R"({"aString":"body","a_string":"too","aBool":true})"), "*"));
  CHECK(written(binder) == R"({"aBool":true,"aString":"path"})");
}

TEST_CASE("what no text can say is refused") {
  for (const char* query : {"list=x", "counts=x", "nested=x", "nested.nothing=x", "a_bool.x=1",
                            "counts.a=1", "nested.=1", ".nested=1"}) {
    CAPTURE(query);
    CHECK_THAT(bound<AllKinds>(query), ContainsSubstring("the query's"));
  }
}

TEST_CASE("nesting is bounded") {
  const auto deep = [](std::size_t levels) {
    std::string name;
    for (std::size_t i = 1; i < levels; ++i) name += "next.";
    return bound<Chain>(name + "value=1");
  };
  CHECK(decoded<Chain>(deep(63)));
  CHECK(decoded<Chain>(deep(64)));
  CHECK_THAT(deep(65), ContainsSubstring("is nested too deep"));
}

TEST_CASE("a variable inside an object goes before what the body says there") {
  auto binder = binder_of<AllKinds>();
  REQUIRE(binder.bind_variable("nested.label", "path"));
  REQUIRE(binder.bind_variable("an_int32", "7"));
  REQUIRE(binder.bind_body(pw::as_bytes(R"( {"nested" : {"label":"body", "weight" : [ 1 ]},
      "x\"y":{}, "nested":{"deep":null}} )"),
                           "*"));
  CHECK(written(binder) ==
        R"({"x\"y":{},"anInt32":7,"nested":{"weight":[ 1 ],"deep":null,"label":"path"}})");
}

TEST_CASE("the body may be one field, whole or with variables inside") {
  auto binder = binder_of<AllKinds>();
  REQUIRE(binder.bind_query("a_bool=true", "nested"));
  REQUIRE(binder.bind_body(pw::as_bytes("{\"label\":\"x\"}"), "nested"));
  CHECK(written(binder) == R"({"aBool":true,"nested":{"label":"x"}})");

  auto inside = binder_of<AllKinds>();
  REQUIRE(inside.bind_variable("nested.weight", "3"));
  REQUIRE(inside.bind_body(pw::as_bytes("{\"label\":\"x\",\"weight\":4}"), "nested"));
  CHECK(written(inside) == R"({"nested":{"label":"x","weight":3}})");

  auto other = binder_of<AllKinds>();
  CHECK_FALSE(other.bind_query("nested.label=x", "nested"));
  CHECK_FALSE(other.bind_query("a_bool=true", "*"));
  CHECK(other.bind_query("", "*"));
}

TEST_CASE("a body that is no JSON, or more than that, is refused") {
  for (const char* bad : {"", "{", "}", "{}{}", "{}, \"aBool\":true", "{\"a\":1,}", "nul",
                          "{\"nested\":7}", "{\"nested\":[]}", "\xff", "[{]}"}) {
    CAPTURE(bad);
    auto binder = binder_of<AllKinds>();
    REQUIRE(binder.bind_variable("nested.label", "x"));
    CHECK_FALSE(binder.bind_body(pw::as_bytes(bad), "*"));
    auto field = binder_of<AllKinds>();
    if (std::string_view(bad).find("nested") == std::string_view::npos) {
      CHECK_FALSE(field.bind_body(pw::as_bytes(bad), "nested"));
    }
  }
}

}  // namespace request_binder_test

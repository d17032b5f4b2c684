// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/json.hpp"

#include "support/catch.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

using namespace polywire;

namespace {

class address {
 public:
  std::string city = "Bonn";
  int zip = 53111;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(address, city, zip)
};

class person {
 public:
  std::string name;
  std::uint8_t age = 30;
  double score = 0.5;
  float weight = 1.0F;
  bool active = true;
  std::int64_t big = 0;
  address home;
  std::vector<std::int8_t> marks;
  std::map<std::string, std::uint16_t> counts;
  nlohmann::json anything;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(person, name, age, score, weight, active, big, home, marks, counts,
                                 anything)
};

enum class colour : std::uint8_t { red = 1, green = 2 };

class without_default {
 public:
  explicit without_default(int value) : value_(value) {}
  int value_;
};

class throwing {
 public:
  std::string how;
  friend void to_json(nlohmann::json& j, const throwing& t) {
    if (t.how == "std") throw std::runtime_error("cannot write " + std::string(1'000, 'x'));
    if (t.how == "int") throw 7;  // NOLINT(hicpp-exception-baseclass)
    if (t.how == "memory") throw std::bad_alloc();
    j = nlohmann::json::object({{"how", t.how}});
  }
  friend void from_json(const nlohmann::json& j, throwing& t) {
    j.at("how").get_to(t.how);
    if (t.how == "std") throw std::runtime_error("cannot read\n\xff");
    if (t.how == "int") throw 7;  // NOLINT(hicpp-exception-baseclass)
    if (t.how == "memory") throw std::bad_alloc();
  }
};

/// Its default cannot be written, so nothing is known of it.
class no_default_json {
 public:
  int value = -1;
  friend void to_json(nlohmann::json& j, const no_default_json& v) {
    if (v.value < 0) throw std::runtime_error("not set");
    j = nlohmann::json::object({{"value", v.value}});
  }
  friend void from_json(const nlohmann::json& j, no_default_json& v) {
    j.at("value").get_to(v.value);
  }
};

template <class T>
status read(std::string_view text, std::optional<T>& out) {
  return codec<T>::decode(as_bytes(text), format::json, out, limits());
}

template <class T>
T good(std::string_view text) {
  std::optional<T> out;
  const status done = read(text, out);
  INFO(text.substr(0, 100) << ": " << done.message());
  REQUIRE(done.ok());
  REQUIRE(out.has_value());
  return std::move(*out);
}

template <class T>
std::string refusal(std::string_view text) {
  std::optional<T> out;
  const status done = read(text, out);
  INFO(text.substr(0, 100));
  CHECK(done.code() == status_code::invalid_argument);
  CHECK(!out.has_value());
  CHECK(done.message().size() < 500);
  return done.message();
}

template <class T>
std::string written(const T& value) {
  buffer out;
  const status done = codec<T>::encode(value, format::json, out);
  INFO(done.message());
  REQUIRE(done.ok());
  return std::string(as_text(out.view()));
}

template <class T>
status write_refusal(const T& value) {
  buffer out;
  out.append("before");
  status done = codec<T>::encode(value, format::json, out);
  CHECK(as_text(out.view()) == "before");
  CHECK(done.message().size() < 500);
  return done;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

template <>
struct nlohmann::adl_serializer<without_default> {
  static void to_json(json& j, const without_default& v) {
    j = json::object({{"value", v.value_}});
  }
  static without_default from_json(const json& j) {
    return without_default(j.at("value").get<int>());
  }
};

TEST_CASE("scalars, strings and containers are JSON values of their kind") {
  CHECK(written(5) == "5");
  CHECK(written(-2.5) == "-2.5");
  CHECK(written(true) == "true");
  CHECK(written(std::string("a\"b")) == R"("a\"b")");
  CHECK(written(std::vector<int>{1, 2}) == "[1,2]");
  CHECK(written(std::map<std::string, int>{{"a", 1}}) == R"({"a":1})");
  CHECK(good<int>("5") == 5);
  CHECK(good<double>("5") == 5.0);
  CHECK(good<bool>("true"));
  CHECK(good<std::string>(R"("\u00e4")") == "\xc3\xa4");
  CHECK(good<std::vector<std::string>>(R"(["a","b"])") == std::vector<std::string>{"a", "b"});
  CHECK(good<std::map<std::string, int>>(R"({"a":1})").at("a") == 1);
  CHECK(good<std::array<int, 2>>("[1,2]")[1] == 2);
}

TEST_CASE("nlohmann::json itself passes unchanged") {
  const std::string text = R"({"a":[1,1.0,300,true,null,{"b":"x"}]})";
  CHECK(written(good<nlohmann::json>(text)) == text);
  CHECK(written(nlohmann::json()) == "null");
}

TEST_CASE("a struct survives the way there and back") {
  person p;
  p.name = "Ada";
  p.age = 255;
  p.score = 0.1;
  p.weight = 0.1F;
  p.active = false;
  p.big = std::numeric_limits<std::int64_t>::min();
  p.home.zip = -1;
  p.marks = {-128, 127, 0};
  p.counts = {{"x", 65'535}};
  p.anything = {1, 2.5, "z", nullptr};
  const std::string text = written(p);
  CHECK(written(good<person>(text)) == text);
}

TEST_CASE("keys that are missing get their defaults, in nested objects too") {
  const person p = good<person>(R"({"name":"Ada","home":{"zip":1}})");
  CHECK(p.name == "Ada");
  CHECK(p.age == 30);
  CHECK(p.score == 0.5);
  CHECK(p.active);
  CHECK(p.home.city == "Bonn");
  CHECK(p.home.zip == 1);
  CHECK(good<person>("{}").home.zip == 53'111);
}

TEST_CASE("defaults are not filled into the elements of arrays") {
  CHECK(contains(refusal<std::vector<address>>(R"([{"zip":1}])"), "city"));
}

TEST_CASE("unknown keys are ignored, whatever they hold") {
  CHECK(good<person>(R"({"name":"Ada","new":{"x":[1e300,true,99999999999]}})").name == "Ada");
}

TEST_CASE("a value of another kind is refused with its place") {
  CHECK(refusal<person>("[]") == "the message is an array where an object is expected");
  CHECK(refusal<person>("null") == "the message is null where an object is expected");
  CHECK(refusal<person>(R"({"name":5})") == "name is an integer where a string is expected");
  CHECK(refusal<person>(R"({"name":null})") == "name is null where a string is expected");
  CHECK(refusal<person>(R"({"active":1})") == "active is an integer where a boolean is expected");
  CHECK(refusal<person>(R"({"age":true})") == "age is a boolean where an integer is expected");
  CHECK(refusal<person>(R"({"age":"5"})") == "age is a string where an integer is expected");
  CHECK(refusal<person>(R"({"marks":{}})") == "marks is an object where an array is expected");
  CHECK(refusal<person>(R"({"home":{"zip":[]}})") ==
        "home.zip is an array where an integer is expected");
  CHECK(refusal<int>("true") == "the message is a boolean where an integer is expected");
  CHECK(refusal<double>("\"1\"") == "the message is a string where a number is expected");
  CHECK(contains(refusal<std::string>("5"), "string"));
}

TEST_CASE("a member that is any JSON accepts any kind") {
  for (const char* text : {"null", "5", "1.5", "true", "\"x\"", "[1,300,-1]", "{\"a\":1e300}"}) {
    const person p = good<person>(std::string(R"({"anything":)") + text + "}");
    CHECK(p.anything == nlohmann::json::parse(text));
  }
}

TEST_CASE("integers are accepted for floating point, and back only when exact") {
  CHECK(good<person>(R"({"score":3})").score == 3.0);
  CHECK(good<person>(R"({"age":3.0})").age == 3);
  CHECK(good<person>(R"({"age":1e2})").age == 100);
  CHECK(good<person>(R"({"big":-9007199254740992.0})").big == -9'007'199'254'740'992);
  CHECK(refusal<person>(R"({"age":3.5})") == "age is a number where an integer is expected");
  CHECK(refusal<person>(R"({"big":1e16})") == "big is a number where an integer is expected");
  CHECK(refusal<person>(R"({"big":1e300})") == "big is a number where an integer is expected");
  CHECK(refusal<person>(R"({"big":18446744073709551616})") ==
        "big is a number where an integer is expected");
}

TEST_CASE("an integer at the end of its type's range is read and one more is refused") {
  CHECK(good<person>(R"({"age":254})").age == 254);
  CHECK(good<person>(R"({"age":255})").age == 255);
  CHECK(contains(refusal<person>(R"({"age":256})"), "age does not fit"));
  CHECK(good<person>(R"({"age":0})").age == 0);
  CHECK(contains(refusal<person>(R"({"age":-1})"), "age does not fit"));
  CHECK(good<person>(R"({"home":{"zip":2147483647}})").home.zip == 2'147'483'647);
  CHECK(contains(refusal<person>(R"({"home":{"zip":2147483648}})"), "home.zip does not fit"));
  CHECK(good<person>(R"({"home":{"zip":-2147483648}})").home.zip < 0);
  CHECK(contains(refusal<person>(R"({"home":{"zip":-2147483649}})"), "home.zip does not fit"));
  CHECK(good<person>(R"({"big":9223372036854775807})").big > 0);
  CHECK(contains(refusal<person>(R"({"big":9223372036854775808})"), "big does not fit"));
  CHECK(good<std::uint64_t>("18446744073709551615") == 18'446'744'073'709'551'615U);
  CHECK(!refusal<std::uint64_t>("-1").empty());
  CHECK(good<std::uint8_t>("255") == 255);
  CHECK(contains(refusal<std::uint8_t>("300"), "the message does not fit"));
  CHECK(good<std::int8_t>("-128") == -128);
  CHECK(contains(refusal<std::int8_t>("-129"), "does not fit"));
}

TEST_CASE("numbers that do not fit are found in arrays and maps") {
  CHECK(good<person>(R"({"marks":[-128,127]})").marks.size() == 2);
  CHECK(contains(refusal<person>(R"({"marks":[1,128]})"), "marks[1] does not fit"));
  CHECK(contains(refusal<person>(R"({"marks":[1.5]})"), "marks[0] does not fit"));
  CHECK(contains(refusal<person>(R"({"marks":[true]})"), "marks[0] does not fit"));
  CHECK(good<person>(R"({"counts":{"a":65535}})").counts.at("a") == 65'535);
  CHECK(contains(refusal<person>(R"({"counts":{"a":65536}})"), "counts.a does not fit"));
  CHECK(contains(refusal<std::vector<std::uint8_t>>("[0,256]"), "[1] does not fit"));
  CHECK(contains(refusal<std::vector<std::vector<std::uint8_t>>>("[[0],[1,-1]]"),
                 "[1][1] does not fit"));
  CHECK(good<std::vector<std::uint8_t>>("[1.0]").at(0) == 1);
  CHECK(good<std::vector<double>>("[1,1.5,1e300,-3]").size() == 4);
}

TEST_CASE("containers that sort and drop doubles keep what fits and refuse what does not") {
  CHECK(good<std::set<std::uint8_t>>("[200,3,3,1]").size() == 3);
  CHECK(!refusal<std::set<std::uint8_t>>("[300,3,1]").empty());
  CHECK(!refusal<std::set<std::uint8_t>>("[300,44]").empty());
  CHECK(good<std::map<int, int>>("[[200,1],[-100,2]]").size() == 2);
  CHECK(good<std::set<float>>("[300.25,0.1,200]").size() == 3);
  CHECK(good<std::unordered_map<std::string, int>>(R"({"a":1000,"b":2000})").size() == 2);
}

TEST_CASE("a number too large for a float is refused, not made infinite") {
  CHECK(good<person>(R"({"weight":3e38})").weight > 2e38F);
  CHECK(contains(refusal<person>(R"({"weight":1e39})"), "weight does not fit"));
  CHECK(good<person>(R"({"score":1e300})").score == 1e300);
  CHECK(!refusal<person>(R"({"score":1e400})").empty());
}

TEST_CASE("enumerations travel as their numbers and do not wrap around") {
  CHECK(written(colour::green) == "2");
  CHECK(good<colour>("2") == colour::green);
  CHECK(contains(refusal<colour>("258"), "does not fit"));
}

TEST_CASE("a type without default constructor needs all its keys") {
  CHECK(good<without_default>(R"({"value":5})").value_ == 5);
  CHECK(written(without_default(5)) == R"({"value":5})");
  CHECK(contains(refusal<without_default>("{}"), "value"));
  CHECK(contains(refusal<without_default>(R"({"value":3000000000})"), "value does not fit"));
}

TEST_CASE("a type whose default cannot be written is read without a prototype") {
  CHECK(good<no_default_json>(R"({"value":5})").value == 5);
  CHECK(contains(refusal<no_default_json>("{}"), "value"));
}

TEST_CASE("what users' conversions throw becomes a bounded, printable failure") {
  throwing t;
  t.how = "std";
  const status thrown = write_refusal(t);
  CHECK(thrown.code() == status_code::invalid_argument);
  CHECK(contains(thrown.message(), "writing JSON: cannot write xxx"));
  t.how = "int";
  CHECK(write_refusal(t).code() == status_code::invalid_argument);
  t.how = "memory";
  CHECK(write_refusal(t).code() == status_code::resource_exhausted);

  CHECK(refusal<throwing>(R"({"how":"std"})") == "reading JSON: cannot read??");
  CHECK(contains(refusal<throwing>(R"({"how":"int"})"), "exception"));
  std::optional<throwing> out;
  CHECK(read(R"({"how":"memory"})", out).code() == status_code::resource_exhausted);
  CHECK(!out);
}

TEST_CASE("what is not finite is refused when writing, with its place") {
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    person p;
    p.score = bad;
    CHECK(write_refusal(p).message() == "score is not a finite number, which JSON cannot express");
    CHECK(contains(write_refusal(std::vector<double>{1.0, bad}).message(), "[1] is not a finite"));
    CHECK(contains(write_refusal(bad).message(), "the message is not a finite"));
    CHECK(!write_refusal(static_cast<float>(bad)).ok());
  }
}

TEST_CASE("strings and keys that are not UTF-8 are refused when writing") {
  CHECK(write_refusal(std::string("a\xff")).code() == status_code::invalid_argument);
  CHECK(write_refusal(std::map<std::string, int>{{"\xc3", 1}}).code() ==
        status_code::invalid_argument);
}

TEST_CASE("the discarded result of a parse is refused when writing") {
  CHECK(!write_refusal(nlohmann::json(nlohmann::json::value_t::discarded)).ok());
}

TEST_CASE("text that is not JSON is refused with the place") {
  for (const char* text : {"", " ", "{", "[1,]", "{\"a\"}", "1 2", "01", "+1", "1.", ".5", "[,]",
                           "{]", "\"\\x\"", "\"\\ud800\"", "1e", "--1", "{\"a\":1,}", "{}{}"}) {
    CHECK(!refusal<nlohmann::json>(text).empty());
  }
  CHECK(contains(refusal<nlohmann::json>("\"a\xff\""), "not UTF-8"));
  CHECK(!refusal<nlohmann::json>("\"" + std::string(100'000, 'x') + "\" 1").empty());
}

TEST_CASE("nesting is bounded in both directions") {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  CHECK(written(good<nlohmann::json>(nested(63))) == nested(63));
  CHECK(written(good<nlohmann::json>(nested(64))) == nested(64));
  CHECK(contains(refusal<nlohmann::json>(nested(65)), "nested deeper than 64"));
  CHECK(contains(write_refusal(nlohmann::json::parse(nested(65))).message(), "too deep"));
  CHECK(!refusal<nlohmann::json>(std::string(100'000, '[')).empty());
  limits narrow;
  narrow.max_json_depth = 2;
  std::optional<nlohmann::json> out;
  CHECK(codec<nlohmann::json>::decode(as_bytes("[[1]]"), format::json, out, narrow).ok());
  CHECK(!codec<nlohmann::json>::decode(as_bytes("[[[1]]]"), format::json, out, narrow).ok());
  CHECK(!out);
}

TEST_CASE("the last of two equal keys wins") {
  CHECK(good<person>(R"({"age":1,"age":2})").age == 2);
}

TEST_CASE("structs speak JSON only") {
  buffer out;
  CHECK(codec<person>::encode({}, format::protobuf, out).message() ==
        "this message is sent as json, not as protobuf");
  std::optional<person> p;
  CHECK(codec<person>::decode({}, format::text, p, limits()).message() ==
        "this message is sent as json, not as text");
  CHECK(out.empty());
}

TEST_CASE("a message of a megabyte is read and written") {
  std::vector<address> many(25'000);
  const std::string text = written(many);
  CHECK(text.size() > 700'000);
  CHECK(written(good<std::vector<address>>(text)) == text);
  const std::string large(1'048'576, 'x');
  CHECK(good<std::string>(written(large)) == large);
}

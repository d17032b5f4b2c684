// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/codec/message_fields.hpp"

#include "polywire/json.hpp"
#include "polywire/protobuf.hpp"

#include "all_kinds.pb.h"
#include "support/catch.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace message_fields_test {

namespace pw = polywire;
using pw::field_kind;

enum class colour { red, green };
NLOHMANN_JSON_SERIALIZE_ENUM(colour, {{colour::red, "red"}, {colour::green, "green"}})

struct inner {
  int weight = 0;
  std::vector<std::string> words;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(inner, weight, words)

/// Written as null until it is set, as optional values are.
struct maybe {
  bool set = false;
  int value = 0;
};
void to_json(nlohmann::json& json, const maybe& m) {
  json = m.set ? nlohmann::json(m.value) : nlohmann::json();
}
void from_json(const nlohmann::json& json, maybe& m) {
  m.set = !json.is_null();
  if (m.set) m.value = json.get<int>();
}

struct everything {
  std::string text;
  int number = 0;
  double fraction = 0;
  bool truth = false;
  colour shade = colour::red;
  inner part;
  std::vector<inner> parts;
  std::vector<std::string> texts;
  std::vector<std::uint8_t> numbers;
  std::vector<bool> truths;
  std::vector<colour> shades;
  std::array<int, 3> three{};
  std::map<std::string, int> counts;
  maybe perhaps;
  nlohmann::json any;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(everything, text, number, fraction, truth, shade, part, parts,
                                   texts, numbers, truths, shades, three, counts, perhaps, any)

struct no_default {
  explicit no_default(int v) : value(v) {}
  int value;
};
inline void to_json(nlohmann::json& json, const no_default& n) { json = {{"value", n.value}}; }

}  // namespace message_fields_test

template <>
struct nlohmann::adl_serializer<message_fields_test::no_default> {
  static void to_json(json& j, const message_fields_test::no_default& n) {
    message_fields_test::to_json(j, n);
  }
  static message_fields_test::no_default from_json(const json& j) {
    return message_fields_test::no_default(j.at("value").get<int>());
  }
};

namespace message_fields_test {

namespace {

class expected {
 public:
  std::string_view asked;
  std::string_view name;
  field_kind kind;
  bool repeated = false;
};

void check(const pw::message_fields& fields, std::initializer_list<expected> all) {
  REQUIRE(fields);
  for (const expected& e : all) {
    CAPTURE(e.asked);
    const pw::field_info found = fields.find(e.asked);
    CHECK(found.name == e.name);
    CHECK(found.kind == e.kind);
    CHECK(found.repeated == e.repeated);
    CHECK(static_cast<bool>(found.fields) == (e.kind == field_kind::message));
  }
}

}  // namespace

TEST_CASE("a plain struct has the fields that a default one is written with") {
  const auto fields = pw::fields_of<everything>();
  check(fields, {{"text", "text", field_kind::text},
                 {"number", "number", field_kind::number},
                 {"fraction", "fraction", field_kind::number},
                 {"truth", "truth", field_kind::boolean},
                 {"shade", "shade", field_kind::text},
                 {"part", "part", field_kind::message},
                 {"parts", "parts", field_kind::none, true},
                 {"texts", "texts", field_kind::text, true},
                 {"numbers", "numbers", field_kind::number, true},
                 {"truths", "truths", field_kind::boolean, true},
                 {"shades", "shades", field_kind::text, true},
                 {"three", "three", field_kind::number, true},
                 {"counts", "counts", field_kind::message},
                 {"perhaps", "perhaps", field_kind::number},
                 {"any", "any", field_kind::text},
                 {"other", "", field_kind::none},
                 {"", "", field_kind::none}});
  check(fields.find("part").fields,
        {{"weight", "weight", field_kind::number}, {"words", "words", field_kind::text, true}});
  CHECK(fields.find("counts").fields.find("x").name.empty());
}

TEST_CASE("of what is no object, or has no default, no fields are known") {
  CHECK_FALSE(pw::fields_of<int>());
  CHECK_FALSE(pw::fields_of<std::vector<int>>());
  CHECK_FALSE(pw::fields_of<nlohmann::json>());
  CHECK_FALSE(pw::fields_of<no_default>());
  CHECK_FALSE(pw::fields_of<pw::text>());
  CHECK_FALSE(pw::fields_of<pw::payload>());
  CHECK(pw::message_fields().find("x").name.empty());
}

TEST_CASE("a protobuf message has its fields by both of their names") {
  const auto fields = pw::fields_of<polywire::test::AllKinds>();
  check(fields, {{"a_double", "aDouble", field_kind::number},
                 {"aDouble", "aDouble", field_kind::number},
                 {"an_int64", "anInt64", field_kind::number},
                 {"a_bool", "aBool", field_kind::boolean},
                 {"a_string", "aString", field_kind::text},
                 {"some_bytes", "someBytes", field_kind::text},
                 {"a_colour", "aColour", field_kind::enumerator},
                 {"nested", "nested", field_kind::message},
                 {"numbers", "numbers", field_kind::number, true},
                 {"words", "words", field_kind::text, true},
                 {"list", "list", field_kind::none, true},
                 {"counts", "counts", field_kind::none, true},
                 {"chosen_text", "chosenText", field_kind::text},
                 {"maybe", "maybe", field_kind::number},
                 {"other", "", field_kind::none}});
  check(fields.find("nested").fields, {{"label", "label", field_kind::text}});
}

}  // namespace message_fields_test

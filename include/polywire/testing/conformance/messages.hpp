// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/method.hpp"
#include "polywire/core/payload.hpp"
#include "polywire/core/topic.hpp"
#include "polywire/json.hpp"

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1::testing::conformance {

/// The methods that the scenarios use, for one kind of message.
template <class Messages>
class contracts {
 public:
  using note = typename Messages::note;
  using values = typename Messages::values;

  static constexpr unary<note, note> echo{"conformance.v1.Suite/Echo"};
  static constexpr unary<note, note> other{"conformance.v1.Suite/Other"};
  static constexpr unary<note, note> third{"conformance.v1.Suite/Third"};
  static constexpr unary<note, note> nowhere{"conformance.v1.Suite/Nowhere"};
  static constexpr unary<note, note> repeatable{"conformance.v1.Suite/Repeatable", idempotent};
  static constexpr unary<values, values> mirror{"conformance.v1.Suite/Mirror"};
  static constexpr polywire::server_streaming<note, note> download{"conformance.v1.Suite/Download"};
  static constexpr polywire::client_streaming<note, note> upload{"conformance.v1.Suite/Upload"};
  static constexpr polywire::bidi_streaming<note, note> talk{"conformance.v1.Suite/Talk"};
  static constexpr topic<note> news{"conformance.v1.news"};
  static constexpr topic<note> sport{"conformance.v1.sport"};
  static constexpr topics<note> everything{"conformance.>"};
  static constexpr topics<note> rooms{"conformance.v1.rooms.*"};
};

/// Plain structs, which travel as JSON. Another kind of message is a class with the same members.
class plain_messages {
 public:
  /// What most scenarios send: a number and a text.
  class note {
   public:
    note() = default;  // with constructors it is no aggregate: see GCC 12 in docs/cookbook.md
    note(std::int64_t n, std::string t) : number(n), text(std::move(t)) {}

    std::int64_t number = 0;
    std::string text;

    friend bool operator==(const note&, const note&) = default;
    friend void to_json(nlohmann::json& json, const note& value) {
      json["number"] = value.number;
      json["text"] = value.text;
    }
    friend void from_json(const nlohmann::json& json, note& value) {
      json.at("number").get_to(value.number);
      json.at("text").get_to(value.text);
    }
  };

  enum class colour { none, red, green };

  /// A value of every kind.
  class values {
   public:
    values() = default;

    bool flag = false;
    std::int32_t small = 0;
    std::uint32_t small_unsigned = 0;
    std::int64_t large = 0;
    std::uint64_t large_unsigned = 0;
    float single = 0;
    double real = 0;
    std::string text;
    std::vector<std::uint8_t> data;
    plain_messages::colour colour = plain_messages::colour::none;
    note inner;
    std::vector<std::int64_t> numbers;
    std::vector<note> notes;
    std::map<std::string, std::int32_t> by_name;

    friend bool operator==(const values&, const values&) = default;
    friend void to_json(nlohmann::json& json, const values& value) {
      json["flag"] = value.flag;
      json["small"] = value.small;
      json["small_unsigned"] = value.small_unsigned;
      json["large"] = value.large;
      json["large_unsigned"] = value.large_unsigned;
      json["single"] = value.single;
      json["real"] = value.real;
      json["text"] = value.text;
      json["data"] = value.data;
      json["colour"] = value.colour;
      json["inner"] = value.inner;
      json["numbers"] = value.numbers;
      json["notes"] = value.notes;
      json["by_name"] = value.by_name;
    }
    friend void from_json(const nlohmann::json& json, values& value) {
      json.at("flag").get_to(value.flag);
      json.at("small").get_to(value.small);
      json.at("small_unsigned").get_to(value.small_unsigned);
      json.at("large").get_to(value.large);
      json.at("large_unsigned").get_to(value.large_unsigned);
      json.at("single").get_to(value.single);
      json.at("real").get_to(value.real);
      json.at("text").get_to(value.text);
      json.at("data").get_to(value.data);
      json.at("colour").get_to(value.colour);
      json.at("inner").get_to(value.inner);
      json.at("numbers").get_to(value.numbers);
      json.at("notes").get_to(value.notes);
      json.at("by_name").get_to(value.by_name);
    }
  };

  static constexpr std::string_view name = "plain structs";

  static note make(std::int64_t number, std::string text) { return {number, std::move(text)}; }
  static std::int64_t number(const note& value) { return value.number; }
  static std::string text(const note& value) { return value.text; }

  /// Each with a name for the failure's message.
  static std::vector<std::pair<std::string, values>> samples() {
    std::vector<std::pair<std::string, values>> all;
    auto add = [&all](std::string what, auto set) {
      values value;
      set(value);
      all.emplace_back(std::move(what), std::move(value));
    };
    add("nothing set", [](values&) {});
    add("the largest numbers", [](values& v) {
      v.flag = true;
      v.small = std::numeric_limits<std::int32_t>::max();
      v.small_unsigned = std::numeric_limits<std::uint32_t>::max();
      v.large = std::numeric_limits<std::int64_t>::max();
      v.large_unsigned = std::numeric_limits<std::uint64_t>::max();
      v.single = std::numeric_limits<float>::max();
      v.real = std::numeric_limits<double>::max();
    });
    add("the smallest numbers", [](values& v) {
      v.small = std::numeric_limits<std::int32_t>::min();
      v.large = std::numeric_limits<std::int64_t>::min();
      v.single = std::numeric_limits<float>::denorm_min();
      v.real = std::numeric_limits<double>::denorm_min();
    });
    add("an int64 beyond 2^53", [](values& v) { v.large = (std::int64_t{1} << 53) + 1; });
    add("characters of one to four bytes", [](values& v) { v.text = "a\u00e9\u20ac\U0001f600"; });
    add("a NUL inside a text", [](values& v) { v.text = std::string("a\0b", 3); });
    add("quotes, backslashes and control characters",
        [](values& v) { v.text = "\"\\/\b\f\n\r\t\x01\x7f"; });
    add("every byte", [](values& v) {
      for (int i = 0; i < 256; ++i) v.data.push_back(static_cast<std::uint8_t>(i));
    });
    add("an enum", [](values& v) { v.colour = colour::green; });
    add("a nested message", [](values& v) { v.inner = make(-7, "inside"); });
    add("repeated numbers and messages", [](values& v) {
      v.numbers = {0, -1, 1, std::numeric_limits<std::int64_t>::min()};
      v.notes = {make(1, "one"), note(), make(3, "")};
    });
    add("a map", [](values& v) { v.by_name = {{"", 0}, {"one", 1}, {"\u20ac", -2}}; });
    return all;
  }
  static bool same(const values& a, const values& b) { return a == b; }

  /// What has no encoding, and is refused before it is sent.
  static std::vector<std::pair<std::string, values>> unencodable() {
    std::vector<std::pair<std::string, values>> all(4);
    all[0].first = "a NaN";
    all[0].second.real = std::numeric_limits<double>::quiet_NaN();
    all[1].first = "an infinity";
    all[1].second.real = std::numeric_limits<double>::infinity();
    all[2].first = "a float NaN";
    all[2].second.single = std::numeric_limits<float>::quiet_NaN();
    all[3].first = "a text that is no UTF-8";
    all[3].second.text = "\xff\xfe";
    return all;
  }

  /// Payloads that are no `note`.
  static std::vector<payload> malformed() {
    return {payload(format::json, R"({"number":)"),
            payload(format::json, R"({"number":"x"})"),
            payload(format::json, "\xff"),
            payload(format::json, ""),
            payload(format::json, "[1,2]"),
            payload(format::text, "hello"),
            payload(format::json, std::string(10'000, '['))};
  }
  /// The same note in every format that the type speaks.
  static std::vector<payload> encodings() {
    return {payload(format::json, R"({"number":7,"text":"seven"})")};
  }
};

}  // namespace polywire::inline v1::testing::conformance

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// One service, two kinds of type: a peer with plain structs and one with generated messages.
#include "polywire/codec/json.hpp"
#include "polywire/codec/message.hpp"
#include "polywire/codec/protobuf.hpp"

#include "all_kinds.pb.h"
#include "user.pb.h"

#include "support/catch.hpp"

#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <vector>

using namespace polywire;

namespace {

class plain_inner {
 public:
  std::string label;
  int weight = 0;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE_WITH_DEFAULT(plain_inner, label, weight)
  bool operator==(const plain_inner&) const = default;
};

class plain_common {
 public:
  std::string name;
  bool active = false;
  int age = 0;
  double score = 0;
  plain_inner inner;
  std::vector<std::string> tags;
  std::map<std::string, int> counts;
  std::vector<plain_inner> parts;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(plain_common, name, active, age, score, inner, tags, counts, parts)
  bool operator==(const plain_common&) const = default;
};

plain_inner inner(std::string label, int weight) {
  plain_inner made;
  made.label = std::move(label);
  made.weight = weight;
  return made;
}

std::vector<plain_common> samples() {
  std::vector<plain_common> all(3);
  all[1].name = "gr\xc3\xbc\xc3\x9f\" \\ \n \x7f";
  all[1].active = true;
  all[1].age = -2'147'483'647 - 1;
  all[1].score = 0.1;
  all[1].inner = inner("in", 3);
  all[1].tags = {"a", "", "c"};
  all[1].counts = {{"x", 1}, {"", -1}};
  all[1].parts = {inner("p", 1), inner("", 0), inner("q", 2'147'483'647)};
  all[2].score = -1.7976931348623157e308;
  all[2].age = 2'147'483'647;
  all[2].inner = inner("only a label", 0);
  return all;
}

template <class To, class From>
To through_json(const From& from) {
  buffer out;
  const status written = codec<From>::encode(from, format::json, out);
  INFO(written.message() << as_text(out.view()));
  REQUIRE(written.ok());
  std::optional<To> to;
  const status read = codec<To>::decode(out.view(), format::json, to, limits());
  INFO(read.message());
  REQUIRE(read.ok());
  return std::move(*to);
}

}  // namespace

TEST_CASE("a struct and a generated message understand each other over JSON") {
  for (const plain_common& original : samples()) {
    const auto message = through_json<test::Common>(original);
    CHECK(message.name() == original.name);
    CHECK(message.active() == original.active);
    CHECK(message.age() == original.age);
    CHECK(message.score() == original.score);
    CHECK(message.inner().label() == original.inner.label);
    CHECK(message.tags_size() == static_cast<int>(original.tags.size()));
    CHECK(message.counts().size() == original.counts.size());
    CHECK(message.parts_size() == static_cast<int>(original.parts.size()));
    CHECK(through_json<plain_common>(message) == original);
  }
}

TEST_CASE("in one process they meet in JSON as objects, in both directions") {
  const plain_common original = samples()[1];
  owned_message object = outgoing(original, format::json).take();
  std::optional<test::Common> message;
  REQUIRE(incoming(object, format::json).read(message, limits()));
  CHECK(message->parts(2).weight() == 2'147'483'647);
  owned_message back = outgoing(*message, format::protobuf).take();
  std::optional<plain_common> plain;
  REQUIRE(incoming(back, format::protobuf).read(plain, limits()));
  CHECK(plain == original);
}

TEST_CASE("a number that a generated message cannot hold is refused by it") {
  std::optional<test::Common> message;
  CHECK(!codec<test::Common>::decode(as_bytes(R"({"age":2147483648})"), format::json, message,
                                     limits()));
}

TEST_CASE("an infinite double of a generated message is refused by a struct") {
  test::Common message;
  message.set_score(HUGE_VAL);
  buffer out;
  REQUIRE(codec<test::Common>::encode(message, format::json, out));
  std::optional<plain_common> plain;
  const status refused = codec<plain_common>::decode(out.view(), format::json, plain, limits());
  CHECK(refused.message() == "score is a string where a number is expected");
}

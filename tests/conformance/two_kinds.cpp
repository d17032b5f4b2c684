// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Section "One service, two kinds of type": a peer with plain structs and a peer with generated
// messages of the same fields. unit/codec/two_kinds.test.cpp looks at each kind of field.
#include "conformance/backends.hpp"

#include "polywire/json.hpp"
#include "polywire/protobuf.hpp"
#include "polywire/testing/conformance/service.hpp"

#include "all_kinds.pb.h"

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

using namespace polywire::testing::conformance;

namespace {

using polywire::timeout;
using generated = polywire::test::Common;

class plain_part {
 public:
  std::string label;
  std::int32_t weight = 0;
  bool operator==(const plain_part&) const = default;
  // The elements of an array have no prototype: they tell themselves what a missing key means.
  NLOHMANN_DEFINE_TYPE_INTRUSIVE_WITH_DEFAULT(plain_part, label, weight)
};

class plain {
 public:
  plain() = default;
  std::string name;
  bool active = false;
  std::int32_t age = 0;
  double score = 0;
  plain_part inner;
  std::vector<std::string> tags;
  std::map<std::string, std::int32_t> counts;
  std::vector<plain_part> parts;
  bool operator==(const plain&) const = default;
  NLOHMANN_DEFINE_TYPE_INTRUSIVE(plain, name, active, age, score, inner, tags, counts, parts)
};

// The same two methods, as each side knows them.
constexpr polywire::unary<plain, plain> plain_echo{"two.v1.Kinds/Echo"};
constexpr polywire::unary<generated, generated> generated_echo{"two.v1.Kinds/Echo"};
constexpr polywire::server_streaming<plain, plain> plain_list{"two.v1.Kinds/List"};
constexpr polywire::server_streaming<generated, generated> generated_list{"two.v1.Kinds/List"};

plain some_plain() {
  plain value;
  value.name = "\"Zo\u00eb\" \U0001f600";
  value.active = true;
  value.age = -7;
  value.score = 0.1;
  value.inner.label = "inner";
  value.tags = {"", "a", "b"};
  value.counts = {{"", 1}, {"two", 2}};
  value.parts.resize(2);
  value.parts[1].weight = 3;
  return value;
}

void check_same(const generated& got, const plain& wanted) {
  CHECK(got.name() == wanted.name);
  CHECK(got.active() == wanted.active);
  CHECK(got.age() == wanted.age);
  CHECK(got.score() == wanted.score);
  CHECK(got.inner().label() == wanted.inner.label);
  CHECK(got.inner().weight() == wanted.inner.weight);
  CHECK(std::vector<std::string>(got.tags().begin(), got.tags().end()) == wanted.tags);
  CHECK(std::map<std::string, std::int32_t>(got.counts().begin(), got.counts().end()) ==
        wanted.counts);
  REQUIRE(static_cast<std::size_t>(got.parts_size()) == wanted.parts.size());
  for (int i = 0; i < got.parts_size(); ++i) {
    CHECK(got.parts(i).label() == wanted.parts[static_cast<std::size_t>(i)].label);
    CHECK(got.parts(i).weight() == wanted.parts[static_cast<std::size_t>(i)].weight);
  }
}

generated some_generated() {
  const plain same = some_plain();
  generated value;
  value.set_name(same.name);
  value.set_active(same.active);
  value.set_age(same.age);
  value.set_score(same.score);
  value.mutable_inner()->set_label(same.inner.label);
  for (const auto& tag : same.tags) value.add_tags(tag);
  for (const auto& [key, count] : same.counts) (*value.mutable_counts())[key] = count;
  value.add_parts();
  value.add_parts()->set_weight(3);
  return value;
}

}  // namespace

TEMPLATE_LIST_TEST_CASE("a client with plain structs uses a service of generated messages",
                        "[conformance][kinds]", backends::all) {
  running_server service(TestType().listen_url(), [](polywire::server& s) {
    s.handle(generated_echo, [](const generated& value) { return value; });
    s.handle(generated_list,
             [](const generated& value,
                polywire::writer<generated>& out) -> asio::awaitable<polywire::status> {
               for (int i = 0; i < 3; ++i) {
                 (void)co_await out.async_write(value, asio::use_awaitable);
               }
               co_return polywire::status();
             });
  });
  polywire::client user(service.url(), quiet_client());
  for (const plain& value : {plain(), some_plain()}) {  // proto3 leaves defaults out
    auto back = user.call(plain_echo, value, timeout(patience));
    CHECK(value_of(back, "the call") == value);
    auto all = user.open(plain_list, value, timeout(patience));
    int count = 0;
    while (auto one = all.read()) {
      CHECK(*one == value);
      ++count;
    }
    CHECK(all.status().ok());
    CHECK(count == 3);
  }
}

TEMPLATE_LIST_TEST_CASE("a client with generated messages uses a service of plain structs",
                        "[conformance][kinds]", backends::all) {
  const TestType where;
  running_server service(where.listen_url(), [](polywire::server& s) {
    s.handle(plain_echo, [](const plain& value) { return value; });
  });
  polywire::client user(service.url(), quiet_client());
  auto back = user.call(generated_echo, some_generated(), timeout(patience));
  if (where.can().carries_bytes()) {
    // Its bytes are protobuf, which plain structs cannot read: the answer says what to send.
    CHECK(back.status().code() == polywire::status_code::invalid_argument);
    CHECK_THAT(back.status().message(), Catch::Matchers::ContainsSubstring("json"));
    polywire::buffer json;
    REQUIRE(
        polywire::codec<generated>::encode(some_generated(), polywire::format::json, json).ok());
    auto raw =
        user.call_raw(generated_echo.name(),
                      polywire::payload(polywire::format::json, polywire::as_text(json.view())),
                      timeout(patience));
    std::optional<generated> read;
    REQUIRE(polywire::codec<generated>::decode(value_of(raw, "as JSON").data().view(),
                                               polywire::format::json, read, polywire::limits())
                .ok());
    check_same(*read, some_plain());
  } else {
    check_same(value_of(back, "objects of different types meet in JSON"), some_plain());
  }
}

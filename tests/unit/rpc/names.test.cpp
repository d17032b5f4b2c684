// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/rpc/names.hpp"

#include "support/catch.hpp"

#include <string>

using namespace polywire::rpc;

namespace {
std::string numbered(unsigned i) { return "a.B/Method" + std::to_string(i); }
}  // namespace

TEST_CASE("a name is new once and has its number from then on", "[names]") {
  sent_names names;
  const auto first = names.find_or_bind("a.B/One");
  CHECK(first.number == 1);
  CHECK(first.is_new);
  CHECK(names.find_or_bind("a.B/Two").number == 2);
  const auto again = names.find_or_bind("a.B/One");
  CHECK(again.number == 1);
  CHECK_FALSE(again.is_new);
}

TEST_CASE("when all numbers are taken, further names go in full", "[names]") {
  sent_names names;
  for (unsigned i = 1; i <= max_names; ++i) {
    REQUIRE(names.find_or_bind(numbered(i)).number == i);
  }
  for (int i = 0; i < 2; ++i) {
    const auto full = names.find_or_bind("a.B/More");
    CHECK(full.number == 0);
    CHECK(full.is_new);
  }
  CHECK(names.find_or_bind(numbered(1'024)).number == 1'024);
}

TEST_CASE("a binding that was not sent is taken back", "[names]") {
  sent_names names;
  (void)names.find_or_bind("a.B/One");
  (void)names.find_or_bind("a.B/Two");
  names.forget("a.B/Two");
  const auto next = names.find_or_bind("a.B/Three");
  CHECK(next.number == 2);
  CHECK(next.is_new);
  names.forget("a.B/Never");
  CHECK(names.find_or_bind("a.B/One").number == 1);
}

TEST_CASE("short names and names with the same end are told apart", "[names]") {
  sent_names names;
  for (const char* name : {"a/b", "b/b", "/", "a.B/GetUserList", "a.C/GetUserList"}) {
    CHECK(names.find_or_bind(name).is_new);
  }
  CHECK(names.find_or_bind("a.C/GetUserList").number == 5);
}

TEST_CASE("a number is bound once, within its range, even to what nobody serves", "[names]") {
  received_names names;
  CHECK(names.find(1) == nullptr);
  CHECK(names.bind(1, "a.B/One", nullptr));
  CHECK(names.bind(1'024, "a.B/Last", nullptr));
  CHECK_FALSE(names.bind(1, "a.B/One", nullptr));
  CHECK_FALSE(names.bind(0, "a.B/Zero", nullptr));
  CHECK_FALSE(names.bind(1'025, "a.B/Beyond", nullptr));
  REQUIRE(names.find(1) != nullptr);
  CHECK(names.find(1)->name == "a.B/One");
  CHECK(names.find(1)->method == nullptr);
  CHECK(names.find(2) == nullptr);
  CHECK(names.find(0) == nullptr);
  CHECK(names.find(1'025) == nullptr);
  CHECK(names.find(0xffffffff) == nullptr);
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/rpc/call_table.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

class record {
 public:
  std::uint32_t id = 0;
  int value = 0;
  void reset() noexcept { value = 0; }
};
using table = polywire::rpc::call_table<record>;

std::vector<std::uint32_t> ids_of(table& t) {
  std::vector<std::uint32_t> ids;
  t.for_each([&ids](const record& r) { ids.push_back(r.id); });
  std::ranges::sort(ids);
  return ids;
}

}  // namespace

TEST_CASE("a call is found by its number, small or large, until it is erased", "[call_table]") {
  table t;
  const std::vector<std::uint32_t> ids{1,          7,         1'023, 1'024, 1'025, 4'000'000'000,
                                       0xfffffffe, 0xffffffff};
  for (const std::uint32_t id : ids) {
    CHECK(t.find(id) == nullptr);
    record& r = t.insert(id);
    CHECK(r.id == id);
    CHECK(t.find(id) == &r);
  }
  CHECK(t.size() == ids.size());
  CHECK(ids_of(t) == ids);
  for (const std::uint32_t id : ids) {
    t.erase(*t.find(id));
    CHECK(t.find(id) == nullptr);
  }
  CHECK(t.size() == 0);
  CHECK(t.any() == nullptr);
}

TEST_CASE("a record keeps its address while others come and go", "[call_table]") {
  table t;
  record& kept = t.insert(5);
  kept.value = 55;
  for (std::uint32_t id = 100; id < 2'000; ++id) t.insert(id);
  for (std::uint32_t id = 100; id < 2'000; ++id) t.erase(*t.find(id));
  CHECK(t.find(5) == &kept);
  CHECK(kept.value == 55);
}

TEST_CASE("a record that is used again starts as new", "[call_table]") {
  table t;
  record& first = t.insert(1);
  first.value = 9;
  t.erase(first);
  record& second = t.insert(2);
  CHECK(&second == &first);
  CHECK(second.id == 2);
  CHECK(second.value == 0);
}

TEST_CASE("any finds every open call, one after the other", "[call_table]") {
  table t;
  for (const std::uint32_t id : {3U, 900U, 5'000U, 0xffffffffU}) t.insert(id);
  int n = 0;
  while (record* r = t.any()) {
    t.erase(*r);
    ++n;
  }
  CHECK(n == 4);
}

TEST_CASE("few records are kept for later, however many there were", "[call_table]") {
  table t;
  for (std::uint32_t id = 1; id <= 1'000; ++id) t.insert(id);
  while (record* r = t.any()) t.erase(*r);
  CHECK(t.size() == 0);
  CHECK(t.spare() <= 128);
}

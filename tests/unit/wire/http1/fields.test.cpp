// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/http1/fields.hpp"

#include "support/catch.hpp"

#include <string>
#include <string_view>

namespace h1 = polywire::wire::http1;

TEST_CASE("fields are found by name") {
  h1::field_list fields;
  fields.add("A", "1");
  fields.add("b", "2");
  fields.add("a", "3");
  CHECK(fields.get("a") == "1");
  CHECK(fields.get("B") == "2");
  CHECK_FALSE(fields.get("c"));
  CHECK(fields.count("a") == 2);
  CHECK(fields.count("c") == 0);
  CHECK(fields.size() == 3);
  fields.clear();
  CHECK(fields.empty());
}

TEST_CASE("a list is read element by element") {
  const auto elements = [](std::string_view list) {
    std::string all;
    for (std::string_view element; h1::next_element(list, element);) {
      all.append(element).append("|");
    }
    return all;
  };
  CHECK(elements("") == "");
  CHECK(elements("a") == "a|");
  CHECK(elements(" a b ,\tc,,d, ") == "a b|c|d|");
  CHECK(elements(" , ,") == "");
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/result.hpp"

#include "support/catch.hpp"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

using namespace polywire;

TEST_CASE("a default result has no value yet and says so") {
  const result<int> empty;
  CHECK(!empty);
  CHECK(!empty.has_value());
  CHECK(empty.status().code() == status_code::unknown);
  CHECK(!empty.status().message().empty());
}

TEST_CASE("a result with a value has an ok status") {
  result<std::string> some = std::string("ada");
  CHECK(some);
  CHECK(some.status().ok());
  CHECK(*some == "ada");
  CHECK(some->size() == 3);
  CHECK(some.value() == "ada");
  some->push_back('!');
  CHECK(std::as_const(some).value() == "ada!");
  CHECK(std::as_const(some)->size() == 4);
  CHECK(*std::as_const(some) == "ada!");
}

TEST_CASE("value of a failed result throws its status") {
  result<int> failed = status::not_found("no user 7");
  CHECK(!failed);
  CHECK_THROWS_AS(failed.value(), bad_result);
  CHECK_THROWS_AS(std::as_const(failed).value(), bad_result);
  try {
    (void)result<int>(status::not_found("no user 7")).value();
    FAIL("must throw");
  } catch (const bad_result& thrown) {
    CHECK(thrown.status() == status::not_found("no user 7"));
    CHECK(std::string(thrown.what()) == "not_found: no user 7");
  }
}

TEST_CASE("an ok status is no result and becomes internal") {
  const result<int> wrong = status();
  CHECK(!wrong);
  CHECK(wrong.status().code() == status_code::internal);
}

TEST_CASE("value_or gives the other value only on failure") {
  CHECK(result<int>(3).value_or(4) == 3);
  CHECK(result<int>(status::aborted("")).value_or(4) == 4);
  CHECK(result<std::string>(status::aborted("")).value_or("none") == "none");
}

TEST_CASE("a result of a move-only type gives its value away") {
  result<std::unique_ptr<int>> some = std::make_unique<int>(5);
  std::unique_ptr<int> taken = std::move(some).value();
  CHECK(*taken == 5);
  result<std::unique_ptr<int>> other = std::make_unique<int>(6);
  taken = *std::move(other);
  CHECK(*taken == 6);
}

TEST_CASE("a result of a type without default constructor can be default-constructed") {
  class needs_value {
   public:
    explicit needs_value(int v) : v_(v) {}
    int v_;
  };
  result<needs_value> slot;
  CHECK(!slot);
  slot = needs_value(3);
  CHECK(slot->v_ == 3);
  slot = status::cancelled("no");
  CHECK(!slot);
}

TEST_CASE("a result of bool tells the value from success") {
  const result<bool> no = false;
  CHECK(no.has_value());
  CHECK(!*no);
}

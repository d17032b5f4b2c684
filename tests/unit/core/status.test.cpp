// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/status.hpp"

#include "support/catch.hpp"

#include <sstream>
#include <string>
#include <utility>

using namespace polywire;

TEST_CASE("a default status is success and holds nothing") {
  const status fine;
  CHECK(fine.ok());
  CHECK(fine);
  CHECK(fine.code() == status_code::ok);
  CHECK(fine.message().empty());
  CHECK(fine.details().empty());
  CHECK(fine.to_string() == "ok");
  CHECK(sizeof(status) == sizeof(void*));
}

TEST_CASE("success cannot carry a message, details or an outcome") {
  status fine(status_code::ok, "ignored");
  fine.add_detail({"a.B", payload(format::text, "x")}).set_reached(outcome::not_sent);
  CHECK(fine == status());
  CHECK(fine.message().empty());
  CHECK(fine.details().empty());
  CHECK(fine.reached() == outcome::processed);
}

TEST_CASE("each named failure has its code and its message") {
  using make = status (*)(std::string);
  const std::pair<make, status_code> all[] = {
      {status::cancelled, status_code::cancelled},
      {status::unknown, status_code::unknown},
      {status::invalid_argument, status_code::invalid_argument},
      {status::deadline_exceeded, status_code::deadline_exceeded},
      {status::not_found, status_code::not_found},
      {status::already_exists, status_code::already_exists},
      {status::permission_denied, status_code::permission_denied},
      {status::resource_exhausted, status_code::resource_exhausted},
      {status::failed_precondition, status_code::failed_precondition},
      {status::aborted, status_code::aborted},
      {status::out_of_range, status_code::out_of_range},
      {status::unimplemented, status_code::unimplemented},
      {status::internal, status_code::internal},
      {status::unavailable, status_code::unavailable},
      {status::data_loss, status_code::data_loss},
      {status::unauthenticated, status_code::unauthenticated},
  };
  for (const auto& [named, code] : all) {
    const status failed = named("why");
    CHECK(!failed.ok());
    CHECK(!failed);
    CHECK(failed.code() == code);
    CHECK(failed.message() == "why");
    CHECK(failed.reached() == outcome::processed);
    CHECK(failed.to_string() == std::string(to_string(code)) + ": why");
  }
}

TEST_CASE("codes have gRPC's numbers and names, and a foreign number is unknown") {
  CHECK(static_cast<int>(status_code::unauthenticated) == 16);
  CHECK(static_cast<int>(status_code::not_found) == 5);
  CHECK(to_string(status_code::ok) == "ok");
  CHECK(to_string(status_code::deadline_exceeded) == "deadline_exceeded");
  CHECK(to_string(status_code::unauthenticated) == "unauthenticated");
  CHECK(to_string(static_cast<status_code>(17)) == "unknown");
  CHECK(to_string(static_cast<status_code>(255)) == "unknown");
}

TEST_CASE("a failure without a message prints its code alone") {
  CHECK(status(status_code::aborted).to_string() == "aborted");
}

TEST_CASE("outcomes have names") {
  CHECK(to_string(outcome::not_sent) == "not_sent");
  CHECK(to_string(outcome::rejected) == "rejected");
  CHECK(to_string(outcome::maybe_processed) == "maybe_processed");
  CHECK(to_string(outcome::processed) == "processed");
  CHECK(to_string(static_cast<outcome>(9)) == "unknown");
}

TEST_CASE("details and outcome stay with a failure that is copied, moved and assigned") {
  const status original = status::not_found("no user 7")
                              .add_detail({"google.rpc.Help", payload(format::json, "{}")})
                              .set_reached(outcome::rejected);
  status copy = original;
  CHECK(copy == original);
  CHECK(copy.reached() == outcome::rejected);
  REQUIRE(copy.details().size() == 1);
  CHECK(copy.details()[0].type_name() == "google.rpc.Help");
  CHECK(copy.details()[0].value().encoding() == format::json);
  CHECK(copy.details()[0].value().str() == "{}");

  const status moved = std::move(copy);
  CHECK(moved == original);
  status assigned = status::internal("before");
  assigned = original;
  CHECK(assigned == original);
  const status& same = assigned;
  assigned = same;
  CHECK(assigned == original);
  assigned = status();
  CHECK(assigned.ok());
}

TEST_CASE("a status can be written to a stream") {
  std::ostringstream out;
  out << status::not_found("no user 7") << " / " << status();
  CHECK(out.str() == "not_found: no user 7 / ok");
}

TEST_CASE("a copied failure is independent of the original") {
  status first = status::internal("a");
  const status second = first;
  first.add_detail({"x.Y", payload()}).set_reached(outcome::not_sent);
  CHECK(second.details().empty());
  CHECK(second.reached() == outcome::processed);
}

TEST_CASE("equality looks at code, message and details") {
  CHECK(status::internal("a") == status::internal("a"));
  CHECK(status::internal("a") != status::internal("b"));
  CHECK(status::internal("a") != status::unknown("a"));
  CHECK(status::internal("a") != status());
  CHECK(status::internal("a") != status::internal("a").add_detail({"x.Y", payload()}));
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/http.hpp"
#include "polywire/protobuf.hpp"
#include "polywire/server.hpp"

#include "all_kinds.pb.h"
#include "support/catch.hpp"
#include "support/http_exchange.hpp"

namespace routes_protobuf_test {

namespace pw = polywire;
using Catch::Matchers::ContainsSubstring;
using http_exchange::running;
using polywire::test::AllKinds;
using polywire::test::Common;

namespace {

inline constexpr pw::unary<Common, Common> get{"test.v1.Test/Get", pw::no_side_effects};
inline constexpr pw::unary<Common, Common> put{"test.v1.Test/Put"};
inline constexpr pw::unary<AllKinds, AllKinds> every{"test.v1.Test/Every", pw::no_side_effects};

}  // namespace

TEST_CASE("a route binds the fields of protobuf messages") {
  pw::server server;
  server.handle(get, [](const Common& c) { return c; });
  server.handle(put, [](const Common& c) { return c; });
  server.handle(every, [](const AllKinds& a) { return a; });
  server.route("GET /v1/{name}", get);
  server.route("PATCH /v1/{name}/{inner.label}", put, pw::body("inner"));
  server.route("GET /v1/numbers/{an_int64}", every);
  running run(server);
  CHECK(run.ask("GET /v1/Ada?age=7&score=1.5&tags=a&tags=b&inner.weight=3").body ==
        R"({"name":"Ada","age":7,"score":1.5,"inner":{"weight":3},"tags":["a","b"]})");
  CHECK(run.ask_json("PATCH /v1/Ada/x?active=true", R"({"label":"y","weight":3})").body ==
        R"({"name":"Ada","active":true,"inner":{"label":"x","weight":3}})");
  CHECK(run.ask("GET /v1/numbers/9007199254740993?aColour=COLOUR_GREEN").body ==
        R"({"anInt64":"9007199254740993","aColour":"COLOUR_GREEN"})");
  const auto wrong = run.ask("GET /v1/numbers/many");
  CHECK(wrong.status == 400);
  CHECK_THAT(wrong.body, ContainsSubstring("'an_int64' is 'many' where a number is expected"));
  const auto range = run.ask("GET /v1/Ada?age=99999999999");
  CHECK(range.status == 400);
  CHECK_THAT(range.body, ContainsSubstring("age"));
}

}  // namespace routes_protobuf_test

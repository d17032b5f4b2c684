// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/connect/get_query.hpp"

#include "support/catch.hpp"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace wc = polywire::wire::connect;
using polywire::as_bytes;
using polywire::as_text;
using polywire::buffer;
using polywire::format;
using polywire::status;
using polywire::status_code;

namespace {

using pairs = std::initializer_list<std::pair<std::string_view, std::string_view>>;

status take(wc::get_query& query, pairs all) {
  for (const auto& [key, value] : all) {
    if (status how = query.add(key, value); !how) return how;
  }
  return query.finish();
}

std::string problem(pairs all) {
  wc::get_query query;
  const status how = take(query, all);
  CHECK((how.ok() || how.code() == status_code::invalid_argument));
  return how.ok() ? "ok" : how.message();
}

}  // namespace

TEST_CASE("a query in plain text is a call") {
  wc::get_query query;
  REQUIRE(take(query, {{"message", "{\"a\":1}"}, {"encoding", "json"}}).ok());
  CHECK(query.encoding() == format::json);
  CHECK(as_text(query.message()) == "{\"a\":1}");
  CHECK(query.compression() == "identity");
  CHECK_FALSE(query.has_version());
}

TEST_CASE("a query in base64 is a call, with padding or without") {
  for (const std::string_view text : {"-_8", "-_8="}) {
    wc::get_query query;
    REQUIRE(take(query, {{"connect", "v1"},
                         {"base64", "1"},
                         {"compression", "gzip"},
                         {"encoding", "proto"},
                         {"message", text}})
                .ok());
    CHECK(query.encoding() == format::protobuf);
    CHECK(as_text(query.message()) == "\xfb\xff");
    CHECK(query.compression() == "gzip");
    CHECK(query.has_version());
  }
}

TEST_CASE("unknown keys and other values of base64 are ignored") {
  for (const std::string_view flag : {"0", "", "true", "11"}) {
    wc::get_query query;
    REQUIRE(take(query, {{"trace", "1"},
                         {"trace", "2"},
                         {"Message", "x"},
                         {"", ""},
                         {"base64", flag},
                         {"message", "e30"},
                         {"encoding", "json"}})
                .ok());
    CHECK(as_text(query.message()) == "e30");
  }
}

TEST_CASE("an empty message is a message") {
  CHECK(problem({{"encoding", "proto"}, {"message", ""}}) == "ok");
  CHECK(problem({{"encoding", "proto"}, {"message", ""}, {"base64", "1"}}) == "ok");
}

TEST_CASE("an encoding that is not known is left to the caller, who answers 415") {
  for (const std::string_view name : {"", "JSON", "xml", "connect+json"}) {
    wc::get_query query;
    REQUIRE(take(query, {{"encoding", name}, {"message", "x"}}).ok());
    CHECK_FALSE(query.encoding().has_value());
  }
}

TEST_CASE("what is missing, wrong or there twice is named") {
  CHECK(problem({}) == "the query has no 'encoding'");
  CHECK(problem({{"message", "x"}}) == "the query has no 'encoding'");
  CHECK(problem({{"encoding", "json"}}) == "the query has no 'message'");
  CHECK(problem({{"encoding", "json"}, {"message", "x"}, {"connect", "v2"}}) ==
        "the query's 'connect' must be v1, not 'v2'");
  CHECK(problem({{"encoding", "json"}, {"message", "x"}, {"connect", ""}}) ==
        "the query's 'connect' must be v1, not ''");
  CHECK(problem({{"encoding", "json"}, {"message", "a b"}, {"base64", "1"}}) ==
        "the query's 'message' is not base64");
  for (const std::string_view key : {"connect", "base64", "compression", "encoding", "message"}) {
    CHECK(problem({{key, "x"}, {key, "x"}}) == "the query has '" + std::string(key) + "' twice");
  }
}

TEST_CASE("what a client writes needs no escaping and is understood") {
  buffer out;
  wc::append_get_query(out, format::json, as_bytes("{\"a\":\"~~~???\"}"));
  CHECK(as_text(out.view()) == "connect=v1&base64=1&encoding=json&message=eyJhIjoifn5-Pz8_In0");
  out.clear();
  wc::append_get_query(out, format::protobuf, {}, "gzip");
  CHECK(as_text(out.view()) == "connect=v1&base64=1&compression=gzip&encoding=proto&message=");
  wc::get_query query;
  REQUIRE(take(query, {{"base64", "1"}, {"encoding", "json"}, {"message", "eyJhIjoifn5-Pz8_In0"}})
              .ok());
  CHECK(as_text(query.message()) == "{\"a\":\"~~~???\"}");
}

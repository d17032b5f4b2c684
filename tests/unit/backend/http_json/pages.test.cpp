// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// What a server shows by `server.page`, seen from the wire.
#include "polywire/http.hpp"
#include "polywire/inproc.hpp"
#include "polywire/json.hpp"
#include "polywire/server.hpp"

#include "support/catch.hpp"
#include "support/http_exchange.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace pages_test {

namespace pw = polywire;
using Catch::Matchers::ContainsSubstring;
using http_exchange::running;
using pw::status_code;

struct note {
  std::string text;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(note, text)

namespace {

inline constexpr pw::unary<note, note> read_note{"note.v1.Notes/Read", pw::no_side_effects};
inline constexpr pw::unary<note, note> write_note{"note.v1.Notes/Write"};

pw::server serving(const pw::limits& bounds = pw::limits()) {
  pw::server server(pw::server_options().limits(bounds));
  server.handle(read_note, [](const note& n) { return n; });
  server.handle(write_note, [](const note& n) { return n; });
  return server;
}

pw::status mistake_of(auto&& spoil, const pw::limits& bounds = pw::limits()) {
  pw::server server = serving(bounds);
  spoil(server);
  return server.listen("http://127.0.0.1:0").status();
}

}  // namespace

TEST_CASE("a page is shown to everybody who asks for its path") {
  auto server = serving();
  server.page("/", "<!DOCTYPE html><title>notes</title>");
  server.page("/app/notes.js", "'use strict';", "text/javascript");
  server.page("/nothing.css", "", "text/css");
  running run(server);
  const auto got = run.ask("GET /?from=afar", "Accept: text/html\r\n");
  CHECK(got.status == 200);
  CHECK(got.field("content-type") == "text/html; charset=utf-8");
  CHECK(got.field("x-content-type-options") == "nosniff");
  CHECK(got.field("content-security-policy") == "frame-ancestors 'self'");
  CHECK(got.field("cache-control") == "no-cache");
  CHECK(got.body == "<!DOCTYPE html><title>notes</title>");
  const auto script = run.ask("GET /app/notes.js");
  CHECK(script.field("content-type") == "text/javascript");
  CHECK(script.body == "'use strict';");
  CHECK(run.ask("GET /nothing.css").field("content-length") == "0");
  CHECK(run.ask("GET /app").status == 404);
  CHECK(run.ask("GET /app/notes.js/").status == 404);
}

TEST_CASE("a page answers HEAD without its bytes, and other verbs with those that it knows") {
  auto server = serving();
  server.page("/", "hello");
  server.route("POST /", write_note);
  running run(server);
  const auto head = run.ask("HEAD /");
  CHECK(head.status == 200);
  CHECK(head.field("content-length") == "5");
  CHECK(head.body.empty());
  CHECK(run.ask("PUT /").status == 405);
  CHECK(run.ask("PUT /").field("allow") == "GET, HEAD, POST, OPTIONS");
  CHECK(run.ask("OPTIONS /").field("allow") == "GET, HEAD, POST, OPTIONS");
  CHECK(run.ask_json("POST /", R"({"text":"a"})").body == R"({"text":"a"})");
}

TEST_CASE("a page goes before the variables of routes, and methods before pages") {
  auto server = serving();
  server.page("/notes/first", "the first");
  server.page("/note.v1.Notes/Read", "unseen");
  server.route("GET /notes/{text}", read_note);
  running run(server);
  CHECK(run.ask("GET /notes/first").body == "the first");
  CHECK(run.ask("GET /notes/second").body == R"({"text":"second"})");
  CHECK(run.ask_json("POST /note.v1.Notes/Read", "{}").body == R"({"text":""})");
}

TEST_CASE("a page is as large as a message may be") {
  pw::limits bounds;
  bounds.max_message = 1'000;
  const auto with = [&](std::size_t size) {
    return mistake_of([size](pw::server& s) { s.page("/", std::string(size, 'x')); }, bounds);
  };
  CHECK(with(999).ok());
  CHECK(with(1'000).ok());
  CHECK(with(1'001).code() == status_code::invalid_argument);
  CHECK_THAT(with(1'001).message(), ContainsSubstring("limits::max_message"));
  auto server = serving();
  server.page("/", std::string(std::size_t{4} << 20, 'x'));
  running run(server);
  CHECK(run.ask("HEAD /").field("content-length") == "4194304");
}

TEST_CASE("mistakes in pages make listen fail, and say what is wrong") {
  for (const char* path : {"", "page", "/a//b", "/a/", "/a b", "/../b", "/a?b=c"}) {
    CAPTURE(path);
    CHECK(mistake_of([&](pw::server& s) { s.page(path, "x"); }).code() ==
          status_code::invalid_argument);
  }
  const auto variable = mistake_of([](pw::server& s) { s.page("/{text}", "x"); });
  CHECK_THAT(variable.message(),
             ContainsSubstring("page \"/{text}\": ") && ContainsSubstring("has no variables"));
  for (const char* type : {"", "html", "/html", "text/", " text/html", "text/html ",
                           "text/html\r\nSet-Cookie: a=b", "text/h\xc3\xa9"}) {
    CAPTURE(type);
    const auto why = mistake_of([&](pw::server& s) { s.page("/", "x", type); });
    CHECK(why.code() == status_code::invalid_argument);
    CHECK_THAT(why.message(), ContainsSubstring("is no content type"));
  }
  const auto twice = mistake_of([](pw::server& s) {
    s.page("/", "x");
    s.page("/", "y");
  });
  CHECK(twice.code() == status_code::already_exists);
  CHECK_THAT(twice.message(), ContainsSubstring("a page"));
  CHECK(mistake_of([](pw::server& s) {
          s.route("GET /notes", read_note);
          s.page("/notes", "x");
        }).code() == status_code::already_exists);
  auto server = serving();
  REQUIRE(server.listen("http://127.0.0.1:0"));
  server.page("/", "late");
  CHECK(server.listen("http://127.0.0.1:0").status().code() == status_code::failed_precondition);
}

TEST_CASE("protocols without paths pass pages over") {
  auto server = serving();
  server.page("/", "x");
  CHECK(server.listen("inproc://pages_test?strict=true"));
}

}  // namespace pages_test

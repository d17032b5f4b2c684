// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/http1/head_writer.hpp"

#include "support/catch.hpp"
#include "unit/wire/http1/transcript.hpp"

#include <string>
#include <string_view>

using namespace http1_tests;
using Catch::Matchers::ContainsSubstring;
using polywire::as_text;
using polywire::buffer;
using polywire::status_code;

namespace {

std::string understood(role side, const buffer& out) {
  return read_all(side, as_text(out.view())).str();
}

}  // namespace

TEST_CASE("a request is written as it is read") {
  buffer out;
  h1::head_writer head(out);
  REQUIRE(head.request("POST", "/a?b=c"));
  REQUIRE(head.field("Host", "example.org"));
  head.field("content-type: application/json\r\n");
  REQUIRE(head.field("x-empty", ""));
  REQUIRE(head.field("x-bytes", "gr\xc3\xbc \t x"));
  head.finish_sized(5);
  out.append("hello");
  CHECK(as_text(out.view()) ==
        "POST /a?b=c HTTP/1.1\r\nHost: example.org\r\ncontent-type: application/json\r\n"
        "x-empty: \r\nx-bytes: gr\xc3\xbc \t x\r\ncontent-length: 5\r\n\r\nhello");
  CHECK(understood(role::server, out) ==
        "[POST] [/a?b=c] host [example.org] 1.1 keep 5\n  [Host] = [example.org]\n"
        "  [content-type] = [application/json]\n  [x-empty] = []\n  [x-bytes] = [gr\xc3\xbc \t x]\n"
        "  [content-length] = [5]\nbody [hello]\n");
}

TEST_CASE("a response is written as it is read") {
  buffer out;
  for (const unsigned code : {100U, 204U, 999U}) {
    h1::head_writer head(out);
    head.response(code);
    head.finish();
  }
  h1::head_writer last(out);
  last.response(404);
  last.finish_until_close();
  CHECK(as_text(out.view()) ==
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 999 \r\n\r\n"
        "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n");
}

TEST_CASE("what could begin a line of its own is refused and not written") {
  const std::string nul(1, '\0');
  buffer out;
  h1::head_writer head(out);
  head.response(200);
  const std::size_t before = out.size();
  for (const std::string& value :
       {std::string("a\r\nSet-Cookie: b"), std::string("a\rb"), std::string("a\nb"), "a" + nul,
        std::string("\x1f"), std::string("twelve bytes\x7f"), std::string(" a"),
        std::string("a\t")}) {
    const polywire::status refused = head.field("x-user", value);
    CHECK(refused.code() == status_code::invalid_argument);
    CHECK_THAT(refused.message(), ContainsSubstring("x-user"));
    CHECK_THAT(refused.message(), !ContainsSubstring("Set-Cookie"));
  }
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("a:"), std::string("a\r\nb"), "a" + nul,
        std::string("\xc3\xbc"), std::string("(a)")}) {
    CHECK(head.field(name, "x").code() == status_code::invalid_argument);
  }
  CHECK(head.field("Content-Length", "1").code() == status_code::invalid_argument);
  CHECK(head.field("transfer-encoding", "chunked").code() == status_code::invalid_argument);
  CHECK(out.size() == before);

  buffer line;
  h1::head_writer request(line);
  for (const char* method : {"", "GET ", "G\r\nT", "GET/", "\xc3\xbc"}) {
    CHECK(request.request(method, "/").code() == status_code::invalid_argument);
  }
  for (const char* target : {"", "/a b", "/\r\n", "/#a", "/gr\xc3\xbc", "/\x7f", "/<"}) {
    CHECK(request.request("GET", target).code() == status_code::invalid_argument);
  }
  CHECK(line.empty());
}

TEST_CASE("a message that was begun can be taken back") {
  buffer out;
  out.append("before");
  h1::head_writer head(out);
  head.response(200);
  head.field("a: b\r\n");
  CHECK(head.offset() == 6);
  head.abandon();
  CHECK(as_text(out.view()) == "before");
}

TEST_CASE("every status that the library answers has a reason") {
  for (const unsigned code :
       {400U, 404U, 405U, 408U, 413U, 414U, 415U, 417U, 431U, 499U, 500U, 501U, 503U, 505U}) {
    CHECK_FALSE(h1::reason_of(code).empty());
  }
  CHECK(h1::reason_of(299).empty());
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/http1/body_writer.hpp"

#include "support/catch.hpp"
#include "unit/wire/http1/transcript.hpp"

#include <string>
#include <string_view>

using namespace http1_tests;
using polywire::as_text;
using polywire::buffer;
using polywire::status_code;

namespace {

std::string understood(role side, const buffer& out) {
  return read_all(side, as_text(out.view())).str();
}

}  // namespace

TEST_CASE("a length that was not known is put right, whatever was expected") {
  for (const std::size_t size : {0U, 1U, 9U, 10U, 99U, 100U, 999U, 1'000U, 12'345U, 100'000U}) {
    for (const std::size_t expected : {0U, 9U, 10U, 999U, 1'000U, 1'000'000U}) {
      buffer out;
      out.append("HTTP/1.1 204 x\r\n\r\n");
      h1::head_writer head(out);
      head.response(200);
      h1::body_writer body(head, expected);
      const std::string text(size, 'x');
      out.append(text.substr(0, size / 2));
      out.append(text.substr(size / 2));
      CHECK(body.size() == size);
      CHECK(body.finish() == size);
      out.append("HTTP/1.1 204 x\r\n\r\n");
      INFO(size << " bytes, expected " << expected);
      CHECK(as_text(out.view()) ==
            "HTTP/1.1 204 x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: " + std::to_string(size) +
                "\r\n\r\n" + text + "HTTP/1.1 204 x\r\n\r\n");
    }
  }
}

TEST_CASE("chunks are written around what is appended") {
  buffer out;
  h1::head_writer head(out);
  head.response(200);
  head.finish_chunked();
  const std::size_t start = out.size();
  for (const std::size_t size : {1U, 0U, 255U, 4'096U}) {
    h1::chunk_writer chunk(out);
    for (std::size_t i = 0; i < size; ++i) out.append("y");
    CHECK(chunk.size() == size);
    CHECK(chunk.finish() == size);
  }
  CHECK(as_text(out.view()).substr(start, 23) == "00000001\r\ny\r\n000000ff\r\n");

  SECTION("and end the body") {
    h1::finish_chunks(out);
    CHECK(understood(role::client, out) ==
          "200 [OK] 1.1 keep chunked\n  [transfer-encoding] = [chunked]\nbody [" +
              std::string(4'352, 'y') + "]\n");
  }
  SECTION("and end the body with trailers") {
    h1::trailer_writer trailers(out);
    REQUIRE(trailers.field("sum", "1"));
    CHECK(trailers.field("Content-Length", "1").code() == status_code::invalid_argument);
    trailers.finish();
    CHECK(understood(role::client, out).ends_with("y]\n  [sum] = [1]\n"));
  }
}

TEST_CASE("an empty chunk is taken back at once") {
  buffer out;
  {
    h1::chunk_writer chunk(out);
    CHECK(chunk.finish() == 0);
    h1::finish_chunks(out);
  }
  CHECK(as_text(out.view()) == "0\r\n\r\n");
}

TEST_CASE("what is not finished is taken back") {
  buffer out;
  out.append("before");
  {
    h1::chunk_writer chunk(out);
    out.append("half a chunk");
  }
  CHECK(as_text(out.view()) == "before");
  {
    h1::head_writer head(out);
    head.response(200);
    const h1::body_writer body(head);
    out.append("half a body");
  }
  CHECK(as_text(out.view()) == "before");
}

TEST_CASE("the answer to a HEAD has the length of a body and no body") {
  buffer out;
  h1::head_writer head(out);
  head.response(200);
  h1::body_writer body(head);
  out.append(std::string(1'000, 'x'));
  CHECK(body.finish_without_body() == 1'000);
  CHECK(as_text(out.view()) == "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
}

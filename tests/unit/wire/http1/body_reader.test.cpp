// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/http1/body_reader.hpp"

#include "support/catch.hpp"
#include "unit/wire/http1/transcript.hpp"

#include <string>
#include <string_view>

using namespace http1_tests;

namespace {

std::string chunked(std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(body);
}
std::string sized(std::size_t announced, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(announced) + "\r\n\r\n" +
         std::string(body);
}

/// The lines behind the head, of a stream that is read in one piece and by single bytes.
std::string body_of(std::string_view stream, const h1::message_limits& bounds = {},
                    role side = role::server) {
  const std::string whole = read_all(side, stream, bounds).str();
  CHECK(whole == read_in_pieces(side, stream, 1, 1, bounds).str());
  const std::size_t at = std::min(whole.find("body ["), whole.find("part of"));
  return at == std::string::npos ? "unfinished" : whole.substr(at);
}
/// The status of the refusal, 0 without one.
unsigned refusal(std::string_view stream, const h1::message_limits& bounds = {}) {
  body_of(stream, bounds);
  return read_all(role::server, stream, bounds).status();
}

}  // namespace

TEST_CASE("a body is as long as its Content-Length says") {
  CHECK(body_of(sized(5, "hello")) == "body [hello]\n");
  CHECK(body_of(sized(0, "")) == "body []\n");
  CHECK(body_of(sized(6, "hello")) == "unfinished");
  CHECK(body_of(sized(5, "helloGET /2 HTTP/1.1\r\nHost: b\r\n\r\n")) ==
        "body [hello]\n[GET] [/2] host [b] 1.1 keep\n  [Host] = [b]\nbody []\n");
}

TEST_CASE("chunks are put together, and their extensions ignored") {
  CHECK(body_of(chunked("5\r\nhello\r\n0\r\n\r\n")) == "body [hello]\n");
  CHECK(body_of(chunked("1\r\na\r\n00A\r\n0123456789\r\n000\r\n\r\n")) == "body [a0123456789]\n");
  CHECK(body_of(chunked("0\r\n\r\n")) == "body []\n");
  CHECK(body_of(chunked(
            "1;a\r\nx\r\n1;a=b;c=\"d;\xff\\\"\"\r\ny\r\n1 \t ; a = b\r\nz\r\n0;e\r\n\r\n")) ==
        "body [xyz]\n");
  CHECK(body_of(chunked("2\r\n\r\n\r\n0\r\n\r\n")) == "body [\r\n]\n");
  CHECK(body_of(chunked("5\r\nhel")) == "unfinished");
  CHECK(body_of(chunked("5\r\nhello\r\n0\r\n")) == "unfinished");
}

TEST_CASE("chunks are views of the input, as many as have come") {
  h1::message_head head;
  head.body = h1::body_framing::chunked;
  h1::body_reader body(head, {});
  const std::string text = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nnext";
  auto in = polywire::as_bytes(text);
  std::string seen;
  h1::body_part part = body.read(in);
  for (; part.event == h1::body_event::data; part = body.read(in)) {
    CHECK(reinterpret_cast<const char*>(part.data.data()) >= text.data());
    CHECK(reinterpret_cast<const char*>(part.data.data()) < text.data() + text.size());
    seen.append(polywire::as_text(part.data)).append("|");
    in = in.subspan(part.size);
  }
  CHECK(seen == "abc|de|");
  CHECK(part.event == h1::body_event::end);
  CHECK(polywire::as_text(in.subspan(part.size)) == "next");
  CHECK(body.read(in).event == h1::body_event::end);
  CHECK(body.read(in).size == 0);
}

TEST_CASE("trailers come with the end, apart from the header's fields") {
  CHECK(body_of(chunked("1\r\na\r\n0\r\nX: y\r\nSum:  1 \r\n\r\n")) ==
        "body [a]\n  [X] = [y]\n  [Sum] = [1]\n");
}

TEST_CASE("chunks that could be understood in two ways are refused") {
  const std::string nul(1, '\0');
  for (const std::string& body :
       {// RFC 9112 7.1: chunk-size
        std::string("\r\n\r\n"), std::string(";a\r\n"), std::string(" 5\r\nhello\r\n"),
        std::string("+5\r\nhello\r\n"), std::string("-5\r\nhello\r\n"),
        std::string("0x5\r\nhello\r\n"), std::string("5h\r\nhello\r\n"), std::string("5_0\r\n"),
        std::string("5,\r\n"), "5" + nul + "\r\n", std::string("\xb2\r\n"), std::string("g\r\n"),
        std::string("5 \r\nhello\r\n"), std::string("5\t\r\nhello\r\n"), std::string("5 5\r\n"),
        // Overflow, and digits without end
        std::string("10000000000000005\r\nhello\r\n"),
        std::string("00000000000000005\r\nhello\r\n"),
        // Line ends: RFC 9112 2.2
        std::string("5\nhello\r\n0\r\n\r\n"), std::string("5\rhello\r\n"),
        std::string("5\r\r\nhello\r\n"), std::string("5;a\nhello\r\n"),
        std::string("5;a\rb\r\nhello\r\n"), "5;" + nul + "\r\nhello\r\n",
        std::string("5;a\x7f\r\nhello\r\n"), std::string("5;a=\"\r\nhello\r\n"),
        std::string("5;a=\"\\\"\r\n"), std::string("5;a=\"\\\r\nhello\r\n"),
        std::string("5;\"\n\"\r\nhello\r\n"),
        // CRLF behind the data
        std::string("5\r\nhello!\n0\r\n\r\n"), std::string("5\r\nhello\r!0\r\n\r\n"),
        std::string("5\r!hello\r\n0\r\n\r\n"), std::string("5\r\nhello0\r\n\r\n"),
        std::string("5\r\nhello\n0\r\n\r\n"), std::string("5\r\nhello\r0\r\n\r\n"),
        std::string("5\r\nhello!\r\n0\r\n\r\n"), std::string("5\r\nhello\r\r\n"),
        std::string("5\r\nhello\n\r0\r\n\r\n"),
        // The last chunk and trailers: RFC 9112 7.1.2
        std::string("0\n\r\n"), std::string("0\r\n\n"), std::string("0\r\nA : b\r\n\r\n"),
        std::string("0\r\n A: b\r\n\r\n"), std::string("0\r\nA: b\n\r\n"),
        std::string("0\r\nA: b\r\n c\r\n\r\n"), std::string("0\r\nA\r\n\r\n"),
        "0\r\nA: " + nul + "\r\n\r\n", std::string("0\r\nGET / HTTP/1.1\r\n\r\n"),
        // RFC 9110 6.5.1
        std::string("0\r\nContent-Length: 5\r\n\r\n"),
        std::string("0\r\ntransfer-encoding: chunked\r\n\r\n"),
        std::string("0\r\nA: b\r\nHOST: a\r\n\r\n")}) {
    INFO(body);
    CHECK(refusal(chunked(body)) == 400);
  }
}

TEST_CASE("limits of a body hold to the byte") {
  h1::message_limits bounds;
  bounds.max_body = 10;
  SECTION("an announced length is refused before anything comes") {
    CHECK(refusal(sized(9, "012345678"), bounds) == 0);
    CHECK(refusal(sized(10, "0123456789"), bounds) == 0);
    CHECK(refusal(sized(11, ""), bounds) == 413);
    CHECK(refusal(sized(18'446'744'073'709'551'615U, ""), bounds) == 413);
  }
  SECTION("chunks are added up, and the one that is too much is refused at its size") {
    CHECK(refusal(chunked("5\r\n01234\r\n4\r\n0123\r\n0\r\n\r\n"), bounds) == 0);
    CHECK(refusal(chunked("5\r\n01234\r\n5\r\n01234\r\n0\r\n\r\n"), bounds) == 0);
    CHECK(refusal(chunked("5\r\n01234\r\n6\r\n"), bounds) == 413);
    CHECK(refusal(chunked("ffffffffffffffff\r\n"), bounds) == 413);
    CHECK(refusal(chunked("5\r\n01234\r\nffffffffffffffff\r\n"), bounds) == 413);
  }
  SECTION("a body without a length is cut at the limit") {
    const std::string head = "HTTP/1.1 200 OK\r\n\r\n";
    CHECK(read_all(role::client, head + "012345678", bounds).status() == 0);
    CHECK(read_all(role::client, head + "0123456789", bounds).status() == 0);
    CHECK(body_of(head + "0123456789x", bounds, role::client)
              .starts_with("part of a body [0123456789]\nerror 413"));
  }
  SECTION("without a limit 64 bits do not overflow") {
    bounds.max_body = 18'446'744'073'709'551'615U;
    CHECK(refusal(sized(18'446'744'073'709'551'615U, "x"), bounds) == 0);
    CHECK(refusal(chunked("1\r\nx\r\nffffffffffffffff\r\n"), bounds) == 413);
    CHECK(refusal(chunked("1\r\nx\r\nfffffffffffffffe\r\n"), bounds) == 0);
  }
}

TEST_CASE("chunk extensions are limited for all chunks together") {
  h1::message_limits bounds;
  bounds.max_chunk_extensions = 10;
  CHECK(refusal(chunked("1;234567890\r\nx\r\n"), bounds) == 0);
  CHECK(refusal(chunked("1;2345678901\r\nx\r\n"), bounds) == 400);
  CHECK(refusal(chunked("1;2345\r\nx\r\n1;2345\r\nx\r\n"), bounds) == 0);
  CHECK(refusal(chunked("1;2345\r\nx\r\n1;23456\r\nx\r\n"), bounds) == 400);
  CHECK(refusal(chunked("1  ;456789\r\nx\r\n"), bounds) == 0);
  CHECK(refusal(chunked("1           ;\r\nx\r\n"), bounds) == 400);
  std::string many;
  for (int i = 0; i < 10; ++i) many += "1;\r\nx\r\n";
  CHECK(refusal(chunked(many), bounds) == 0);
  CHECK(refusal(chunked(many + "1;\r\nx\r\n"), bounds) == 400);
}

TEST_CASE("trailers are limited as the fields of a head are") {
  h1::message_limits bounds;
  for (const std::size_t most : {11U, 10U, 9U}) {
    bounds.max_trailers_size = most;
    CHECK(refusal(chunked("0\r\nA: bcd\r\n\r\n"), bounds) == (most < 10 ? 431 : 0));
  }
  CHECK(refusal(chunked("0\r\n" + std::string(9, 'x')), bounds) == 0);
  CHECK(refusal(chunked("0\r\n" + std::string(10, 'x')), bounds) == 431);
  bounds.max_trailers_size = 1'000;
  bounds.max_fields = 3;
  CHECK(refusal(chunked("0\r\nA: b\r\nA: b\r\n\r\n"), bounds) == 0);
  CHECK(refusal(chunked("0\r\nA: b\r\nA: b\r\nA: b\r\n\r\n"), bounds) == 0);
  CHECK(refusal(chunked("0\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n\r\n"), bounds) == 431);
}

TEST_CASE("a closed connection ends only a body that has no other end") {
  const auto closed = [](role side, std::string_view stream) {
    transcript t(side);
    t.feed(stream);
    t.close();
    return t.str().substr(t.str().find('\n') + 1);
  };
  CHECK(closed(role::client, "HTTP/1.0 200 OK\r\n\r\nhello") == "body [hello]\n");
  CHECK(closed(role::client, "HTTP/1.1 200 OK\r\n\r\n") == "body []\n");
  CHECK(closed(role::server, sized(5, "hell")).find("error 400") != std::string::npos);
  CHECK(closed(role::server, chunked("5\r\nhello\r\n0\r\n")).find("error 400") !=
        std::string::npos);
  CHECK(closed(role::server, sized(5, "hello")).ends_with("body [hello]\nclosed"));
}

TEST_CASE("a message without a body is over at once") {
  h1::body_reader none;
  CHECK(none.read(polywire::as_bytes("GET ")).event == h1::body_event::end);
  CHECK(none.close() == h1::body_event::end);
}

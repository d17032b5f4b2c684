// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/http1/body_reader.hpp"
#include "polywire/wire/http1/head_reader.hpp"

#include "polywire/wire/http1/body_writer.hpp"
#include "polywire/wire/http1/target.hpp"
#include "support/allocations.hpp"
#include "support/catch.hpp"
#include "unit/wire/http1/transcript.hpp"

#include <memory>
#include <string>
#include <string_view>

using namespace http1_tests;

namespace {

constexpr std::string_view requests =
    "\r\nGET /a?b=c HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n"
    "POST /pkg.Service/Method HTTP/1.1\r\nHost: b:80\r\nExpect: 100-continue\r\n"
    "Content-Length: 12\r\n\r\nhello, world"
    "POST http://c/d HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    "5;name=\"value\"\r\nhello\r\n00007\r\n, world\r\n0\r\nX-Sum: 1\r\nX-Other:\r\n\r\n"
    "OPTIONS * HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade\r\nUpgrade: websocket\r\n\r\n";

constexpr std::string_view responses =
    "HTTP/1.1 100 Continue\r\n\r\n"
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    "HTTP/1.1 204 No Content\r\nA: b\r\n\r\n"
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\nD: e\r\n\r\n"
    "HTTP/1.0 500 no\r\n\r\nuntil the end";

void every_split_agrees(role side, std::string_view stream, std::size_t messages) {
  transcript whole = read_all(side, stream);
  CHECK(whole.messages() == messages);
  CHECK_FALSE(whole.failed());
  whole.close();
  INFO(whole.str());
  for (std::size_t first = 0; first <= stream.size(); ++first) {
    for (const std::size_t step : {stream.size(), std::size_t{1}, std::size_t{7}}) {
      transcript cut = read_in_pieces(side, stream, first, step);
      cut.close();
      if (cut.str() == whole.str()) continue;
      INFO("cut at " << first << ", then every " << step << " bytes");
      CHECK(cut.str() == whole.str());
    }
  }
}

}  // namespace

TEST_CASE("requests mean the same however they are cut") {
  every_split_agrees(role::server, requests, 5);
}

TEST_CASE("responses mean the same however they are cut") {
  every_split_agrees(role::client, responses, 5);
}

#if defined(POLYWIRE_TEST_COUNTS_ALLOCATIONS)
namespace {
/// Reads everything in `requests` and answers it.
void serve(h1::request_reader& reader, h1::request_head& head, h1::target& target,
           polywire::buffer& out) {
  polywire::bytes_view in = polywire::as_bytes(requests);
  while (reader.read(in, head) == h1::parse_state::complete) {
    in = in.subspan(reader.size());
    if (!target.parse(head.target)) return;
    h1::head_writer answer(out);
    answer.response(200);
    if (!answer.field("x-host", head.host)) return;
    h1::body_writer written(answer);
    h1::body_reader body(head, {});
    for (h1::body_part part = body.read(in);; part = body.read(in)) {
      in = in.subspan(part.size);
      if (part.event != h1::body_event::data) break;
      out.append(part.data);
    }
    written.finish();
  }
}
}  // namespace

TEST_CASE("reading and writing allocate nothing but what trailers need") {
  REQUIRE(test::count_allocations());
  h1::request_reader reader;
  h1::request_head head;
  h1::target target;
  polywire::buffer out;
  serve(reader, head, target, out);
  const std::size_t first_size = out.size();
  REQUIRE(first_size > 250);
  out.clear();
  const std::size_t before = test::allocations;
  serve(reader, head, target, out);
  const std::size_t after = test::allocations;
  CHECK(out.size() == first_size);
  // One of the five requests has two trailers: its list grows twice.
  CHECK(after - before <= 2);
  const auto one = std::make_unique<int>(1);
  CHECK(test::allocations > after);  // the counter works
}
#endif

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/wire/http1/head_reader.hpp"

#include "polywire/core/utf8.hpp"
#include "support/catch.hpp"
#include "unit/wire/http1/transcript.hpp"

#include <string>
#include <string_view>

using namespace http1_tests;
using polywire::as_bytes;

namespace {

constexpr std::string_view line_and_host = "GET / HTTP/1.1\r\nHost: a\r\n";

/// A request with these lines behind its Host, and an empty one.
std::string with(std::string_view lines) {
  return std::string(line_and_host) + std::string(lines) + "\r\n";
}
std::string with_line(std::string_view line) { return std::string(line) + "\r\nHost: a\r\n\r\n"; }

/// The status of the refusal; 0 when the head is read, 1 when it is not whole.
unsigned refusal(std::string_view stream, const h1::message_limits& bounds = {}) {
  h1::request_reader reader(bounds);
  h1::request_head head;
  const h1::parse_state state = reader.read(as_bytes(stream), head);
  if (state == h1::parse_state::complete) return 0;
  return state == h1::parse_state::need_more ? 1 : reader.problem().status;
}

class request {
 public:
  explicit request(std::string text) : text_(std::move(text)) {
    h1::request_reader reader;
    const auto state = reader.read(as_bytes(text_), head);
    INFO(text_ << reader.problem().text);
    REQUIRE(state == h1::parse_state::complete);
    REQUIRE(reader.size() == text_.size());
  }
  h1::request_head head;

 private:
  std::string text_;
};

class response {
 public:
  explicit response(std::string text, bool to_head = false) : text_(std::move(text)) {
    h1::response_reader reader;
    const auto state = reader.read(as_bytes(text_), to_head, head);
    INFO(text_ << reader.problem().text);
    REQUIRE(state == h1::parse_state::complete);
    REQUIRE(reader.size() == text_.size());
  }
  h1::response_head head;

 private:
  std::string text_;
};

class malformed {
 public:
  std::string bytes;
  unsigned status;
  const char* rule;
};

}  // namespace

TEST_CASE("a request says what it says") {
  const request r(
      "POST /a/b?c=d HTTP/1.1\r\nHost: example.org:8080\r\nContent-Type:application/json\r\n"
      "X-Blanks: \t a b\t c \t\r\nX-Empty:\r\nX-Bytes: gr\xc3\xbc\xff\r\nCONTENT-LENGTH: "
      "012\r\n\r\n");
  CHECK(r.head.method == "POST");
  CHECK(r.head.target == "/a/b?c=d");
  CHECK(r.head.host == "example.org:8080");
  CHECK(r.head.minor_version == 1);
  CHECK(r.head.body == h1::body_framing::sized);
  CHECK(r.head.content_length == 12);
  CHECK(r.head.keep_alive);
  CHECK_FALSE(r.head.expects_continue);
  CHECK(r.head.upgrade.empty());
  REQUIRE(r.head.fields.size() == 6);
  CHECK(r.head.fields[1] == h1::field("Content-Type", "application/json"));
  CHECK(r.head.fields.get("x-blanks") == "a b\t c");
  CHECK(r.head.fields.get("X-EMPTY") == "");
  CHECK(r.head.fields.get("x-bytes") == "gr\xc3\xbc\xff");
  CHECK_FALSE(r.head.fields.get("x-byte"));
}

TEST_CASE("a reader and a head are used for one message after the other, and nothing stays") {
  const std::string first =
      "POST http://h/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n"
      "Connection: close, upgrade\r\nUpgrade: websocket\r\n\r\n";
  const std::string second = "GET /2 HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\n\r\n";
  const std::string third = "GET /3 HTTP/1.1\r\nHost: c\r\n\r\n";
  h1::request_reader reader;
  h1::request_head head;
  const std::string both = first + second;
  REQUIRE(reader.read(as_bytes(both), head) == h1::parse_state::complete);
  REQUIRE(reader.size() == first.size());
  CHECK(head.expects_continue);
  CHECK(head.upgrade == "websocket");
  REQUIRE(reader.read(as_bytes(std::string_view(both).substr(first.size())), head) ==
          h1::parse_state::complete);
  CHECK(reader.size() == second.size());
  CHECK(head.target == "/2");
  CHECK(head.host == "b");
  CHECK(head.fields.size() == 2);
  CHECK(head.body == h1::body_framing::sized);
  CHECK(head.content_length == 5);
  CHECK(head.keep_alive);
  CHECK_FALSE(head.expects_continue);
  CHECK(head.upgrade.empty());
  REQUIRE(reader.read(as_bytes(third), head) == h1::parse_state::complete);
  CHECK(head.body == h1::body_framing::none);
  CHECK(head.content_length == 0);
}

TEST_CASE("the connection stays open as RFC 9112 9.3 says") {
  const auto keeps = [](std::string_view version, std::string_view connection) {
    return request("GET / HTTP/" + std::string(version) + "\r\nHost: a\r\n" +
                   std::string(connection) + "\r\n")
        .head.keep_alive;
  };
  CHECK(keeps("1.1", ""));
  CHECK(keeps("1.9", ""));
  CHECK(keeps("1.1", "Connection: upgrade\r\n"));
  CHECK(keeps("1.1", "Connection: closed\r\n"));
  CHECK_FALSE(keeps("1.1", "Connection: close\r\n"));
  CHECK_FALSE(keeps("1.1", "Connection: foo , CLOSE,\r\n"));
  CHECK_FALSE(keeps("1.1", "Connection: keep-alive\r\nConnection: close\r\n"));
  CHECK_FALSE(keeps("1.1", "Connection: close\r\nConnection: keep-alive\r\n"));
  CHECK_FALSE(keeps("1.0", ""));
  CHECK(keeps("1.0", "Connection: Keep-Alive\r\n"));
  CHECK_FALSE(keeps("1.0", "Connection: keep-alive, close\r\n"));
}

TEST_CASE("Expect and Upgrade mean something in HTTP/1.1 only") {
  const std::string lines =
      "Host: a\r\nExpect: 100-Continue\r\nConnection: Upgrade\r\nUpgrade: websocket, foo/2\r\n\r\n";
  const request modern("GET / HTTP/1.1\r\n" + lines);
  CHECK(modern.head.expects_continue);
  CHECK(modern.head.upgrade == "websocket, foo/2");
  const request old("GET / HTTP/1.0\r\n" + lines);
  CHECK_FALSE(old.head.expects_continue);
  CHECK(old.head.upgrade.empty());
  CHECK(request(with("Upgrade: websocket\r\n")).head.upgrade.empty());  // not in Connection
  CHECK(refusal(with("Expect: 200-ok\r\n")) == 417);
  CHECK(refusal(with("Expect: 100-continue\r\nExpect: 100-continue\r\n")) == 417);
}

TEST_CASE("the four forms of a target") {
  const auto target = [](std::string_view line) {
    const request r(with_line(line));
    return std::string(r.head.target) + " at " + std::string(r.head.host);
  };
  CHECK(target("GET /where?q=now HTTP/1.1") == "/where?q=now at a");
  CHECK(target("GET //x HTTP/1.1") == "//x at a");
  CHECK(target("GET http://b:80/c?d HTTP/1.1") == "/c?d at b:80");
  CHECK(target("GET HTTPS://[::1]:443?d HTTP/1.1") == "?d at [::1]:443");
  CHECK(target("GET http://b HTTP/1.1") == "/ at b");
  CHECK(target("OPTIONS http://b HTTP/1.1") == "* at b");
  CHECK(target("OPTIONS * HTTP/1.1") == "* at a");
  CHECK(target("GET /a%20b;c=d,e:f@g!$&'()*+~-._ HTTP/1.1") == "/a%20b;c=d,e:f@g!$&'()*+~-._ at a");
  CHECK(target("GET /?a[]={b|c}^`\\?/ HTTP/1.1") == "/?a[]={b|c}^`\\?/ at a");
}

TEST_CASE("hosts that are good and hosts that are not") {
  for (const char* host : {"", "a", "A.b-c_d~", "a:", "a:0", "a:65535", "127.0.0.1:80", "[::1]",
                           "[2001:DB8::1.2.3.4]:1", "a,b"}) {
    INFO(host);
    CHECK(refusal("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n") == 0);
  }
  for (const char* host :
       {"a b",   "a/b", "a@b",  "a:65536", "a:123456", "a:000080", "a:1x",    "a:+1",
        "a:1:2", ":80", "[]",   "[::1",    "[::1]80",  "[g::]",    "[::1]:x", "a%20b",
        "a%2",   "%2f", "a%zz", "a\"",     "\xc3\xbc", "a?",       "a#",      "http://a"}) {
    INFO(host);
    CHECK(refusal("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n") == 400);
  }
}

TEST_CASE("requests that could be understood in two ways are refused") {
  const std::string nul(1, '\0');
  const malformed all[] = {
      // RFC 9112 2.2: line ends
      {"GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "2.2 bare LF behind the request line"},
      {with("A: b\n"), 400, "2.2 bare LF behind a field"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "2.2 bare LF for the empty line"},
      {"GET / HTTP/1.1\nHost: a\n\n", 400, "2.2 bare LF everywhere"},
      {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "2.2 bare LF before the request"},
      {with("A: b\rC: d\r\n"), 400, "2.2 bare CR in a value"},
      {with("A: b\rxC: d\r\n"), 400, "2.2 bare CR for a line end"},
      {with("A\r: b\r\n"), 400, "2.2 bare CR in a name"},
      {with("A: b\r\r\n"), 400, "2.2 CR before the line end"},
      {with("\r\r\n"), 400, "2.2 CR before the empty line"},
      {"GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", 400, "2.2 bare CR in the target"},
      {"\rGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "2.2 bare CR before the request"},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "2.2 two empty lines before the request"},
      {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "2.2 a blank before the request"},
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "2.2 a blank before the first field"},
      // RFC 9112 3: the request line
      {with_line("GET  / HTTP/1.1"), 400, "3 two blanks"},
      {with_line("GET /  HTTP/1.1"), 400, "3 two blanks"},
      {with_line("GET / HTTP/1.1 "), 400, "3 a blank at the end"},
      {with_line("GET\t/ HTTP/1.1"), 400, "3 a tab"},
      {with_line("GET / x HTTP/1.1"), 400, "3 a blank in the target"},
      {with_line("GET /"), 400, "3 no version: HTTP/0.9"},
      {with_line("GET"), 400, "3 a method alone"},
      {with_line("GET / "), 400, "3 an empty version"},
      {with_line("GET  HTTP/1.1"), 400, "3 an empty target"},
      {with_line("/ HTTP/1.1"), 400, "3.1 no method"},
      {with_line("G@T / HTTP/1.1"), 400, "3.1 not a token"},
      {with_line("GET" + nul + " / HTTP/1.1"), 400, "3.1 NUL"},
      {with_line("G\xc3\xa9T / HTTP/1.1"), 400, "3.1 not ASCII"},
      // RFC 9112 2.3: the version
      {with_line("GET / http/1.1"), 400, "2.3 in lower case"},
      {with_line("GET / HTTP/1.10"), 400, "2.3 two digits"},
      {with_line("GET / HTTP/1"), 400, "2.3 no minor version"},
      {with_line("GET / HTTP/1.x"), 400, "2.3 no digit"},
      {with_line("GET / HTTP/+1.1"), 400, "2.3 a sign"},
      {with_line("GET / HTTPS/1.1"), 400, "2.3 another protocol"},
      {with_line("GET / HTTP/0.9"), 505, "2.3 too old"},
      {with_line("GET / HTTP/2.0"), 505, "2.3 too new"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "RFC 9113 3.4"},
      // RFC 9112 3.2: the target and the host
      {with_line("GET * HTTP/1.1"), 400, "3.2.4 '*' without OPTIONS"},
      {with_line("OPTIONS ** HTTP/1.1"), 400, "3.2.4"},
      {with_line("GET a.org:80 HTTP/1.1"), 400, "3.2.3 authority-form without CONNECT"},
      {with_line("CONNECT a.org:80 HTTP/1.1"), 501, "3.2.3 we are no proxy"},
      {with_line("GET index.html HTTP/1.1"), 400, "3.2.1 no slash in front"},
      {with_line("GET ?a HTTP/1.1"), 400, "3.2.1 no slash in front"},
      {with_line("GET ftp://a/ HTTP/1.1"), 400, "3.2.2 another scheme"},
      {with_line("GET http:///x HTTP/1.1"), 400, "RFC 9110 4.2.1 no host"},
      {with_line("GET http://u:p@a/ HTTP/1.1"), 400, "RFC 9110 4.2.4 a user"},
      {with_line("GET http://a:99999/ HTTP/1.1"), 400, "3.2.2 no such port"},
      {with_line("GET /a#b HTTP/1.1"), 400, "3.2.1 a fragment"},
      {with_line("GET /?a#b HTTP/1.1"), 400, "3.2.1 a fragment"},
      {with_line("GET /a\\b HTTP/1.1"), 400, "RFC 3986 3.3 a backslash in the path"},
      {with_line("GET /a\"b HTTP/1.1"), 400, "RFC 3986 3.3"},
      {with_line("GET /a[b] HTTP/1.1"), 400, "RFC 3986 3.3"},
      {with_line("GET /?<a> HTTP/1.1"), 400, "RFC 3986 3.4"},
      {with_line("GET /gr\xc3\xbc HTTP/1.1"), 400, "RFC 3986 2 not ASCII"},
      {with_line("GET /?\xc3\xbc HTTP/1.1"), 400, "RFC 3986 2 not ASCII"},
      {with_line("GET /\x7f HTTP/1.1"), 400, "RFC 3986 2 DEL"},
      {with_line("GET /" + nul + " HTTP/1.1"), 400, "RFC 3986 2 NUL"},
      {"GET / HTTP/1.1\r\n\r\n", 400, "3.2 no Host"},
      {"GET http://a/ HTTP/1.1\r\n\r\n", 400, "3.2 no Host beside absolute-form"},
      {with("Host: a\r\n"), 400, "3.2 two Hosts"},
      {with("host: b\r\n"), 400, "3.2 two different Hosts"},
      {"GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400, "3.2 two Hosts in HTTP/1.0"},
      {"GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "3.2 a bad Host beside absolute-form"},
      // RFC 9112 5: fields
      {with("A : b\r\n"), 400, "5.1 a blank before the colon"},
      {with("A\t: b\r\n"), 400, "5.1 a tab before the colon"},
      {with("Content-Length : 5\r\n"), 400, "5.1 a blank before the colon"},
      {with("A: b\r\n c\r\n"), 400, "5.2 obs-fold"},
      {with("A: b\r\n\tc\r\n"), 400, "5.2 obs-fold"},
      {with("A: b\r\n \r\n"), 400, "5.2 obs-fold of blanks"},
      {with(" : b\r\n"), 400, "5.2 a blank for a name"},
      {with("A\r\n"), 400, "5 no colon"},
      {with(": b\r\n"), 400, "RFC 9110 5.1 no name"},
      {with("A b: c\r\n"), 400, "RFC 9110 5.1 a blank in a name"},
      {with("A@b: c\r\n"), 400, "RFC 9110 5.1 '@' in a name"},
      {with("(A): c\r\n"), 400, "RFC 9110 5.1 brackets in a name"},
      {with("\"A\": c\r\n"), 400, "RFC 9110 5.1 quotes in a name"},
      {with("\xc3\xa9: c\r\n"), 400, "RFC 9110 5.1 not ASCII"},
      {with("A" + nul + ": c\r\n"), 400, "RFC 9110 5.1 NUL in a name"},
      {with("A: b" + nul + "c\r\n"), 400, "RFC 9110 5.5 NUL in a value"},
      {with("A: " + nul + "\r\n"), 400, "RFC 9110 5.5 NUL for a value"},
      {with("A: b\x01\r\n"), 400, "RFC 9110 5.5 a control character"},
      {with("A: long enough for eight\x1f\r\n"), 400, "RFC 9110 5.5 a control character"},
      {with("A: long enough for eight\x7f\r\n"), 400, "RFC 9110 5.5 DEL"},
      {with("A: b\vc\r\n"), 400, "RFC 9110 5.5 vertical tab"},
      // RFC 9112 6: framing
      {with("Content-Length: 5\r\nContent-Length: 6\r\n"), 400, "6.3 two different lengths"},
      {with("Content-Length: 5\r\nContent-Length: 5\r\n"), 400, "6.3 one length twice"},
      {with("Content-Length: 5\r\ncontent-length:\r\n"), 400, "6.3 a second, empty one"},
      {with("Content-Length: 5, 5\r\n"), 400, "6.3 a list"},
      {with("Content-Length: 5,\r\n"), 400, "6.3 a list"},
      {with("Content-Length:\r\n"), 400, "RFC 9110 8.6 empty"},
      {with("Content-Length: +5\r\n"), 400, "RFC 9110 8.6 a sign"},
      {with("Content-Length: -5\r\n"), 400, "RFC 9110 8.6 a sign"},
      {with("Content-Length: 0x5\r\n"), 400, "RFC 9110 8.6 hexadecimal"},
      {with("Content-Length: 5 5\r\n"), 400, "RFC 9110 8.6 a blank"},
      {with("Content-Length: 5.0\r\n"), 400, "RFC 9110 8.6 a fraction"},
      {with("Content-Length: 1_0\r\n"), 400, "RFC 9110 8.6 an underscore"},
      {with("Content-Length: \xb2\r\n"), 400, "RFC 9110 8.6 a digit elsewhere"},
      {with("Content-Length: 18446744073709551616\r\n"), 413, "RFC 9110 8.6 2^64"},
      {with("Content-Length: 99999999999999999999999\r\n"), 413, "RFC 9110 8.6 overflow"},
      {with("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400, "6.3 both"},
      {with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400, "6.3 both"},
      {with("Content-Length: 5\r\nTransfer-Encoding: identity\r\n"), 400, "6.3 both"},
      {with("Transfer-Encoding: gzip, chunked\r\n"), 501, "6.1 not implemented"},
      {with("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"), 501, "6.1"},
      {with("Transfer-Encoding: gzip\r\n"), 400, "6.3 not chunked at the end"},
      {with("Transfer-Encoding: identity\r\n"), 400, "6.3 not chunked at the end"},
      {with("Transfer-Encoding: chunked, gzip\r\n"), 400, "6.3 not chunked at the end"},
      {with("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n"), 400, "6.3"},
      {with("Transfer-Encoding: chunked, chunked\r\n"), 400, "6.1 chunked twice"},
      {with("Transfer-Encoding: chunked, gzip, chunked\r\n"), 400, "6.1 chunked twice"},
      {with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400, "6.1 twice"},
      {with("Transfer-Encoding: chunked;q=1\r\n"), 400, "7 chunked has no parameters"},
      {with("Transfer-Encoding: xchunked\r\n"), 400, "6.3"},
      {with("Transfer-Encoding: chunkedx\r\n"), 400, "6.3"},
      {with("Transfer-Encoding: \"chunked\"\r\n"), 400, "6.3"},
      {with("Transfer-Encoding: chunked,\r\n"), 400, "6.1 an empty element"},
      {with("Transfer-Encoding: \x0b"
            "chunked\r\n"),
       400, "RFC 9110 5.5"},
      {with("Transfer-Encoding:\r\n"), 400, "6.3 empty"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "6.1 in HTTP/1.0"},
      // Not HTTP
      {"\x16\x03\x01\x02", 400, "TLS"},
      {"\xf0PW\x01", 400, "the binary frames"},
      {nul, 400, "NUL"},
  };
  for (const malformed& m : all) {
    INFO(m.rule << "\n" << m.bytes);
    CHECK(refusal(m.bytes) == m.status);
    const transcript whole = read_all(role::server, m.bytes);
    CHECK(whole.str() == read_in_pieces(role::server, m.bytes, 1, 1).str());
    CHECK(whole.problem().size() > 10);
    CHECK(whole.problem().size() < 300);
    CHECK(polywire::is_utf8(whole.problem()));
    CHECK(whole.problem().find_first_of(std::string("\r\n\0", 3)) == std::string::npos);
  }
}

TEST_CASE("what is odd but clear is accepted") {
  CHECK(refusal("\r\n" + with("")) == 0);  // RFC 9112 2.2: an empty line that an old client sent
  CHECK(refusal("GET / HTTP/1.0\r\n\r\n") == 0);
  CHECK(refusal(with("Transfer-Encoding: Chunked\r\n")) == 0);
  CHECK(refusal(with("Transfer-Encoding:\t chunked \t\r\n")) == 0);
  CHECK(refusal(with("Content-Length: 18446744073709551615\r\n")) ==
        0);  // the body's limit decides
  CHECK(refusal(with("!#$%&'*+-.^_`|~09azAZ: x\r\n")) == 0);
  CHECK(refusal(with("A:\t\r\n")) == 0);
  CHECK(refusal(with_line("M-SEARCH / HTTP/1.1")) == 0);
  CHECK(request(with_line("get / HTTP/1.1")).head.method == "get");  // RFC 9110 9.1: another method
}

TEST_CASE("limits of a head hold to the byte") {
  h1::message_limits bounds;
  SECTION("the first line with its line end") {
    const std::string head = with_line("GET /" + std::string(50, 'x') + " HTTP/1.1");
    const std::size_t line = head.find('\n') + 1;
    for (const std::size_t empty_line : {0U, 1U}) {
      const std::string stream = (empty_line == 1 ? "\r\n" : "") + head;
      bounds.max_start_line = line + 1;
      CHECK(refusal(stream, bounds) == 0);
      bounds.max_start_line = line;
      CHECK(refusal(stream, bounds) == 0);
      bounds.max_start_line = line - 1;
      CHECK(refusal(stream, bounds) == 414);
    }
  }
  SECTION("an endless line is refused as soon as it is too long") {
    bounds.max_start_line = 100;
    CHECK(refusal(std::string(100, 'x'), bounds) == 1);
    CHECK(refusal(std::string(101, 'x'), bounds) == 414);
  }
  SECTION("the fields with the empty line") {
    const std::string head = with("A: " + std::string(50, 'x') + "\r\n");
    const std::size_t fields = head.size() - head.find('\n') - 1;
    bounds.max_fields_size = fields + 1;
    CHECK(refusal(head, bounds) == 0);
    bounds.max_fields_size = fields;
    CHECK(refusal(head, bounds) == 0);
    bounds.max_fields_size = fields - 1;
    CHECK(refusal(head, bounds) == 431);
  }
  SECTION("fields that never end") {
    bounds.max_fields_size = 1'000;
    const std::string line = "GET / HTTP/1.1\r\n";
    CHECK(refusal(line + std::string(1'000, 'x'), bounds) == 1);
    CHECK(refusal(line + std::string(1'001, 'x'), bounds) == 431);
  }
  SECTION("the number of fields") {
    std::string lines;
    for (int i = 0; i < 9; ++i) lines += "A: b\r\n";
    bounds.max_fields = 11;
    CHECK(refusal(with(lines), bounds) == 0);
    bounds.max_fields = 10;
    CHECK(refusal(with(lines), bounds) == 0);
    bounds.max_fields = 9;
    CHECK(refusal(with(lines), bounds) == 431);
  }
  SECTION("by default a target of 8,000 bytes and 128 fields work") {
    CHECK(refusal(with_line("OPTIONS /" + std::string(7'999, 'x') + " HTTP/1.1")) == 0);
    CHECK(refusal(with_line("GET /" + std::string(8'192, 'x') + " HTTP/1.1")) == 414);
    std::string lines;
    for (int i = 0; i < 127; ++i) lines += "A: " + std::string(240, 'x') + "\r\n";
    CHECK(refusal(with(lines)) == 0);
    CHECK(refusal(with(lines + "A: b\r\n")) == 431);
    CHECK(refusal(with("A: " + std::string(33'000, 'x') + "\r\n")) == 431);
  }
}

TEST_CASE("a head that trickles in is looked at once") {
  std::string head = std::string(line_and_host);
  while (head.size() < 32'000) head += "A: " + std::string(1'000, 'x') + "\r\n";
  head += "\r\n";
  h1::request_reader reader;
  h1::request_head out;
  // 32,000 calls, none of which may go back to the front: what was looked at is spoiled.
  std::string sight(head.size(), '\n');
  for (std::size_t n = 1; n < head.size(); ++n) {
    sight[n - 1] = head[n - 1];
    if (n >= 3) sight[n - 3] = '\n';  // one byte back is needed, for the CR before a LF
    if (n == 3) sight[0] = 'G';
    REQUIRE(reader.read(as_bytes(std::string_view(sight).substr(0, n)), out) ==
            h1::parse_state::need_more);
  }
  CHECK(reader.read(as_bytes(head), out) == h1::parse_state::complete);
  CHECK(out.fields.size() > 30);
}

TEST_CASE("after an error nothing is read") {
  h1::request_reader reader;
  h1::request_head head;
  REQUIRE(reader.read(as_bytes("GET / HTTP/1.1\n"), head) == h1::parse_state::error);
  const std::string first = reader.problem().text;
  CHECK(reader.read(as_bytes(with("")), head) == h1::parse_state::error);
  CHECK(reader.problem().text == first);
}

TEST_CASE("an error shows what was wrong, but not all of it") {
  const transcript t =
      read_all(role::server, with("Content-Length: " + std::string(999, '9') + "x\r\n"));
  CHECK(t.problem().find("Content-Length '999") != std::string::npos);
  CHECK(t.problem().size() < 150);
}

TEST_CASE("an error does not give away what may be secret") {
  for (const std::string& stream :
       {with("Authorization : secret\r\n"), with("Authorization: secret\n"),
        with("Authorization: a\r\n secret\r\n"), with("Authorization: secret\x01\r\n"),
        with_line("GET /a?token=secret HTTP/3.0 x"), with_line("GET /a?token=secret< HTTP/1.1"),
        with_line("GET http://u:secret@host/ HTTP/1.1"), std::string("GET /?secret HTTP/1.1\n")}) {
    const transcript t = read_all(role::server, stream);
    INFO(stream);
    CHECK(t.failed());
    CHECK(t.problem().find("secret") == std::string::npos);
  }
}

TEST_CASE("a response says what it says") {
  const response r(
      "HTTP/1.1 404 Not Found at all\r\nContent-Length: 3\r\nConnection: close\r\n\r\n");
  CHECK(r.head.status == 404);
  CHECK(r.head.reason == "Not Found at all");
  CHECK(r.head.content_length == 3);
  CHECK(r.head.body == h1::body_framing::sized);
  CHECK_FALSE(r.head.keep_alive);
  CHECK_FALSE(r.head.is_informational());
  CHECK(response("HTTP/1.1 200 \r\n\r\n").head.reason.empty());
  CHECK(response("HTTP/1.1 200\r\n\r\n").head.reason.empty());
  CHECK(response("HTTP/1.1 200 \xc3\xbc\t\r\n\r\n").head.reason == "\xc3\xbc\t");
  CHECK(response("HTTP/1.1 100 Continue\r\n\r\n").head.is_informational());
  CHECK(response("HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n")
            .head.upgrade == "websocket");
}

TEST_CASE("where the body of a response ends is decided in the order of RFC 9112 6.3") {
  using h1::body_framing;
  const auto framing = [](std::string_view code, std::string_view fields, bool to_head = false) {
    return response("HTTP/1.1 " + std::string(code) + " x\r\n" + std::string(fields) + "\r\n",
                    to_head)
        .head;
  };
  const std::string_view length = "Content-Length: 5\r\n";
  const std::string_view chunked = "Transfer-Encoding: chunked\r\n";
  CHECK(framing("200", length).body == body_framing::sized);
  CHECK(framing("200", chunked).body == body_framing::chunked);
  CHECK(framing("200", "").body == body_framing::until_close);
  CHECK_FALSE(framing("200", "").keep_alive);
  for (const std::string_view fields : {length, chunked, std::string_view()}) {
    CHECK(framing("200", fields, true).body == body_framing::none);
    CHECK(framing("200", fields, true).keep_alive);
    CHECK(framing("304", fields).body == body_framing::none);
    CHECK(framing("304", fields).content_length == 0);
    CHECK(framing("304", fields).keep_alive);
    for (const char* code : {"100", "103", "204"}) {
      CHECK(framing(code, fields).body == body_framing::none);
      CHECK(framing(code, fields).keep_alive == fields.empty());
    }
  }
  CHECK(framing("204", "Content-Length: 0\r\n").keep_alive);
}

TEST_CASE("malformed responses are refused") {
  const malformed all[] = {
      {"HTTP/1.1 20 OK\r\n\r\n", 400, "4 two digits"},
      {"HTTP/1.1 2000 OK\r\n\r\n", 400, "4 four digits"},
      {"HTTP/1.1 099 x\r\n\r\n", 400, "RFC 9110 15"},
      {"HTTP/1.1 2x0 OK\r\n\r\n", 400, "4 no digit"},
      {"HTTP/1.1 +20 OK\r\n\r\n", 400, "4 a sign"},
      {"HTTP/1.1  200 OK\r\n\r\n", 400, "4 two blanks"},
      {"HTTP/1.1\t200 OK\r\n\r\n", 400, "4 a tab"},
      {"HTTP/1.1 200\tOK\r\n\r\n", 400, "4 a tab"},
      {"HTTP/1.1 \r\n\r\n", 400, "4 no status"},
      {"HTTP/1.1\r\n\r\n", 400, "4 a version alone"},
      {"HTTP\r\n\r\n", 400, "4 half a version"},
      {"HTTP/1.1 200 O\x01K\r\n\r\n", 400, "4 a control character"},
      {"HTTP/1.1 200 OK\n\r\n", 400, "2.2 bare LF"},
      {"HTTP/1.1 200 O\rK\r\n\r\n", 400, "2.2 bare CR"},
      {"HTTP/2.0 200 OK\r\n\r\n", 505, "2.3"},
      {"\r\nHTTP/1.1 200 OK\r\n\r\n", 400, "2.2 an empty line is for requests"},
      {"ICY 200 OK\r\n\r\n", 400, "another protocol"},
      {"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", 400, "5.1"},
      {"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", 400, "5.2 obs-fold"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "6.3"},
      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", 400, "6.3"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "6.3"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, "6.1"},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "6.1 in HTTP/1.0"},
      {"HTTP/1.1 200 " + std::string(9'000, 'x') + "\r\n\r\n", 414, "a limit of ours"},
      {"HTTP/1.1 200 OK\r\nA: " + std::string(33'000, 'x') + "\r\n\r\n", 431, "a limit of ours"},
  };
  for (const malformed& m : all) {
    INFO(m.rule << "\n" << m.bytes.substr(0, 100));
    const transcript whole = read_all(role::client, m.bytes);
    CHECK(whole.failed());
    CHECK(whole.status() == m.status);
    CHECK(whole.str() == read_in_pieces(role::client, m.bytes, 1, 1).str());
  }
}

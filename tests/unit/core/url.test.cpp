// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/url.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace polywire;

namespace {

url good(std::string_view text) {
  auto parsed = url::parse(text);
  INFO(text << ": " << parsed.status().message());
  REQUIRE(parsed);
  return *parsed;
}

/// The message with which a URL is refused.
std::string refusal(std::string_view text) {
  const auto parsed = url::parse(text);
  INFO(text);
  REQUIRE(!parsed);
  CHECK(parsed.status().code() == status_code::invalid_argument);
  CHECK(parsed.status().message().starts_with("bad URL: "));
  return parsed.status().message();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a URL with scheme, host and port has these parts and no others") {
  const url parsed = good("tcp://users:7000");
  CHECK(parsed.scheme() == "tcp");
  CHECK(parsed.protocol().empty());
  CHECK(parsed.transport() == "tcp");
  REQUIRE(parsed.hosts().size() == 1);
  CHECK(parsed.hosts()[0].host == "users");
  CHECK(parsed.hosts()[0].port == 7000);
  CHECK(parsed.hosts()[0].has_port);
  CHECK(parsed.path().empty());
  CHECK(parsed.name().empty());
  CHECK(parsed.keys().empty());
  CHECK(parsed.find("timeout") == nullptr);
}

TEST_CASE("the scheme is kept whole, in lower case, and splits at its last plus") {
  const url parsed = good("JsonRPC+TCP://h:1");
  CHECK(parsed.scheme() == "jsonrpc+tcp");
  CHECK(parsed.protocol() == "jsonrpc");
  CHECK(parsed.transport() == "tcp");
  CHECK(good("a+b+http://h").protocol() == "a+b");
}

TEST_CASE("what has no scheme is refused with the form of one") {
  for (const char* text :
       {"", "users", "users:7000", "://users", "//users", "7tcp://h", "+tcp://h", "tcp+://h",
        "a++b://h", "a+1b://h", "t_p://h", "tcp:users", "tcp:/users", "t\xc3\xa4p://h"}) {
    CHECK(contains(refusal(text), "it has to begin with a scheme"));
  }
  CHECK(contains(refusal(std::string(65, 'a') + "://h"), "scheme"));
  CHECK(good(std::string(64, 'a') + "://h").scheme().size() == 64);
}

TEST_CASE("hosts are a list in which each may have a port") {
  const url parsed = good("tcp://a:1,b.example,[::1]:2,127.0.0.1:65535");
  REQUIRE(parsed.hosts().size() == 4);
  CHECK(parsed.hosts()[0].to_string() == "a:1");
  CHECK(parsed.hosts()[1].to_string() == "b.example");
  CHECK(!parsed.hosts()[1].has_port);
  CHECK(parsed.hosts()[2].host == "::1");
  CHECK(parsed.hosts()[2].to_string() == "[::1]:2");
  CHECK(parsed.hosts()[3].port == 65'535);
}

TEST_CASE("IPv6 addresses stand in brackets") {
  CHECK(good("tcp://[2001:db8::7]:7000").hosts()[0].host == "2001:db8::7");
  CHECK(good("tcp://[::ffff:1.2.3.4]").hosts()[0].host == "::ffff:1.2.3.4");
  CHECK(good("tcp://[fe80::1%eth0]:1").hosts()[0].host == "fe80::1%eth0");
  CHECK(!good("tcp://[::1]").hosts()[0].has_port);
  CHECK(contains(refusal("tcp://::1:7000"), "in brackets"));
  CHECK(contains(refusal("tcp://[::1"), "no ']'"));
  CHECK(contains(refusal("tcp://[]:1"), "no IPv6 address"));
  CHECK(contains(refusal("tcp://[users]:1"), "no IPv6 address 'users'"));
  CHECK(contains(refusal("tcp://[1234]"), "no IPv6 address"));
  CHECK(contains(refusal("tcp://[::1%]"), "no IPv6 address"));
  CHECK(contains(refusal("tcp://[::1]7000"), "only ':port' may follow"));
}

TEST_CASE("an empty host is refused wherever it stands") {
  for (const char* text : {"tcp://", "tcp://:7000", "tcp:///", "tcp://?timeout=2s", "tcp://a:1,",
                           "tcp://,a:1", "tcp://a,,b", "http:///api"}) {
    CHECK(contains(refusal(text), "a host is empty"));
  }
}

TEST_CASE("a host of other characters is refused and shown") {
  CHECK(contains(refusal("tcp://us*rs:1"), "a host 'us*rs'"));
  CHECK(contains(refusal("tcp://us%41rs:1"), "a host 'us%41rs'"));
  CHECK(contains(refusal("tcp://\xc3\xbc:1"), "a host"));
  CHECK(good("tcp://" + std::string(255, 'a')).hosts()[0].host.size() == 255);
  CHECK(contains(refusal("tcp://" + std::string(256, 'a')), "255"));
}

TEST_CASE("ports go from 0 to 65535") {
  CHECK(good("tcp://a:0").hosts()[0].port == 0);
  CHECK(good("tcp://a:0").hosts()[0].has_port);
  CHECK(good("tcp://a:65535").hosts()[0].port == 65'535);
  for (const char* port : {"65536", "99999999999999999999", "-1", "+1", "7a", "0x10", ""}) {
    CHECK(contains(refusal(std::string("tcp://a:") + port), "is not a number from 0 to 65535"));
  }
}

TEST_CASE("user information is refused and not repeated") {
  for (const char* text :
       {"tcp://ada:hunter2@users:7000", "tcp://hunter2@users", "http://ada:hunter2@users/api",
        "tcp://ada:hunter2/x@users", "inproc://ada:hunter2@x", "tcp://ada:hunter2?x@users",
        "tcp://ada:hunter2?x=hunter2@users", "tcp://[hunter2?x=1@users", "unix://ada:hunter2@/x",
        "inproc://hunter2:x?x=1@users", "tcp://hunter2!?x=1@users", "hunter2:x@users"}) {
    CHECK(!contains(refusal(text), "hunter2"));
  }
  CHECK(contains(refusal("tcp://ada:hunter2@users:7000"), "user information"));
}

TEST_CASE("a prefix belongs to the HTTP family only") {
  CHECK(good("http://h/api/v1").path() == "/api/v1");
  CHECK(good("https://h:1/api/").path() == "/api");
  CHECK(good("ws://h/a%20b").path() == "/a%20b");
  CHECK(good("jsonrpc+wss://h/rpc?timeout=1s").path() == "/rpc");
  CHECK(good("http://h/").path().empty());
  CHECK(good("tcp://h:1/").path().empty());
  CHECK(contains(refusal("tcp://h:1/api"), "only http, https, ws and wss have a path"));
  CHECK(contains(refusal("jsonrpc+tls://h:1/api"), "only http, https, ws and wss have a path"));
}

TEST_CASE("a prefix that cannot stand in a request is refused") {
  CHECK(contains(refusal("http://h/a%2"), "'%'"));
  CHECK(contains(refusal("http://h/a%zz"), "'%'"));
  CHECK(contains(refusal("http://h/a%00"), "%00"));
  CHECK(contains(refusal("http://h/a\"b"), "percent-encoded"));
  CHECK(contains(refusal("http://h/\xc3\xbc"), "percent-encoded"));
}

TEST_CASE("a socket is an absolute path that is decoded once") {
  CHECK(good("unix:/run/users.sock").path() == "/run/users.sock");
  CHECK(good("unix:///run/users.sock").path() == "/run/users.sock");
  CHECK(good("unix:/run/a%20b%2525").path() == "/run/a b%25");
  CHECK(good("unix:/run/a@b?timeout=2s").path() == "/run/a@b");
  CHECK(good("unix:/x").hosts().empty());
  CHECK(good("jsonrpc+unix:/x").path() == "/x");
  for (const char* text : {"unix:", "unix:run", "unix://run", "unix://host/run", "unix:////run"}) {
    CHECK(contains(refusal(text), "absolute"));
  }
  CHECK(contains(refusal("unix:/a%00b"), "%00"));
  CHECK(contains(refusal("unix:/a%"), "'%'"));
  CHECK(contains(refusal("unix:/a%4"), "'%'"));
  CHECK(contains(refusal("unix:/a%4g"), "'%'"));
}

TEST_CASE("a socket path has at most 107 bytes, counted after decoding") {
  CHECK(good("unix:/" + std::string(106, 'a')).path().size() == 107);
  CHECK(good("unix:/" + std::string(105, 'a') + "%41").path().size() == 107);
  CHECK(contains(refusal("unix:/" + std::string(107, 'a')), "107"));
}

TEST_CASE("inproc has a name and nothing else") {
  CHECK(good("inproc://users-1.a_b").name() == "users-1.a_b");
  CHECK(good("inproc://users/").name() == "users");
  CHECK(good("inproc://users").hosts().empty());
  CHECK(contains(refusal("inproc://"), "a name is missing"));
  CHECK(contains(refusal("inproc://?strict=1"), "a name is missing"));
  CHECK(contains(refusal("inproc://a/b"), "the name 'a/b'"));
  CHECK(contains(refusal("inproc://a:1"), "the name 'a:1'"));
  CHECK(good("inproc://" + std::string(255, 'a')).name().size() == 255);
  CHECK(contains(refusal("inproc://" + std::string(256, 'a')), "255"));
}

TEST_CASE("query values are decoded once and a plus stays") {
  const url parsed = good("tls://h:1?ca=/etc/a%20b.pem&x=%2525+&empty=&u=%C3%BC&eq=a=b");
  CHECK(*parsed.find("ca") == "/etc/a b.pem");
  CHECK(*parsed.find("x") == "%25+");
  CHECK(parsed.find("empty")->empty());
  CHECK(*parsed.find("u") == "\xc3\xbc");
  CHECK(*parsed.find("eq") == "a=b");
  CHECK(parsed.find("e") == nullptr);
  CHECK(parsed.keys() == std::vector<std::string_view>{"ca", "x", "empty", "u", "eq"});
}

TEST_CASE("a bad query says which part is bad and never repeats a value") {
  CHECK(contains(refusal("tcp://h?a=1&a=2"), "'a' appears twice"));
  CHECK(contains(refusal("tcp://h?password=hunter2%"), "the value of 'password' has a '%'"));
  CHECK(
      contains(refusal("tcp://h?password=hunter2%00"), "the value of 'password' contains a zero"));
  CHECK(contains(refusal("tcp://h?"), "part 1 behind '?'"));
  CHECK(contains(refusal("tcp://h?a=1&"), "part 2 behind '?'"));
  CHECK(contains(refusal("tcp://h?a=1&&b=2"), "part 2 behind '?'"));
  CHECK(contains(refusal("tcp://h?=1"), "part 1 behind '?'"));
  CHECK(contains(refusal("tcp://h?A=1"), "part 1 behind '?'"));
  CHECK(contains(refusal("tcp://h?strict"), "part 1 behind '?'"));
  CHECK(contains(refusal("tcp://h?" + std::string(65, 'k') + "=1"), "part 1 behind '?'"));
  for (const char* text : {"tcp://h?password=x&hunter2", "tcp://h?password=hunter2%zz",
                           "tcp://h?password=hunter2&password=hunter2", "tcp://h?hunter2",
                           "tcp://h?password=hunter2#", "tcp://h?password=hunter2 "}) {
    CHECK(!contains(refusal(text), "hunter2"));
  }
}

TEST_CASE("characters that a URL cannot have are refused") {
  CHECK(contains(refusal("tcp://h#part"), "%23"));
  for (const std::string_view text :
       {std::string_view("tcp://h o"), std::string_view("tcp://h\r\n"),
        std::string_view("tcp://h\0x", 9), std::string_view("tcp://h?a=\x7f")}) {
    CHECK(contains(refusal(text), "percent-encoded"));
  }
}

TEST_CASE("a URL of 8 KiB is read and one byte more is refused") {
  const std::string front = "tcp://h?a=";
  CHECK(good(front + std::string(url::max_size - front.size(), 'x')).find("a") != nullptr);
  CHECK(good(front + std::string(url::max_size - front.size() - 1, 'x')).find("a") != nullptr);
  CHECK(contains(refusal(front + std::string(url::max_size - front.size() + 1, 'x')), "8 KiB"));
}

TEST_CASE("to_string shows where, never the query") {
  CHECK(good("TCP://a:1,[::1]:2?token=hunter2").to_string() == "tcp://a:1,[::1]:2");
  CHECK(good("https://a/api/?token=hunter2").to_string() == "https://a/api");
  CHECK(good("unix:///x?token=hunter2").to_string() == "unix:/x");
  CHECK(good("inproc://users?token=hunter2").to_string() == "inproc://users");
}

TEST_CASE("what to_string gives is the same URL without its query") {
  for (const char* text : {"tcp://a:1,[fe80::1%eth0]:2,b", "jsonrpc+http://h:80/api/v1",
                           "unix:/run/x.sock", "inproc://users"}) {
    CHECK(good(good(text).to_string()) == good(text));
  }
}

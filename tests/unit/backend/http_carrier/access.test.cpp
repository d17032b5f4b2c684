// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/backend/http_carrier/access.hpp"

#include "polywire/client.hpp"
#include "polywire/http.hpp"
#include "polywire/server.hpp"

#include "support/catch.hpp"
#include "support/http_exchange.hpp"

#include <string>

namespace access_test {

namespace pw = polywire;
using http_exchange::running;
using pw::http_carrier::access_rules;

namespace {

inline constexpr pw::unary<pw::text, pw::text> echo{"test.v1.Test/Echo"};

pw::server echoing() {
  pw::server server;
  server.handle(echo, [](const pw::text& t) { return t; });
  return server;
}

access_rules rules_of(const std::string& url) {
  access_rules rules;
  REQUIRE(rules.read(pw::url::parse(url).value()));
  return rules;
}

http_exchange::answer post(running& run, const std::string& fields) {
  return run.ask("POST /test.v1.Test/Echo", "Content-Type: application/text\r\n" + fields, "x");
}

}  // namespace

TEST_CASE("on a loopback address only requests for that one are answered") {
  for (const char* url : {"http://127.0.0.1:0", "http://localhost:0", "http://[::1]:0"}) {
    const auto rules = rules_of(url);
    for (const char* good : {"127.0.0.1", "127.0.0.1:8080", "localhost", "LOCALHOST:1", "[::1]",
                             "[::1]:80", "localhost.", ""}) {
      CHECK(rules.is_host(good));
    }
    for (const char* bad : {"evil.example", "127.0.0.1.evil.example:80", "localhost.evil", "[::2]",
                            "0.0.0.0", "::1", "127.0.0.2"}) {
      CHECK_FALSE(rules.is_host(bad));
    }
  }
  CHECK(rules_of("http://127.0.0.2:0").is_host("127.0.0.2:9"));
}

TEST_CASE("on other addresses any host is answered for, unless some are listed") {
  CHECK(rules_of("http://0.0.0.0:0").is_host("any.example"));
  const auto rules = rules_of("http://0.0.0.0:0?hosts=api.example,Other.example");
  CHECK(rules.is_host("API.example:443"));
  CHECK(rules.is_host("other.example"));
  CHECK(rules.is_host("localhost"));
  CHECK_FALSE(rules.is_host("x.api.example"));
  CHECK(rules_of("http://127.0.0.1:0?hosts=api.example").is_host("api.example"));
  CHECK(rules_of("http://127.0.0.1:0?hosts=*").is_host("any.example"));
}

TEST_CASE("hosts and origins that are none make listen fail") {
  auto server = echoing();
  for (const char* bad : {"hosts=a.example:80", "hosts=http://a", "hosts=a%20b", "cors=app.example",
                          "cors=https://", "cors=https://a/", "cors=https://a%0d%0ax", "cors=null",
                          "cors=https://*.example", "cors=https://a,x", "cors=://a"}) {
    CAPTURE(bad);
    const auto why = server.listen(std::string("http://127.0.0.1:0?") + bad).status();
    CHECK(why.code() == pw::status_code::invalid_argument);
  }
  CHECK(server.listen("http://127.0.0.1:0?cors=https://a.example:8443,*").status().ok());
}

TEST_CASE("these keys are for those who listen with HTTP") {
  auto server = echoing();
  CHECK(server.listen("tcp://127.0.0.1:0?cors=*").status().code() ==
        pw::status_code::invalid_argument);
  CHECK(pw::client::make("http://127.0.0.1:1?cors=*").status().code() ==
        pw::status_code::invalid_argument);
}

TEST_CASE("a request for another host is misdirected") {
  auto server = echoing();
  running run(server);
  CHECK(run.ask("GET /healthz", "Host: evil.example\r\n").status == 421);
  CHECK(run.ask("GET http://evil.example/healthz").status == 421);
  CHECK(run.ask("GET /healthz", "Host: localhost:123\r\n").status == 200);
}

TEST_CASE("pages of other origins may not change anything") {
  auto server = echoing();
  running run(server);
  CHECK(post(run, "").status == 200);
  CHECK(post(run, "Origin: http://127.0.0.1\r\n").status == 200);
  CHECK(post(run, "Host: localhost:80\r\nOrigin: http://LOCALHOST\r\n").status == 200);
  CHECK(post(run, "Host: localhost:81\r\nOrigin: http://localhost:81\r\n").status == 200);
  for (const char* foreign :
       {"https://evil.example", "null", "http://127.0.0.1:81", "http://127.0.0.1.evil", "",
        "127.0.0.1", "http://127.0.0.1\r\nOrigin: https://evil.example"}) {
    CAPTURE(foreign);
    const auto got = post(run, "Origin: " + std::string(foreign) + "\r\n");
    CHECK(got.status == 403);
    CHECK(got.field("access-control-allow-origin") == "(none)");
  }
}

TEST_CASE("pages of other origins may read, but are not shown what they read") {
  auto server = echoing();
  running run(server);
  const auto got = run.ask("GET /healthz", "Origin: https://evil.example\r\n");
  CHECK(got.status == 200);
  CHECK(got.field("access-control-allow-origin") == "(none)");
  CHECK(got.field("vary") == "(none)");
}

TEST_CASE("an origin that is listed may use the server, and is told so in every answer") {
  auto server = echoing();
  running run(server, "http://127.0.0.1:0?cors=https://app.example,https://other:8443");
  for (const char* origin : {"https://app.example", "https://other:8443"}) {
    const auto got = post(run, "Origin: " + std::string(origin) + "\r\n");
    CHECK(got.status == 200);
    CHECK(got.field("access-control-allow-origin") == origin);
    CHECK(got.field("access-control-allow-credentials") == "(none)");
    CHECK(got.field("vary") == "Origin");
  }
  const auto missing = run.ask("GET /nothing", "Origin: https://app.example\r\n");
  CHECK(missing.status == 404);
  CHECK(missing.field("access-control-allow-origin") == "https://app.example");
  CHECK(post(run, "Origin: https://other\r\n").status == 403);
  const auto plain = post(run, "");
  CHECK(plain.field("vary") == "Origin");
  CHECK(plain.field("access-control-allow-origin") == "(none)");
}

TEST_CASE("a preflight is answered for origins that are listed") {
  auto server = echoing();
  running run(server, "http://127.0.0.1:0?cors=https://app.example");
  const std::string asks =
      "Access-Control-Request-Method: POST\r\n"
      "Access-Control-Request-Headers: content-type, x-tenant,b@d\r\n";
  const auto got = run.ask("OPTIONS /test.v1.Test/Echo", "Origin: https://app.example\r\n" + asks);
  CHECK(got.status == 204);
  CHECK(got.field("access-control-allow-origin") == "https://app.example");
  CHECK(got.field("access-control-allow-methods") == "GET, HEAD, POST, PUT, PATCH, DELETE");
  CHECK(got.field("access-control-allow-headers") == "content-type, x-tenant");
  CHECK(got.field("access-control-max-age") == "7200");
  CHECK(got.field("vary") == "Origin");
  const auto foreign =
      run.ask("OPTIONS /test.v1.Test/Echo", "Origin: https://evil.example\r\n" + asks);
  CHECK(foreign.field("access-control-allow-origin") == "(none)");
  CHECK(foreign.field("access-control-allow-methods") == "(none)");
}

TEST_CASE("where all origins are allowed, none is named") {
  auto server = echoing();
  running run(server, "http://127.0.0.1:0?cors=*");
  const auto got = post(run, "Origin: https://any.example\r\n");
  CHECK(got.status == 200);
  CHECK(got.field("access-control-allow-origin") == "*");
  CHECK(got.field("access-control-allow-credentials") == "(none)");
}

TEST_CASE("a form of a page cannot make a call") {
  auto server = echoing();
  running run(server);
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"}) {
    CHECK(run.ask("POST /test.v1.Test/Echo", "Content-Type: " + std::string(type) + "\r\n", "{}")
              .status == 415);
  }
}

}  // namespace access_test

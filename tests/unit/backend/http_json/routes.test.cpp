// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// What users make of their methods with `server.route`, seen from the wire.
#include "polywire/http.hpp"
#include "polywire/json.hpp"
#include "polywire/server.hpp"

#include "support/catch.hpp"
#include "support/http_exchange.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace routes_test {

namespace pw = polywire;
using Catch::Matchers::ContainsSubstring;
using http_exchange::running;
using pw::status_code;

struct address {
  std::string city;
  int number = 0;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(address, city, number)

struct user {
  std::string id;
  std::string name;
  int age = 0;
  bool active = false;
  double score = 0;
  std::vector<std::string> tags;
  std::vector<int> marks;
  address home;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(user, id, name, age, active, score, tags, marks, home)

struct change {
  std::string tenant;
  bool dry = false;
  user who;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(change, tenant, dry, who)

struct nameless {
  explicit nameless(int v) : value(v) {}
  int value;
};
void to_json(nlohmann::json& json, const nameless& n) { json = {{"value", n.value}}; }

}  // namespace routes_test

template <>
struct nlohmann::adl_serializer<routes_test::nameless> {
  static void to_json(json& j, const routes_test::nameless& n) { routes_test::to_json(j, n); }
  static routes_test::nameless from_json(const json& j) {
    return routes_test::nameless(j.at("value").get<int>());
  }
};

namespace routes_test {

namespace {

inline constexpr pw::unary<user, user> get_user{"user.v1.Users/Get", pw::no_side_effects};
inline constexpr pw::unary<user, user> create_user{"user.v1.Users/Create"};
inline constexpr pw::unary<change, change> change_user{"user.v1.Users/Change"};
inline constexpr pw::unary<user, user> remove_user{"user.v1.Users/Remove"};
inline constexpr pw::unary<pw::text, pw::text> say{"user.v1.Users/Say"};
inline constexpr pw::unary<nameless, nameless> odd{"user.v1.Users/Odd"};
inline constexpr pw::server_streaming<user, user> list_users{"user.v1.Users/List",
                                                             pw::no_side_effects};

pw::result<user> find_user(const user& asked) {
  if (asked.id == "nobody") return pw::status::not_found("there is no user 'nobody'");
  return asked;
}

/// A server whose methods send back what they get.
pw::server echoing() {
  pw::server server;
  server.handle(get_user, find_user);
  server.handle(create_user, find_user);
  server.handle(remove_user, find_user);
  server.handle(change_user, [](const change& c) { return c; });
  return server;
}

nlohmann::json parsed(const http_exchange::answer& a) { return nlohmann::json::parse(a.body); }

pw::status mistake_of(auto&& spoil) {
  pw::server server = echoing();
  spoil(server);
  return server.listen("http://127.0.0.1:0").status();
}

}  // namespace

TEST_CASE("a variable of the path becomes a field") {
  auto server = echoing();
  server.route("GET /v1/users/{id}", get_user);
  running run(server);
  const auto got = run.ask("GET /v1/users/7");
  CHECK(got.status == 200);
  CHECK(got.field("content-type") == "application/json");
  CHECK(parsed(got)["id"] == "7");
  CHECK(parsed(run.ask("GET /v1/users/%C3%A9%20%22"))["id"] == "\u00e9 \"");
}

TEST_CASE("the query becomes fields by their kinds, repeated and nested ones, too") {
  auto server = echoing();
  server.route("GET /v1/users/{id}", get_user);
  running run(server);
  const auto got = parsed(run.ask(
      "GET /v1/users/7?age=42&active=true&score=-1.5e3&name=Ada+L&tags=7&tags=b%26c&marks=1&"
      "home.city=London&marks=2&home.number=3"));
  CHECK(got == nlohmann::json({{"id", "7"},
                               {"age", 42},
                               {"active", true},
                               {"score", -1500.0},
                               {"name", "Ada L"},
                               {"tags", {"7", "b&c"}},
                               {"marks", {1, 2}},
                               {"home", {{"city", "London"}, {"number", 3}}}}));
}

TEST_CASE("what does not fit a field is refused with its name") {
  auto server = echoing();
  server.route("GET /v1/users/{id}", get_user);
  server.route("GET /v1/by-age/{age}", get_user);
  running run(server);
  const std::pair<const char*, const char*> cases[] = {
      {"/v1/users/7?age=old", "'age' is 'old' where a number is expected"},
      {"/v1/users/7?age=", "'age' is '' where a number is expected"},
      {"/v1/users/7?age=1.5", "age is a number where an integer is expected"},
      {"/v1/users/7?age=99999999999", "age does not fit its type"},
      {"/v1/users/7?active=1", "'active' is '1' where true or false is expected"},
      {"/v1/users/7?home=x", "'home' is a message"},
      {"/v1/users/7?name.x=1", "'name.x' is no field"},
      {"/v1/users/7?colour=red", "'colour' is no field"},
      {"/v1/users/7?name=a&name=b", "'name' is given twice"},
      {"/v1/users/7?id=8", "'id' is given twice"},
      {"/v1/users/7?=8", "'' is no field"},
      {"/v1/users/7?name=%ff", "UTF-8"},
      {"/v1/by-age/young", "path's 'age' is 'young' where a number is expected"},
  };
  for (const auto& [path, why] : cases) {
    CAPTURE(path);
    const auto got = run.ask(std::string("GET ") + path);
    CHECK(got.status == 400);
    CHECK(got.field("content-type") == "application/problem+json");
    CHECK(parsed(got)["code"] == "invalid_argument");
    CHECK_THAT(parsed(got)["detail"].get<std::string>(), ContainsSubstring(why));
  }
}

TEST_CASE("the body is the request, but the path goes before it") {
  auto server = echoing();
  server.route("POST /v1/users", create_user);
  server.route("PUT /v1/users/{id}", create_user);
  server.route("PUT /v1/homes/{home.city}", create_user);
  running run(server);
  CHECK(parsed(run.ask_json("POST /v1/users", R"({"id":"1","age":2})"))["age"] == 2);
  CHECK(run.ask("POST /v1/users").status == 200);
  const auto put = parsed(run.ask_json("PUT /v1/users/7", R"({"age":2,"id":"8","x":[{}]})"));
  CHECK(put["id"] == "7");
  CHECK(put["age"] == 2);
  const auto home = parsed(
      run.ask_json("PUT /v1/homes/Rome", R"({"home":{"number":5,"city":"Paris"},"name":"A"})"));
  CHECK(home["home"] == nlohmann::json({{"city", "Rome"}, {"number", 5}}));
  CHECK(home["name"] == "A");
  CHECK(parsed(run.ask_json("PUT /v1/homes/Rome", R"({"home":null})"))["home"]["city"] == "Rome");
  CHECK(run.ask_json("PUT /v1/homes/Rome", R"({"home":7})").status == 400);
  CHECK(run.ask_json("POST /v1/users", "[1]").status == 400);
  CHECK(run.ask_json("PUT /v1/users/7", "[1]").status == 400);
  CHECK(run.ask_json("PUT /v1/users/7", R"({"age":2}})").status == 400);
  CHECK(run.ask_json("PUT /v1/users/7?age=3", R"({"age":2})").status == 400);
}

TEST_CASE("the body is one field where the route says so") {
  auto server = echoing();
  server.route("PATCH /v1/{tenant}/users/{who.id}", change_user, pw::body("who"));
  server.route("DELETE /v1/{tenant}/users/{who.id}", change_user);
  server.route("POST /v1/{tenant}/check", change_user, pw::body(""));
  running run(server);
  const auto got =
      parsed(run.ask_json("PATCH /v1/acme/users/7?dry=true", R"({"id":"8","age":3,"age":4})"));
  CHECK(got["tenant"] == "acme");
  CHECK(got["dry"] == true);
  CHECK(got["who"]["id"] == "7");
  CHECK(got["who"]["age"] == 4);
  CHECK(run.ask_json("PATCH /v1/acme/users/7?who.name=x", "{}").status == 400);
  CHECK(parsed(run.ask("DELETE /v1/acme/users/7?who.age=5"))["who"]["age"] == 5);
  CHECK(parsed(run.ask("POST /v1/acme/check?dry=true"))["dry"] == true);
  CHECK_THAT(run.ask_json("DELETE /v1/acme/users/7", "{}").body,
             ContainsSubstring("nothing is expected in the body"));
}

TEST_CASE("a text that would leave its place in the request stays a text") {
  auto server = echoing();
  server.route("PATCH /v1/{tenant}/{dry}", change_user, pw::body("who"));
  running run(server);
  CHECK(run.ask_json("PATCH /v1/acme/false", R"({},"dry":true)").status == 400);
  const auto got = parsed(run.ask_json("PATCH /v1/a%22,%22dry%22:true,%22x%22:%22/false", "{}"));
  CHECK(got["tenant"] == R"(a","dry":true,"x":")");
  CHECK(got["dry"] == false);
}

TEST_CASE("literal segments win over variables, and the rest comes last") {
  auto server = echoing();
  server.route("GET /v1/users/{id}", get_user);
  server.route("GET /v1/users/me", get_user);
  server.route("GET /v1/users/{name}/{home.city}", get_user);
  server.route("GET /v1/users/me/{age}/x", get_user);
  server.route("GET /v1/{name=**}", get_user);
  server.route("DELETE /v1/users/{id}", remove_user);
  running run(server);
  CHECK(parsed(run.ask("GET /v1/users/me"))["id"] == "");
  CHECK(parsed(run.ask("GET /v1/users/you"))["id"] == "you");
  CHECK(parsed(run.ask("GET /v1/users/me/Rome"))["name"] == "me");
  CHECK(parsed(run.ask("GET /v1/users/me/7/x"))["age"] == 7);
  CHECK(parsed(run.ask("GET /v1/users/a/b/c"))["name"] == "users/a/b/c");
  CHECK(parsed(run.ask("GET /v1/users/"))["name"] == "users/");
  CHECK(parsed(run.ask("DELETE /v1/users/me"))["id"] == "me");
  CHECK(run.ask("GET /v1/").status == 404);
  CHECK(run.ask("GET /v1").status == 404);
  CHECK(run.ask("GET /v2/users").status == 404);
  CHECK(run.ask("GET /").status == 404);
}

TEST_CASE("a route may be the root, or look like a method's name") {
  auto server = echoing();
  server.route("GET /", get_user);
  server.route("GET /users/{id}", get_user);
  running run(server);
  CHECK(run.ask("GET /?age=4").status == 200);
  CHECK(parsed(run.ask("GET /users/7"))["id"] == "7");
  CHECK(run.ask_json("POST /user.v1.Users/Get", "{}").status == 200);
}

TEST_CASE("a path answers what it does not know with what it knows") {
  auto server = echoing();
  server.route("GET /v1/users/{id}", get_user);
  server.route("DELETE /v1/users/{id}", remove_user);
  server.route("PUT /v1/users/me", create_user);
  running run(server);
  const auto wrong = run.ask_json("POST /v1/users/7", "{}");
  CHECK(wrong.status == 405);
  CHECK(wrong.field("allow") == "GET, HEAD, DELETE, OPTIONS");
  CHECK(run.ask("POST /v1/users/me").field("allow") == "PUT, GET, HEAD, DELETE, OPTIONS");
  const auto options = run.ask("OPTIONS /v1/users/7");
  CHECK(options.status == 204);
  CHECK(options.field("allow") == "GET, HEAD, DELETE, OPTIONS");
  CHECK(run.ask("OPTIONS *").status == 204);
  CHECK(run.ask("OPTIONS /user.v1.Users/Get").status == 204);
}

TEST_CASE("HEAD is answered as GET without the body") {
  auto server = echoing();
  server.route("GET /v1/users/{id}", get_user);
  running run(server);
  const auto whole = run.ask("GET /v1/users/7");
  const auto head = run.ask("HEAD /v1/users/7");
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  CHECK(head.field("content-length") == std::to_string(whole.body.size()));
  const auto missing = run.ask("HEAD /v1/users/nobody");
  CHECK(missing.status == 404);
  CHECK(missing.body.empty());
  CHECK(run.ask("HEAD /nothing").body.empty());
}

TEST_CASE("content that is no JSON is refused, and so are clients that want none") {
  auto server = echoing();
  server.route("GET /v1/users/{id}", get_user);
  server.route("POST /v1/users", create_user);
  running run(server);
  CHECK(run.ask("POST /v1/users", "Content-Type: text/plain\r\n", "{}").status == 415);
  CHECK(run.ask("POST /v1/users", "", "{}").status == 415);
  CHECK(run.ask("POST /v1/users", "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n")
            .status == 415);
  CHECK(
      run.ask("POST /v1/users", "Content-Type: application/json\r\nContent-Encoding: br\r\n", "{}")
          .status == 415);
  CHECK(
      run.ask("POST /v1/users", "Content-Type: application/json; charset=utf-8\r\n", "{}").status ==
      200);
  CHECK(run.ask("GET /v1/users/7", "Accept: text/html\r\n").status == 406);
  CHECK(run.ask("GET /v1/users/7", "Accept: */*, application/json;q=0\r\n").status == 406);
  for (const char* good : {"*/*", "application/*;q=0.1", "text/html, application/json",
                           "text/html\r\nAccept: Application/JSON"}) {
    CHECK(run.ask("GET /v1/users/7", "Accept: " + std::string(good) + "\r\n").status == 200);
  }
}

TEST_CASE("the status of a call is the status of HTTP, with problem details") {
  auto server = echoing();
  server.route("GET /v1/users/{id}", get_user);
  running run(server);
  const auto got = run.ask("GET /v1/users/nobody");
  CHECK(got.status == 404);
  CHECK(got.field("content-type") == "application/problem+json");
  CHECK(parsed(got) == nlohmann::json({{"title", "Not Found"},
                                       {"status", 404},
                                       {"detail", "there is no user 'nobody'"},
                                       {"code", "not_found"},
                                       {"message", "there is no user 'nobody'"}}));
}

TEST_CASE("a body above the limit is refused") {
  pw::limits bounds;
  bounds.max_message = 100;
  pw::server server(pw::server_options().limits(bounds));
  server.handle(create_user, find_user);
  server.route("POST /v1/users", create_user);
  running run(server);
  const auto text = [](std::size_t size) {
    return R"({"name":")" + std::string(size - 11, 'x') + R"("})";
  };
  CHECK(run.ask_json("POST /v1/users", text(99)).status == 200);
  CHECK(run.ask_json("POST /v1/users", text(100)).status == 200);
  CHECK(run.ask_json("POST /v1/users", text(101)).status == 413);
}

TEST_CASE("mistakes in routes make listen fail") {
  const auto code_of = [](auto&& spoil) { return mistake_of(spoil).code(); };
  for (const char* bad : {"",
                          "GET",
                          "/v1",
                          "GET v1",
                          "get /v1",
                          "HEAD /v1",
                          "OPTIONS /v1",
                          "GET  /v1",
                          "GET /v1/",
                          "GET //v1",
                          "GET /v1 ",
                          "GET /{id",
                          "GET /x{id}",
                          "GET /{id}x",
                          "GET /{}",
                          "GET /{=**}",
                          "GET /{id=*}",
                          "GET /{id=**}/x",
                          "GET /a%20b",
                          "GET /..",
                          "GET /a?b",
                          "GET /{id}/{id}",
                          "GET /{colour}",
                          "GET /{tags}",
                          "GET /{home}",
                          "GET /{home.street}",
                          "GET /{id.x}"}) {
    CAPTURE(bad);
    CHECK(code_of([&](pw::server& s) { s.route(bad, get_user); }) == status_code::invalid_argument);
  }
  CHECK(code_of([](pw::server& s) { s.route("GET /v1", get_user, pw::body("*")); }) ==
        status_code::invalid_argument);
  CHECK(code_of([](pw::server& s) { s.route("POST /v1", create_user, pw::body("colour")); }) ==
        status_code::invalid_argument);
  CHECK(code_of([](pw::server& s) { s.route("POST /{id}", create_user, pw::body("id")); }) ==
        status_code::invalid_argument);
  const auto twice = mistake_of([](pw::server& s) {
    s.route("GET /v1/{id}", get_user);
    s.route("GET /v1/{name}", get_user);
  });
  CHECK(twice.code() == status_code::already_exists);
  CHECK_THAT(twice.message(), ContainsSubstring("GET/v1/{}"));
  const auto nobody = mistake_of([](pw::server& s) { s.route("GET /v1", list_users); });
  CHECK(nobody.code() == status_code::failed_precondition);
  CHECK_THAT(nobody.message(), ContainsSubstring("user.v1.Users/List"));
  CHECK(code_of([](pw::server& s) { s.route("GET /v1", create_user); }) ==
        status_code::failed_precondition);
  CHECK(code_of([](pw::server& s) { s.route("POST /v1", say); }) ==
        status_code::failed_precondition);
  CHECK(code_of([](pw::server& s) { s.route("POST /v1", odd); }) ==
        status_code::failed_precondition);
}

TEST_CASE("a route that comes after listen is refused by the next listen") {
  auto server = echoing();
  server.route("GET /v1/{id}", get_user);
  REQUIRE(server.listen("http://127.0.0.1:0"));
  server.route("GET /v2/{id}", get_user);
  CHECK(server.listen("http://127.0.0.1:0").status().code() == status_code::failed_precondition);
}

TEST_CASE("a route may come before its method, and lead to the handler of everything") {
  pw::server server;
  server.route("GET /v1/users/{id}", get_user);
  server.handle_any([](const pw::payload& request, pw::server_context& context) {
    return pw::payload(request.encoding(), R"({"name":")" + std::string(context.method()) + "\"}");
  });
  running run(server);
  CHECK(parsed(run.ask("GET /v1/users/7"))["name"] == "user.v1.Users/Get");
}

}  // namespace routes_test

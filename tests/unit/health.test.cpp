// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/health.hpp"

#include "health.pb.h"

#include "polywire/client.hpp"
#include "polywire/inproc.hpp"
#include "polywire/protobuf.hpp"
#include "polywire/tcp.hpp"

#include "support/catch.hpp"

#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace health_test {

namespace pw = polywire;
namespace pb = grpc::health::v1;
using pw::format;
using pw::serving_status;
using pw::status_code;
using namespace std::chrono_literals;

namespace {

// What another program has, from the public schema.
inline constexpr pw::unary<pb::HealthCheckRequest, pb::HealthCheckResponse> foreign_check{
    "grpc.health.v1.Health/Check"};
inline constexpr pw::server_streaming<pb::HealthCheckRequest, pb::HealthCheckResponse>
    foreign_watch{"grpc.health.v1.Health/Watch"};

class running {
 public:
  explicit running(const std::string& where) {
    health.serve(server);
    url = server.listen(where).value().url();
    thread_ = std::thread([this] { server.run(); });
  }
  ~running() {
    server.stop();
    thread_.join();
  }

  pw::health health;
  pw::server server;
  std::string url;

 private:
  std::thread thread_;
};

pb::HealthCheckRequest foreign(const std::string& service) {
  pb::HealthCheckRequest made;
  made.set_service(service);
  return made;
}

template <class T>
std::string encoded(const T& value, format f) {
  pw::buffer out;
  REQUIRE(pw::codec<T>::encode(value, f, out));
  return std::string(pw::as_text(out.view()));
}
template <class T>
std::optional<T> decoded(std::string_view in, format f) {
  std::optional<T> out;
  const auto done = pw::codec<T>::decode(pw::as_bytes(in), f, out, pw::limits());
  CHECK(done.ok() == out.has_value());
  if (!done) CHECK(done.code() == status_code::invalid_argument);
  return out;
}

using request = pw::health_check_request;
using response = pw::health_check_response;

}  // namespace

TEST_CASE("health messages are those of the public schema, in protobuf and in JSON") {
  for (const std::string& name : {std::string(), std::string("a.B"), std::string(200, 'x'),
                                  std::string(20'000, 'y'), std::string("caf\u00e9")}) {
    const std::string bytes = foreign(name).SerializeAsString();
    CHECK(encoded(request(name), format::protobuf) == bytes);
    CHECK(decoded<request>(bytes, format::protobuf)->service == name);
    const std::string json = encoded(request(name), format::json);
    CHECK(decoded<request>(json, format::json)->service == name);
    CHECK(decoded<pb::HealthCheckRequest>(json, format::json)->service() == name);
  }
  for (int i = 0; i < 4; ++i) {
    pb::HealthCheckResponse theirs;
    theirs.set_status(static_cast<pb::HealthCheckResponse::ServingStatus>(i));
    const response ours(static_cast<serving_status>(i));
    CHECK(encoded(ours, format::protobuf) == theirs.SerializeAsString());
    CHECK(decoded<response>(theirs.SerializeAsString(), format::protobuf)->status == ours.status);
    const std::string json = encoded(ours, format::json);
    CHECK(decoded<pb::HealthCheckResponse>(json, format::json)->status() == theirs.status());
    CHECK(decoded<response>(encoded(theirs, format::json), format::json)->status == ours.status);
  }
  CHECK(encoded(response(serving_status::serving), format::json) == R"({"status":"SERVING"})");
}

TEST_CASE("health messages skip fields that they do not know, and refuse what is malformed") {
  using namespace std::string_literals;
  CHECK(decoded<request>("\x12\x02xy\x18\x07\x25"
                         "abcd\x29"
                         "abcdefgh\x0a\x01z",
                         format::protobuf)
            ->service == "z");
  CHECK(decoded<request>("\x08\x07", format::protobuf)->service.empty());
  CHECK(decoded<request>("\x0a\x01"
                         "a\x0a\x01"
                         "b",
                         format::protobuf)
            ->service == "b");
  CHECK(decoded<response>("\x08\x63", format::protobuf)->status == serving_status::unknown);
  CHECK(decoded<response>(R"({"status":"LATER","more":[1]})", format::json)->status ==
        serving_status::unknown);
  CHECK(decoded<request>("{}", format::json)->service.empty());
  for (const std::string& bad :
       {"\x0a"s,
        "\x0a\x05"
        "abc"s,
        "\x0a\x01\xff"s, "\x0b"s, "\x00\x01"s,
        "\x25"
        "abc"s,
        "\x29"s, "\x0f\x01"s, "\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s}) {
    CHECK_FALSE(decoded<request>(bad, format::protobuf));
  }
  CHECK_FALSE(decoded<request>(R"({"service":1})", format::json));
  CHECK_FALSE(decoded<request>("x", format::text));
  CHECK_FALSE(decoded<response>("x", format::text));
  pw::buffer out;
  CHECK(pw::codec<request>::encode(request("\xff"), format::protobuf, out).code() ==
        status_code::invalid_argument);
}

TEST_CASE("Check answers clients with generated classes on every backend") {
  running server(GENERATE("inproc://health", "tcp://127.0.0.1:0"));
  server.health.set("user.v1.UserService", serving_status::not_serving);
  pw::client client(server.url);
  const auto check = [&](const std::string& name) {
    return client.call(foreign_check, foreign(name), pw::timeout(20s));
  };
  CHECK(check("")->status() == pb::HealthCheckResponse::SERVING);
  CHECK(check("user.v1.UserService")->status() == pb::HealthCheckResponse::NOT_SERVING);
  CHECK(check("nobody.Knows").status().code() == status_code::not_found);
  server.health.set("nobody.Knows", serving_status::serving);
  CHECK(check("nobody.Knows")->status() == pb::HealthCheckResponse::SERVING);

  const auto own = client.call(pw::health_check, request("user.v1.UserService"), pw::timeout(20s));
  CHECK(own->status == serving_status::not_serving);
}

TEST_CASE("Watch tells each change, of services that come later too, and the stop of the server") {
  auto server = std::make_unique<running>(GENERATE("inproc://health", "tcp://127.0.0.1:0"));
  pw::client client(server->url);
  auto whole = client.open(foreign_watch, foreign(""));
  auto later = client.open(foreign_watch, foreign("later.Service"));
  CHECK(whole.read()->status() == pb::HealthCheckResponse::SERVING);
  CHECK(later.read()->status() == pb::HealthCheckResponse::SERVICE_UNKNOWN);
  server->health.set("later.Service", serving_status::serving);
  CHECK(later.read()->status() == pb::HealthCheckResponse::SERVING);
  server->health.set("later.Service", serving_status::serving);  // no change
  server->health.set("", serving_status::not_serving);
  CHECK(whole.read()->status() == pb::HealthCheckResponse::NOT_SERVING);
  server->health.set("", serving_status::serving);
  CHECK(whole.read()->status() == pb::HealthCheckResponse::SERVING);
  {  // one that goes away disturbs nobody
    auto gone = client.open(foreign_watch, foreign(""));
    CHECK(gone.read()->status() == pb::HealthCheckResponse::SERVING);
  }
  server.reset();  // drains, and does not wait for those who watch
  CHECK(whole.read()->status() == pb::HealthCheckResponse::NOT_SERVING);
  CHECK(later.read()->status() == pb::HealthCheckResponse::NOT_SERVING);
  CHECK_FALSE(whole.read());
  CHECK(whole.status().code() == status_code::unavailable);
  CHECK_FALSE(later.read());
  CHECK(later.status().code() == status_code::unavailable);
}

}  // namespace health_test

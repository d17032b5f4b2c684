// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/rpc/hub/event.hpp"

#include "support/catch.hpp"

#include <string>

namespace event_test {

namespace pw = polywire;
namespace rpc = polywire::rpc;

namespace {

int conversions = 0;

rpc::topic_type counting() {
  rpc::topic_type type{};
  type.formats = pw::format_set(pw::format::json, pw::format::text);
  type.transcode = [](pw::bytes_view in, pw::format, pw::format, const pw::limits&,
                      pw::buffer& out) {
    ++conversions;
    if (pw::as_text(in) == "bad") return pw::status::invalid_argument("bad");
    out.append("json:");
    out.append(in);
    return pw::status();
  };
  return type;
}

std::shared_ptr<const rpc::topic_info> topic_of(const rpc::topic_type& type) {
  return std::make_shared<const rpc::topic_info>("a.b", type, std::make_shared<const pw::limits>());
}

}  // namespace

TEST_CASE("an event keeps its topic, its key and its bytes when everything else is gone") {
  auto topic = topic_of(counting());
  std::string bytes = "hello";
  const rpc::event one(topic, pw::format::text, pw::as_bytes(bytes), "k1");
  topic.reset();
  bytes = "other";
  CHECK(one.topic() == "a.b");
  CHECK(one.key() == "k1");
  CHECK(pw::as_text(one.bytes()) == "hello");
  CHECK(one.size() == 5);
  CHECK(one.encoding() == pw::format::text);
  const rpc::event empty(topic_of(counting()), pw::format::text, {}, {});
  CHECK(empty.bytes().empty());
  CHECK(empty.key().empty());
}

TEST_CASE("another format of an event is made once, and only when it is asked for") {
  conversions = 0;
  const rpc::event one(topic_of(counting()), pw::format::text, pw::as_bytes("x"), "key");
  CHECK(pw::as_text(one.in(pw::format::text).value()) == "x");
  CHECK(conversions == 0);
  CHECK(pw::as_text(one.in(pw::format::json).value()) == "json:x");
  CHECK(pw::as_text(one.in(pw::format::json).value()) == "json:x");
  CHECK(conversions == 1);
}

TEST_CASE("a format that the type does not speak, or that fails, is an error each time") {
  conversions = 0;
  const rpc::event bad(topic_of(counting()), pw::format::text, pw::as_bytes("bad"), {});
  CHECK(bad.in(pw::format::protobuf).status().code() == pw::status_code::invalid_argument);
  CHECK(bad.in(pw::format::json).status().message() == "bad");
  CHECK(bad.in(pw::format::json).status().message() == "bad");
  CHECK(conversions == 1);
}

TEST_CASE("an event without a type stays in the format it was published in") {
  const rpc::event one(topic_of(rpc::topic_type_of<pw::payload>), pw::format::json,
                       pw::as_bytes("{}"), {});
  CHECK(one.in(pw::format::json).has_value());
  CHECK(one.in(pw::format::protobuf).status().code() == pw::status_code::unimplemented);
}

TEST_CASE("a typed topic checks bytes without writing them") {
  pw::buffer out;
  const auto& type = rpc::topic_type_of<pw::text>;
  const auto check = [&](std::string_view bytes) {
    return type.transcode(pw::as_bytes(bytes), pw::format::text, pw::format::text, {}, out);
  };
  CHECK(check("fine").ok());
  CHECK(check("\xff").code() == pw::status_code::invalid_argument);
  CHECK(out.empty());
}

}  // namespace event_test

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/method.hpp"

#include "support/catch.hpp"

#include <string>
#include <type_traits>

using namespace polywire;

namespace {

inline constexpr unary<int, long> get{"a.B/Get", no_side_effects};
inline constexpr unary<int, long> put{"a.B/Put", idempotent};
inline constexpr unary<int, long> post{"a.B/Post"};
inline constexpr server_streaming<int, long> list{"a.B/List"};
inline constexpr client_streaming<int, long> sum{"a.B/Sum"};
inline constexpr bidi_streaming<int, long> chat{"a.B/Chat"};

}  // namespace

TEST_CASE("a contract knows its name, call type and message types") {
  CHECK(get.name() == "a.B/Get");
  CHECK(get.type() == call_type::unary);
  CHECK(list.type() == call_type::server_streaming);
  CHECK(sum.type() == call_type::client_streaming);
  CHECK(chat.type() == call_type::bidi_streaming);
  STATIC_REQUIRE(std::is_same_v<decltype(get)::request_type, int>);
  STATIC_REQUIRE(std::is_same_v<decltype(get)::response_type, long>);
}

TEST_CASE("a contract knows in which directions many messages go") {
  CHECK((!get.streams_requests() && !get.streams_responses()));
  CHECK((!list.streams_requests() && list.streams_responses()));
  CHECK((sum.streams_requests() && !sum.streams_responses()));
  CHECK((chat.streams_requests() && chat.streams_responses()));
}

TEST_CASE("a method without side effects is idempotent, an idempotent one may have some") {
  CHECK((get.is_idempotent() && get.has_no_side_effects()));
  CHECK((put.is_idempotent() && !put.has_no_side_effects()));
  CHECK((!post.is_idempotent() && !post.has_no_side_effects()));
}

TEST_CASE("a method name is two parts of words and dots") {
  for (const char* name : {"a/b", "user.v1.UserService/CreateUser", "A_1/b_2", "a.b.c/d.e"}) {
    CAPTURE(name);
    CHECK(is_method_name(name));
  }
  for (const char* name : {"", "/", "a", "a/", "/b", "a//b", "a/b/c", ".a/b", "a./b", "a..b/c",
                           "a/.b", "a/b.", "a b/c", "a-b/c", "a/b?", "a/\xc3\xa4", "a/b\n"}) {
    CAPTURE(name);
    CHECK(!is_method_name(name));
  }
  CHECK(!is_method_name(std::string_view("a/b\0", 4)));
}

TEST_CASE("a method name has at most 255 bytes") {
  CHECK(is_method_name("a/" + std::string(252, 'x')));
  CHECK(is_method_name("a/" + std::string(253, 'x')));
  CHECK(!is_method_name("a/" + std::string(254, 'x')));
}

TEST_CASE("call types have names") {
  CHECK(to_string(call_type::unary) == "unary");
  CHECK(to_string(call_type::server_streaming) == "server_streaming");
  CHECK(to_string(call_type::client_streaming) == "client_streaming");
  CHECK(to_string(call_type::bidi_streaming) == "bidi_streaming");
  CHECK(to_string(static_cast<call_type>(9)) == "unknown");
}

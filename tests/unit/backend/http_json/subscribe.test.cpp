// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
//
// Subscriptions of browsers, which know no more than the last id that they saw.
#include "polywire/backend/http_json/subscribe_exchange.hpp"

#include "support/catch.hpp"
#include "unit/backend/http_carrier/harness.hpp"

namespace subscribe_test {

using namespace http_tests;

namespace {

/// What a subscription asks for, and what it is answered before the first event.
class subscribed {
 public:
  explicit subscribed(const std::string& query, const std::string& fields = {}) {
    server.layer.on_open_hook = [this](rpc::call_id id, call_end& call) {
      call.on_half_close_hook = [this, id] { server.session->confirm(id, position(7, 20, 0)); };
    };
    server.send("GET /topics/t.a" + query + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
    asked = server.heard().at(0);
    asked = asked.substr(asked.find("from "));
    asked = asked.substr(0, asked.find(" drop_oldest"));
    const std::string answer = text_of(*server.session);
    body = answer.substr(answer.find("\r\n\r\n") + 4);
  }

  serving server;
  std::string asked;
  std::string body;
};

}  // namespace

TEST_CASE("a subscription has an id before its first event, to come back to", "[http]") {
  for (const char* query : {"", "?from=now", "?from=earliest", "?from=last-3", "?group=g"}) {
    CAPTURE(query);
    CHECK(subscribed(query).body == chunk("id: 7-20\n\n"));
  }
}

TEST_CASE("who says where it was keeps that id until an event comes", "[http]") {
  // Or it would not be told of what it lost when the server is another one by now.
  CHECK(subscribed("?from=6-9").body.empty());
  CHECK(subscribed("", "Last-Event-ID: 6-9\r\n").body.empty());
}

TEST_CASE("Last-Event-ID goes before the query, where it is an id", "[http]") {
  CHECK(subscribed("?from=earliest", "Last-Event-ID: 6-9\r\n").asked == "from after 6-9");
  CHECK(subscribed("?from=6-2", "Last-Event-ID: 6-9\r\n").asked == "from after 6-9");
  CHECK(subscribed("?from=earliest", "Last-Event-ID: nonsense\r\n").asked == "from earliest");
}

TEST_CASE("a member of a group that comes back begins with what comes now", "[http]") {
  CHECK(subscribed("?group=g", "Last-Event-ID: 6-9\r\n").asked == "from now");
}

}  // namespace subscribe_test

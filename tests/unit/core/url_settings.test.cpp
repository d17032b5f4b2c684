// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/core/url_settings.hpp"

#include "support/catch.hpp"

#include <array>
#include <string>

using namespace polywire;
using namespace std::chrono_literals;

namespace {

result<url_settings> read(const std::string& query) {
  return read_settings(url::parse("tcp://h?" + query).value());
}

url_settings good(const std::string& query) {
  auto settings = read(query);
  INFO(query << ": " << settings.status().message());
  REQUIRE(settings);
  return *settings;
}

std::string refusal(const std::string& query) {
  const auto settings = read(query);
  INFO(query);
  REQUIRE(!settings);
  CHECK(settings.status().code() == status_code::invalid_argument);
  return settings.status().message();
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a URL without a query keeps the given limits") {
  limits defaults;
  defaults.max_calls = 7;
  const auto settings = read_settings(url::parse("tcp://h").value(), defaults).value();
  CHECK(settings.bounds.max_calls == 7);
  CHECK(!settings.timeout);
  CHECK(!settings.strict);
}

TEST_CASE("each key sets its own field") {
  const url_settings set = good(
      "max_message=8MiB&max_metadata=1KiB&max_calls=5&max_connections=6&call_credit=64KiB&"
      "connection_credit=2MiB&handshake_timeout=1s&ping=2s&write_timeout=3s&drain_timeout=4s&"
      "connect_timeout=5s&pool=7&streams=8&queue=9&attempts=2&reconnect_min=10ms&reconnect_max=11s&"
      "timeout=12s&strict=true&balance=pick_first");
  CHECK(set.bounds.max_message == 8'388'608);
  CHECK(set.bounds.max_metadata == 1'024);
  CHECK(set.bounds.max_calls == 5);
  CHECK(set.bounds.max_connections == 6);
  CHECK(set.bounds.call_credit == 65'536);
  CHECK(set.bounds.connection_credit == 2'097'152);
  CHECK(set.bounds.handshake_timeout == 1s);
  CHECK(set.bounds.ping_interval == 2s);
  CHECK(set.bounds.write_timeout == 3s);
  CHECK(set.bounds.drain_timeout == 4s);
  CHECK(set.bounds.connect_timeout == 5s);
  CHECK(set.bounds.max_pool == 7);
  CHECK(set.bounds.max_streams == 8);
  CHECK(set.bounds.max_queue == 9);
  CHECK(set.bounds.max_attempts == 2);
  CHECK(set.bounds.reconnect_min == 10ms);
  CHECK(set.bounds.reconnect_max == 11s);
  CHECK(set.timeout == 12s);
  CHECK(set.strict);
}

TEST_CASE("flags can be switched off again") { CHECK(!good("strict=false").strict); }

TEST_CASE("numbers are accepted up to their bounds and refused beyond") {
  CHECK(good("max_message=2147483647").bounds.max_message == 2'147'483'647);
  CHECK(contains(refusal("max_message=2147483648"), "from 1 to 2147483647"));
  CHECK(contains(refusal("max_message=0"), "from 1 to 2147483647"));
  CHECK(good("max_calls=4294967295").bounds.max_calls == 4'294'967'295);
  CHECK(contains(refusal("max_calls=4294967296"), "from 1 to 4294967295"));
  CHECK(good("attempts=1").bounds.max_attempts == 1);
  CHECK(good("attempts=100").bounds.max_attempts == 100);
  CHECK(contains(refusal("attempts=101"), "from 1 to 100"));
  CHECK(contains(refusal("attempts=0"), "from 1 to 100"));
  CHECK(good("queue=0").bounds.max_queue == 0);
  CHECK(good("drain_timeout=0s").bounds.drain_timeout == 0s);
  CHECK(contains(refusal("ping=0s"), "above zero"));
  CHECK(contains(refusal("timeout=0s"), "above zero"));
}

TEST_CASE("a bad value is refused with its key and the form, and is not repeated") {
  CHECK(refusal("max_message=hunter2") ==
        "bad URL: key 'max_message': expected a size such as 123, 64KiB, 8MiB or 1GiB");
  CHECK(refusal("timeout=hunter2") ==
        "bad URL: key 'timeout': expected a duration such as 10us, 500ms, 2s, 1m or 2h");
  CHECK(contains(refusal("ping=5"), "key 'ping': expected a duration"));
  CHECK(refusal("strict=hunter2") == "bad URL: key 'strict': expected true or false");
  CHECK(refusal("balance=hunter2") == "bad URL: key 'balance': expected pick_first or round_robin");
}

TEST_CASE("calls go to one host unless the URL says round robin") {
  const auto balanced = [](const std::string& query) {
    return read_settings(url::parse("tcp://h:1,i:1" + query).value()).value().round_robin;
  };
  CHECK_FALSE(balanced(""));
  CHECK_FALSE(balanced("?balance=pick_first"));
  CHECK(balanced("?balance=round_robin"));
}

TEST_CASE("an unknown key is named together with the known ones that look like it") {
  CHECK(refusal("timout=2s") == "bad URL: unknown key 'timout'; did you mean timeout?");
  CHECK(contains(refusal("message=1"), "did you mean max_message?"));
  CHECK(contains(refusal("credit=1"), "did you mean call_credit or connection_credit?"));
  CHECK(contains(refusal("zzzzzzzz=hunter2"), "there are attempts, balance, call_credit"));
  CHECK(!contains(refusal("zzzzzzzz=hunter2"), "hunter2"));
}

TEST_CASE("keys of other layers are left to them, and are offered when one is misspelt") {
  const std::array<std::string_view, 2> tls{"ca", "certificate"};
  CHECK(read_settings(url::parse("tls://h?ca=x&pool=3").value(), limits(), tls)->bounds.max_pool ==
        3);
  const auto wrong = read_settings(url::parse("tls://h?certifikate=x").value(), limits(), tls);
  REQUIRE(!wrong);
  CHECK(contains(wrong.status().message(), "did you mean certificate?"));
}

TEST_CASE("reconnecting cannot wait longer at first than later") {
  CHECK(good("reconnect_min=3s&reconnect_max=3s").bounds.reconnect_min == 3s);
  CHECK(contains(refusal("reconnect_min=4s&reconnect_max=3s"), "reconnect_min"));
  CHECK(contains(refusal("reconnect_max=500ms"), "reconnect_min"));
}

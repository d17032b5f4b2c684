// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/client/detail/link_pool.hpp"

#include "unit/client/steered.hpp"

namespace pooling_test {

using namespace steered;

namespace {

/// Both ends on clocks that stand still until the test moves one.
class pooled : public world {
 public:
  pooled() { servers_bounds.ping_interval = 1h; }
  pw::server_options server_options() {
    return pw::server_options().clock(servers).limits(servers_bounds);
  }
  /// In the order of the calls.
  std::string settle_all(const std::vector<answer>& all) {
    std::string text;
    for (const answer& a : all) text += (text.empty() ? "" : ", ") + settle(a);
    return text;
  }

  pw::limits servers_bounds;
};

}  // namespace

TEST_CASE("round robin: a connection to each host, and calls take turns", "[client]") {
  world w;
  service a(w.context, "loopback://a", "a");
  service b(w.context, "loopback://b", "b");
  service c(w.context, "loopback://c", "c");
  int connections = 0;
  auto user = w.client("steered://a,b,c?balance=round_robin", w.counting(connections));
  for (int i = 0; i < 31; ++i) CHECK(w.call(user).size() == 1);
  CHECK(connections == 3);
  CHECK(a.calls + b.calls + c.calls == 31);
  for (const service* s : {&a, &b, &c}) CHECK(s->calls >= 10);
}

TEST_CASE("round robin: calls go to the hosts that are up, the others are looked after",
          "[client]") {
  world w;
  service b(w.context, "loopback://b", "b");
  auto user = w.client("steered://a,b?balance=round_robin");
  for (int i = 0; i < 5; ++i) CHECK(w.call(user) == "b");
  CHECK(w.attempts() == 2);
  w.pass(1300ms);  // more than the first pause with its jitter
  CHECK(w.attempts() == 3);
  service a(w.context, "loopback://a", "a");
  w.pass(5s);
  const std::string first = w.call(user);
  const std::string second = w.call(user);
  CHECK(first + second == (first == "a" ? "ab" : "ba"));
}

TEST_CASE("round robin: a host that is lost costs no call, and is taken back", "[client]") {
  world w;
  std::optional<service> a;
  a.emplace(w.context, "loopback://a", "a");
  service b(w.context, "loopback://b", "b");
  auto user = w.client("steered://a,b?balance=round_robin");
  for (int i = 0; i < 4; ++i) CHECK(w.call(user).size() == 1);
  CHECK(a->calls > 0);
  a.reset();
  test::drain(w.context);
  for (int i = 0; i < 4; ++i) CHECK(w.call(user) == "b");
  a.emplace(w.context, "loopback://a", "a");
  w.pass(5s);
  for (int i = 0; i < 4; ++i) CHECK(w.call(user).size() == 1);
  CHECK(a->calls == 2);
}

TEST_CASE("round robin: with all hosts down calls fail at once, and nobody dials for nobody",
          "[client]") {
  world w;
  auto user = w.client("steered://a,b?balance=round_robin");
  CHECK(w.call(user) == "unavailable not_sent");
  CHECK(transport::dialled == std::vector<std::string>{"a", "b"});
  w.pass(1h);
  CHECK(w.attempts() == 2);
  service b(w.context, "loopback://b", "b");
  CHECK(w.call(user) == "b");
}

TEST_CASE("a pool makes as many connections at once as calls wait, up to its limit", "[client]") {
  pooled w;
  service a(w.context, "line+steered://a", "a", w.server_options());
  auto user = w.client("line+steered://a?pool=4");
  std::vector<world::answer> calls;
  for (int i = 0; i < 3; ++i) calls.push_back(w.start(user, wait));
  test::drain(w.context);
  CHECK(w.attempts() == 3);
  for (int i = 0; i < 3; ++i) calls.push_back(w.start(user, wait));
  test::drain(w.context);
  CHECK(w.attempts() == 4);
  CHECK(a.calls == 4);
  a.bell.cancel();
  test::drain(w.context);
  CHECK(a.calls == 6);
  a.bell.cancel();
  CHECK(w.settle_all(calls) == "a, a, a, a, a, a");

  transport::dialled.clear();
  transport::silent = true;
  auto other = w.client("line+steered://a?pool=4");
  for (world::answer& call : calls) call = w.start(other);
  test::drain(w.context);
  CHECK(w.attempts() == 4);  // none of which has answered
  transport::refusing = true;
  w.pass(5s);
  CHECK(w.settle(calls.back()) == "unavailable not_sent");
}

TEST_CASE("a pooled connection that nobody uses is closed after a while", "[client]") {
  pooled w;
  service a(w.context, "line+steered://a", "a", w.server_options());
  auto user = w.client("line+steered://a?pool_idle=20s");
  const auto one = w.start(user, wait);
  const auto other = w.start(user, wait);
  test::drain(w.context);
  a.bell.cancel();
  CHECK(w.settle_all({one, other}) == "a, a");
  for (int i = 0; i < 4; ++i) {
    w.pass(15s);
    CHECK(w.call(user) == "a");  // always over the same one
  }
  CHECK(w.attempts() == 2);
  const auto busy = w.start(user, wait);
  test::drain(w.context);
  const auto more = w.start(user, wait);
  test::drain(w.context);
  CHECK(w.attempts() == 3);  // the second one had been closed
  w.pass(25s);               // a connection with a call on it is not idle
  a.bell.cancel();
  CHECK(w.settle_all({busy, more}) == "a, a");
  w.pass(20s);
  CHECK(w.call(user) == "a");
  CHECK(w.attempts() == 4);
}

TEST_CASE("a pool with round robin has connections to every host that is up, if it has any",
          "[client]") {
  pooled w;
  service a(w.context, "line+steered://a", "a", w.server_options());
  service b(w.context, "line+steered://b", "b", w.server_options());
  auto user = w.client("line+steered://a,b,c?balance=round_robin&pool_idle=20s");
  for (int i = 0; i < 10; ++i) CHECK(w.call(user).size() == 1);
  CHECK(a.calls >= 4);
  CHECK(b.calls >= 4);
  service c(w.context, "line+steered://c", "c", w.server_options());
  w.pass(2s);  // more than the first pause
  for (int i = 0; i < 6; ++i) CHECK(w.call(user).size() == 1);
  CHECK(c.calls >= 2);
  w.pass(21s);
  const std::size_t before = w.attempts();
  for (int i = 0; i < 10; ++i) w.pass(21s);
  CHECK(w.attempts() == before);  // nobody calls: nobody dials
  for (int i = 0; i < 6; ++i) CHECK(w.call(user).size() == 1);
  CHECK(c.calls >= 4);
}

TEST_CASE("an idle connection that the server closes is dropped without a word", "[client]") {
  pooled w;
  int logged = 0;
  std::optional<service> a;
  a.emplace(w.context, "line+steered://a", "a", w.server_options());
  auto user =
      w.client("line+steered://a",
               pw::client_options().log([&](pw::log_level, std::string_view) { ++logged; }));
  CHECK(w.call(user) == "a");
  a.reset();
  test::drain(w.context);
  CHECK(w.attempts() == 1);
  a.emplace(w.context, "line+steered://a", "again", w.server_options());
  CHECK(w.call(user) == "again");
  CHECK(w.attempts() == 2);
  CHECK(logged == 0);
}

TEST_CASE("a further connection that is refused fails the calls that need it, and no other",
          "[client]") {
  pooled w;
  service a(w.context, "line+steered://a", "a", w.server_options());
  auto user = w.client("line+steered://a");
  const auto first = w.start(user, wait);
  CHECK(w.settle(first) == "pending");
  transport::refusing = true;
  const auto second = w.start(user, wait);
  const auto third = w.start(user, wait);
  CHECK(w.settle_all({first, second, third}) ==
        "pending, unavailable not_sent, unavailable not_sent");
  a.bell.cancel();
  CHECK(w.settle(first) == "a");
  CHECK(w.call(user) == "a");  // over the connection that there is
}

}  // namespace pooling_test

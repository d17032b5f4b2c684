// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/messages.hpp"
#include "polywire/testing/conformance/service.hpp"

#include <atomic>
#include <string>
#include <string_view>
#include <vector>

/// Section "Unary": metadata.
namespace polywire::inline v1::testing::conformance::unary_metadata {

inline void check_values(const metadata& all, std::string_view key,
                         const std::vector<std::string>& wanted,
                         const std::source_location& where = std::source_location::current()) {
  const auto got = all.get_all(key);
  const std::string shown = "values of '" + std::string(key) + "'";
  check_equal(got.size(), wanted.size(), shown, where);
  for (std::size_t i = 0; i < wanted.size(); ++i) check_equal(got[i], wanted[i], shown, where);
}

inline const std::string& every_byte() {
  static const std::string bytes = [] {
    std::string all;
    for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
    return all;
  }();
  return bytes;
}

template <class M>
void both_ways(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  arrivals<metadata> seen;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, [&](const note& n, server_context& context) -> result<note> {
      seen.put(context.metadata());
      check_ok(context.add_initial("Server", "first"), "initial");
      check_ok(context.add_initial("server", "second"), "initial");
      check_ok(context.add_initial("raw-bin", every_byte()), "initial");
      check_ok(context.add_trailing("Cost", "7"), "trailing");
      check_ok(context.add_trailing("cost", "8"), "trailing");
      check_ok(context.add_trailing("end-bin", every_byte()), "trailing");
      if (M::number(n) == 0) return status::aborted("with trailing metadata");
      return n;
    });
  });
  client user(service.url(), quiet_client());
  const std::string blanks = env.can().keeps_outer_blanks() ? " c, d " : "c, d";
  if (!env.can().keeps_outer_blanks()) {
    auto refused = user.call(api::echo, M::make(1, ""), timeout(patience).metadata("tenant", " c"));
    check_status(refused.status(), status_code::invalid_argument, outcome::not_sent,
                 "a value that would lose a blank");
  }
  for (int number = 1; number >= 0; --number) {  // the second time the call fails
    call_info info;
    auto options = timeout(patience);
    options.metadata("Tenant", "a").metadata("empty", "").metadata("tenant", "b");
    options.metadata("TENANT", blanks).metadata("x.y_z-1", "~!@#").capture(info);
    options.metadata("token-bin", every_byte()).metadata("token-bin", "");
    auto back = user.call(api::echo, M::make(number, ""), options);
    check_code(back.status(), number == 1 ? status_code::ok : status_code::aborted, "the call");

    const metadata request = seen.next("the handler");
    check_values(request, "tenant", {"a", "b", blanks});
    check_values(request, "Tenant", {"a", "b", blanks});
    check_values(request, "empty", {""});
    check_values(request, "x.y_z-1", {"~!@#"});
    check_values(request, "token-bin", {every_byte(), ""});
    check_values(request, "absent", {});
    check_values(info.trailing, "cost", {"7", "8"});
    check_values(info.trailing, "end-bin", {every_byte()});
    check_values(info.initial, "cost", {});
    check_values(info.initial, "SERVER", {"first", "second"});
    check_values(info.initial, "raw-bin", {every_byte()});
    check_values(info.trailing, "server", {});
    check_equal(info.attempts, 1, "attempts");
    check(!info.peer.empty(), "the peer's address is missing");
  }
}

template <class M>
void bad_entries(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  std::atomic<int> handled = 0;
  arrivals<status> refused;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, [&](const note& n, server_context& context) {
      ++handled;
      refused.put(context.add_initial("grpc-status", "0"));
      refused.put(context.add_trailing("trailer-x", "0"));
      refused.put(context.add_initial("x", "a\r\nset-cookie: b"));
      refused.put(context.add_trailing("", ""));
      return n;
    });
  });
  client user(service.url(), quiet_client());
  const std::pair<std::string, std::string> entries[] = {
      {"polywire-x", "1"},
      {"grpc-timeout", "1S"},
      {"Connect-Protocol-Version", "1"},
      {"trailer-x", "1"},
      {"", "1"},
      {"with space", "1"},
      {"naïve", "1"},
      {"x", "a\nb"},
      {"x", "\x7f"},
      {"x:", "1"},
      {"x", "caf\u00e9"},
      {"x", std::string("a\0b", 3)},
  };
  for (const auto& [key, value] : entries) {
    auto back = user.call(api::echo, M::make(1, ""), with_metadata(key, value).timeout(patience));
    check_status(back.status(), status_code::invalid_argument, outcome::not_sent,
                 "metadata '" + key + "'");
    check_equal(handled.load(), 0, "calls that reached the handler");
  }
  check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(), "the call after");
  for (int i = 0; i < 4; ++i) {
    check_code(refused.next("the handler"), status_code::invalid_argument,
               "bad metadata from a handler");
  }
}

template <class M>
void limits_of_requests(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  limits bounds;
  bounds.max_metadata = 1000;
  bounds.max_metadata_entries = 10;
  std::atomic<int> handled = 0;
  running_server service(
      env.listen_url(),
      [&](server& s) { s.handle(api::echo, [&](const note& n) { return ++handled, n; }); },
      quiet_server(bounds));
  client user(service.url(), quiet_client());
  auto call_with = [&](std::size_t size, int entries) {
    auto options = timeout(patience);
    for (int i = 1; i < entries; ++i) options.metadata("k", "");  // one byte each
    const std::size_t rest = size - static_cast<std::size_t>(entries);
    options.metadata("k", std::string(rest, 'v'));
    return user.call(api::echo, M::make(1, ""), options).status();
  };
  for (int round = 0; round < 2; ++round) {
    handled = 0;
    check_ok(call_with(999, 1), "one byte below the limit");
    check_ok(call_with(1000, 1), "exactly the limit");
    check_ok(call_with(500, 10), "as many entries as allowed");
    check_equal(handled.load(), 3, "calls that reached the handler");
    for (const status& over : {call_with(1001, 1), call_with(500, 11)}) {
      check_code(over, status_code::resource_exhausted, "metadata over the limit");
      check(over.reached() == outcome::not_sent || over.reached() == outcome::rejected,
            "the caller must be told that no handler saw it");
    }
    check_equal(handled.load(), 3, "calls that reached the handler");
  }
}

template <class M>
void limits_of_replies(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  limits bounds;
  bounds.max_metadata = 1000;
  running_server service(env.listen_url(), [&](server& s) {
    s.handle(api::echo, [](const note& n, server_context& context) {
      const auto size = static_cast<std::size_t>(M::number(n));
      check_ok(context.add_initial("k", std::string(size, 'i')), "initial");
      return n;
    });
    s.handle(api::other, [](const note& n, server_context& context) {
      const auto size = static_cast<std::size_t>(M::number(n));
      check_ok(context.add_trailing("k", std::string(size, 't')), "trailing");
      return n;
    });
  });
  client user(service.url(), quiet_client(bounds));
  for (const auto* method : {&api::echo, &api::other}) {
    call_info info;
    check_ok(user.call(*method, M::make(999, ""), timeout(patience).capture(info)).status(),
             "exactly the limit");
    check_equal(info.initial.size() + info.trailing.size(), 1000, "metadata that arrived");
    check_status(user.call(*method, M::make(1000, ""), timeout(patience)).status(),
                 status_code::resource_exhausted, outcome::processed,
                 "metadata over the client's limit");
    check_ok(user.call(*method, M::make(1, ""), timeout(patience)).status(), "the call after it");
  }
}

template <class M>
inline constexpr scenario all[] = {
    {"unary", "metadata arrives both ways in order and with its case folded", &both_ways<M>},
    {"unary", "reserved and malformed metadata is refused on both sides", &bad_entries<M>},
    {"unary", "request metadata over the limit ends its call only", &limits_of_requests<M>},
    {"unary", "reply metadata over the limit ends its call only", &limits_of_replies<M>},
};

}  // namespace polywire::inline v1::testing::conformance::unary_metadata

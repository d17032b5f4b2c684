// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/handlers.hpp"

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

/// Section "Connections": finding the server, losing it, and what the user did wrong.
namespace polywire::inline v1::testing::conformance::connections {

template <class M>
void configure_echo(server& s) {
  s.handle(contracts<M>::echo, echoes<M>);
}

/// A URL that could be listened on, and that nobody listens on.
template <class M>
std::string unused_url(const environment& env) {
  return running_server(env.listen_url(), &configure_echo<M>).url();
}

template <class M>
void nothing_listens(const environment& env) {
  using api = contracts<M>;
  client user(unused_url<M>(env), quiet_client());
  auto quickest = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 5; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    auto back = user.call(api::echo, M::make(1, ""), timeout(patience));
    quickest = std::min(quickest, std::chrono::steady_clock::now() - begin);
    check_status(back.status(), status_code::unavailable, outcome::not_sent,
                 "a call with nobody there");
    check(back.status().message().size() > 10, "the reason: " + back.status().message());
  }
  check(quickest < 100ms, "a call with nobody there takes too long to fail");
}

template <class M>
void waiting_for_the_server(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  const std::string url = unused_url<M>(env);
  client user(url, quiet_client());
  check_code(user.call(api::echo, M::make(1, ""), timeout(patience)).status(),
             status_code::unavailable, "a call before the server is there");
  arrivals<result<note>> answers;
  for (int i = 0; i < 3; ++i) {
    user.async_call(api::echo, M::make(i, ""), timeout(patience).wait_for_ready(), answers.sink());
  }
  running_server service(url, &configure_echo<M>);
  for (int i = 0; i < 3; ++i) {
    check_ok(answers.next("a call that waited").status(), "a call that waited for the server");
  }
}

template <class M>
void restart(const environment& env) {
  using api = contracts<M>;
  std::optional<running_server> service;
  service.emplace(env.listen_url(), &configure_echo<M>);
  const std::string url = service->url();
  client user(url, quiet_client());
  for (int i = 0; i < 5; ++i) {
    check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(),
             "a call after restart " + std::to_string(i));
    service.reset();
    if (i % 2 == 0) {
      check_status(user.call(api::echo, M::make(1, ""), timeout(patience)).status(),
                   status_code::unavailable, outcome::not_sent, "a call between two servers");
    }
    service.emplace(url, &configure_echo<M>);
  }
}

template <class M>
void waiting_through_a_restart(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  limits hasty;
  hasty.reconnect_min = 20ms;
  std::optional<running_server> service;
  service.emplace(env.listen_url(), &configure_echo<M>);
  const std::string url = service->url();
  client user(url, quiet_client(hasty));
  check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(), "a call before");
  service.reset();
  arrivals<result<note>> answers;
  for (int i = 0; i < 3; ++i) {
    user.async_call(api::echo, M::make(i, ""), timeout(patience).wait_for_ready(), answers.sink());
  }
  check_status(user.call(api::echo, M::make(1, ""), timeout(patience)).status(),
               status_code::unavailable, outcome::not_sent, "a call that does not wait");
  check_equal(answers.total(), 0, "calls that did not wait long enough");
  service.emplace(url, &configure_echo<M>);
  for (int i = 0; i < 3; ++i) {
    check_ok(answers.next("a call that waited").status(), "a call that waited for the restart");
  }
}

/// Servers that tell their calls apart, under one URL.
template <class M>
class two_servers {
 public:
  explicit two_servers(const environment& env) {
    limits bounds;
    bounds.drain_timeout = patience;
    for (std::size_t i = 0; i < 2; ++i) {
      servers_[i].emplace(
          env.listen_url(),
          [this, i](server& s) {
            s.handle(contracts<M>::repeatable, [i](const typename M::note& n) {
              return M::make(static_cast<std::int64_t>(i), M::text(n));
            });
            s.handle(contracts<M>::other, waits<M>(door_, entered_));
          },
          quiet_server(bounds));
    }
  }

  /// Both hosts, in their order. Empty where URLs have none.
  std::string url(std::string_view query = "") const {
    const auto first = polywire::url::parse(servers_[0]->url()).value();
    const auto second = polywire::url::parse(servers_[1]->url()).value();
    if (first.hosts().empty()) return {};
    return first.to_string() + "," + second.hosts().front().to_string() + first.path() +
           std::string(query);
  }
  std::optional<running_server>& operator[](std::size_t i) { return servers_[i]; }
  const gate& door() const noexcept { return door_; }
  const arrivals<bool>& entered() const noexcept { return entered_; }

 private:
  gate door_;
  arrivals<bool> entered_;
  std::optional<running_server> servers_[2];
  const opens_at_exit opens_{door_};
};

template <class M>
void several_hosts(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  two_servers<M> servers(env);
  if (servers.url().empty()) return;
  client user(servers.url(), quiet_client());
  const auto served_by = [&](const std::string& when) {
    auto back = user.call(api::repeatable, M::make(7, "x"), timeout(patience));
    return M::number(value_of(back, "a call " + when));
  };
  check_equal(served_by("to two hosts"), 0, "the server of the first call");
  arrivals<result<note>> answers;
  user.async_call(api::other, M::make(5, ""), timeout(patience), answers.sink());
  servers.entered().next("the call in flight");
  servers[0]->get().stop();
  // The server may not have said yet that it drains.
  for (int i = 0; i < 10'000 && served_by("while the first server drains") == 0; ++i) {
  }
  check_equal(served_by("while the first server drains"), 1, "the server of a new call");
  check_equal(answers.total(), 0, "calls in flight that have ended");
  servers.door().open();
  auto finished = answers.next("the call in flight");
  check_equal(M::number(value_of(finished, "the call in flight")), 5, "its number");
  servers[0]->stopped().next("the first server to end");
  check_equal(served_by("after that"), 1, "the server of a call after that");
  client late(servers.url(), quiet_client());
  auto back = late.call(api::repeatable, M::make(7, "x"), timeout(patience));
  check_equal(M::number(value_of(back, "a new client's call")), 1, "its server");
}

template <class M>
void taking_turns(const environment& env) {
  using api = contracts<M>;
  two_servers<M> servers(env);
  const std::string url = servers.url("?balance=round_robin&reconnect_min=20ms");
  if (url.empty()) return;
  client user(url, quiet_client());
  const auto served_by = [&](const std::string& when) {
    auto back = user.call(api::repeatable, M::make(7, "x"), timeout(patience));
    return M::number(value_of(back, "a call " + when));
  };
  const auto wait_for = [&](std::int64_t host, const std::string& when) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (served_by(when) != host) {
      check(std::chrono::steady_clock::now() < end, "no call goes to a host " + when);
    }
  };
  for (const std::int64_t host : {0, 1, 0, 1}) wait_for(host, "while both are up");
  const std::string first = servers[0]->url();
  servers[0].reset();
  for (int i = 0; i < 10; ++i) check_equal(served_by("with one host down"), 1, "its server");
  servers[0].emplace(first, [](server& s) {
    s.handle(api::repeatable, [](const typename M::note& n) { return M::make(2, M::text(n)); });
  });
  wait_for(2, "that has come back");
  wait_for(1, "that was up all the time");
}

template <class M>
void address_in_use(const environment& env) {
  using api = contracts<M>;
  running_server first(env.listen_url(), &configure_echo<M>);
  server second(quiet_server());
  configure_echo<M>(second);
  auto bound = second.listen(first.url());
  check_code(bound.status(), status_code::unavailable, "listening where another one does");
  const std::string where = first.url().substr(first.url().find(':') + 1);
  const std::string plain = where.starts_with("//") ? where.substr(2) : where;
  check(bound.status().message().find(plain) != std::string::npos,
        "the reason must have the address: " + bound.status().message());
  client user(first.url(), quiet_client());
  check_ok(user.call(api::echo, M::make(1, ""), timeout(patience)).status(),
           "a call to the one that was first");
  check_ok(second.listen(env.listen_url()).status(), "listening elsewhere after that");
}

template <class M>
void bad_urls(const environment& env) {
  const std::string bad[] = {
      "",
      "nonsense",
      "nosuchscheme://x",
      "://x",
      "tcp://",
      "tcp://host",
      "tcp://host:notaport",
      "tcp://host:70000",
      "tcp://user:secret@host:1",
      "tcp://host:1?nosuchkey=1",
      "tcp://[::1:1",
      env.scheme() + "://x:1?timeout=1s&timeout=2s",
  };
  for (const std::string& url : bad) {
    const std::string shown = "the URL '" + url + "'";
    auto made = client::make(url);
    check_code(made.status(), status_code::invalid_argument, shown);
    check(made.status().message().size() > 10, shown + ": " + made.status().message());
    check(made.status().message().find("secret") == std::string::npos,
          "the message tells the password");
    bool thrown = false;
    try {
      const client user(url);
    } catch (const bad_url& error) {
      thrown = std::string_view(error.what()).size() > 10;
    }
    check(thrown, shown + ": the constructor must throw bad_url with a reason");
    server service(quiet_server());
    configure_echo<M>(service);
    auto bound = service.listen(url);
    check_code(bound.status(), status_code::invalid_argument, "listening on " + shown);
  }
  auto unknown = client::make("nosuchscheme://x");
  check(unknown.status().message().find("nosuchscheme") != std::string::npos,
        "the message names the scheme: " + unknown.status().message());
}

template <class M>
void mistakes_of_the_server(const environment& env) {
  using api = contracts<M>;
  {
    server twice(quiet_server());
    configure_echo<M>(twice);
    configure_echo<M>(twice);
    auto bound = twice.listen(env.listen_url());
    check_code(bound.status(), status_code::already_exists, "two handlers for one method");
    check(bound.status().message().find(api::echo.name()) != std::string::npos,
          "the message names the method: " + bound.status().message());
  }
  server late(quiet_server());
  configure_echo<M>(late);
  check_ok(late.listen(env.listen_url()).status(), "the first listen");
  late.handle(api::other, echoes<M>);
  auto bound = late.listen(env.listen_url());
  check_code(bound.status(), status_code::failed_precondition, "a handler after listen");
}

template <class M>
void several_endpoints(const environment& env) {
  using api = contracts<M>;
  running_server service(env.listen_url(), &configure_echo<M>);
  auto second = service.get().listen(env.listen_url());
  check_ok(second.status(), "a second listen while the server runs");
  check(second->url() != service.url(), "two endpoints have two URLs");
  std::vector<client> users;
  for (int i = 0; i < 10; ++i) {
    users.emplace_back(i % 2 == 0 ? service.url() : second->url(), quiet_client());
  }
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < users.size(); ++i) {
      auto back =
          users[i].call(api::echo, M::make(static_cast<std::int64_t>(i), ""), timeout(patience));
      check_equal(M::number(value_of(back, "a call to one of two endpoints")), i, "its number");
    }
  }
}

template <class M>
void moving_a_client(const environment& env) {
  using api = contracts<M>;
  using note = typename M::note;
  running_server service(env.listen_url(), &configure_echo<M>);
  client first(service.url(), quiet_client());
  arrivals<result<note>> answers;
  first.async_call(api::echo, M::make(1, ""), timeout(patience), answers.sink());
  client second(std::move(first));
  check_ok(second.call(api::echo, M::make(2, ""), timeout(patience)).status(), "after the move");
  check_ok(answers.next("the call from before").status(), "the call from before the move");
  client third(unused_url<M>(env), quiet_client());
  third = std::move(second);
  check_ok(third.call(api::echo, M::make(3, ""), timeout(patience)).status(), "after the other");
}

template <class M>
inline constexpr scenario all[] = {
    {"connections", "nothing listening is unavailable and not_sent at once", &nothing_listens<M>},
    {"connections", "a call may wait for the server to come", &waiting_for_the_server<M>},
    {"connections", "the call after a restart succeeds", &restart<M>},
    {"connections", "a call may wait until a restart is over", &waiting_through_a_restart<M>},
    {"connections", "with several hosts calls go where somebody is, and away from who drains",
     &several_hosts<M>},
    {"connections", "with round robin calls take turns over the hosts that are up",
     &taking_turns<M>},
    {"connections", "an address in use is a readable error", &address_in_use<M>},
    {"connections", "a bad URL is a readable error", &bad_urls<M>},
    {"connections", "mistakes in registering make listen fail", &mistakes_of_the_server<M>},
    {"connections", "a server may have several endpoints and many clients", &several_endpoints<M>},
    {"connections", "a client can be moved", &moving_a_client<M>},
};

}  // namespace polywire::inline v1::testing::conformance::connections

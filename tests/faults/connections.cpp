// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Peers and networks that fail: rows 1 to 11 of tests/faults/README.md.
#include "faults/text_service.hpp"

#include "polywire/backend/framed/backend.hpp"
#include "polywire/http.hpp"
#include "polywire/tcp.hpp"
#include "polywire/testing/fault_proxy.hpp"
#include "polywire/testing/manual_clock.hpp"
#include "polywire/testing/memory_transport.hpp"
#include "polywire/testing/scripted_peer.hpp"
#include "polywire/tls.hpp"

#include "support/catch.hpp"
#include "support/certificates.hpp"

#include <asio/thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <tuple>
#include <vector>

namespace connections_test {

using namespace faults;
using pw::testing::fault_proxy;
using pw::testing::manual_clock;
using pw::testing::proxy_faults;
using pw::testing::scripted_peer;
using namespace std::chrono_literals;

namespace {

/// A server's certificate, and what its clients trust.
class secrets {
 public:
  pw::tls_options server() const { return pw::tls_options().cert(own_.cert).key(own_.key); }
  pw::tls_options client() const { return pw::tls_options().ca(ca_.ca()); }

 private:
  test::authority ca_;
  test::identity own_ = ca_.issue(test::wish("localhost"));
};

}  // namespace

TEST_CASE(
    "row 1: a server that is killed ends its calls within a second, whatever their deadline") {
  for (const std::string url : {"tcp://127.0.0.1:0", "http://127.0.0.1:0"}) {
    INFO(url);
    faults::child server("server", url);
    pw::client user(server.said("listening on "), quiet_client());
    REQUIRE(user.call(echo, "x", soon));
    const arrivals<pw::result<text>> answers;
    for (int i = 0; i < 10; ++i) {
      user.async_call(hold, std::to_string(i), pw::timeout(1h), answers.sink());
    }
    server.said("holding 9");
    const auto begin = steady::now();
    server.kill();
    for (int i = 0; i < 10; ++i) {
      const auto how = answers.next("a call to end").status();
      CHECK(how.code() == status_code::unavailable);
      CHECK(how.reached() == outcome::maybe_processed);
    }
    CHECK(steady::now() - begin < 1s);
    CHECK(answers.total() == 10);
    CHECK(user.call(echo, "x", soon).status().code() == status_code::unavailable);
  }
}

TEST_CASE("row 1: the handlers of a client that is killed are told, and no others") {
  arrivals<std::string> entered;
  arrivals<std::string> cancelled;
  gate door;
  const opens_at_exit opens(door);
  running_server service("tcp://127.0.0.1:0", [&](pw::server& s) {
    s.handle(hold, [&](const text& who, pw::server_context& context) -> asio::awaitable<text> {
      const std::stop_callback told(context.stop_token(), [&] { cancelled.put(who.str()); });
      entered.put(who.str());
      co_await door.wait();
      co_return who;
    });
  });
  pw::client bystander(service.url(), quiet_client());
  const arrivals<pw::result<text>> answers;
  bystander.async_call(hold, "bystander", answers.sink());
  CHECK(entered.next("the bystander's call") == "bystander");
  faults::child client("client", service.url());
  CHECK(entered.next("the child's call") == "from the child");
  client.kill();
  CHECK(cancelled.next("the handler to be told") == "from the child");
  door.open();
  CHECK(answers.next("the bystander's answer").value().str() == "bystander");
  CHECK(cancelled.total() == 1);
}

TEST_CASE("row 2: a server that is stopped (SIGSTOP) is found out by its silence") {
  faults::child server("server", "tcp://127.0.0.1:0");
  manual_clock time;
  auto options = quiet_client();
  pw::client user(server.said("listening on "), options.clock(time));
  const arrivals<pw::result<text>> answers;
  user.async_call(hold, "forever", answers.sink());
  server.said("holding forever");
  server.signal(SIGSTOP);
  const pw::limits bounds;
  pw::duration passed{};
  std::optional<pw::result<text>> answer;
  while (!answer && passed < 4 * bounds.ping_interval) {
    time.advance(5s);
    passed += 5s;
    answer = answers.next_within(20ms);  // its thread follows the clock at its own pace
  }
  server.signal(SIGCONT);
  REQUIRE(answer);
  CHECK(answer->status().code() == status_code::unavailable);
  CHECK(answer->status().reached() == outcome::maybe_processed);
  CHECK(passed > bounds.ping_interval);
}

TEST_CASE("row 2: over http, which has no pings, a stopped server is found out at the deadline") {
  faults::child server("server", "http://127.0.0.1:0");
  manual_clock time;
  auto options = quiet_client();
  pw::client user(server.said("listening on "), options.clock(time));
  const arrivals<pw::result<text>> answers;
  user.async_call(hold, "forever", pw::timeout(20s), answers.sink());
  server.said("holding forever");
  server.signal(SIGSTOP);
  time.advance(20s - 1ms);
  CHECK_FALSE(answers.next_within(50ms));
  time.advance(1ms);
  const auto answer = answers.next("an answer");
  server.signal(SIGCONT);
  CHECK(answer.status().code() == status_code::deadline_exceeded);
  CHECK(answer.status().reached() == outcome::maybe_processed);
}

TEST_CASE("row 3: a reset by the network at any byte ends the call once, with a true outcome") {
  const secrets files;
  for (const std::string scheme : {"tcp", "tls", "http"}) {
    std::mutex mutex;
    std::map<std::string, int> handled;  // by request: one may come when its caller has gone
    const auto times_handled = [&](const std::string& request) {
      const std::lock_guard lock(mutex);
      return handled.contains(request) ? handled.at(request) : 0;
    };
    auto options = quiet_server();
    running_server service(
        scheme + "://127.0.0.1:0",
        [&](pw::server& s) {
          s.handle(echo, [&](const text& request) {
            const std::lock_guard lock(mutex);
            ++handled[request.str()];
            return request;
          });
        },
        options.tls(files.server()));
    asio::thread_pool network(1);
    fault_proxy proxy(network.get_executor(), service.endpoint().port());
    const std::string url = scheme + "://127.0.0.1:" + std::to_string(proxy.port());
    for (const bool answers : {false, true}) {
      bool was_reset = true;
      std::size_t bytes = 0;
      const std::size_t step =
          scheme == "tls" ? 41 : 1;  // unit tests cut a TLS handshake at every byte
      for (; was_reset && bytes < 20'000; bytes += step) {
        INFO(scheme << ", " << (answers ? "answer" : "request") << " reset after " << bytes
                    << " bytes");
        proxy.clear();
        if (answers) {
          proxy.answers(proxy_faults().reset_after(bytes));
        } else {
          proxy.requests(proxy_faults().reset_after(bytes));
        }
        const std::size_t before = proxy.broken();
        std::string request = std::to_string(bytes);  // always of the same size
        request.insert(0, 8 - request.size(), answers ? 'a' : 'r');
        auto client_options = quiet_client();
        pw::client user(url, client_options.tls(files.client()));
        const arrivals<pw::result<text>> ended;
        user.async_call(echo, request, soon, ended.sink());
        const auto answer = ended.next("the call to end");
        if (answer) {
          CHECK(answer->str() == request);
        } else {
          CHECK(answer.status().code() == status_code::unavailable);
          CHECK((answer.status().reached() == outcome::maybe_processed ||
                 times_handled(request) == 0));
        }
        CHECK(ended.total() == 1);
        was_reset = proxy.broken() != before;
        if (!was_reset) CHECK(answer);
      }
      CHECK_FALSE(was_reset);
      CHECK(bytes > 40);
    }
    CHECK(eventually([&] { return service.get().stats().connections == 0; }));
    for (const auto& [request, times] : handled) CHECK(times == 1);
  }
}

TEST_CASE("row 5: a thousand slow handshakes disturb nobody, and end with their time") {
  const secrets files;
  // How a handshake begins, and a byte of what comes then.
  const std::tuple<std::string, std::string, std::string> begins[] = {
      {"tcp", "\xf0P", "W"},
      {"tls", std::string("\x16\x03\x01\x02", 4), "\x01"},
      {"http", "POST ", "/"},
  };
  for (const auto& [scheme, begin, next] : begins) {
    INFO(scheme);
    manual_clock time;
    auto options = quiet_server();
    running_server service(
        scheme + "://127.0.0.1:0",
        [](pw::server& s) { s.handle(echo, [](const text& request) { return request; }); },
        options.clock(time).tls(files.server()));
    auto client_options = quiet_client();
    pw::client user(service.url(), client_options.tls(files.client()));
    const auto p99 = [&] {
      std::vector<steady::duration> took;
      for (int i = 0; i < 200; ++i) {
        const auto start = steady::now();
        CHECK(user.call(echo, "x", soon));
        took.push_back(steady::now() - start);
      }
      std::sort(took.begin(), took.end());
      return took[197];
    };
    const auto base = p99();
    std::deque<scripted_peer> slow;
    for (int i = 0; i < 1000; ++i) {
      slow.push_back(scripted_peer::connect(service.endpoint().port()));
      slow.back().send(begin);
    }
    REQUIRE(eventually([&] { return service.get().stats().connections == 1001; }));
    CHECK(p99() < 2 * base + 20ms);  // the constant is the scheduler's

    const pw::limits bounds;
    time.advance(bounds.handshake_timeout - 1s);
    for (scripted_peer& peer : slow) peer.send(next);  // progress does not help
    CHECK(user.call(echo, "x", soon));
    CHECK(service.get().stats().connections == 1001);
    time.advance(2s);
    for (scripted_peer& peer : slow) CHECK(peer.closed_by_peer());
    CHECK(user.call(echo, "x", soon));
    time.advance(bounds.close_timeout);  // over http they were told so, and are listened to a while
    CHECK(eventually([&] { return service.get().stats().connections == 1; }));
  }
}

TEST_CASE("row 6: a client that does not read slows its stream down and nobody else's") {
  constexpr pw::server_streaming<text, text> flood{"faults.v1.Peer/Flood"};
  for (const std::string url : {"tcp://127.0.0.1:0", "http://127.0.0.1:0"}) {
    INFO(url);
    std::atomic<std::size_t> written = 0;
    running_server service(url, [&](pw::server& s) {
      s.handle(echo, [](const text& request) { return request; });
      s.handle(flood, [&](const text&, pw::writer<text>& out) -> asio::awaitable<pw::status> {
        const text kibibyte(std::string(1024, 'x'));
        for (;;) {
          auto sent = co_await out.async_write(kibibyte, asio::use_awaitable);
          if (!sent) co_return sent;
          written += 1024;
        }
      });
    });
    pw::client stalled(service.url(), quiet_client());
    auto reader = stalled.open(flood, "go", soon);
    REQUIRE(reader.read());
    pw::client other(service.url(), quiet_client());
    std::size_t before = 0;
    // Until nothing moves any more; calls of both clients go through meanwhile.
    CHECK(eventually([&] {
      const std::size_t had = std::exchange(before, written.load());
      for (int i = 0; i < 20; ++i) {
        CHECK(stalled.call(echo, "x", soon));
        CHECK(other.call(echo, "x", soon));
      }
      return had == written && had > 0;
    }));
    const pw::limits bounds;
    // What is under way, and what waits unread; without credit, also what the kernel takes.
    const std::size_t kernel = url.starts_with("http") ? std::size_t{12} << 20 : 0;
    CHECK(written <= 2 * bounds.call_credit + kernel);
    for (int i = 0; i < 2000; ++i) REQUIRE(reader.read());
    CHECK(written >= 2000 * 1024U);
  }
}

namespace {

/// The memory transport, with an outage, and a record of who dialled when.
class storm_transport final : public pw::io::transport {
 public:
  storm_transport() noexcept : pw::io::transport("storm") {}

  static inline manual_clock* time = nullptr;
  static inline bool down = false;
  static inline std::vector<pw::time_point> refused;

  std::unique_ptr<pw::io::operation> connect(const pw::io::executor& ex, const pw::url& target,
                                             std::size_t host,
                                             connect_handler then) const override {
    if (down) refused.push_back(time->now());
    const pw::url nobody = pw::url::parse("storm://nobody").value();
    return pw::testing::the_memory_transport.connect(ex, down ? nobody : target, down ? 0 : host,
                                                     std::move(then));
  }
  pw::result<std::unique_ptr<pw::io::acceptor>> listen(const pw::io::executor& ex,
                                                       const pw::url& where) const override {
    return pw::testing::the_memory_transport.listen(ex, where);
  }
};

const storm_transport the_storm_transport;
const pw::rpc::scheme storm_scheme{"storm", pw::framed::protocol, "storm"};

void settle(asio::io_context& context) {
  context.restart();
  while (context.poll() > 0) {
  }
}

}  // namespace

TEST_CASE("row 10: a thousand clients come back spread over the back-off window, all in 5 s") {
  constexpr std::size_t clients = 1000;
  manual_clock time;
  storm_transport::time = &time;
  storm_transport::down = false;
  storm_transport::refused.clear();
  asio::io_context context(1);
  const auto start = [&] {
    auto made = std::make_unique<pw::server>(context.get_executor(), quiet_server().clock(time));
    made->handle(echo, [](const text& request) { return request; });
    REQUIRE(made->listen("storm://server"));
    return made;
  };
  auto server = start();
  std::deque<pw::client> users;
  for (std::size_t i = 0; i < clients; ++i) {
    users.emplace_back(context.get_executor(), "storm://server", quiet_client().clock(time));
  }
  std::size_t answered = 0;
  const auto call_all = [&] {
    for (pw::client& user : users) {
      user.async_call(echo, "x", pw::call_options().wait_for_ready(),
                      [&](pw::result<text> answer) { answered += answer.status().ok() ? 1 : 0; });
      if (!storm_transport::down) settle(context);
    }
    settle(context);
  };
  call_all();
  REQUIRE(answered == clients);

  // The server goes away for 3 s. Each client finds its connection stale, and tries at once.
  storm_transport::down = true;
  server.reset();
  settle(context);
  answered = 0;
  call_all();
  const pw::time_point lost = time.now();
  CHECK(storm_transport::refused.size() <= 2 * clients);
  storm_transport::refused.clear();
  const auto pass = [&](pw::duration how_long, pw::duration step) {
    for (const auto end = time.now() + how_long; time.now() < end;) {
      time.advance(step);
      settle(context);
    }
  };
  pass(780ms, 390ms);
  CHECK(storm_transport::refused.empty());
  pass(460ms, 20ms);
  pass(1760ms, 110ms);
  // The first pause is 1 s with 20 % jitter: nobody earlier, nobody later, no crowd.
  std::map<pw::duration::rep, std::size_t> slices;
  std::size_t first = 0;
  for (const pw::time_point when : storm_transport::refused) {
    if (when - lost > 1240ms) continue;
    ++slices[(when - lost) / 40ms];  // a tenth of the window
    ++first;
  }
  CHECK(first == clients);
  for (const auto& [slice, count] : slices) {
    INFO("from " << slice * 40 << " ms");
    CHECK(count <= clients / 5);
  }

  storm_transport::down = false;
  server = start();
  pass(5s, 100ms);
  CHECK(answered == clients);
  for (pw::client& user : users) {
    user.async_call(echo, "x",
                    [&](pw::result<text> answer) { answered += answer.status().ok() ? 1 : 0; });
  }
  settle(context);
  CHECK(answered == 2 * clients);
}

}  // namespace connections_test

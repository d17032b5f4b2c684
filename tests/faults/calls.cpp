// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Handlers and callers that misbehave, and limits: rows 12 to 16, 35, 37 and L2 to L18 of
// tests/faults/README.md. (Alone limits that no other test reaches at their very edge.)
#include "conformance/raw_frames.hpp"
#include "faults/text_service.hpp"

#include "polywire/http.hpp"
#include "polywire/inproc.hpp"
#include "polywire/json.hpp"
#include "polywire/protobuf.hpp"
#include "polywire/tcp.hpp"
#include "polywire/testing/manual_clock.hpp"

#include "note.pb.h"
#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace calls_test {

using namespace faults;
using pw::testing::manual_clock;
using pw::testing::scripted_peer;
using namespace std::chrono_literals;

namespace {

constexpr pw::unary<text, text> repeatable{"faults.v1.Peer/Repeatable", pw::idempotent};
constexpr pw::server_streaming<text, text> down{"faults.v1.Peer/Down"};
constexpr pw::client_streaming<text, text> up{"faults.v1.Peer/Up"};
constexpr pw::bidi_streaming<text, text> both{"faults.v1.Peer/Both"};

std::vector<std::string> every_url() {
  static int count = 0;
  const std::string name = "faults-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
  return {"tcp://127.0.0.1:0", "unix:" + (std::filesystem::temp_directory_path() / name).string(),
          "inproc://" + name, "http://127.0.0.1:0"};
}
/// Whether both directions of a call can be used at once.
bool is_duplex(const std::string& url) { return !url.starts_with("http"); }

/// A handler that says when it was entered and cancelled, and waits at a door.
auto waits(const gate& door, const arrivals<steady::time_point>& entered,
           const arrivals<steady::time_point>& cancelled) {
  return [door, entered, cancelled](const text& request,
                                    pw::server_context& context) -> asio::awaitable<text> {
    const std::stop_callback told(context.stop_token(), [&] { cancelled.put(steady::now()); });
    entered.put(steady::now());
    co_await door.wait();
    co_return request;
  };
}

}  // namespace

TEST_CASE("row 12: a stream whose handler throws ends as an error, whatever it had sent") {
  for (const std::string& url : every_url()) {
    INFO(url);
    const arrivals<std::string> logged;
    auto options = quiet_server();
    options.log([&](pw::log_level, std::string_view line) { logged.put(std::string(line)); });
    const auto fail = [](const text& how) {
      if (how.str() == "standard") throw std::runtime_error("the password is 12345");
      throw 7;
    };
    running_server service(
        url,
        [&](pw::server& s) {
          echoes(s);
          s.handle(down,
                   [&](const text& how, pw::writer<text>& out) -> asio::awaitable<pw::status> {
                     (void)co_await out.async_write(how, asio::use_awaitable);
                     fail(how);
                     co_return pw::status();
                   });
          s.handle(up, [&](pw::reader<text>& in) -> asio::awaitable<text> {
            const auto how = co_await in.async_read();
            fail(how.value());
            co_return text("never");
          });
          s.handle(both,
                   [&](pw::reader<text>& in, pw::writer<text>& out) -> asio::awaitable<pw::status> {
                     const auto how = co_await in.async_read();
                     (void)co_await out.async_write(how.value(), asio::use_awaitable);
                     fail(how.value());
                     co_return pw::status();
                   });
        },
        options);
    pw::client user(service.url(), quiet_client());
    const auto failed = [&](const pw::status& how) {
      CHECK(how.code() == status_code::internal);
      CHECK(how.message().find("12345") == std::string::npos);
      CHECK_FALSE(logged.next("a line in the log").empty());
    };
    for (const std::string how : {"standard", "other"}) {
      auto reading = user.open(down, how, soon);
      CHECK(reading.read() == text(how));
      CHECK_FALSE(reading.read());
      failed(reading.status());

      auto writing = user.open(up, soon);
      CHECK(writing.write(text(how)));
      failed(writing.finish().status());

      if (!is_duplex(url)) continue;
      auto talking = user.open(both, soon);
      CHECK(talking.write(text(how)));
      CHECK(talking.read() == text(how));
      CHECK_FALSE(talking.read());
      failed(talking.status());
    }
    CHECK(user.call(echo, "alive", soon));
  }
}

TEST_CASE("row 14: a handler hears of its cancellation within 100 ms") {
  for (const std::string& url : every_url()) {
    INFO(url);
    const gate door;
    const opens_at_exit opens(door);
    const arrivals<steady::time_point> entered;
    const arrivals<steady::time_point> cancelled;
    running_server service(url,
                           [&](pw::server& s) { s.handle(hold, waits(door, entered, cancelled)); });
    pw::client user(service.url(), quiet_client());
    auto quickest = steady::duration::max();  // what else this machine does, does not count
    for (int i = 0; i < 20; ++i) {
      std::stop_source stop;
      const arrivals<pw::result<text>> answers;
      auto options = soon;
      user.async_call(hold, "x", options.stop_on(stop.get_token()), answers.sink());
      entered.next("the handler");
      const auto begin = steady::now();
      stop.request_stop();
      CHECK(answers.next("the call to end").status().code() == status_code::cancelled);
      quickest = std::min(quickest, cancelled.next("the handler to be told") - begin);
      CHECK(answers.total() == 1);
    }
    CHECK(quickest <= 100ms);
    CHECK(cancelled.total() == 20);
  }
}

TEST_CASE("row 15: deadlines of every size mean what they say") {
  for (const std::string& url : every_url()) {
    INFO(url);
    const gate door;
    const opens_at_exit opens(door);
    std::atomic<int> handled = 0;
    running_server service(url, [&](pw::server& s) {
      s.handle(echo, [&](const text& request) { return ++handled, request; });
      s.handle(hold, [&](const text& request) -> asio::awaitable<text> {
        co_await door.wait();
        co_return request;
      });
    });
    pw::client user(service.url(), quiet_client());
    constexpr std::int64_t huge = 1'000'000'000'000'000'000;
    for (const auto& past :
         {pw::timeout(0s), pw::timeout(-1ms), pw::timeout(std::chrono::hours(-huge))}) {
      const auto how = user.call(echo, "x", past).status();
      CHECK(how.code() == status_code::deadline_exceeded);
      CHECK(how.reached() == outcome::not_sent);
    }
    CHECK(handled == 0);
    CHECK(user.call(echo, "x", pw::timeout(std::chrono::hours(huge))));
    CHECK(user.call(echo, "x", pw::timeout(pw::duration::max())));
    CHECK(handled == 2);
    const auto begin = steady::now();
    CHECK(user.call(hold, "x", pw::timeout(1ms)).status().code() == status_code::deadline_exceeded);
    CHECK(steady::now() - begin >= 1ms);
    CHECK(user.call(echo, "x", soon));
  }
}

TEST_CASE("row 16: a server drains under load, and callers that may retry notice nothing") {
  for (const std::string scheme : {"tcp", "http"}) {
    INFO(scheme);
    const int calls = scheme == "tcp" ? 100 : 30;  // there, each has a connection of its own
    const gate door;
    const opens_at_exit opens(door);
    const arrivals<steady::time_point> entered;
    const arrivals<steady::time_point> cancelled;
    const auto serve = [&](pw::server& s) {
      s.handle(repeatable, [](const text& request) { return request; });
      s.handle(hold, waits(door, entered, cancelled));
      s.handle(down,
               [&](const text& request, pw::writer<text>& out,
                   pw::server_context& context) -> asio::awaitable<pw::status> {
                 (void)co_await out.async_write(request, asio::use_awaitable);
                 const std::stop_callback told(context.stop_token(),
                                               [&] { cancelled.put(steady::now()); });
                 asio::steady_timer never(co_await asio::this_coro::executor,
                                          asio::steady_timer::time_point::max());
                 co_await never.async_wait(asio::use_awaitable);
                 co_return pw::status();
               });
    };
    pw::limits bounds;
    bounds.drain_timeout = 500ms;
    running_server first(scheme + "://127.0.0.1:0", serve, quiet_server(bounds));
    running_server second(scheme + "://127.0.0.1:0", serve);
    pw::client waiting(first.url(), quiet_client());
    const arrivals<pw::result<text>> answers;
    for (int i = 0; i < calls; ++i)
      waiting.async_call(hold, std::to_string(i), soon, answers.sink());
    for (int i = 0; i < calls; ++i) entered.next("a handler");
    pw::client streaming(first.url(), quiet_client());
    std::vector<pw::reader<text>> streams;
    for (int i = 0; i < 10; ++i) {
      streams.push_back(streaming.open(down, "x", soon));
      REQUIRE(streams.back().read());
    }
    pw::client retrying(first.url() + ",127.0.0.1:" + std::to_string(second.endpoint().port()),
                        quiet_client());
    std::atomic<bool> enough = false;
    std::atomic<int> failed = 0;
    std::atomic<int> good = 0;
    std::thread caller([&] {
      while (!enough) ++(retrying.call(repeatable, "x", soon) ? good : failed);
    });
    CHECK(eventually([&] { return good > 10; }));

    first.get().stop();
    CHECK(eventually([&] {
      const auto how = waiting.call(echo, "one more", soon).status();
      return how.code() == status_code::unavailable && how.reached() != outcome::maybe_processed;
    }));
    CHECK(answers.total() == 0);
    door.open();
    for (int i = 0; i < calls; ++i) CHECK(answers.next("an answer"));
    for (auto& stream : streams) {
      CHECK_FALSE(stream.read());
      CHECK(stream.status().code() == status_code::unavailable);
    }
    first.stopped().next("the server to end");
    CHECK(cancelled.total() == 10);
    const int before = good;
    CHECK(eventually([&] { return good > before + 10; }));
    enough = true;
    caller.join();
    CHECK(failed == 0);
  }
}

TEST_CASE(
    "row 35: call numbers stay small, and those at the end of their range are like any other") {
  SECTION("a client uses a number again when its call has ended") {
    auto server = raw::peer::listen();
    pw::client user("tcp://127.0.0.1:" + std::to_string(server.port()), quiet_client());
    std::set<std::uint32_t> numbers;
    for (int i = 0; i < 500; ++i) {
      const arrivals<pw::result<text>> answers;
      for (int j = 0; j < 3; ++j) user.async_call(echo, std::to_string(j), soon, answers.sink());
      if (i == 0) {
        server.accept();
        server.send(raw::greeting());
      }
      std::vector<raw::frame> calls;
      for (int j = 0; j < 3; ++j) calls.push_back(server.next());
      for (const raw::frame& call : calls) {
        numbers.insert(call.call());
        server.send(raw::message(call.call(), call.payload(), raw::end));
      }
      std::set<std::string> got;
      for (int j = 0; j < 3; ++j) got.insert(answers.next("an answer").value().str());
      CHECK(got == std::set<std::string>{"0", "1", "2"});
    }
    CHECK(numbers == std::set<std::uint32_t>{1, 2, 3});
  }
  SECTION("a server tells 2^32 - 1 and 1 apart") {
    const gate door;
    const opens_at_exit opens(door);
    const arrivals<steady::time_point> entered;
    running_server service("tcp://127.0.0.1:0",
                           [&](pw::server& s) { s.handle(hold, waits(door, entered, {})); });
    auto peer = raw::peer::connect(service.endpoint().port());
    peer.send(raw::greeting());
    const std::vector<std::uint32_t> numbers = {0xfffffffe, 0xffffffff, 1,    2,
                                                0x7fffffff, 0x80000000, 1023, 1024};
    const auto open = [&](std::uint32_t number) {
      raw::frame f = raw::open(number, std::string(hold.name()), std::to_string(number));
      f.set_format(polywire::frames::v1::TEXT);
      peer.send(f);
    };
    for (const std::uint32_t number : numbers) open(number);
    entered.wait_for(numbers.size(), "the handlers");
    door.open();
    for (int round = 0; round < 2; ++round) {
      std::set<std::uint32_t> answered;
      for (std::size_t i = 0; i < numbers.size(); ++i) {
        const raw::frame answer = peer.next();
        CHECK(answer.payload() == std::to_string(answer.call()));
        CHECK(answer.flags() == raw::end);
        answered.insert(answer.call());
      }
      CHECK(answered == std::set<std::uint32_t>(numbers.begin(), numbers.end()));
      if (round == 0) {
        for (const std::uint32_t number : numbers) open(number);
      }
    }
  }
}

TEST_CASE("row 37: a log hook that blocks holds up the thread that called it, and no other") {
  const gate disk;
  const opens_at_exit opens(disk);
  const arrivals<bool> blocked;
  auto options = quiet_server();
  options.log([&](pw::log_level, std::string_view) {
    blocked.put(true);
    disk.wait_blocking();
  });
  running_server service(
      "tcp://127.0.0.1:0",
      [](pw::server& s) {
        s.handle(echo, [](const text& request) { return request; });
        s.handle(hold, [](const text&) -> text { throw std::runtime_error("to be logged"); });
      },
      options, 2);
  // Connections are dealt to the two threads in turn.
  pw::client first(service.url(), quiet_client());
  pw::client second(service.url(), quiet_client());
  REQUIRE(first.call(echo, "x", soon));
  REQUIRE(second.call(echo, "x", soon));
  const arrivals<pw::result<text>> answers;
  first.async_call(hold, "x", soon, answers.sink());
  blocked.next("the log hook");
  for (int i = 0; i < 100; ++i) CHECK(second.call(echo, "x", soon));
  CHECK(service.get().stats().connections == 2);  // asked from a third thread
  CHECK(answers.total() == 0);
  disk.open();
  CHECK(answers.next("the answer").status().code() == status_code::internal);
  CHECK(first.call(echo, "x", soon));
}

TEST_CASE("row 37: without a log hook nothing is written anywhere") {
  char name[] = "/tmp/polywire-faults-XXXXXX";
  const pw::testing::descriptor file(::mkstemp(name));
  faults::check_system(file.get(), "mkstemp");
  const pw::testing::descriptor out(::dup(STDOUT_FILENO));
  const pw::testing::descriptor err(::dup(STDERR_FILENO));
  ::dup2(file.get(), STDOUT_FILENO);
  ::dup2(file.get(), STDERR_FILENO);
  bool failed = false;
  {
    pw::server server;
    server.handle(hold, [](const text&) -> text { throw std::runtime_error("not logged"); });
    const auto endpoint = server.listen("tcp://127.0.0.1:0");
    std::thread thread([&] { server.run(); });
    pw::client user(endpoint->url());
    failed = user.call(hold, "x", soon).status().code() == status_code::internal;
    server.stop();
    thread.join();
  }
  const auto size = std::filesystem::file_size(name);
  ::dup2(out.get(), STDOUT_FILENO);
  ::dup2(err.get(), STDERR_FILENO);
  std::filesystem::remove(name);
  CHECK(failed);
  CHECK(size == 0);
}

namespace {

/// Sizes around a limit: what passes, and what does not.
template <class Passes, class Refused>
void around(std::size_t limit, Passes passes, Refused refused) {
  for (const std::size_t size : {limit - 1, limit}) {
    INFO(size << " of " << limit);
    passes(size);
  }
  INFO(limit + 1 << " of " << limit);
  refused(limit + 1);
  passes(limit);  // the next one is served
}

}  // namespace

TEST_CASE("row L2: metadata around its limits, in bytes and in entries") {
  for (const std::string& url : every_url()) {
    INFO(url);
    running_server service(url, echoes);
    pw::client user(service.url(), quiet_client());
    const pw::limits bounds;
    const auto bytes = [&](std::size_t size) {
      auto options = soon;
      std::size_t left = size;
      for (const char* key : {"a", "b", "c"}) {  // several, so that they fit their frames
        options.metadata(key, std::string(size / 4, 'v'));
        left -= size / 4 + 1;
      }
      options.metadata("d", std::string(left - 1, 'v'));
      return user.call(echo, "x", options).status();
    };
    around(
        bounds.max_metadata, [&](std::size_t size) { CHECK(bytes(size).to_string() == "ok"); },
        [&](std::size_t size) { CHECK(bytes(size).code() == status_code::resource_exhausted); });
    const auto entries = [&](std::size_t count) {
      auto options = soon;
      for (std::size_t i = 0; i < count; ++i) options.metadata("k", "v");
      return user.call(echo, "x", options).status();
    };
    around(
        bounds.max_metadata_entries, [&](std::size_t count) { CHECK(entries(count).ok()); },
        [&](std::size_t count) {
          CHECK(entries(count).code() == status_code::resource_exhausted);
        });
  }
}

TEST_CASE("rows L3 and L4: messages around the limit, in both directions and as default") {
  const pw::limits defaults;
  for (const std::size_t limit : {defaults.max_message, std::size_t{1000}, std::size_t{70'000}}) {
    for (const std::string& url : every_url()) {
      if (url.starts_with("inproc")) continue;  // objects have no size there
      INFO(url);
      pw::limits bounds;
      bounds.max_message = limit;
      running_server service(
          url,
          [](pw::server& s) {
            echoes(s);
            s.handle(repeatable, [](const text& size) {
              return text(std::string(std::stoul(size.str()), 'x'));
            });
          },
          quiet_server(bounds));
      pw::client user(service.url(), quiet_client(bounds));
      around(
          limit,
          [&](std::size_t size) {
            auto back = user.call(echo, std::string(size, 'x'), soon);
            REQUIRE(back.status().to_string() == "ok");
            CHECK(back->str().size() == size);
            CHECK(user.call(repeatable, std::to_string(size), soon)->str().size() == size);
          },
          [&](std::size_t size) {
            auto there = user.call(echo, std::string(size, 'x'), soon).status();
            CHECK(there.code() == status_code::resource_exhausted);
            CHECK(there.reached() != outcome::processed);
            auto back = user.call(repeatable, std::to_string(size), soon).status();
            CHECK(back.code() == status_code::resource_exhausted);
          });
    }
  }
}

TEST_CASE("rows L6 and L8: nesting around its limits ends its call alone") {
  constexpr pw::unary<pw::test::Note, pw::test::Note> note{"faults.v1.Peer/Note"};
  constexpr pw::unary<nlohmann::json, nlohmann::json> any{"faults.v1.Peer/Any"};
  running_server service("tcp://127.0.0.1:0", [&](pw::server& s) {
    s.handle(note, [](const pw::test::Note& n) { return n; });
    s.handle(any, [](const nlohmann::json& value) { return value; });
  });
  pw::client user(service.url(), quiet_client());
  const pw::limits bounds;
  const auto nested = [&](std::size_t depth) {
    const std::string json = std::string(depth, '[') + std::string(depth, ']');
    return user.call_raw(any.name(), pw::payload(pw::format::json, json), soon).status();
  };
  around(
      bounds.max_json_depth, [&](std::size_t depth) { CHECK(nested(depth).to_string() == "ok"); },
      [&](std::size_t depth) { CHECK(nested(depth).code() == status_code::invalid_argument); });
  // Groups that the message does not know: field 15, begun and ended.
  const auto groups = [&](std::size_t depth) {
    const std::string bytes = std::string(depth, '\x7b') + std::string(depth, '\x7c');
    return user.call_raw(note.name(), pw::payload(pw::format::protobuf, bytes), soon).status();
  };
  around(
      static_cast<std::size_t>(bounds.max_protobuf_depth),
      [&](std::size_t depth) { CHECK(groups(depth - 1).to_string() == "ok"); },
      [&](std::size_t depth) { CHECK(groups(depth).code() == status_code::invalid_argument); });
}

TEST_CASE("rows L10 and L11: calls and connections around their limits") {
  pw::limits bounds;
  bounds.max_connections = 5;
  const gate door;
  const opens_at_exit opens(door);
  const arrivals<steady::time_point> entered;
  running_server service(
      "tcp://127.0.0.1:0",
      [&](pw::server& s) {
        echoes(s);
        s.handle(hold, waits(door, entered, {}));
      },
      quiet_server(bounds));
  auto peer = raw::peer::connect(service.endpoint().port());
  peer.send(raw::greeting());
  const auto open = [](std::uint32_t number, const std::string_view name) {
    raw::frame f = raw::open(number, std::string(name), "x");
    f.set_format(polywire::frames::v1::TEXT);
    return f;
  };
  for (std::uint32_t call = 1; call <= bounds.max_calls; ++call) peer.send(open(call, hold.name()));
  entered.wait_for(bounds.max_calls, "the handlers");
  for (int i = 0; i < 3; ++i) {
    peer.send(open(bounds.max_calls + 1, echo.name()));
    const raw::frame refused = peer.next();
    CHECK(refused.call() == bounds.max_calls + 1);
    CHECK(refused.status().code() == 8);
    CHECK(refused.status().outcome() == 1);
  }
  // A client of ours never goes above: what is too much waits for its turn.
  pw::client user(service.url(), quiet_client());
  const arrivals<pw::result<text>> answers;
  for (std::uint32_t i = 0; i <= bounds.max_calls; ++i) {
    user.async_call(hold, "x", soon, answers.sink());
  }
  entered.wait_for(2 * bounds.max_calls, "the handlers");
  CHECK(answers.total() == 0);

  std::vector<raw::peer> peers;
  for (std::size_t i = 2; i < bounds.max_connections; ++i) {
    peers.push_back(raw::peer::connect(service.endpoint().port()));
    peers.back().send(raw::greeting());
    peers.back().send(open(1, echo.name()));
    CHECK(peers.back().next().payload() == "x");
  }
  auto one_more = raw::peer::connect(service.endpoint().port());
  CHECK(one_more.goodbye() == 14);
  peers.pop_back();
  CHECK(
      eventually([&] { return service.get().stats().connections == bounds.max_connections - 1; }));
  peers.push_back(raw::peer::connect(service.endpoint().port()));
  peers.back().send(raw::greeting());
  peers.back().send(open(1, echo.name()));
  CHECK(peers.back().next().payload() == "x");
  door.open();
  for (std::uint32_t i = 0; i <= bounds.max_calls; ++i) CHECK(answers.next("an answer"));
}

TEST_CASE("row L10: as many calls as may wait do, and one more is refused") {
  const pw::limits bounds;
  manual_clock time;  // stands still: nobody dials again
  asio::io_context context(1);
  auto nobody = pw::testing::scripted_peer::listen();
  const std::string url = "tcp://127.0.0.1:" + std::to_string(nobody.port());
  nobody.stop_listening();
  std::vector<pw::status> ended;
  {
    pw::client user(context.get_executor(), url, quiet_client().clock(time));
    const auto call = [&] {
      user.async_call(echo, "x", pw::call_options().wait_for_ready(),
                      [&](const pw::result<text>& answer) { ended.push_back(answer.status()); });
    };
    for (std::size_t i = 0; i < bounds.max_queue; ++i) call();
    context.run_for(100ms);
    CHECK(ended.empty());
    call();
    context.restart();
    context.run_for(100ms);
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].code() == status_code::resource_exhausted);
    CHECK(ended[0].reached() == outcome::not_sent);
  }
  context.restart();
  context.run_for(patience);
  CHECK(ended.size() == bounds.max_queue + 1);
  CHECK(ended.back().code() == status_code::cancelled);
}

namespace {

/// A peer that has asked for a stream, with all credit there can be, and does not read.
scripted_peer ask_for_flood(const std::string& url, std::uint16_t port, std::string_view name) {
  if (url.starts_with("http")) {
    scripted_peer peer = scripted_peer::connect(port);
    peer.send("POST /" + std::string(name) +
              " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/connect+bytes\r\n"
              "Content-Length: 7\r\n\r\n" +
              std::string("\0\0\0\0\2go", 7));
    return peer;
  }
  auto peer = raw::peer::connect(port);
  peer.send(raw::greeting());
  peer.send(raw::open(1, std::string(name), "go"));
  raw::frame credit;
  credit.set_credit(0x40000000);
  peer.send(credit);
  credit.set_call(1);
  peer.send(credit);
  return std::move(peer.socket());
}

}  // namespace

TEST_CASE("row L16: a peer that does not read is closed when nothing could be written for 10 s") {
  constexpr pw::server_streaming<pw::bytes, pw::bytes> flood{"faults.v1.Peer/Flood"};
  for (const std::string url : {"tcp://127.0.0.1:0", "http://127.0.0.1:0"}) {
    INFO(url);
    manual_clock time;
    const arrivals<bool> cancelled;
    std::atomic<std::size_t> written = 0;
    running_server service(
        url,
        [&](pw::server& s) {
          echoes(s);
          s.handle(flood,
                   [&](const pw::bytes&, pw::writer<pw::bytes>& out,
                       pw::server_context& context) -> asio::awaitable<pw::status> {
                     const std::stop_callback told(context.stop_token(),
                                                   [&] { cancelled.put(true); });
                     const pw::bytes block(std::string(30'000, 'x'));
                     for (;;) {
                       auto sent = co_await out.async_write(block, asio::use_awaitable);
                       if (!sent) co_return sent;
                       ++written;
                     }
                   });
        },
        quiet_server().clock(time));
    scripted_peer peer = ask_for_flood(url, service.endpoint().port(), flood.name());
    std::size_t before = 0;
    CHECK(eventually([&] {
      const std::size_t had = std::exchange(before, written.load());
      return !faults::eventually([&] { return written != had; }, 200ms) && had > 0;
    }));
    const pw::limits bounds;
    time.advance(bounds.write_timeout - 1s);
    pw::client other(service.url(), quiet_client());
    CHECK(other.call(echo, "x", soon));
    CHECK(cancelled.total() == 0);
    CHECK(eventually([&] {
      time.advance(2s);
      return cancelled.next_within(200ms).has_value();
    }));
    CHECK(peer.closed_by_peer());
    CHECK(other.call(echo, "x", soon));
  }
}

TEST_CASE("row L18: stopping takes as long as it may, and no longer") {
  const gate door;
  const opens_at_exit opens(door);
  const arrivals<steady::time_point> entered;
  const arrivals<steady::time_point> cancelled;
  manual_clock time;
  pw::limits bounds;
  bounds.drain_timeout = 30s + 1ns;  // not the value that quiet_server replaces
  running_server service(
      "tcp://127.0.0.1:0", [&](pw::server& s) { s.handle(hold, waits(door, entered, cancelled)); },
      quiet_server(bounds).clock(time));
  pw::client user(service.url(), quiet_client());
  const arrivals<pw::result<text>> answers;
  user.async_call(hold, "x", pw::timeout(1h), answers.sink());
  entered.next("the handler");
  service.get().stop();
  // The clock goes on once the server has begun to drain: it then takes no connections.
  CHECK(eventually([&] {
    pw::client late(service.url(), quiet_client());
    return late.call(echo, "x", soon).status().code() == status_code::unavailable;
  }));
  time.advance(29s);
  CHECK_FALSE(answers.next_within(50ms));
  bool over = false;
  for (int i = 0; i < 5 && !over; ++i) {
    time.advance(1s);
    over = answers.next_within(50ms).has_value();
  }
  CHECK(over);
  CHECK(cancelled.total() == 1);
  service.stopped().next("the server to end");
}

}  // namespace calls_test

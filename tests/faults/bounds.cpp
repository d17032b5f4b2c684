// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// What attacks cost: memory of a server whose client breaks limits, of a client whose server does,
// and stack of a million operations that are ready at once. Each attack may cost its limit and
// 256 KiB; then the next connection is served.
//
// To be built without sanitizers, which replace the allocator.
#include "conformance/raw_frames.hpp"
#include "faults/meter.hpp"
#include "faults/support.hpp"

#include "polywire/inproc.hpp"
#include "polywire/tcp.hpp"
#include "polywire/testing/conformance/service.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace pw = polywire;
using faults::steady;
using pw::testing::conformance::arrivals;
using pw::testing::conformance::check;
using pw::testing::conformance::check_ok;
using pw::testing::conformance::gate;
using pw::testing::conformance::opens_at_exit;
using pw::testing::conformance::patience;
using pw::testing::conformance::quiet_client;
using pw::testing::conformance::quiet_server;
using pw::testing::conformance::running_server;
using namespace std::chrono_literals;

constexpr pw::unary<pw::bytes, pw::bytes> echo{"faults.v1.Peer/Echo"};
constexpr pw::unary<pw::bytes, pw::bytes> hold{"faults.v1.Peer/Hold"};
constexpr pw::unary<pw::bytes, pw::bytes> large{"faults.v1.Peer/Large"};
constexpr pw::bidi_streaming<pw::bytes, pw::bytes> deaf{"faults.v1.Peer/Deaf"};
constexpr pw::server_streaming<pw::bytes, pw::bytes> flood{"faults.v1.Peer/Flood"};
constexpr pw::topic<pw::bytes> news{"faults.v1.news"};

constexpr std::size_t kibibyte = 1024;
constexpr std::size_t mebibyte = 1024 * kibibyte;
constexpr std::size_t tolerance = 256 * kibibyte;
const pw::limits bounds;

// A buffer that grows has its old and its new storage for a moment, and the new one may be twice as
// large as what is in it.
constexpr std::size_t grown(std::size_t limit) { return 3 * limit; }
// What may wait to be written: messages up to the connection's credit, and answers.
const std::size_t output = grown(bounds.connection_credit + bounds.max_control_output);
// The beginning of a frame that is kept until its rest comes.
constexpr std::size_t half_frame = grown(64 * kibibyte);
// Parts that came before there was room for their message, and then the message.
const std::size_t whole_message = 2 * bounds.call_credit + half_frame + bounds.max_message;
// What one call may have waiting in messages of a byte: their credit is 33 each.
const std::size_t tiny_messages = bounds.call_credit / 33 * 160;

int failures = 0;

void report(const std::string& what, std::size_t cost, std::size_t allowed) {
  const bool good = cost <= allowed;
  std::printf("%-4s %-70s %8zu KiB of %zu\n", good ? "ok" : "BAD", what.c_str(), cost / kibibyte,
              allowed / kibibyte);
  std::fflush(stdout);
  if (!good) ++failures;
}

raw::frame ping(std::uint32_t number) {
  raw::frame f;
  f.set_ping(number);
  return f;
}
raw::frame credit(std::uint32_t call, std::uint32_t bytes) {
  raw::frame f;
  f.set_call(call);
  f.set_credit(bytes);
  return f;
}
raw::frame part(raw::frame f, std::size_t whole) {
  f.set_flags(raw::more);
  f.set_message_size(static_cast<std::uint32_t>(whole));
  return f;
}
raw::frame subscribe(std::uint32_t call, const std::string& pattern) {
  raw::frame f = raw::open(call, pattern);
  f.mutable_subscribe();
  return f;
}

/// A server with everything that can be attacked.
class victim {
 public:
  victim() : service_("tcp://127.0.0.1:0", [this](pw::server& s) { configure(s); }) {}
  ~victim() { door_.open(); }

  std::uint16_t port() const { return service_.endpoint().port(); }
  pw::server& server() { return service_.get(); }

 private:
  void configure(pw::server& s) {
    s.handle(echo, [](const pw::bytes& b) { return b; });
    s.handle(large, [](const pw::bytes&) { return pw::bytes(std::string(mebibyte, 'x')); });
    s.handle(hold, [this](const pw::bytes& b) -> asio::awaitable<pw::bytes> {
      co_await door_.wait();
      co_return b;
    });
    s.handle(deaf,
             [this](pw::reader<pw::bytes>&, pw::writer<pw::bytes>&) -> asio::awaitable<pw::status> {
               co_await door_.wait();
               co_return pw::status();
             });
    s.handle(flood,
             [this](const pw::bytes&, pw::writer<pw::bytes>& out) -> asio::awaitable<pw::status> {
               for (;;) {
                 auto sent = co_await out.async_write(block_, asio::use_awaitable);
                 if (!sent) co_return sent;
               }
             });
    s.offer(news);
  }

  const pw::bytes block_{std::string(10 * kibibyte, 'x')};
  gate door_;
  running_server service_;
};

/// Sends what was prepared, and whatever comes of it: when it is over, and how much it cost.
/// `mischief` is sent once, or as often as the server lets it.
void attack_server(const std::string& what, std::size_t limit, const std::string& mischief,
                   int times = 1, const std::function<void(victim&)>& meanwhile = {}) {
  victim target;
  auto attacker = raw::peer::connect(target.port());
  attacker.send(raw::greeting());
  attacker.send(ping(1));
  check(attacker.next().has_pong(), "the server does not answer");
  const std::string last = raw::encode(ping(2));
  const faults::memory_meter meter;
  try {
    for (int i = 0; i < times; ++i) attacker.socket().send(mischief, 500ms);
    if (meanwhile) meanwhile(target);
    attacker.socket().send(last, 500ms);
    attacker.socket().shutdown_write();  // the end of the peer's stream: it then closes
    (void)attacker.socket().closed_by_peer();
  } catch (const std::runtime_error&) {  // closed, or not read any more
  }
  report(what, meter.peak(), limit + tolerance);
  pw::client next("tcp://127.0.0.1:" + std::to_string(target.port()), quiet_client());
  check_ok(next.call(echo, pw::bytes("x"), pw::timeout(patience)).status(), "the next connection");
}

/// A server has no reason to say how much it keeps.
void let_it_pile_up(victim&) {
  std::ptrdiff_t before = -1;
  while (before != faults::bytes_in_use) {
    before = faults::bytes_in_use;
    std::this_thread::sleep_for(200ms);
  }
}

void attack_servers() {
  const std::string echo_name(echo.name());
  const std::string hold_name(hold.name());
  const std::string deaf_name(deaf.name());
  const std::string block(60'000, 'x');

  attack_server("L3: a message announced with 4 GiB", 0,
                raw::encode(part(raw::open(1, echo_name, "x", 0), 0xffffffff)));
  attack_server("L3: a frame announced with 64 KiB and a byte", 0,
                raw::varint(64 * kibibyte + 1) + block);
  attack_server("L3: a frame of 64 KiB that never ends", half_frame,
                raw::varint(64 * kibibyte) + block);
  {
    std::string most = raw::encode(part(raw::open(1, deaf_name, block, 0), bounds.max_message));
    while (most.size() + block.size() < bounds.max_message) {
      most += raw::encode(raw::message(1, block, raw::more));
    }
    attack_server("L3: a message of 4 MiB that lacks its end", whole_message, most);
  }
  {
    std::string many;
    for (std::uint32_t call = 1; call <= 100; ++call) {
      many += raw::encode(
          part(raw::open(call, deaf_name, std::string(8'000, 'x'), 0), bounds.max_message));
    }
    attack_server("L3: 100 messages announced with 4 MiB each, begun",
                  bounds.max_assembly + bounds.connection_credit, many);
  }
  {
    raw::frame loaded = raw::open(1, hold_name, "x");
    for (int i = 0; i < 30; ++i) {
      auto* entry = loaded.add_metadata();
      entry->set_key("key-" + std::to_string(i));
      entry->set_value(std::string(1000, 'v'));
    }
    std::string many;
    for (std::uint32_t call = 1; call <= 300; ++call) {
      loaded.set_call(call);
      many += raw::encode(loaded);
    }
    attack_server("L2: 300 calls with 30 KiB of metadata each, 100 are taken",
                  bounds.max_calls * (bounds.max_metadata + 4 * kibibyte), many);
    loaded.clear_metadata();
    for (int i = 0; i < 10'000; ++i) loaded.add_metadata()->set_key("k");
    many.clear();
    for (int i = 0; i < 300; ++i) many += raw::encode(loaded);
    attack_server("L2: 300 calls with 10,000 empty entries of metadata", half_frame, many);
  }
  {
    std::string names;
    for (std::uint32_t i = 0; i < 20'000; ++i) {
      std::string name = "faults.v1.Peer/" + std::to_string(i);
      raw::frame f = raw::open(1, name.append(250 - name.size(), 'x'), "x");
      if (i < 1024) f.set_method(i + 1);
      names += raw::encode(f);
    }
    attack_server("names: 20,000 methods that nobody serves, 1,024 of them with a number",
                  std::size_t{1024} * 2 * 255 + output, names);
  }
  {
    std::string pings;
    for (int i = 0; i < 10'000; ++i) pings += raw::encode(ping(0xffffffff));
    attack_server("L15: 35 MB of pings, and nothing is read", output, pings, 500);
  }
  {
    std::string pairs;
    for (std::uint32_t i = 0; i < 1'000; ++i) {
      pairs += raw::encode(raw::open(i + 1, hold_name, "x"));
      pairs += raw::encode(raw::flagged(i + 1, raw::cancel));
    }
    attack_server("L10: 100,000 calls that are cancelled at once", output, pairs, 100);
  }
  {
    std::string calls = raw::encode(raw::open(1, deaf_name, "", 0));
    for (int i = 0; i < 8'000; ++i) calls += raw::encode(raw::message(1, "x"));
    attack_server("L10: 8,000 messages of a byte that nobody takes", tiny_messages, calls);
  }
  {
    std::string calls;
    for (std::uint32_t call = 1; call <= 100; ++call) {
      calls += raw::encode(raw::open(call, std::string(flood.name()), "go"));
      calls += raw::encode(credit(call, 0x40000000));
    }
    calls += raw::encode(credit(0, 0x40000000));
    // Beside the output each stream may have one message in hand, in storage of a power of two.
    attack_server("L15: 100 endless streams with all credit, and nothing is read",
                  output + bounds.max_calls * 16 * kibibyte, calls, 1, let_it_pile_up);
    calls.clear();
    for (std::uint32_t call = 1; call <= 100; ++call) {
      calls += raw::encode(raw::open(call, std::string(large.name()), "x"));
    }
    attack_server("L15: 100 replies of a mebibyte, of which none is read",
                  output + bounds.max_calls * mebibyte, calls, 1, let_it_pile_up);
  }
  {
    std::string parts;
    for (std::uint32_t call = 1; call <= 100; ++call) {
      parts += raw::encode(part(raw::open(call, deaf_name, block, 0), bounds.max_message));
    }
    for (int i = 0; i < 3; ++i) {
      for (std::uint32_t call = 1; call <= 100; ++call) {
        parts += raw::encode(raw::message(call, block, raw::more));
      }
    }
    attack_server("L3: 100 messages of 4 MiB, begun with all credit of their calls",
                  bounds.max_assembly + bounds.max_calls * (bounds.call_credit + 16 * kibibyte),
                  parts);
  }
  attack_server("L17: a subscriber that reads nothing, of 20 MiB",
                mebibyte + 2 * bounds.connection_credit,
                raw::encode(subscribe(1, std::string(news.name()))), 1, [](victim& target) {
                  const pw::bytes event(std::string(10 * kibibyte, 'x'));
                  for (int i = 0; i < 2'000; ++i) {
                    check_ok(target.server().publish(news, event), "publishing");
                  }
                });
}

/// The same the other way round: `mischief`, given the number of the client's call.
void attack_client(const std::string& what, std::size_t limit,
                   const std::function<std::string(std::uint32_t)>& mischief, int times = 1) {
  auto attacker = raw::peer::listen();
  const std::string url = "tcp://127.0.0.1:" + std::to_string(attacker.port());
  {
    pw::client user(url, quiet_client());
    const arrivals<pw::result<pw::bytes>> answers;
    user.async_call(hold, pw::bytes("x"), pw::timeout(patience), answers.sink());
    attacker.accept();
    const std::string bytes = mischief(attacker.next().call());
    attacker.send(raw::greeting());
    attacker.send(ping(1));
    check(attacker.next().has_pong(), "the client does not answer");
    const faults::memory_meter meter;
    try {
      for (int i = 0; i < times; ++i) attacker.socket().send(bytes, 500ms);
      attacker.socket().shutdown_write();
      (void)attacker.socket().closed_by_peer();
    } catch (const std::runtime_error&) {
    }
    const auto answer = answers.next("the call to end");
    check(!answer, "a call without an answer has one");
    report(what, meter.peak(), limit + tolerance);
  }
  victim good;
  pw::client next("tcp://127.0.0.1:" + std::to_string(good.port()), quiet_client());
  check_ok(next.call(echo, pw::bytes("x"), pw::timeout(patience)).status(), "the next client");
}

void attack_clients() {
  const std::string block(60'000, 'x');
  attack_client("client, L3: a reply announced with 4 GiB", 0, [](std::uint32_t call) {
    return raw::encode(part(raw::message(call, "x"), 0xffffffff));
  });
  attack_client("client, L3: a frame announced with 4 GiB", 0,
                [](std::uint32_t) { return raw::varint(0xffffffff); });
  attack_client(
      "client, L3: a reply of 4 MiB that lacks its end", whole_message, [&](std::uint32_t call) {
        std::string most = raw::encode(part(raw::message(call, block), bounds.max_message));
        while (most.size() + block.size() < bounds.max_message) {
          most += raw::encode(raw::message(call, block, raw::more));
        }
        return most;
      });
  attack_client("client, L2: 10,000 entries of metadata", 0, [](std::uint32_t call) {
    raw::frame f = raw::flagged(call, 0);
    for (int i = 0; i < 10'000; ++i) f.add_metadata()->set_key("k");
    return raw::encode(f);
  });
  attack_client(
      "client, L15: 35 MB of pings, and nothing is read", output,
      [](std::uint32_t) {
        std::string pings;
        for (int i = 0; i < 10'000; ++i) pings += raw::encode(ping(0xffffffff));
        return pings;
      },
      500);
}

/// How far apart the addresses are that local variables had.
class stack_meter {
 public:
  void look() {
    const char here = 0;
    const auto at = reinterpret_cast<std::uintptr_t>(&here);
    least_ = std::min(least_, at);
    most_ = std::max(most_, at);
  }
  std::size_t used() const { return most_ - least_; }

 private:
  std::uintptr_t least_ = ~std::uintptr_t{0};
  std::uintptr_t most_ = 0;
};

class call_chain {
 public:
  call_chain(pw::client& user, std::size_t calls) : user_(user), left_(calls) {}
  void next() {
    if (left_-- == 0) return done.put(failed);
    user_.async_call(echo, request_, [this](const pw::result<pw::bytes>& answer) {
      stack.look();
      failed += answer ? 0 : 1;
      next();
    });
  }
  stack_meter stack;
  std::size_t failed = 0;
  arrivals<std::size_t> done;

 private:
  pw::client& user_;
  std::size_t left_;
  pw::bytes request_{"x"};
};

class read_chain {
 public:
  explicit read_chain(pw::reader<pw::bytes> from) : from_(std::move(from)) {}
  void next() {
    from_.async_read([this](const std::optional<pw::bytes>& message) {
      stack.look();
      if (!message) return done.put(count);
      ++count;
      next();
    });
  }
  stack_meter stack;
  std::size_t count = 0;
  arrivals<std::size_t> done;

 private:
  pw::reader<pw::bytes> from_;
};

/// Row 9: operations that are ready at once must not run inside of each other.
void a_million_ready_operations() {
  constexpr pw::server_streaming<pw::bytes, pw::bytes> count{"faults.v1.Peer/Count"};
  for (const std::string url : {"inproc://bounds", "tcp://127.0.0.1:0"}) {
    constexpr std::size_t messages = 1'000'000;
    constexpr std::size_t calls = 5'000;
    running_server service(url, [&](pw::server& s) {
      s.handle(echo, [](const pw::bytes& b) { return b; });
      s.handle(count,
               [](const pw::bytes&, pw::writer<pw::bytes>& out) -> asio::awaitable<pw::status> {
                 const pw::bytes message("x");
                 for (std::size_t i = 0; i < messages; ++i) {
                   auto sent = co_await out.async_write(message, asio::use_awaitable);
                   if (!sent) co_return sent;
                 }
                 co_return pw::status();
               });
    });
    pw::client user(service.url(), quiet_client());
    call_chain made(user, calls);
    made.next();
    check(made.done.next("the calls") == 0, "calls failed");
    report("9: stack of " + std::to_string(calls) + " calls, " + url, made.stack.used(),
           64 * kibibyte);
    auto reader = user.open(count, pw::bytes("go"), pw::timeout(12 * patience));
    read_chain read(std::move(reader));
    read.next();
    const auto got = read.done.next_within(12 * patience);
    check(got == messages, "a million messages did not come");
    report("9: stack of a million reads, " + url, read.stack.used(), 64 * kibibyte);
  }
}

}  // namespace

int main() {
  try {
    attack_servers();
    attack_clients();
    a_million_ready_operations();
  } catch (const std::exception& error) {
    std::printf("FAILED: %s\n", error.what());
    return 1;
  }
  return failures == 0 ? 0 : 1;
}

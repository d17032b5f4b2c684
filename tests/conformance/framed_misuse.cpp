// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Section "Misuse of the wire" for frames: what a server does about a client that breaks the rules
// of docs/protocols.md, table "Errors".
#include "conformance/raw_frames.hpp"

#include "polywire/protobuf.hpp"
#include "polywire/tcp.hpp"
#include "polywire/testing/conformance/service.hpp"
#include "polywire/testing/manual_clock.hpp"

#include "note.pb.h"
#include "support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace polywire::testing::conformance;
using namespace std::chrono_literals;

namespace {

using polywire::bytes;
using polywire::test::Note;

constexpr polywire::unary<bytes, bytes> echo{"misuse.v1.Raw/Echo"};
constexpr polywire::unary<bytes, bytes> wait{"misuse.v1.Raw/Wait"};
constexpr polywire::unary<Note, Note> note{"misuse.v1.Raw/Note"};
constexpr polywire::bidi_streaming<bytes, bytes> deaf{"misuse.v1.Raw/Deaf"};
constexpr polywire::topic<bytes> news{"misuse.v1.news"};
constexpr polywire::topic<bytes> bulletin{"misuse.v1.bulletin"};

const std::string echo_name(echo.name());
const std::string wait_name(wait.name());
const std::string note_name(note.name());
const std::string deaf_name(deaf.name());
const std::string news_name(news.name());

/// The opening of a subscription.
raw::frame subscribe(std::uint32_t call, const std::string& pattern) {
  raw::frame f = raw::open(call, pattern);
  f.mutable_subscribe();
  return f;
}

/// A server, a well-behaved client with a call in flight, and a raw client that is greeted.
class scene {
 public:
  explicit scene(polywire::server_options options = quiet_server())
      : service_(
            "tcp://127.0.0.1:0", [this](polywire::server& s) { configure(s); }, std::move(options)),
        bystander_(service_.url(), quiet_client()),
        raw_(raw::peer::connect(service_.endpoint().port())) {
    bystander_.async_call(wait, bytes("undisturbed"), answers_.sink());
    entered_.next("the other client's call");
  }
  ~scene() { door_.open(); }

  raw::peer& raw() { return raw_; }
  std::uint16_t port() const { return service_.endpoint().port(); }

  /// The server and its other connections must be as they were.
  void check_undisturbed() {
    auto back = bystander_.call(echo, bytes("x"), polywire::timeout(patience));
    check_ok(back.status(), "a call of the other client");
    check_equal(answers_.total(), 0, "the other client's call ended");
    door_.open();
    auto waited = answers_.next("the other client's call");
    check(value_of(waited, "the other client's call") == bytes("undisturbed"), "its answer");
    auto fresh = raw::peer::connect(port());
    fresh.send(raw::greeting());
    fresh.send(raw::open(1, echo_name, "fresh"));
    const raw::frame answer = fresh.next();
    check_equal(answer.payload(), "fresh", "the answer on a new connection");
  }

 private:
  void configure(polywire::server& s) {
    s.handle(echo, [](const bytes& b) { return b; });
    s.handle(note, [](const Note& n) { return n; });
    s.handle(wait, [this](const bytes& b) -> asio::awaitable<bytes> {
      entered_.put(true);
      co_await door_.wait();
      co_return b;
    });
    s.handle(deaf,
             [this](polywire::reader<bytes>&,
                    polywire::writer<bytes>&) -> asio::awaitable<polywire::status> {
               co_await door_.wait();
               co_return polywire::status();
             });
    s.offer(news, polywire::accept_publish());
    s.offer(bulletin);
  }

  gate door_;
  arrivals<bool> entered_;
  arrivals<polywire::result<bytes>> answers_;
  running_server service_;
  polywire::client bystander_;
  raw::peer raw_;
};

constexpr std::uint32_t invalid_argument = 3;
constexpr std::uint32_t not_found = 5;
constexpr std::uint32_t permission_denied = 7;
constexpr std::uint32_t unimplemented = 12;
constexpr std::uint32_t resource_exhausted = 8;
constexpr std::uint32_t deadline_exceeded = 4;
constexpr std::uint32_t unavailable = 14;

}  // namespace

TEST_CASE("what does not begin with the preface is closed", "[conformance][misuse]") {
  for (const std::string_view begin :
       {std::string_view("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string_view("\xf0PW\x02", 4),
        std::string_view("\xf0PX"), std::string_view("\x16\x03\x01\x02\x00\x01", 6),
        std::string_view("\0", 1)}) {
    scene s;
    s.raw().send(begin);
    CHECK(s.raw().goodbye() == invalid_argument);
    s.check_undisturbed();
  }
}

TEST_CASE("frames that break the format close their connection", "[conformance][misuse]") {
  const std::string oversized = raw::varint((64U << 10) + 1);
  const std::string frames[] = {
      oversized,                                   // decided on the length alone
      std::string("\xff\xff\xff\xff\xff\x01", 6),  // a length of six bytes
      std::string("\xff\xff\xff\xff\x7f", 5),      // a length beyond 32 bits
      raw::delimited("\x22\x05"
                     "ab"),    // a field that ends behind its frame
      raw::delimited("\x08"),  // a field without its value
      raw::delimited("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),  // an overlong varint
      raw::delimited(std::string("\x0a\x00", 2)),          // a number with the type of a string
      raw::delimited("\x0b\x0c"),                          // a group
      raw::delimited(std::string("\x00\x01", 2)),          // field number 0
      raw::delimited("\x0f\x01"),                          // a wire type that is none
      raw::delimited(std::string("\x62\x00\x62\x00", 4)),  // two hellos
      raw::delimited("\x08\x01\x10\x01\x30\x09\x2a\x03"
                     "a/b"),  // format 9
  };
  for (const std::string& bad : frames) {
    INFO(polywire::testing::to_hex(bad));
    scene s;
    s.raw().send(raw::greeting());
    s.raw().send(bad);
    CHECK(s.raw().goodbye() == invalid_argument);
    s.check_undisturbed();
  }
}

TEST_CASE("frames out of order close their connection", "[conformance][misuse]") {
  const auto numbered = [](std::uint32_t call, std::uint32_t number, const std::string& name) {
    raw::frame f = raw::open(call, name, "x");
    f.set_method(number);
    return f;
  };
  auto part = [](raw::frame f, std::uint32_t size, std::uint32_t flags = raw::more) {
    f.set_flags(flags);
    f.set_message_size(size);
    return f;
  };
  const std::pair<const char*, std::vector<raw::frame>> scripts[] = {
      {"an open id opened again", {raw::open(1, wait_name, "x"), raw::open(1, wait_name, "x")}},
      {"a message after the half-close",
       {raw::open(1, deaf_name, "x", raw::last), raw::message(1, "y")}},
      {"two half-closes", {raw::open(1, deaf_name, raw::last), raw::flagged(1, raw::last)}},
      {"a number that is not bound", {numbered(1, 7, "")}},
      {"a number above 1024", {numbered(1, 1025, wait_name)}},
      {"a number bound twice", {numbered(1, 5, wait_name), numbered(2, 5, echo_name)}},
      {"a payload without a call", {raw::message(0, "x")}},
      {"parts with more bytes than announced", {part(raw::open(1, deaf_name, "abcd", 0), 3)}},
      {"parts with fewer bytes than announced",
       {part(raw::open(1, deaf_name, "abcd", 0), 9), raw::message(1, "e")}},
      {"parts without their size", {part(raw::open(1, deaf_name, "abcd", 0), 0)}},
      {"a part that is the last",
       {part(raw::open(1, deaf_name, "abcd", 0), 9, raw::more | raw::last)}},
  };
  for (const auto& [what, frames] : scripts) {
    INFO(what);
    scene s;
    s.raw().send(raw::greeting());
    for (const raw::frame& f : frames) s.raw().send(f);
    CHECK(s.raw().goodbye() == invalid_argument);
    s.check_undisturbed();
  }
}

TEST_CASE("sending without credit closes the connection", "[conformance][misuse]") {
  const std::string piece(60'000, 'x');
  {
    scene s;  // one call that nobody reads: 256 KiB
    s.raw().send(raw::greeting());
    s.raw().send(raw::open(1, deaf_name, piece, 0));
    for (int i = 0; i < 4; ++i) s.raw().send(raw::message(1, piece));
    CHECK(s.raw().goodbye() == invalid_argument);
    s.check_undisturbed();
  }
  {
    scene s;  // empty messages are not free
    s.raw().send(raw::greeting());
    std::string many = raw::encode(raw::open(1, deaf_name, "", 0));
    for (int i = 0; i < 8'192; ++i) many += raw::encode(raw::message(1, ""));
    s.raw().send(many);
    CHECK(s.raw().goodbye() == invalid_argument);
    s.check_undisturbed();
  }
}

TEST_CASE("what breaks a rule of its call ends that call alone", "[conformance][misuse]") {
  polywire::limits bounds;
  bounds.max_calls = 4;
  bounds.max_metadata = 100;
  scene s(quiet_server(bounds));
  raw::peer& peer = s.raw();
  peer.send(raw::greeting());
  auto refused = [&](const raw::frame& f, std::uint32_t code) {
    peer.send(f);
    const raw::frame answer = peer.next();
    CHECK(answer.call() == f.call());
    CHECK(answer.flags() == raw::end);
    CHECK(answer.status().code() == code);
    CHECK(answer.status().outcome() == 1);
    CHECK_FALSE(answer.status().message().empty());
  };
  auto works = [&](std::uint32_t call) {
    peer.send(raw::open(call, echo_name, "still here"));
    const raw::frame answer = peer.next();
    CHECK(answer.call() == call);
    CHECK(answer.payload() == "still here");
    CHECK(answer.flags() == raw::end);
  };

  for (const std::string& name :
       {std::string("no.such.Service/Method"), std::string("non sense"), std::string("/"),
        std::string(300, 'x'), std::string("a\0/b", 4)}) {
    INFO(name);
    raw::frame f = raw::open(1, echo_name, "x");
    f.set_name(name);
    refused(f, unimplemented);
    works(1);
  }
  peer.send(
      raw::delimited("\x08\x01\x10\x01\x2a\x04"
                     "a/b\xff"));  // no UTF-8
  CHECK(peer.next().status().code() == unimplemented);
  raw::frame with_metadata = raw::open(2, echo_name, "x");
  auto* entry = with_metadata.add_metadata();
  for (const auto& [key, value, code] :
       {std::tuple{"key", std::string(98, 'v'), resource_exhausted},
        std::tuple{"", std::string("v"), invalid_argument},
        std::tuple{"grpc-status", std::string("0"), invalid_argument},
        std::tuple{"key", std::string("a\r\nb: c"), invalid_argument},
        std::tuple{"k y", std::string("v"), invalid_argument}}) {
    INFO(key << ": " << value);
    entry->set_key(key);
    entry->set_value(value);
    refused(with_metadata, code);
    works(2);
  }
  for (std::uint32_t call = 10; call < 14; ++call) peer.send(raw::open(call, wait_name, "x"));
  refused(raw::open(14, wait_name, "x"), resource_exhausted);
  peer.send(raw::flagged(10, raw::cancel));
  const raw::frame cancelled = peer.next();
  CHECK(cancelled.call() == 10);
  CHECK(cancelled.flags() == raw::end);
  CHECK(cancelled.status().code() == 1);
  // Its handler still counts until it has returned, however many calls are cancelled.
  raw::frame answer;
  for (int i = 0; i < 1000 && answer.payload().empty(); ++i) {
    peer.send(raw::open(15, echo_name, "still here"));
    answer = peer.next();
  }
  CHECK(answer.payload() == "still here");
  s.check_undisturbed();
}

TEST_CASE("a message that is too large or malformed ends its call alone", "[conformance][misuse]") {
  polywire::limits bounds;
  bounds.max_message = 100'000;
  scene s(quiet_server(bounds));
  raw::peer& peer = s.raw();
  peer.send(raw::greeting());
  raw::frame first = raw::open(1, echo_name, std::string(60'000, 'x'), raw::more);
  first.set_message_size(100'001);
  peer.send(first);
  raw::frame answer = peer.next();  // decided on the first part
  CHECK(answer.call() == 1);
  CHECK(answer.flags() == raw::end);
  CHECK(answer.status().code() == resource_exhausted);
  peer.send(raw::message(1, std::string(40'001, 'x'), raw::last));  // was on its way: dropped
  peer.send(raw::flagged(1, raw::cancel));
  peer.send(raw::message(99, "a call that never was"));

  first.set_message_size(100'000);
  peer.send(first);
  peer.send(raw::message(1, std::string(40'000, 'x'), raw::last));
  std::string whole;
  do {
    answer = peer.next();
    CHECK(answer.call() == 1);
    whole += answer.payload();
    raw::frame credit;
    credit.set_call(1);
    credit.set_credit(static_cast<std::uint32_t>(answer.payload().size()) + 32);
    peer.send(credit);
  } while ((answer.flags() & raw::end) == 0);
  CHECK(whole == std::string(100'000, 'x'));

  auto refuses = [&](raw::frame f, polywire::frames::v1::Format format) {
    f.set_format(format);
    peer.send(f);
    answer = peer.next();
    CHECK(answer.flags() == raw::end);
    CHECK(answer.status().code() == invalid_argument);
    CHECK_FALSE(answer.status().message().empty());
  };
  refuses(raw::open(2, note_name, "\x08"), polywire::frames::v1::PROTOBUF);
  refuses(raw::open(2, note_name, std::string(50'000, '[')), polywire::frames::v1::JSON);
  refuses(raw::open(2, note_name, std::string(60'000, '\x0b')), polywire::frames::v1::PROTOBUF);
  refuses(raw::open(2, note_name, "{\"text\":\"\xff\"}"), polywire::frames::v1::JSON);
  refuses(raw::open(2, note_name, "hello"), polywire::frames::v1::TEXT);
  s.check_undisturbed();
}

TEST_CASE("topics in raw frames", "[conformance][misuse]") {
  scene s;
  raw::peer& peer = s.raw();
  peer.send(raw::greeting());
  peer.send(subscribe(1, "misuse.>"));
  const raw::frame position = peer.next();
  CHECK(position.call() == 1);
  REQUIRE(position.has_position());
  CHECK(position.position().epoch() != 0);
  for (const bool first : {true, false}) {
    raw::frame published = raw::open(2, news_name, first ? "one" : "two");
    published.set_key("key");
    peer.send(published);
    raw::frame event;
    bool ended = false;
    for (int i = 0; i < 2; ++i) {  // in whatever order
      const raw::frame f = peer.next();
      if (f.call() == 1) event = f;
      if (f.call() == 2) ended = f.flags() == raw::end && !f.has_status();
    }
    CHECK(ended);
    CHECK(event.payload() == (first ? "one" : "two"));
    CHECK(event.event() > position.position().offset());
    CHECK(event.key() == "key");
    CHECK(event.method() == 1);
    CHECK(event.name() == (first ? news_name : ""));  // a number is bound once
    CHECK(event.lost() == 0);
  }
  peer.send(raw::flagged(1, raw::cancel));
  CHECK(peer.next().flags() == raw::end);
  s.check_undisturbed();
}

TEST_CASE("topics that break the rules close their connection", "[conformance][misuse]") {
  raw::frame policy = subscribe(1, news_name);
  policy.mutable_subscribe()->set_overflow(4);
  raw::frame from = subscribe(1, news_name);
  from.mutable_subscribe()->set_from(4);
  raw::frame bound = subscribe(1, news_name);
  bound.set_method(1);
  raw::frame again = subscribe(2, news_name);
  again.set_method(1);
  raw::frame unbound = subscribe(1, "");
  unbound.set_method(9);
  const std::string begin("\x08\x01\x10\x01\x2a\x01t", 7);
  const std::pair<const char*, std::string> scripts[] = {
      {"an overflow policy that is none", raw::encode(policy)},
      {"a start that is none", raw::encode(from)},
      {"a subscription to a method", raw::encode(subscribe(1, echo_name))},
      {"a subscription to a malformed name", raw::encode(subscribe(1, "a..b"))},
      {"a number that is not bound", raw::encode(unbound)},
      {"a number bound twice", raw::encode(bound) + raw::encode(again)},
      {"two subscriptions in one", raw::encode(bound) + raw::encode(subscribe(1, news_name))},
      {"a field that is cut off", raw::delimited(begin + "\x82\x01\x01\x08")},
      {"a subscription that ends behind its frame", raw::delimited(begin + "\x82\x01\x09\x08")},
      {"two of them in a frame",
       raw::delimited(begin + std::string("\x82\x01\x00\x82\x01\x00", 6))},
      {"a field of another type", raw::delimited(begin + "\x80\x01\x01")},
      {"a kind of loss that is none", raw::delimited(begin + "\xa0\x01\x03")},
  };
  for (const auto& [what, script] : scripts) {
    INFO(what);
    scene s;
    s.raw().send(raw::greeting());
    s.raw().send(script);
    CHECK(s.raw().goodbye() == invalid_argument);
    s.check_undisturbed();
  }
}

TEST_CASE("what breaks a rule of its topic ends that call alone", "[conformance][misuse]") {
  polywire::limits bounds;
  bounds.max_subscriptions = 2;
  scene s(quiet_server(bounds));
  raw::peer& peer = s.raw();
  peer.send(raw::greeting());
  const auto refused = [&](const raw::frame& f, std::uint32_t code) {
    peer.send(f);
    raw::frame answer = peer.next();
    while ((answer.flags() & raw::end) == 0) answer = peer.next();
    CHECK(answer.call() == f.call());
    CHECK(answer.status().code() == code);
    CHECK_FALSE(answer.status().message().empty());
    peer.send(raw::open(f.call(), echo_name, "still here"));
    CHECK(peer.next().payload() == "still here");
    return answer.status().outcome();
  };
  refused(raw::open(1, "misuse.v1.nothing", "x"), not_found);
  refused(raw::open(1, "misuse.v1.*", "x"), not_found);
  refused(raw::open(1, std::string(bulletin.name()), "x"), permission_denied);
  refused(raw::open(1, news_name), invalid_argument);  // no message
  peer.send(raw::open(1, news_name, "one", 0));
  refused(raw::message(1, "and two", raw::last), invalid_argument);
  raw::frame keyed = raw::open(1, news_name, "x");
  keyed.set_key(std::string(256, 'k'));
  refused(keyed, invalid_argument);
  raw::frame json = raw::open(1, news_name, "{}");
  json.set_format(polywire::frames::v1::JSON);
  refused(json, invalid_argument);

  refused(subscribe(1, "misuse.v1.nothing"), not_found);
  raw::frame asked = subscribe(1, news_name);
  asked.mutable_subscribe()->set_overflow(3);
  refused(asked, permission_denied);  // its host does not allow to block
  asked.mutable_subscribe()->set_overflow(0);
  asked.mutable_subscribe()->set_group("no group");
  refused(asked, invalid_argument);
  asked.mutable_subscribe()->clear_group();
  asked.set_payload("x");
  refused(asked, invalid_argument);
  asked.clear_payload();
  asked.set_format(polywire::frames::v1::JSON);
  refused(asked, invalid_argument);

  for (std::uint32_t call = 10; call < 12; ++call) {
    peer.send(subscribe(call, news_name));
    CHECK(peer.next().has_position());
  }
  CHECK(refused(subscribe(12, news_name), resource_exhausted) == 1);
  peer.send(raw::flagged(10, raw::cancel));
  CHECK(peer.next().flags() == raw::end);
  peer.send(subscribe(12, news_name));
  CHECK(peer.next().has_position());
  s.check_undisturbed();
}

TEST_CASE("a subscriber that takes nothing harms nobody", "[conformance][misuse]") {
  scene s;
  raw::peer& stalled = s.raw();
  stalled.send(raw::greeting());
  stalled.send(subscribe(1, news_name));
  REQUIRE(stalled.next().has_position());
  auto reading = raw::peer::connect(s.port());
  reading.send(raw::greeting());
  reading.send(subscribe(1, news_name));
  REQUIRE(reading.next().has_position());
  const std::string message(2'000, 'x');
  std::size_t came = 0;
  for (int i = 0; i < 2'000; ++i) {  // 4 MB: more than any credit and any lag
    reading.send(raw::open(2, news_name, message));
    for (int frames = 0; frames < 2; ++frames) {
      const raw::frame f = reading.next();
      if (f.call() == 1 && f.lost() == 0 && f.payload() == message) ++came;
    }
    raw::frame credit;
    credit.set_credit(2'032);
    reading.send(credit);
    credit.set_call(1);
    reading.send(credit);
  }
  CHECK(came == 2'000);

  // What the other one did not take is told as lost when it goes on.
  std::uint64_t told = 0;
  while (told < 2'000) {
    const raw::frame f = stalled.next();
    REQUIRE(f.call() == 1);
    if (f.event() != 0) told += f.lost() + 1;
    raw::frame credit;
    credit.set_credit(2'032);
    stalled.send(credit);
    credit.set_call(1);
    stalled.send(credit);
  }
  CHECK(told == 2'000);
  s.check_undisturbed();
}

TEST_CASE("what is unusual and allowed works", "[conformance][misuse]") {
  scene s;
  raw::peer& peer = s.raw();
  peer.send(raw::greeting());
  std::string unknown = raw::open(1, echo_name, "unknown fields").SerializeAsString();
  unknown += "\xfa\x3f\x03new";                // field 1023
  unknown += std::string("\xa0\x06\x96\x01");  // field 100, a number
  peer.send(raw::delimited(unknown));
  CHECK(peer.next().payload() == "unknown fields");

  raw::frame ping;
  ping.set_ping(0);
  peer.send(ping);
  raw::frame answer = peer.next();
  CHECK(answer.has_pong());
  CHECK(answer.pong() == 0);

  raw::frame bound = raw::open(0xffffffff, "no.such.Service/Method", "x");
  bound.set_method(1024);
  peer.send(bound);  // binds, although nobody serves it
  CHECK(peer.next().status().code() == unimplemented);
  bound.clear_name();
  peer.send(bound);
  answer = peer.next();
  CHECK(answer.call() == 0xffffffff);
  CHECK(answer.status().code() == unimplemented);

  raw::frame expired = raw::open(3, wait_name, "x");
  expired.set_timeout_us(0);
  peer.send(expired);
  CHECK(peer.next().status().code() == deadline_exceeded);

  raw::frame parts = raw::open(4, echo_name, "a", raw::more);
  parts.set_message_size(3);
  peer.send(parts);
  peer.send(raw::message(4, "", raw::more));
  peer.send(raw::open(5, echo_name, "in between"));
  CHECK(peer.next().payload() == "in between");
  peer.send(raw::message(4, "bc", raw::last));
  CHECK(peer.next().payload() == "abc");

  raw::frame from_the_future = raw::open(6, echo_name, "more flags", raw::last | 1U << 20);
  peer.send(from_the_future);
  CHECK(peer.next().payload() == "more flags");
  s.check_undisturbed();
}

TEST_CASE("a call is understood however its bytes are cut", "[conformance][misuse]") {
  raw::frame f = raw::open(1, echo_name, "payload");
  f.set_timeout_us(20'000'000);
  f.add_metadata()->set_key("k");
  const std::string all =
      raw::greeting() + raw::encode(f) + raw::encode(raw::open(2, echo_name, "2"));
  scene s;
  for (std::size_t at = 1; at < all.size(); ++at) {
    INFO(at);
    auto peer = raw::peer::connect(s.port());
    peer.send(all.substr(0, at));
    peer.send(all.substr(at));
    CHECK(peer.next().payload() == "payload");
    CHECK(peer.next().payload() == "2");
  }
  auto slow = raw::peer::connect(s.port());
  slow.socket().send_slowly(all);
  CHECK(slow.next().payload() == "payload");
  CHECK(slow.next().payload() == "2");

  auto many = raw::peer::connect(s.port());
  std::string at_once = raw::greeting();
  for (std::uint32_t call = 1; call <= 1000; ++call) {
    at_once += raw::encode(raw::open(call % 100 + 1, echo_name, std::to_string(call)));
  }
  many.send(at_once);
  std::size_t answered = 0;
  for (std::uint32_t call = 1; call <= 1000; ++call) {
    if (many.next().payload() == std::to_string(call)) ++answered;
  }
  CHECK(answered == 1000);
  s.check_undisturbed();
}

TEST_CASE("a truncated call is never handled", "[conformance][misuse]") {
  const std::string all = raw::greeting() + raw::encode(raw::open(1, echo_name, "payload"));
  scene s;
  for (std::size_t at = 0; at < all.size(); ++at) {
    INFO(at);
    auto peer = raw::peer::connect(s.port());
    peer.send(all.substr(0, at));
    if (at % 2 == 0) {
      peer.socket().shutdown_write();
      CHECK(peer.socket().closed_by_peer());
    } else {
      peer.socket().reset();
    }
  }
  s.check_undisturbed();
}

TEST_CASE("a client that is slow or silent is closed in time", "[conformance][misuse]") {
  polywire::testing::manual_clock time;
  auto options = quiet_server();
  options.clock(time);
  scene s(std::move(options));
  // Its timers are set on the server's thread: time passes until they have been seen to work.
  auto closed_within = [&](raw::peer& peer, std::chrono::seconds most) {
    for (std::chrono::seconds passed{}; passed < most; passed += 1s) {
      time.advance(1s);
      if (peer.socket().closed_by_peer(10ms)) return true;
    }
    return false;
  };
  auto half_a_preface = raw::peer::connect(s.port());
  half_a_preface.send("\xf0P");
  CHECK(closed_within(half_a_preface, 60s));

  auto half_a_frame = raw::peer::connect(s.port());
  const std::string frame = raw::encode(raw::open(1, echo_name, "x"));
  half_a_frame.send(raw::greeting() + frame.substr(0, 5));
  CHECK(closed_within(half_a_frame, 90s));

  auto half_a_message = raw::peer::connect(s.port());
  raw::frame part = raw::open(1, echo_name, "x", raw::more);
  part.set_message_size(100);
  half_a_message.send(raw::greeting() + raw::encode(part));
  CHECK(closed_within(half_a_message, 90s));

  auto silent = raw::peer::connect(s.port());
  silent.send(raw::greeting());
  CHECK(closed_within(silent, 180s));
}

TEST_CASE("a client that does not read its answers is closed", "[conformance][misuse]") {
  polywire::limits bounds;
  bounds.connection_credit = 64U << 10;
  bounds.max_control_output = 16U << 10;
  scene s(quiet_server(bounds));
  s.raw().send(raw::greeting());
  raw::frame ping;
  ping.set_ping(0xffffffff);
  std::string pings;
  for (int i = 0; i < 10'000; ++i) pings += raw::encode(ping);
  bool closed = false;
  try {
    for (int i = 0; i < 500 && !closed; ++i) s.raw().send(pings);  // 35 MB
  } catch (const std::runtime_error&) {
    closed = true;
  }
  CHECK(closed);
  s.check_undisturbed();
}

TEST_CASE("a listener over its limit of connections says goodbye", "[conformance][misuse]") {
  polywire::limits bounds;
  bounds.max_connections = 2;
  scene s(quiet_server(bounds));
  s.raw().send(raw::greeting());
  s.raw().send(raw::open(1, echo_name, "x"));
  CHECK(s.raw().next().payload() == "x");
  auto third = raw::peer::connect(s.port());
  CHECK(third.goodbye() == unavailable);
  s.raw().socket().reset();
}

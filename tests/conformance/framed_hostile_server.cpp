// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Section "Misuse of the wire" for frames: what a client does about a server that breaks the rules.
#include "conformance/raw_frames.hpp"

#include "polywire/protobuf.hpp"
#include "polywire/tcp.hpp"
#include "polywire/testing/conformance/service.hpp"
#include "polywire/testing/manual_clock.hpp"

#include "note.pb.h"
#include "support/catch.hpp"

#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

using namespace polywire::testing::conformance;
using namespace std::chrono_literals;

namespace {

using polywire::bytes;
using polywire::outcome;
using polywire::status_code;
using polywire::timeout;
using polywire::test::Note;

constexpr polywire::unary<bytes, bytes> echo{"hostile.v1.Raw/Echo"};
constexpr polywire::unary<Note, Note> note{"hostile.v1.Raw/Note"};
constexpr polywire::server_streaming<bytes, bytes> download{"hostile.v1.Raw/Download"};
constexpr polywire::topics<bytes> all_news{"hostile.v1.>"};

std::string url_of(const raw::peer& server) {
  return "tcp://127.0.0.1:" + std::to_string(server.port());
}

raw::frame reply(std::uint32_t call, std::string payload) {
  return raw::message(call, std::move(payload), raw::end);
}

raw::frame failed(std::uint32_t call, std::uint32_t code) {
  raw::frame f = raw::flagged(call, raw::end);
  f.mutable_status()->set_code(code);
  f.mutable_status()->set_message("as the script says");
  return f;
}

/// A raw server, and a client with one call that it has received.
class scene {
 public:
  explicit scene(polywire::client_options options = quiet_client())
      : server_(raw::peer::listen()), user_(url_of(server_), std::move(options)) {
    call();
    server_.accept();
    request_ = server_.next();
  }

  raw::peer& server() { return server_; }
  polywire::client& user() { return user_; }
  std::uint32_t id() const { return request_.call(); }
  const raw::frame& request() const { return request_; }

  void call() { user_.async_call(echo, bytes("question"), timeout(patience), answers_.sink()); }
  polywire::result<bytes> answer() { return answers_.next("the call to end"); }
  std::size_t completions() const { return answers_.total(); }

  /// The client must be able to call again, through a connection of its own.
  void check_reconnects() {
    server_.accept();
    const raw::frame again = server_.next();
    server_.send(raw::greeting());
    server_.send(reply(again.call(), "on a new connection"));
    check(value_of(answer(), "the next call") == bytes("on a new connection"), "its answer");
  }

 private:
  raw::peer server_;
  arrivals<polywire::result<bytes>> answers_;
  raw::frame request_;
  polywire::client user_;
};

}  // namespace

TEST_CASE("a correct server is understood, however its bytes are cut", "[conformance][misuse]") {
  scene s;
  CHECK(s.request().name() == echo.name());
  CHECK(s.request().flags() == raw::last);
  CHECK(s.request().payload() == "question");
  CHECK(s.request().format() == polywire::frames::v1::BYTES);
  CHECK(s.request().timeout_us() > 0);
  s.server().socket().send_slowly(raw::greeting() + raw::encode(reply(s.id(), "answer")));
  CHECK(value_of(s.answer(), "the call") == bytes("answer"));
}

TEST_CASE("a server that breaks the format ends its calls", "[conformance][misuse]") {
  const std::string greeting = raw::greeting();
  const std::string scripts[] = {
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      std::string("\xf0PW\x02", 4),
      greeting + raw::varint((64U << 10) + 1),
      greeting + std::string("\xff\xff\xff\xff\xff\x01", 6),
      greeting + raw::delimited("\x22\x05"
                                "ab"),
      greeting + raw::delimited("\x0b\x0c"),
      greeting + raw::delimited(std::string("\x62\x00\x62\x00", 4)),
      greeting + raw::encode(reply(77, "for a call that nobody made")),
      greeting + raw::encode(raw::message(0, "for no call")),
  };
  for (const std::string& script : scripts) {
    INFO(polywire::testing::hex_dump(script));
    scene s;
    s.server().send(script);
    const auto how = s.answer().status();
    CHECK(how.code() == status_code::unavailable);
    CHECK(how.reached() == outcome::maybe_processed);
    CHECK(how.message().size() > 10);
    s.call();
    s.check_reconnects();
    CHECK(s.completions() == 2);
  }
}

TEST_CASE("frames of a call out of order end the connection", "[conformance][misuse]") {
  scene s;
  s.server().send(raw::greeting());
  SECTION("two ends") {
    s.server().send(raw::encode(reply(s.id(), "first")) + raw::encode(reply(s.id(), "second")));
    CHECK(value_of(s.answer(), "the call") == bytes("first"));
  }
  SECTION("initial metadata after a message") {
    auto notes = s.user().open(download, bytes("x"), timeout(patience));
    const raw::frame opening = s.server().next();
    raw::frame late = raw::flagged(opening.call(), 0);
    late.add_metadata()->set_key("k");
    s.server().send(raw::encode(raw::message(opening.call(), "one")) + raw::encode(late));
    CHECK(notes.read() == bytes("one"));
    CHECK_FALSE(notes.read());
    CHECK(notes.status().code() == status_code::unavailable);
    CHECK(s.answer().status().code() == status_code::unavailable);
  }
  SECTION("more credit used than there is") {
    auto notes = s.user().open(download, bytes("x"), timeout(patience));
    const std::uint32_t id = s.server().next().call();
    for (int i = 0; i < 5; ++i) s.server().send(raw::message(id, std::string(60'000, 'x')));
    while (notes.read()) {
    }
    // Either the reader was quick enough to give credit back, or the connection is closed.
    if (notes.status().code() == status_code::unavailable) {
      CHECK(s.answer().status().code() == status_code::unavailable);
    } else {
      FAIL("a stream that nobody ended has ended: " << notes.status().to_string());
    }
  }
  const std::size_t before = s.completions();
  s.call();
  s.check_reconnects();
  CHECK(s.completions() == before + 1);
}

TEST_CASE("a server that breaks the rules of topics is left, the subscription goes on elsewhere",
          "[conformance][misuse]") {
  using subscribed = polywire::subscription<bytes>;
  const auto event = [](std::uint32_t call, std::uint64_t offset, const char* message) {
    raw::frame f = raw::message(call, message);
    f.set_event(offset);
    return f;
  };
  const auto position = [](std::uint32_t call) {
    raw::frame f = raw::flagged(call, 0);
    f.mutable_position()->set_epoch(7);
    f.mutable_position()->set_offset(20);
    return f;
  };
  const auto read = [](subscribed& from) {
    const arrivals<std::optional<polywire::event<bytes>>> events;
    from.async_read(events.sink());
    return events.next("an event");
  };
  // In terms of the subscription's call, and of another one.
  using script = std::string (*)(std::uint32_t, std::uint32_t);
  const std::pair<const char*, script> scripts[] = {
      {"no id", [](auto id, auto) { return raw::encode(raw::message(id, "x")); }},
      {"outside of a subscription",
       [](auto, auto other) {
         raw::frame f = raw::message(other, "x");
         f.set_event(30);
         return raw::encode(f);
       }},
      {"a number that is not bound",
       [](auto id, auto) {
         raw::frame f = raw::message(id, "x");
         f.set_event(30);
         f.set_method(9);
         return raw::encode(f);
       }},
      {"a number that is bound twice",
       [](auto id, auto) {
         raw::frame f = raw::flagged(id, 0);
         f.set_event(30);
         f.set_name("hostile.v1.b");
         f.set_method(1);
         return raw::encode(f);
       }},
      {"a malformed topic",
       [](auto id, auto) {
         raw::frame f = raw::flagged(id, 0);
         f.set_event(30);
         f.set_name("hostile..b");
         return raw::encode(f);
       }},
      {"two events and one message",
       [](auto id, auto) {
         raw::frame f = raw::flagged(id, 0);
         f.set_event(30);
         return raw::encode(f) + raw::encode(f);
       }},
      {"another position",
       [](auto id, auto) {
         raw::frame f = raw::flagged(id, 0);
         f.mutable_position();
         return raw::encode(f);
       }},
      {"a kind of loss that is none",
       [](auto id, auto) {
         raw::frame f = raw::message(id, "x");
         f.set_event(30);
         f.set_lost_kind(3);
         return raw::encode(f);
       }},
      {"a key of 60 KB",
       [](auto id, auto) {
         raw::frame f = raw::message(id, "x");
         f.set_event(30);
         f.set_key(std::string(60'000, 'k'));
         return raw::encode(f);
       }},
  };
  for (const auto& [what, violation] : scripts) {
    INFO(what);
    scene s;
    s.server().send(raw::greeting());
    const arrivals<subscribed> made;
    s.user().async_subscribe(all_news, made.sink());
    const raw::frame asked = s.server().next();
    CHECK(asked.has_subscribe());
    CHECK(asked.name() == all_news.pattern());
    CHECK(asked.flags() == raw::last);
    s.server().send(position(asked.call()));
    subscribed events = made.next("the subscription");
    raw::frame first = event(asked.call(), 21, "first");
    first.set_method(1);
    first.set_name("hostile.v1.a");
    s.server().send(first);
    const auto got = read(events);
    REQUIRE(got.has_value());
    CHECK(got->message() == bytes("first"));
    CHECK(got->topic() == "hostile.v1.a");
    CHECK(got->id() == polywire::event_id(7, 21));

    s.server().send(violation(asked.call(), s.id()));
    const auto how = s.answer().status();
    CHECK(how.code() == status_code::unavailable);
    CHECK(how.reached() == outcome::maybe_processed);

    s.server().accept();
    s.server().send(raw::greeting());
    const raw::frame again = s.server().next();
    REQUIRE(again.has_subscribe());
    CHECK(again.subscribe().from() == 3);
    CHECK(again.subscribe().epoch() == 7);
    CHECK(again.subscribe().offset() == 21);
    s.server().send(position(again.call()));
    s.server().send(event(again.call(), 22, "second"));
    const auto next = read(events);
    REQUIRE(next.has_value());
    CHECK(next->message() == bytes("second"));
    CHECK(next->lost_before().none());
  }
}

TEST_CASE("an event that is too large ends its subscription alone", "[conformance][misuse]") {
  polywire::limits bounds;
  bounds.max_message = 1'000;
  scene s(quiet_client(bounds));
  s.server().send(raw::greeting());
  const arrivals<polywire::subscription<bytes>> made;
  s.user().async_subscribe(all_news, made.sink());
  const std::uint32_t id = s.server().next().call();
  raw::frame position = raw::flagged(id, 0);
  position.mutable_position();
  s.server().send(position);
  auto events = made.next("the subscription");
  raw::frame huge = raw::message(id, "x", raw::more);
  huge.set_event(1);
  huge.set_message_size(0xffffffff);  // nothing may be allocated for it
  s.server().send(huge);
  const arrivals<std::optional<polywire::event<bytes>>> read;
  events.async_read(read.sink());
  CHECK_FALSE(read.next("the end").has_value());
  CHECK(events.status().code() == status_code::resource_exhausted);
  CHECK((s.server().next().flags() & raw::cancel) != 0);
  s.server().send(failed(id, 1));
  s.server().send(reply(s.id(), "undisturbed"));
  CHECK(value_of(s.answer(), "the call") == bytes("undisturbed"));
}

TEST_CASE("a bad reply ends its call alone", "[conformance][misuse]") {
  polywire::limits bounds;
  bounds.max_message = 1'000;
  bounds.max_metadata = 100;
  scene s(quiet_client(bounds));
  s.server().send(raw::greeting());
  s.server().send(raw::message(s.id(), std::string(1'001, 'x')));
  const auto too_large = s.answer().status();
  CHECK(too_large.code() == status_code::resource_exhausted);
  CHECK(too_large.reached() == outcome::processed);
  raw::frame heard = s.server().next();
  CHECK(heard.call() == s.id());
  CHECK((heard.flags() & raw::cancel) != 0);
  s.server().send(failed(s.id(), 1));

  s.call();
  heard = s.server().next();
  raw::frame huge = raw::message(heard.call(), "x", raw::more);
  huge.set_message_size(0xffffffff);  // nothing may be allocated for it
  s.server().send(huge);
  CHECK(s.answer().status().code() == status_code::resource_exhausted);
  CHECK((s.server().next().flags() & raw::cancel) != 0);
  s.server().send(failed(heard.call(), 1));

  s.call();
  heard = s.server().next();
  raw::frame loaded = reply(heard.call(), "x");
  loaded.add_metadata()->set_key("k");
  loaded.mutable_metadata(0)->set_value(std::string(100, 'v'));
  s.server().send(loaded);
  CHECK(s.answer().status().code() == status_code::resource_exhausted);

  s.call();
  heard = s.server().next();
  s.server().send(raw::flagged(heard.call(), raw::end));  // ok, and no message
  const auto missing = s.answer().status();
  CHECK(missing.code() == status_code::unimplemented);
  CHECK(missing.reached() == outcome::processed);

  s.call();
  heard = s.server().next();
  s.server().send(failed(heard.call(), 99));
  CHECK(s.answer().status().code() == status_code::unknown);

  auto undecodable = s.user().call_raw(echo.name(), polywire::payload(), timeout(0s));
  CHECK(undecodable.status().code() == status_code::deadline_exceeded);
  arrivals<polywire::result<Note>> notes;
  s.user().async_call(note, Note(), timeout(patience), notes.sink());
  heard = s.server().next();
  s.server().send(reply(heard.call(), "\x08"));
  const auto malformed = notes.next("the call to end").status();
  CHECK(malformed.code() == status_code::internal);
  CHECK(malformed.reached() == outcome::processed);

  s.call();  // all on one connection
  heard = s.server().next();
  s.server().send(reply(heard.call(), "at last"));
  CHECK(value_of(s.answer(), "the call after them") == bytes("at last"));
}

TEST_CASE("what comes for a cancelled call is dropped until its end", "[conformance][misuse]") {
  raw::peer server = raw::peer::listen();
  polywire::client user(url_of(server), quiet_client());
  arrivals<polywire::result<bytes>> answers;
  std::stop_source stop;
  user.async_call(echo, bytes("x"), timeout(patience).stop_on(stop.get_token()), answers.sink());
  server.accept();
  const std::uint32_t first = server.next().call();
  server.send(raw::greeting());
  stop.request_stop();
  const auto how = answers.next("the cancelled call").status();
  CHECK(how.code() == status_code::cancelled);
  CHECK(how.reached() == outcome::maybe_processed);
  const raw::frame heard = server.next();
  CHECK(heard.call() == first);
  CHECK((heard.flags() & raw::cancel) != 0);

  user.async_call(echo, bytes("y"), timeout(patience), answers.sink());
  const std::uint32_t second = server.next().call();
  CHECK(second != first);  // its number is taken until the end has come
  server.send(raw::message(first, "too late"));
  server.send(reply(first, ""));
  server.send(reply(second, "in time"));
  CHECK(value_of(answers.next("the second call"), "the second call") == bytes("in time"));
  CHECK(answers.total() == 2);
}

TEST_CASE("a server that says goodbye is left", "[conformance][misuse]") {
  scene s;
  s.server().send(raw::greeting());
  raw::frame goodbye;
  goodbye.mutable_goodbye();
  SECTION("it drains: what is open goes on, what is new goes elsewhere") {
    s.server().send(goodbye);
    s.server().send(reply(s.id(), "the last answer"));
    CHECK(value_of(s.answer(), "the call in flight") == bytes("the last answer"));
    CHECK(s.server().socket().closed_by_peer());
    s.call();
    s.check_reconnects();
  }
  SECTION("it refuses what crossed its goodbye: nobody saw it, so it is repeated") {
    s.server().send(goodbye);
    raw::frame refused = failed(s.id(), 14);
    refused.mutable_status()->set_outcome(1);
    s.server().send(refused);
    s.check_reconnects();
    CHECK(s.completions() == 1);
  }
  SECTION("it closes with a reason") {
    goodbye.mutable_goodbye()->set_code(8);
    goodbye.mutable_goodbye()->set_message("too much of it");
    s.server().send(goodbye);
    const auto how = s.answer().status();
    CHECK(how.code() == status_code::unavailable);
    CHECK(how.reached() == outcome::maybe_processed);
    CHECK(how.message().find("too much of it") != std::string::npos);
  }
}

TEST_CASE("a server that goes away in the middle ends its calls", "[conformance][misuse]") {
  scene s;
  const std::string answer = raw::greeting() + raw::encode(reply(s.id(), "a complete answer"));
  SECTION("before a word") { s.server().socket().close(); }
  SECTION("with a reset") { s.server().socket().reset(); }
  SECTION("inside the answer") {
    s.server().send(answer.substr(0, answer.size() - 1));
    s.server().socket().close();
  }
  const auto how = s.answer().status();
  CHECK(how.code() == status_code::unavailable);
  CHECK(how.reached() == outcome::maybe_processed);
  s.call();
  s.check_reconnects();
}

TEST_CASE("an answer that is complete before the end of the stream counts",
          "[conformance][misuse]") {
  scene s;
  s.server().send(raw::greeting() + raw::encode(reply(s.id(), "a complete answer")));
  s.server().socket().close();
  CHECK(value_of(s.answer(), "the call") == bytes("a complete answer"));
}

TEST_CASE("a server that accepts and says nothing is given up", "[conformance][misuse]") {
  {
    scene s;  // a call's own deadline is enough
    const auto how = s.user().call(echo, bytes("x"), timeout(30ms)).status();
    CHECK(how.code() == status_code::deadline_exceeded);
    s.server().socket().close();
    CHECK(s.answer().status().code() == status_code::unavailable);
  }
  polywire::testing::manual_clock time;
  raw::peer server = raw::peer::listen();
  auto options = quiet_client();
  options.clock(time);
  asio::io_context context(1);
  polywire::client user(context.get_executor(), url_of(server), options);
  std::optional<polywire::result<bytes>> ended;
  user.async_call(echo, bytes("x"), [&](polywire::result<bytes> r) { ended = std::move(r); });
  for (std::chrono::seconds passed{}; !ended && passed < 200s; passed += 1s) {
    time.advance(1s);
    context.restart();
    context.run_one_for(5ms);
  }
  REQUIRE(ended.has_value());
  CHECK(ended->status().code() == status_code::unavailable);
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/backend/inproc/session.hpp"

#include "support/catch.hpp"
#include "unit/backend/inproc/couple.hpp"

using namespace inproc_tests;

namespace {

/// Counts its copies.
class thing {
 public:
  explicit thing(int n) : number(n) {}
  thing(const thing& other) : number(other.number) { ++copies; }
  thing(thing&& other) noexcept : number(std::exchange(other.number, -1)) {}
  thing& operator=(const thing&) = delete;
  ~thing() = default;

  int number;
  static inline int copies = 0;
};

}  // namespace

namespace polywire::inline v1 {
// For the seam a message needs a codec; this one says that nobody should encode it.
template <>
struct codec<thing, codec_family::json> {
  static constexpr format_set formats{format::json};
  static constexpr format preferred = format::json;
  static status encode(const thing&, format, buffer&) { return status::internal("encoded"); }
  static status decode(bytes_view, format, std::optional<thing>&, const limits&) {
    return status::internal("decoded");
  }
};
}  // namespace polywire::inline v1

namespace {

pw::metadata one(std::string_view key, std::string_view value) {
  pw::metadata m;
  if (!m.add(key, value)) throw std::logic_error("bad metadata");
  return m;
}

/// Takes objects.
class thing_end final : public rpc::call_sink {
 public:
  std::vector<int> numbers;

 private:
  void on_metadata(pw::metadata&&) override {}
  void on_message(const pw::incoming& message, bool) override {
    REQUIRE(message.is_object());
    std::optional<thing> read;
    REQUIRE(message.read(read, pw::limits()).ok());
    numbers.push_back(read->number);
  }
  void on_half_close() override {}
  void on_end(pw::status&&, pw::metadata&&) override {}
  void on_sent() override {}
};

}  // namespace

TEST_CASE("a unary call within the process", "[inproc]") {
  couple pair;
  const auto id = pair.open("a.B/Unary", pair.sink(), "hi", true, one("k", "v"));
  pair.to_server();
  CHECK(pair.server_heard() == lines{"1: open a.B/Unary text k=v", "1: message 'hi' last"});
  pair.server->reply(id, one("i", "w"));
  const auto reply = text("ok");
  pair.server->end(id, &reply, {}, one("t", "x"));
  CHECK(pair.server->calls() == 0);
  pair.to_client();
  CHECK(pair.client_heard() == lines{"metadata i=w", "message 'ok' last", "end ok t=x"});
  CHECK(pair.client->calls() == 0);
}

TEST_CASE("streams in both directions, with half-close and status", "[inproc]") {
  couple pair;
  const auto id = pair.open("a.B/Both", pair.sink());
  CHECK(pair.client->send(id, text("one"), false).value() == rpc::sent::done);
  pair.client->half_close(id);
  pair.client->half_close(id);
  CHECK(pair.client->send(id, text("late"), false).status().code() ==
        pw::status_code::failed_precondition);
  pair.to_server();
  CHECK(pair.server->send(id, text("two"), true).value() == rpc::sent::done);
  CHECK(pair.server->send(id, text("three"), false).value() == rpc::sent::done);
  pair.server->end(id, nullptr, pw::status::aborted("enough"), {});
  pair.server->end(id, nullptr, {}, {});
  CHECK_FALSE(pair.server->send(id, text("late"), false));
  pair.move();
  CHECK(pair.server_heard() == lines{"1: open a.B/Both text", "1: message 'one'", "1: half_close"});
  CHECK(pair.client_heard() ==
        lines{"message 'two'", "message 'three'", "end aborted: enough (processed)"});

  pair.open("a.B/Up", pair.sink(), nullptr, true);
  pair.move();
  CHECK(pair.server_heard() == lines{"1: open a.B/Up text", "1: half_close"});
}

TEST_CASE("an object is moved when it may be, and copied once when not", "[inproc]") {
  couple pair;
  thing_end server_end;
  class taker final : public rpc::session_sink {
   public:
    explicit taker(rpc::call_sink& s) : sink(&s) {}
    rpc::call_sink* on_open(rpc::call_id, rpc::method_entry&, const rpc::call_head&,
                            pw::status&) override {
      return sink;
    }
    void on_drain() override {}
    void on_capacity() override {}
    rpc::call_sink* sink;
  };
  taker owner(server_end);
  rpc::session_config s(pair.bounds, owner);
  s.methods = pair.methods.get();
  pair.server = pw::inproc::protocol.make_linked(s, rpc::role::server);

  const auto id = pair.open("a.B/Up", pair.sink());
  thing kept(1);
  thing::copies = 0;
  CHECK(pair.client->send(id, pw::outgoing(kept, pw::format::json), false));
  CHECK(thing::copies == 1);
  CHECK(pair.client->send(id, pw::outgoing(thing(2), pw::format::json), false));
  pair.move();
  CHECK(thing::copies == 1);
  CHECK(server_end.numbers == std::vector<int>{1, 2});
}

TEST_CASE("a writer waits when its reader does not read", "[inproc]") {
  couple pair;
  const auto id = pair.open("a.B/Up", pair.sink());
  int sent = 0;
  while (pair.client->send(id, text("m"), false).value() == rpc::sent::done) ++sent;
  CHECK(sent == 64);
  CHECK(pair.client->send(id, text("m"), false).status().code() ==
        pw::status_code::failed_precondition);
  pair.client->half_close(id);
  pair.to_server();
  for (int i = 0; i < 31; ++i) pair.server->consumed(id, 1);
  pair.move();
  CHECK(pair.client_heard().empty());
  pair.server->consumed(id, 1);
  (void)pair.server_heard();
  pair.move();
  CHECK(pair.client_heard() == lines{"sent"});
  CHECK(pair.server_heard() == lines{"1: message 'm'", "1: half_close"});
}

TEST_CASE("within the process: an application that gives back too much gives the peer no more",
          "[inproc]") {
  couple pair;
  const auto id = pair.open("a.B/Up", pair.sink());
  for (int i = 0; i < 40; ++i) (void)pair.client->send(id, text("m"), false);
  pair.move();
  pair.server->consumed(id, 1'000);
  pair.server->consumed(id, 1'000);
  pair.move();
  int more = 0;
  while (pair.client->send(id, text("m"), false).value() == rpc::sent::done) ++more;
  CHECK(more == 64);
}

TEST_CASE("within the process: the end goes behind a held message", "[inproc]") {
  couple pair;
  const auto id = pair.open("a.B/Both", pair.sink(), nullptr, true);
  pair.move();
  while (pair.server->send(id, text("m"), false).value() == rpc::sent::done) {
  }
  pair.server->end(id, nullptr, pw::status::aborted("so far"), {});
  pair.move();
  CHECK(pair.server->calls() == 1);
  CHECK(pair.client_heard().size() == 64);
  pair.client->consumed(id, 64);
  pair.move();
  CHECK(pair.client_heard() == lines{"message 'm'", "end aborted: so far (processed)"});
  CHECK(pair.server->calls() == 0);
}

TEST_CASE("a cancelled call hears nothing more, and its number is taken until the end",
          "[inproc]") {
  couple pair;
  const auto id = pair.open("a.B/Both", pair.sink());
  pair.to_server();
  (void)pair.server->send(id, text("on its way"), false);
  pair.client->cancel(id);
  pair.client->cancel(id);
  CHECK_FALSE(pair.client->send(id, text("late"), false));
  CHECK(pair.open("a.B/Both", pair.sink()) != id);
  pair.move();
  CHECK(pair.client_heard().empty());
  CHECK(pair.server_heard() == lines{"1: open a.B/Both text",
                                     "1: end cancelled: the client cancelled the call (processed)",
                                     "2: open a.B/Both text"});
  CHECK(pair.open("a.B/Both", pair.sink()) == id);
}

TEST_CASE("within the process: a cancel that meets the end on its way harms nobody", "[inproc]") {
  couple pair;
  const auto id = pair.open("a.B/Unary", pair.sink(), "x", true);
  pair.to_server();
  pair.server->end(id, nullptr, {}, {});
  pair.client->cancel(id);
  pair.move();
  CHECK(pair.client_heard().empty());
  CHECK(pair.client->calls() == 0);
  CHECK(pair.server->calls() == 0);
}

TEST_CASE("calls that cannot be served are rejected", "[inproc]") {
  couple pair;
  pair.open("a.B/Nowhere", pair.sink(), "x", true);
  pair.move();
  pair.open("a.B/Nowhere", pair.sink(), "x", true);  // by number now
  pair.move();
  pair.server_owner.refuse_with = pw::status::permission_denied("no");
  pair.open("a.B/Unary", pair.sink(), "x", true);
  pair.move();
  CHECK(pair.client_heard() == lines{"end unimplemented: no method 'a.B/Nowhere' here (rejected)",
                                     "end unimplemented: no method 'a.B/Nowhere' here (rejected)",
                                     "end permission_denied: no (rejected)"});
}

TEST_CASE("what may not be sent is refused here, and opens nothing", "[inproc]") {
  couple pair;
  for (const auto& refused :
       {pair.try_open("a.B/Unary", pair.sink(), "x", true, one("k", std::string(33'000, 'v'))),
        pair.try_open("no name", pair.sink(), "x", true)}) {
    CHECK(refused.status().reached() == pw::outcome::not_sent);
  }
  CHECK(pair.client->outbox().empty());
  CHECK(pair.client->calls() == 0);
}

TEST_CASE("capacity follows the limit", "[inproc]") {
  pw::limits bounds;
  bounds.max_calls = 1;
  couple pair(bounds);
  const auto id = pair.open("a.B/Unary", pair.sink(), "x", true);
  CHECK(pair.client->capacity() == 0);
  CHECK(pair.try_open("a.B/Unary", pair.sink(), "y", true).status().reached() ==
        pw::outcome::not_sent);
  pair.move();
  pair.server->end(id, nullptr, {}, {});
  pair.move();
  CHECK(pair.client_heard() == lines{"end ok", "capacity"});
  CHECK(pair.server->capacity() == 0);
}

TEST_CASE("metadata of the reply above the limits ends the call as an error of the server",
          "[inproc]") {
  couple pair;
  const pw::metadata large = one("k", std::string(33'000, 'v'));
  const auto a = pair.open("a.B/Both", pair.sink("a "));
  const auto b = pair.open("a.B/Both", pair.sink("b "));
  pair.move();
  pair.server->reply(a, large);
  CHECK_FALSE(pair.server->send(a, text("x"), false));
  pair.server->end(a, nullptr, {}, {});
  const auto reply = text("x");
  pair.server->end(b, &reply, {}, large);
  pair.move();
  const lines heard = pair.client_heard();
  CHECK(heard[0] ==
        "a end internal: the metadata of the reply is too large to be sent (processed)");
  CHECK(heard.back() ==
        "b end internal: the metadata of the reply is too large to be sent (processed)");
}

TEST_CASE("within the process: only the session may say that no handler saw the call", "[inproc]") {
  couple pair;
  const auto id = pair.open("a.B/Both", pair.sink());
  pair.move();
  pair.server->end(id, nullptr,
                   pw::status::unavailable("behind").set_reached(pw::outcome::rejected), {});
  pair.move();
  CHECK(pair.client_heard() == lines{"end unavailable: behind (processed)"});
}

TEST_CASE("a server that drains refuses new calls and finishes the others", "[inproc]") {
  couple pair;
  const auto id = pair.open("a.B/Unary", pair.sink("before "), "x", true);
  pair.to_server();
  pair.server->drain();
  pair.server->drain();
  pair.open("a.B/Unary", pair.sink("late "), "y", true);
  pair.move();
  CHECK(pair.client_heard() ==
        lines{"drain", "late end unavailable: the server is stopping (rejected)"});
  CHECK(pair.client->capacity() == 0);
  CHECK_FALSE(pair.client->finished());
  pair.server->end(id, nullptr, {}, {});
  pair.move();
  CHECK(pair.client_heard() == lines{"before end ok"});
  CHECK(pair.client->finished());
}

TEST_CASE("a client that drains opens nothing more, and its calls are served", "[inproc]") {
  couple pair;
  const auto id = pair.open("a.B/Unary", pair.sink(), "x", true);
  pair.client->drain();
  pair.move();
  CHECK(pair.server_heard() == lines{"1: open a.B/Unary text", "1: message 'x' last"});
  CHECK_FALSE(pair.client->finished());
  pair.server->end(id, nullptr, {}, {});
  pair.move();
  CHECK(pair.client->finished());
}

TEST_CASE("closing ends the calls of both ends", "[inproc]") {
  couple pair;
  pair.open("a.B/Unary", pair.sink(), "x", true);
  pair.move();
  (void)pair.server_heard();
  pair.client->close(pw::status::cancelled("the client was closed"));
  CHECK(pair.client_heard() == lines{"end cancelled: the client was closed (maybe_processed)"});
  CHECK(pair.client->finished());
  pair.move();
  CHECK(pair.server_heard() ==
        lines{"1: end unavailable: the other end closed the connection: the client was closed "
              "(maybe_processed)"});
  CHECK(pair.server->finished());
}

TEST_CASE("within the process: a server that closes says whether it saw the calls that are open",
          "[inproc]") {
  for (const bool seen : {false, true}) {
    couple pair;
    pair.open("a.B/Unary", pair.sink(), "x", true);
    if (seen) pair.to_server();
    pair.server->close(pw::status::unavailable("no room"));
    pair.move();
    CHECK(pair.client_heard() ==
          lines{std::string("end unavailable: the other end closed the connection: no room (") +
                (seen ? "maybe_processed)" : "rejected)")});
  }
}

TEST_CASE("within the process: a lost connection says of each call whether its opening had left",
          "[inproc]") {
  couple pair;
  pair.open("a.B/Unary", pair.sink("left "), "x", true);
  pair.to_server();
  pair.open("a.B/Unary", pair.sink("kept "), "x", true);
  pair.client->lost(pw::status::unavailable("gone"));
  pair.client->lost(pw::status::unavailable("twice"));
  CHECK(pair.client_heard() == lines{"kept end unavailable: gone (not_sent)",
                                     "left end unavailable: gone (maybe_processed)"});
}

TEST_CASE("calls may be ended and the connection closed in every callback", "[inproc]") {
  couple pair;
  pair.server_owner.on_open_hook = [&](rpc::call_id id, call_end& sink) {
    if (id == 1) pair.server->end(id, nullptr, pw::status::aborted("at once"), {});
    if (id == 3) pair.server->close(pw::status::unavailable("enough"));
    sink.on_message_hook = [&pair, id](const pw::incoming&, bool) {
      const auto reply = text("ok");
      pair.server->end(id, &reply, {}, {});
    };
  };
  for (const char* name : {"a ", "b ", "c "}) pair.open("a.B/Unary", pair.sink(name), "x", true);
  pair.move();
  CHECK(pair.client_heard() ==
        lines{"a end aborted: at once (processed)", "b message 'ok' last", "b end ok",
              "c end unavailable: the other end closed the connection: enough (maybe_processed)"});
  CHECK(pair.server->calls() == 0);
}

TEST_CASE("within the process: more names than numbers: the rest goes in full", "[inproc]") {
  pw::limits bounds;
  bounds.max_calls = 5'000;
  couple pair(bounds);
  for (int i = 0; i < 1'030; ++i) {
    pair.open("a.B/M" + std::to_string(i), pair.sink(), nullptr, true);
  }
  pair.open("a.B/Unary", pair.sink(), "x", true);
  pair.move();
  CHECK(pair.server_heard() == lines{"1031: open a.B/Unary text", "1031: message 'x' last"});
}

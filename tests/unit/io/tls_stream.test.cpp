// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/io/tls_stream.hpp"

#include "polywire/testing/fault_stream.hpp"
#include "polywire/testing/memory_stream.hpp"

#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/streams.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tls_stream_test {

namespace {

namespace pw = polywire;
namespace io = pw::io;
using pw::testing::fault_plan;

test::authority& ca() {
  static test::authority one;
  return one;
}
const test::identity& server_identity() {
  static const test::identity one = ca().issue(test::wish("server"));
  return one;
}

std::shared_ptr<io::tls_context> server_context(pw::tls_options tls = {}) {
  io::transport_settings settings;
  settings.listens = true;
  settings.tls = tls.cert(server_identity().cert).key(server_identity().key);
  settings.protocol = "polywire";
  return io::tls_context::make(settings, "here").value();
}
std::shared_ptr<io::tls_context> client_context(pw::tls_options tls = {}) {
  io::transport_settings settings;
  settings.tls = tls.ca(ca().ca());
  settings.protocol = "polywire";
  return io::tls_context::make(settings, "there").value();
}

using step = io::tls_engine::step;

/// Gives all output of one engine to the other, in two parts.
void pass(io::tls_engine& from, io::tls_engine& to, std::size_t first) {
  const std::string bytes(reinterpret_cast<const char*>(from.output().data()),
                          from.output().size());
  from.output().clear();
  const pw::bytes_view all = pw::as_bytes(bytes);
  first = std::min(first, all.size());
  for (const pw::bytes_view part : {all.first(first), all.subspan(first)}) {
    to.feed(part);
    std::byte none{};
    std::size_t n = 0;
    if (!to.is_established()) {
      (void)to.handshake();
    } else {
      (void)to.read({&none, std::size_t{0}}, n);
    }
    to.keep_rest();
  }
}

/// Both ends over memory, the server's as it is accepted, the client's before its handshake.
class both_ends {
 public:
  explicit both_ends(std::size_t capacity = pw::testing::memory_link::default_capacity,
                     std::shared_ptr<fault_plan> faults = std::make_shared<fault_plan>()) {
    auto [one, other] =
        pw::testing::make_memory_streams(context.get_executor(), context.get_executor(), capacity);
    client = std::make_unique<io::tls_stream>(
        context.get_executor(), std::make_unique<pw::testing::fault_stream>(std::move(one), faults),
        client_context(), "localhost");
    server = std::make_unique<io::tls_stream>(context.get_executor(), std::move(other),
                                              server_context());
  }

  /// As those who use them do: wait, and try again.
  bool shake_hands() {
    const bool done = test::run_until(context, [&] {
      io::error_code ignored;
      serve();
      return client->pump().handshake(ignored);
    });
    serve();
    return done;
  }
  void serve() {
    test::chunk got = test::read_once(*server);
    at_server += got.data;
    server_error = got.error;
  }
  /// Writes everything, and reads it at the other end.
  bool send(io::byte_stream& from, io::byte_stream& to, const std::string& text) {
    std::string got;
    std::size_t sent = 0;
    return test::run_until(context,
                           [&] {
                             io::error_code error;
                             sent += test::write(from, std::string_view(text).substr(sent), error);
                             got += test::read_once(to, 1000).data;
                             return got.size() >= text.size();
                           }) &&
           got == text;
  }

  asio::io_context context;
  std::unique_ptr<io::tls_stream> client;
  std::unique_ptr<io::tls_stream> server;
  std::string at_server;
  io::error_code server_error;
};

}  // namespace

TEST_CASE("a TLS handshake cut at any byte of any flight comes to its end") {
  const auto server_side = server_context();
  const auto client_side = client_context();
  std::size_t largest = 0;
  for (std::size_t flight = 0; flight < 3; ++flight) {
    for (std::size_t cut = 0; cut == 0 || cut < largest; ++cut) {
      io::tls_engine client(client_side, "localhost");
      io::tls_engine server(server_side, "");
      (void)client.handshake();
      if (flight == 0) largest = client.output().size();
      pass(client, server, flight == 0 ? cut : 0);
      if (flight == 1) largest = server.output().size();
      pass(server, client, flight == 1 ? cut : 0);
      if (flight == 2) largest = client.output().size();
      pass(client, server, flight == 2 ? cut : 0);
      CAPTURE(flight, cut, client.problem(), server.problem());
      REQUIRE(client.is_established());
      REQUIRE(server.is_established());
      REQUIRE(client.is_peer_verified());
    }
    CHECK(largest > 50);
  }
}

TEST_CASE("TLS works over a stream that takes and gives one byte at a time") {
  const std::size_t capacity = GENERATE(1U, 7U, 5000U);
  auto plan = std::make_shared<fault_plan>();
  plan->short_reads(1).short_writes(1);
  both_ends both(capacity, plan);
  REQUIRE(both.shake_hands());
  CHECK(both.send(*both.client, *both.server, "hello"));
  CHECK(both.send(*both.server, *both.client, std::string(3000, 'x') + "end"));
}

TEST_CASE("large writes come whole, whatever the inner stream takes at once") {
  const std::size_t capacity = GENERATE(100U, 16'000U, 1'000'000U);
  both_ends both(capacity);
  REQUIRE(both.shake_hands());
  std::string text;
  for (int i = 0; text.size() < 300'000; ++i) text += std::to_string(i);
  CHECK(both.send(*both.client, *both.server, text));
  CHECK(both.send(*both.server, *both.client, text));
}

TEST_CASE("many pieces are written in order") {
  both_ends both;
  REQUIRE(both.shake_hands());
  std::vector<std::string> texts;
  std::string whole;
  for (int i = 0; i < 200; ++i) {
    texts.push_back(
        std::string(static_cast<std::size_t>(i * 7 % 400), static_cast<char>('a' + i % 26)));
    whole += texts.back();
  }
  std::vector<pw::bytes_view> pieces;
  for (const auto& text : texts) pieces.push_back(pw::as_bytes(text));
  io::error_code error;
  REQUIRE(both.client->write_some(pieces, error) == whole.size());
  CHECK(test::read(both.context, *both.server, whole.size()).data == whole);
}

TEST_CASE("bytes count as written when their record has left, and are encrypted once") {
  both_ends both(2'000);
  REQUIRE(both.shake_hands());
  const std::string text(10'000, 'x');
  io::error_code error;
  CHECK(test::write(*both.client, text, error) == 0);  // the record is larger than the link
  CHECK(error == asio::error::would_block);
  std::string got;
  std::size_t sent = 0;
  REQUIRE(test::run_until(both.context, [&] {
    got += test::read_once(*both.server).data;
    if (sent < text.size())
      sent += test::write(*both.client, std::string_view(text).substr(sent), error);
    return got.size() >= text.size();
  }));
  sent += test::write(*both.client, std::string_view(text).substr(sent), error);
  CHECK(sent == text.size());
  CHECK(got == text);
}

TEST_CASE("what is decrypted and not read yet can be waited for") {
  both_ends both;
  REQUIRE(both.shake_hands());
  io::error_code error;
  test::write(*both.client, "abcdef", error);
  CHECK(test::read(both.context, *both.server, 2).data == "ab");
  const auto user = std::make_shared<test::waiter>();
  both.server->wait_readable(user);
  CHECK(user->readable.empty());  // later, through the executor
  REQUIRE(test::run_until(both.context, [&] { return !user->readable.empty(); }));
  CHECK_FALSE(user->readable[0]);
  CHECK(test::read(both.context, *both.server, 4).data == "cdef");
}

TEST_CASE("a server's greeting is taken before the handshake and comes behind it") {
  both_ends both;
  io::error_code error;
  CHECK(test::write(*both.server, "greeting", error) == 8);
  REQUIRE(both.shake_hands());
  CHECK(test::read(both.context, *both.client, 8).data == "greeting");
}

TEST_CASE("a server that wants to write much waits for the handshake") {
  both_ends both;
  io::error_code error;
  std::size_t taken = 0;
  for (int i = 0; i < 10 && !error; ++i)
    taken += test::write(*both.server, std::string(1000, 'x'), error);
  CHECK(error == asio::error::would_block);
  CHECK(taken < 5000);
  const auto user = std::make_shared<test::waiter>();
  both.server->wait_writable(user);
  REQUIRE(both.shake_hands());
  REQUIRE(test::run_until(both.context, [&] { return !user->writable.empty(); }));
  CHECK_FALSE(user->writable[0]);
  CHECK(test::read(both.context, *both.client, taken).data == std::string(taken, 'x'));
}

TEST_CASE("closing in an orderly way is an end, and a connection cut off is an error") {
  both_ends both;
  REQUIRE(both.shake_hands());
  io::error_code error;
  test::write(*both.client, "last words", error);
  const bool orderly = GENERATE(true, false);
  if (orderly) both.client->shutdown_write();
  both.client->close();
  // The message is whole, and comes in either case.
  CHECK(test::read(both.context, *both.server, 10).data == "last words");
  const auto end = test::read(both.context, *both.server, 1);
  CHECK(end.data.empty());
  CHECK(end.error ==
        (orderly ? io::error_code(asio::error::eof) : io::make_error(io::tls_error::truncated)));
}

TEST_CASE("each direction of TLS ends by itself") {
  both_ends both;
  REQUIRE(both.shake_hands());
  both.client->shutdown_write();
  CHECK(test::read(both.context, *both.server, 1).error == asio::error::eof);
  CHECK(both.send(*both.server, *both.client, "still there"));
  both.server->shutdown_write();
  CHECK(test::read(both.context, *both.client, 1).error == asio::error::eof);
}

TEST_CASE("a connection that breaks at any place of the handshake ends it with an error") {
  using pw::testing::fault;
  const fault how = GENERATE(fault::eof, fault::reset);
  const bool reading = GENERATE(true, false);
  bool was_cut = true;
  for (std::size_t at = 0; was_cut; at += 37) {
    auto plan = std::make_shared<fault_plan>();
    reading ? plan->cut_read(at, how) : plan->cut_write(at, how);
    both_ends both(100'000, plan);
    io::error_code error;
    bool done = false;
    CAPTURE(at, reading);
    REQUIRE(test::run_until(both.context, [&] {
      both.serve();
      done = both.client->pump().handshake(error);
      return done || error != asio::error::would_block || plan->cuts() > 0;
    }));
    was_cut = plan->cuts() > 0;
    if (was_cut && reading) CHECK_FALSE(both.client->pump().handshake(error));
    if (was_cut && !done && reading) CHECK_FALSE(both.client->pump().problem().empty());
    both.client->close();
    REQUIRE(test::run_until(both.context, [&] {
      both.serve();
      return both.server_error && both.server_error != asio::error::would_block;
    }));
  }
}

TEST_CASE("a flipped bit on the way is found, and nothing of it is delivered") {
  io::tls_engine client(client_context(), "localhost");
  io::tls_engine server(server_context(), "");
  (void)client.handshake();
  pass(client, server, 0);
  pass(server, client, 0);
  pass(client, server, 0);
  REQUIRE(server.is_established());
  REQUIRE(client.write(pw::as_bytes("transfer 100")) == step::done);
  client.output().data()[client.output().size() / 2] ^= std::byte{1};
  server.feed(client.output().view());
  std::array<std::byte, 100> into{};
  std::size_t n = 0;
  CHECK(server.read(into, n) == step::failed);
  CHECK(n == 0);
  CHECK_FALSE(server.problem().empty());
}

TEST_CASE("what is not TLS ends the handshake with an alert and a reason") {
  const std::string garbage =
      GENERATE(std::string("GET / HTTP/1.1\r\n\r\n"), std::string("\xf0PW\x01\x05hello", 10),
               std::string(100'000, '\0'), std::string(5000, '\xff'));
  asio::io_context context;
  auto [plain, below] =
      pw::testing::make_memory_streams(context.get_executor(), context.get_executor());
  io::tls_stream server(context.get_executor(), std::move(below), server_context());
  io::error_code error;
  test::write(*plain, garbage, error);
  const auto got = test::read(context, server, 1);
  CHECK(got.error == io::make_error(io::tls_error::handshake));
  CHECK(server.pump().problem().find("does not speak TLS") != std::string::npos);
  CHECK(test::write(server, "x", error) == 0);
  CHECK(error == io::make_error(io::tls_error::handshake));
}

TEST_CASE("closing a TLS stream ends its waits") {
  both_ends both;
  const auto user = std::make_shared<test::waiter>();
  both.server->wait_readable(user);
  both.server->wait_writable(user);
  both.server->close();
  REQUIRE(test::run_until(both.context,
                          [&] { return !user->readable.empty() && !user->writable.empty(); }));
  CHECK(user->readable[0] == asio::error::operation_aborted);
  CHECK(user->writable[0] == asio::error::operation_aborted);
  const auto late = std::make_shared<test::waiter>();
  both.server->wait_readable(late);
  both.server->wait_writable(late);
  REQUIRE(test::run_until(both.context,
                          [&] { return !late->readable.empty() && !late->writable.empty(); }));
  CHECK(late->readable[0] == asio::error::operation_aborted);
}

TEST_CASE("a connection over TLS is private where the other end is known") {
  const bool verified = GENERATE(true, false);
  const auto client_side =
      verified ? client_context() : client_context(pw::tls_options().verify(false));
  io::tls_engine client(client_side, "localhost");
  io::tls_engine server(server_context(), "");
  (void)client.handshake();
  pass(client, server, 0);
  pass(server, client, 0);
  REQUIRE(client.is_established());
  CHECK(client.is_peer_verified() == verified);
  const auto shown = client.certificate();
  REQUIRE(shown);
  CHECK(shown->is_verified() == verified);
  CHECK(shown->common_name() == "server");
  CHECK(shown->has_name("DNS:localhost"));
  CHECK(shown->has_name("IP:127.0.0.1"));
  CHECK(shown->names().size() == 2);
  CHECK(shown->fingerprint().size() == 64);
}

}  // namespace tls_stream_test

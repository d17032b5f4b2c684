// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "polywire/backend/framed/sender.hpp"

#include "support/catch.hpp"
#include "unit/backend/framed/scripted.hpp"

#include <numeric>

namespace sender_test {

using namespace framed_tests;

namespace {

/// A client with calls 1 to n of a.B/Both open.
class open_client : public scripted {
 public:
  explicit open_client(std::uint32_t calls = 1, const wf::hello& said = script::usual_hello())
      : scripted(rpc::role::client) {
    greet(said);
    for (std::uint32_t i = 0; i < calls; ++i) {
      open("a.B/Both", *layer.make(std::to_string(i + 1) + ": "), nullptr, false);
    }
    (void)frames();
  }
  pw::result<rpc::sent> send_text(std::uint32_t id, std::size_t size, bool last = false) {
    const std::string data(size, 'm');
    return session->send(id, text(data), last);
  }
};

wf::hello with_credit(std::uint32_t call, std::uint32_t connection = 0) {
  wf::hello h = script::usual_hello();
  h.call_credit = call;
  h.connection_credit = connection;
  return h;
}

/// What a log says that the payloads of a call add up to.
std::size_t payload_of(const lines& said, std::uint32_t id) {
  std::size_t sum = 0;
  for (const std::string& f : said) {
    const auto at = f.find("payload ");
    if (!f.starts_with(std::to_string(id) + ":") || at == std::string::npos) continue;
    const std::string what = f.substr(at + 8);
    sum += what.starts_with('\'') ? what.find('\'', 1) - 1 : std::stoul(what);
  }
  return sum;
}

}  // namespace

TEST_CASE("credit is spent exactly: payload and 32 for each frame", "[framed]") {
  open_client client(1, with_credit(1'000));
  CHECK(client.send_text(1, 468).value() == rpc::sent::done);
  CHECK(client.send_text(1, 468).value() == rpc::sent::done);
  CHECK(client.send_text(1, 0).value() == rpc::sent::held);
  client.send(script().credit(1, 31));
  CHECK(client.heard().empty());
  client.send(script().credit(1, 1));
  CHECK(client.heard() == lines{"1: sent"});
  CHECK(client.frames() == lines{"1: payload 468 bytes", "1: payload 468 bytes", "1: payload ''"});
}

TEST_CASE("the connection's credit bounds all calls together", "[framed]") {
  open_client client(2, with_credit(10'000, 1'000));
  CHECK(client.send_text(1, 900).value() == rpc::sent::done);
  CHECK(client.send_text(2, 37).value() == rpc::sent::held);
  client.send(script().credit(0, 1));
  CHECK(client.heard() == lines{"2: sent"});
}

TEST_CASE("before the hello the default credits hold, and it sets them right", "[framed]") {
  scripted client(rpc::role::client);
  call_end& sink = *client.layer.make();
  const auto id = client.open("a.B/Both", sink, nullptr, false);
  const std::string large(60'000, 'm');
  for (int i = 0; i < 4; ++i) {
    CHECK(client.session->send(id, text(large), false).value() == rpc::sent::done);
  }
  CHECK(client.session->send(id, text(large), false).value() == rpc::sent::held);
  (void)client.frames();
  client.send(script().greeting(with_credit(250'000)));  // 12,144 less, and nothing was left
  CHECK(client.frames().empty());
  client.send(script().credit(id, 100'000));
  CHECK(client.heard() == lines{"sent"});
  CHECK(payload_of(client.frames(), id) == 60'000 - (22'016 - 32));
}

TEST_CASE("a hello with less credit than was spent makes the sender wait", "[framed]") {
  scripted client(rpc::role::client);
  const auto id = client.open("a.B/Both", *client.layer.make(), nullptr, false);
  const std::string message(50'000 - 32, 'm');
  CHECK(client.session->send(id, text(message), false).value() == rpc::sent::done);
  (void)client.frames();
  client.send(script().greeting(with_credit(10'000)));
  CHECK(client.session->send(id, text("x"), false).value() == rpc::sent::held);
  client.send(script().credit(id, 40'032));  // 10,000 - 50,000 + 40,032
  CHECK(client.heard().empty());
  client.send(script().credit(id, 1));
  CHECK(client.heard() == lines{"sent"});
}

TEST_CASE("more credit than there can be closes the connection", "[framed]") {
  for (const std::uint32_t id : {0U, 1U}) {
    open_client client;
    client.send(script().credit(id, 0xf0000000));
    CHECK_FALSE(client.session->finished());
    client.send(script().credit(id, 0xf0000000));
    CHECK(client.session->finished());
  }
}

TEST_CASE("a held message leaves in parts, as credit comes", "[framed]") {
  open_client client(1, with_credit(10'032));
  CHECK(client.send_text(1, 25'000).value() == rpc::sent::held);
  CHECK(client.frames() == lines{"1: size 25000 more payload 10000 bytes"});
  client.send(script().credit(1, 500));  // crumbs are not worth a frame
  CHECK(client.frames().empty());
  client.send(script().credit(1, 9'532));
  CHECK(client.frames() == lines{"1: more payload 10000 bytes"});
  CHECK(client.heard().empty());
  client.send(script().credit(1, 10'032));
  CHECK(client.frames() == lines{"1: payload 5000 bytes"});
  CHECK(client.heard() == lines{"1: sent"});
}

TEST_CASE("a peer that gives credit in small pieces gets its message all the same", "[framed]") {
  open_client client(1, with_credit(100));
  CHECK(client.send_text(1, 500).value() == rpc::sent::held);
  std::size_t sent = payload_of(client.frames(), 1);
  for (int i = 0; i < 40 && sent < 500; ++i) {
    client.send(script().credit(1, 50));
    sent += payload_of(client.frames(), 1);
  }
  CHECK(sent == 500);
  CHECK(client.heard() == lines{"1: sent"});
}

TEST_CASE("one message at a time: while one is held, another is refused", "[framed]") {
  open_client client(1, with_credit(1'000));
  CHECK(client.send_text(1, 5'000).value() == rpc::sent::held);
  const auto second = client.send_text(1, 1);
  CHECK(second.status().code() == pw::status_code::failed_precondition);
  CHECK(second.status().reached() == pw::outcome::not_sent);
  client.send(script().credit(1, 10'000));
  CHECK(client.heard() == lines{"1: sent"});
  CHECK(payload_of(client.frames(), 1) == 5'000);
  CHECK(client.send_text(1, 1).value() == rpc::sent::done);
}

TEST_CASE("the half-close goes behind a held message, and with its last part", "[framed]") {
  for (const bool at_once : {true, false}) {
    open_client client(1, with_credit(10'032));
    CHECK(client.send_text(1, 15'000, at_once).value() == rpc::sent::held);
    if (!at_once) client.session->half_close(1);
    CHECK(client.frames() == lines{"1: size 15000 more payload 10000 bytes"});
    client.send(script().credit(1, 10'032));
    CHECK(client.frames() == lines{"1: payload 5000 bytes last"});
    client.session->half_close(1);
    CHECK(client.frames().empty());
  }
}

TEST_CASE("the end goes behind a held message", "[framed]") {
  pw::metadata trailing;
  REQUIRE(trailing.add("t", "v"));
  for (const bool with_message : {true, false}) {
    scripted server(rpc::role::server);
    server.greet(with_credit(10'032));
    server.send(script().call(1, wf::flag_last, "x", 0, "a.B/Both"));
    const std::string data(15'000, 'm');
    const auto message = text(data);
    if (with_message) {
      server.session->end(1, &message, {}, trailing);
    } else {
      CHECK(server.session->send(1, message, false).value() == rpc::sent::held);
      server.session->end(1, nullptr, pw::status::aborted("so far"), trailing);
    }
    CHECK(server.session->calls() == 1);
    server.session->end(1, nullptr, {}, {});
    CHECK_FALSE(server.session->send(1, text("late"), false));
    CHECK(server.frames() == lines{"1: size 15000 more payload 10000 bytes"});
    (void)server.heard();
    server.send(script().credit(1, 10'032));
    CHECK(server.frames() ==
          lines{"1: payload 5000 bytes", with_message
                                             ? "1: end metadata t=v"
                                             : "1: end metadata t=v aborted: so far (processed)"});
    CHECK(server.heard().empty());
    CHECK(server.session->calls() == 0);
  }
}

TEST_CASE("a message that fits no frame goes in parts at once", "[framed]") {
  open_client client;
  CHECK(client.send_text(1, 100'000).value() == rpc::sent::done);
  CHECK(client.frames() ==
        lines{"1: size 100000 more payload 65504 bytes", "1: payload 34496 bytes"});
  CHECK(client.heard().empty());
}

TEST_CASE("no frame is larger than the peer takes", "[framed]") {
  wf::hello said = script::usual_hello();
  said.max_frame = 20'000;
  open_client client(1, said);
  CHECK(client.send_text(1, 19'000).value() == rpc::sent::done);
  CHECK(client.frames() == lines{"1: payload 19000 bytes"});
  CHECK(client.send_text(1, 19'990).value() == rpc::sent::done);
  CHECK(client.frames() == lines{"1: size 19990 more payload 19968 bytes",
                                 "1: payload '" + std::string(22, 'm') + "'"});
  said.max_frame = 100;  // below what there may be: not announced
  open_client other(1, said);
  CHECK(other.send_text(1, 60'000).value() == rpc::sent::done);
  CHECK(other.frames() == lines{"1: payload 60000 bytes"});
}

TEST_CASE("a message above the peer's limit is refused here, and the call goes on", "[framed]") {
  wf::hello said = script::usual_hello();
  said.max_message = 1'000;
  open_client client(1, said);
  const auto refused = client.send_text(1, 1'001);
  CHECK(refused.status().code() == pw::status_code::resource_exhausted);
  CHECK(refused.status().reached() == pw::outcome::not_sent);
  CHECK(client.frames().empty());
  CHECK(client.send_text(1, 1'000).value() == rpc::sent::done);

  open_client usual;  // announces nothing: 4 MiB
  CHECK_FALSE(usual.send_text(1, (4u << 20) + 1));
  CHECK(usual.send_text(1, 4u << 20));
}

TEST_CASE("a large first message: the opening goes ahead, alone", "[framed]") {
  scripted client(rpc::role::client);
  client.greet();
  const std::string data(70'000, 'm');
  client.open("a.B/Up", *client.layer.make(), data.c_str(), true);
  CHECK(client.frames() == lines{"1: method 1 name a.B/Up",
                                 "1: size 70000 more payload 65504 bytes",
                                 "1: payload 4496 bytes last"});
}

TEST_CASE("small calls overtake a large message: little is queued ahead of them", "[framed]") {
  open_client client(3, with_credit(10'000'000, 10'000'000));
  CHECK(client.send_text(1, 4'000'000).value() == rpc::sent::held);
  CHECK(client.session->output()[0].size() < (128u << 10) + (64u << 10) + 100);
  CHECK(client.send_text(2, 10).value() == rpc::sent::done);
  CHECK(client.session->output()[0].size() < (128u << 10) + (64u << 10) + 200);
  std::size_t large = 0;
  for (int i = 0; i < 100 && large < 4'000'000; ++i) large += payload_of(client.frames(), 1);
  CHECK(large == 4'000'000);
  CHECK(client.heard() == lines{"1: sent"});
}

TEST_CASE("calls with large messages take turns, a part each", "[framed]") {
  open_client client(3, with_credit(10'000'000, 10'000'000));
  for (std::uint32_t id = 1; id <= 3; ++id) {
    CHECK(client.send_text(id, 1'000'000).value() == rpc::sent::held);
  }
  std::string order;
  for (int i = 0; i < 100 && client.layer.events.size() < 3; ++i) {
    (void)client.session->output();
    for (const std::string& f : client.frames()) order += f[0];
  }
  CHECK(client.heard().size() == 3);
  CHECK(payload_of({}, 1) == 0);
  // Alone at first; then nobody has two parts more than another until somebody is done.
  std::array<int, 3> parts{};
  for (const char c : order.substr(6, 30)) ++parts[static_cast<std::size_t>(c - '1')];
  const auto [least, most] = std::ranges::minmax(parts);
  CHECK(most - least <= 2);
}

TEST_CASE("a message waits while the output is full, and goes when it has been written",
          "[framed]") {
  open_client client(1, with_credit(100'000'000, 100'000'000));
  int sent = 0;
  while (client.send_text(1, 60'000).value() == rpc::sent::done) ++sent;
  CHECK(sent == 18);
  CHECK(client.heard().empty());
  (void)client.frames();
  CHECK(client.heard() == lines{"1: sent", "capacity"});
}

TEST_CASE("the next message may be sent when the last one is said to be sent", "[framed]") {
  linked pair;
  pair.move();
  call_end sink(pair.said_to_client());
  const std::string data(50'000, 'm');
  const auto id = pair.open("a.B/Up", sink, nullptr, false);
  pair.move();
  pair.served(id).on_message_hook = [&](const pw::incoming& m, bool) {
    pair.server->consumed(id, m.cost());
  };
  int left = 100;
  const auto send_more = [&] {
    while (left > 0) {
      --left;
      if (pair.client->send(id, text(data), left == 0).value() == rpc::sent::held) return;
    }
  };
  sink.on_sent_hook = send_more;
  send_more();
  pair.move();
  CHECK(left == 0);
  CHECK(pair.served(id).bytes == 100 * data.size());
  CHECK(pair.said_to_server().back() == "1: message 50000 bytes last");
}

TEST_CASE("many calls with large messages in both directions all arrive", "[framed]") {
  pw::limits small;
  small.call_credit = 8'000;
  small.connection_credit = 20'000;
  for (const pw::limits& bounds : {pw::limits(), small}) {
    for (const std::size_t chunk : {std::size_t{7'777}, std::size_t(-1)}) {
      linked pair(bounds, bounds);
      pair.server_owner.on_open_hook = [&](rpc::call_id id, call_end& sink) {
        sink.on_message_hook = [&pair, id](const pw::incoming& m, bool) {
          std::optional<pw::payload> read;
          (void)m.read(read, pair.server_bounds);
          const pw::outgoing back(pw::format::text, read->data().view());
          pair.server->consumed(id, m.cost());
          pair.server->end(id, &back, {}, {});
        };
      };
      const std::string data(200'000, 'm');
      for (int i = 0; i < 12; ++i) {
        if (pair.client->capacity() == 0) pair.move(chunk);
        pair.open("a.B/Unary", *pair.client_owner.make(), data.c_str(), true);
      }
      pair.move(chunk);
      CHECK(pair.client->calls() == 0);
      CHECK(pair.server->calls() == 0);
      for (const auto& sink : pair.client_owner.all) {
        CHECK(sink->bytes == data.size());
        CHECK(sink->how.ok());
      }
    }
  }
}

}  // namespace sender_test

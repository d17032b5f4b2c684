// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/inproc/backend.hpp"

#include "unit/backend/framed/harness.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

/// Linked sessions without threads. What hears them is the same as for frames.
namespace inproc_tests {

using namespace framed_tests;

/// A client and a server of one process, back to back.
class couple {
 public:
  explicit couple(const pw::limits& own = pw::limits()) : couple(own, own) {}
  couple(const pw::limits& own, const pw::limits& servers) : bounds(own), server_bounds(servers) {
    rpc::session_config c(bounds, client_owner);
    client = pw::inproc::protocol.make_linked(c, rpc::role::client);
    rpc::session_config s(server_bounds, server_owner);
    s.methods = methods.get();
    server = pw::inproc::protocol.make_linked(s, rpc::role::server);
    client->meet(server->bounds());
    server->meet(client->bounds());
  }

  std::size_t pass(rpc::packet_session& from, rpc::packet_session& to) {
    auto packets = std::exchange(from.outbox(), {});
    for (rpc::packet& p : packets) to.receive(std::move(p));
    return packets.size();
  }
  void to_server() { pass(*client, *server); }
  void to_client() { pass(*server, *client); }
  void move() {
    while (pass(*client, *server) + pass(*server, *client) > 0) {
    }
  }

  pw::result<rpc::call_id> try_open(std::string_view method, rpc::call_sink& sink,
                                    const char* first, bool last,
                                    const pw::metadata& m = pw::metadata()) {
    const rpc::call_head head(method, pw::call_type::unary, m, pw::format::text);
    if (first == nullptr) return client->open(head, sink, nullptr, last);
    const auto message = text(first);
    return client->open(head, sink, &message, last);
  }
  rpc::call_id open(std::string_view method, rpc::call_sink& sink, const char* first = nullptr,
                    bool last = false, const pw::metadata& m = pw::metadata()) {
    return try_open(method, sink, first, last, m).value();
  }
  call_end& sink(const std::string& name = {}) { return *client_owner.make(name); }
  lines client_heard() { return std::exchange(client_owner.events, {}); }
  lines server_heard() { return std::exchange(server_owner.events, {}); }

  pw::limits bounds;
  pw::limits server_bounds;
  owner client_owner;
  owner server_owner;
  std::unique_ptr<rpc::registry> methods = usual_methods();
  std::unique_ptr<rpc::packet_session> client;
  std::unique_ptr<rpc::packet_session> server;
};

}  // namespace inproc_tests

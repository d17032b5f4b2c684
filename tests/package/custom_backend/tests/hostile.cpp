// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// What no conformance suite can ask, because it depends on the protocol: what a session does with
// bytes that a good peer never sends. A session needs no sockets for that, and no threads.

#include "line_backend.hpp"

#include <algorithm>
#include <cstring>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace std::string_literals;
namespace rpc = polywire::rpc;

/// A server's session, what stands behind it, and what its peer says and hears.
class served_peer final : rpc::session_sink, rpc::call_sink {
 public:
  served_peer() {
    bounds_.max_message = 1'000;
    bounds_.call_credit = line_backend::first_credit;
    const auto add = [this](const char* name, polywire::call_type type) {
      (void)methods_.add(
          std::make_unique<rpc::method_entry>(name, type, polywire::idempotency::none));
    };
    add("a.v1.A/Call", polywire::call_type::unary);
    add("a.v1.A/Upload", polywire::call_type::client_streaming);
    rpc::session_config config(bounds_, *this);
    config.methods = &methods_;
    session_ = std::make_unique<line_backend::server_session>(config);
  }

  void says(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto into = session_->prepare();
      const std::size_t n = std::min(into.size(), bytes.size());
      std::memcpy(into.data(), bytes.data(), n);
      session_->commit(n);
      bytes.remove_prefix(n);
    }
  }
  std::string hears() {
    std::string all;
    while (!session_->output().empty()) {
      const auto piece = session_->output().front();
      all += polywire::as_text(piece);
      session_->consume_output(piece.size());
    }
    return all;
  }
  bool is_closed() const { return session_->finished(); }

  int opened = 0;
  int messages = 0;
  int ended = 0;
  /// Answers each call when its requests end.
  bool answers = false;

 private:
  rpc::call_sink* on_open(rpc::call_id id, rpc::method_entry&, const rpc::call_head&,
                          polywire::status&) override {
    ++opened;
    id_ = id;
    return this;
  }
  void on_drain() override {}
  void on_capacity() override {}
  void on_metadata(polywire::metadata&&) override {}
  void on_message(const polywire::incoming&, bool) override { ++messages; }
  void on_half_close() override {
    if (answers) session_->end(id_, nullptr, {}, {});
  }
  void on_end(polywire::status&&, polywire::metadata&&) override { ++ended; }
  void on_sent() override {}

  polywire::limits bounds_;
  rpc::registry methods_;
  std::unique_ptr<rpc::byte_session> session_;
  rpc::call_id id_ = rpc::no_call;
};

int failures = 0;

void check(bool holds, std::string_view what) {
  if (holds) return;
  ++failures;
  std::cout << "FAILED: " << what << std::endl;
}

std::string message(std::size_t size) {
  return "MSG " + std::to_string(size) + "\n" + std::string(size, 'x') + "\n";
}

void a_message_without_credit_closes() {
  served_peer peer;
  peer.says("CALL a.v1.A/Upload bytes\n");
  for (int i = 0; i < 15; ++i) peer.says(message(1'000));
  check(!peer.is_closed() && peer.messages == 15, "messages within the credit are taken");
  for (int i = 0; i < 2; ++i) peer.says(message(1'000));
  check(peer.is_closed() && peer.messages == 16, "a message without credit closes");
  check(peer.ended == 1, "its call ends once");
}

void a_message_over_the_limit_is_skipped() {
  served_peer peer;
  peer.answers = true;
  peer.says("CALL a.v1.A/Call bytes\n" + message(1'001) + "HALF\n");
  check(peer.hears().starts_with("END resource_exhausted rejected "), "it ends its call");
  check(peer.messages == 0 && peer.ended == 1, "nobody sees it");
  peer.says("CALL a.v1.A/Call bytes\n" + message(1'000) + "HALF\n");
  check(peer.hears() == "END ok processed \n" && peer.messages == 1, "the next call is served");
}

void calls_ahead_of_the_ends_close() {
  served_peer peer;
  peer.answers = true;
  for (int i = 0; i < 3; ++i) {
    peer.says("CALL a.v1.A/Call bytes\nHALF\n");
    peer.hears();
  }
  check(!peer.is_closed() && peer.opened == 3, "one call after the other is served");
  peer.says("CALL a.v1.A/Call bytes\nHALF\nCALL a.v1.A/Call bytes\nHALF\n");
  check(peer.is_closed() && peer.opened == 4, "a call before the end of the last closes");
}

void what_is_no_line_closes() {
  for (const std::string& bad :
       {"GET / HTTP/1.1\r\n"s, "\n"s, "MSG\n"s, "MSG -1\n"s, "MSG 9999999999\n"s, "META %4 x\n"s,
        "CALL a.v1.A/Call smoke\n"s, "CALL a.v1.A/Call bytes soon\n"s, "CREDIT x\n"s,
        "CALL a.v1.A/Call bytes\nMSG 1\nxy"s, "CALL a.v1.A/Call bytes\nHALF\nHALF\n"s,
        std::string(line_backend::max_line + 1, 'x')}) {
    served_peer peer;
    peer.says(bad);
    check(peer.is_closed(), "not refused: " + bad.substr(0, 40));
  }
}

void metadata_without_end_is_not_kept() {
  served_peer peer;
  for (int i = 0; i < 1'000; ++i) peer.says("META key value\n");
  peer.says("CALL a.v1.A/Call bytes\n");
  check(peer.hears().starts_with("END resource_exhausted rejected ") && peer.opened == 0,
        "a call with too much metadata is refused");
  peer.says("CALL a.v1.A/Call bytes\n");
  check(peer.opened == 1, "the next call is served");
}

}  // namespace

int main() {
  a_message_without_credit_closes();
  a_message_over_the_limit_is_skipped();
  calls_ahead_of_the_ends_close();
  what_is_no_line_closes();
  metadata_without_end_is_not_kept();
  return failures == 0 ? 0 : 1;
}

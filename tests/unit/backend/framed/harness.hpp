// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/framed/client_session.hpp"
#include "polywire/backend/framed/server_session.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Framed sessions without any I/O: two of them back to back, or one against a script of frames.
namespace framed_tests {

namespace pw = polywire;
namespace rpc = polywire::rpc;
namespace wf = polywire::wire::frame;
using namespace std::chrono_literals;
using lines = std::vector<std::string>;

inline const pw::time_point start_time = pw::time_point(1000h);

/// Short messages as they are, long ones by their size.
inline std::string shown(pw::bytes_view payload) {
  if (payload.size() > 40) return std::to_string(payload.size()) + " bytes";
  return "'" + std::string(pw::as_text(payload)) + "'";
}
inline std::string shown(const pw::metadata& m) {
  std::string out;
  for (const auto& [key, value] : m) {
    out += " " + key + "=" + (value.size() > 40 ? std::to_string(value.size()) + " bytes" : value);
  }
  return out;
}
inline std::string shown(const pw::status& s) {
  if (s.ok()) return "ok";
  return s.to_string() + " (" + std::string(to_string(s.reached())) + ")";
}

inline std::string shown(const pw::loss& lost) {
  if (lost.none()) return "";
  const char* const kinds[] = {"", "+", " or who knows"};
  return " lost " + std::to_string(lost.count()) + kinds[static_cast<std::size_t>(lost.how())];
}
inline std::string shown(const pw::event_head& event) {
  std::string out = "event " + std::to_string(event.offset) + shown(event.lost_before);
  if (!event.topic.empty()) out += " of " + std::string(event.topic);
  if (!event.key.empty()) out += " key " + std::string(event.key);
  return out;
}
inline std::string shown(const pw::subscribe_head& asked) {
  const char* const starts[] = {"now", "earliest", "last", "after"};
  const char* const policies[] = {"drop_oldest", "drop_newest", "disconnect", "block"};
  std::string out = std::string("from ") + starts[static_cast<std::size_t>(asked.start.how())];
  if (asked.start.count() != 0) out += " " + std::to_string(asked.start.count());
  if (asked.start.id() != pw::event_id()) out += " " + asked.start.id().to_string();
  if (asked.sequence != 0) out += " number " + std::to_string(asked.sequence);
  out += std::string(" ") + policies[static_cast<std::size_t>(asked.policy)];
  out += " " + std::to_string(asked.lag.events) + "/" + std::to_string(asked.lag.bytes);
  if (!asked.group.empty()) out += " group " + std::string(asked.group);
  return out;
}
inline std::string shown(const pw::subscribe_position& begin) {
  return "after " + begin.after.to_string() + " number " + std::to_string(begin.sequence);
}

/// One end of a call: writes down what it hears.
class call_end final : public rpc::call_sink {
 public:
  explicit call_end(lines& to, std::string name = {}) : log_(&to), name_(std::move(name)) {}

  std::function<void(const pw::incoming&, bool last)> on_message_hook;
  std::function<void()> on_half_close_hook;
  std::function<void()> on_confirmed_hook;
  std::function<void()> on_end_hook;
  std::function<void()> on_sent_hook;
  std::vector<std::size_t> costs;
  std::size_t bytes = 0;
  pw::status how;
  bool ended = false;

 private:
  void on_metadata(pw::metadata&& initial) override { say("metadata" + shown(initial)); }
  void on_message(const pw::incoming& message, bool last) override {
    std::optional<pw::payload> read;
    const pw::limits bounds;
    if (!message.read(read, bounds)) throw std::logic_error("a message cannot be read");
    costs.push_back(message.cost());
    bytes += read->data().size();
    const std::string what = message.event() != nullptr ? shown(*message.event()) : "message";
    say(what + " " + shown(read->data().view()) + (last ? " last" : ""));
    if (on_message_hook) on_message_hook(message, last);
  }
  void on_confirmed(const pw::subscribe_position& begin) override {
    say("confirmed " + shown(begin));
    if (on_confirmed_hook) on_confirmed_hook();
  }
  void on_half_close() override {
    say("half_close");
    if (on_half_close_hook) on_half_close_hook();
  }
  void on_end(pw::status&& s, pw::metadata&& trailing) override {
    say("end " + shown(s) + shown(trailing));
    how = std::move(s);
    ended = true;
    if (on_end_hook) on_end_hook();
  }
  void on_sent() override {
    say("sent");
    if (on_sent_hook) on_sent_hook();
  }
  void say(const std::string& what) { log_->push_back(name_ + what); }

  lines* log_;
  std::string name_;
};

/// The layer above a session.
class owner final : public rpc::session_sink {
 public:
  lines events;
  /// Server: the calls that were opened, by number; an id that is used again replaces the last one.
  std::map<rpc::call_id, std::shared_ptr<call_end>> opened;
  std::vector<std::shared_ptr<call_end>> all;
  pw::status refuse_with;
  std::function<void(rpc::call_id, call_end&)> on_open_hook;

  std::shared_ptr<call_end> make(const std::string& name = {}) {
    all.push_back(std::make_shared<call_end>(events, name));
    return all.back();
  }

 private:
  rpc::call_sink* on_open(rpc::call_id id, rpc::method_entry&, const rpc::call_head& head,
                          pw::status& refusal) override {
    std::string said = "open " + std::string(head.method) + " " +
                       std::string(to_string(head.messages)) + shown(*head.metadata);
    if (head.deadline != pw::never) {
      said += " in " + std::to_string((head.deadline - start_time) / 1us) + "us";
    }
    if (!head.key.empty()) said += " key " + std::string(head.key);
    if (head.subscribe != nullptr) said += " " + shown(*head.subscribe);
    events.push_back(std::to_string(id) + ": " + said);
    if (!refuse_with.ok()) {
      refusal = refuse_with;
      return nullptr;
    }
    opened[id] = make(std::to_string(id) + ": ");
    if (on_open_hook) on_open_hook(id, *opened[id]);
    return opened[id].get();
  }
  void on_drain() override { events.push_back("drain"); }
  void on_capacity() override { events.push_back("capacity"); }
};

inline std::unique_ptr<rpc::method_entry> entry(std::string_view name, pw::call_type type) {
  return std::make_unique<rpc::method_entry>(name, type, pw::idempotency::none);
}
/// a.B/Unary, a.B/Down, a.B/Up, a.B/Both, and every topic
inline std::unique_ptr<rpc::registry> usual_methods() {
  auto methods = std::make_unique<rpc::registry>();
  (void)methods->add(entry("a.B/Unary", pw::call_type::unary));
  (void)methods->add(entry("a.B/Down", pw::call_type::server_streaming));
  (void)methods->add(entry("a.B/Up", pw::call_type::client_streaming));
  (void)methods->add(entry("a.B/Both", pw::call_type::bidi_streaming));
  methods->set_topics(entry("", pw::call_type::publish), entry("", pw::call_type::subscribe));
  return methods;
}

/// Opens a call on a topic; its messages are text.
inline pw::result<rpc::call_id> try_publish(rpc::session& client, std::string_view topic,
                                            rpc::call_sink& sink, std::string_view message,
                                            std::string_view key = {}) {
  const pw::metadata none;
  rpc::call_head head(topic, pw::call_type::publish, none, pw::format::text);
  head.key = key;
  const pw::outgoing event(pw::format::text, pw::as_bytes(message));
  return client.open(head, sink, &event, true);
}
inline pw::result<rpc::call_id> try_subscribe(
    rpc::session& client, std::string_view pattern, rpc::call_sink& sink,
    const pw::subscribe_head& asked = pw::subscribe_head()) {
  const pw::metadata none;
  rpc::call_head head(pattern, pw::call_type::subscribe, none, pw::format::text);
  head.subscribe = &asked;
  return client.open(head, sink, nullptr, true);
}

/// What goes with an event. The strings are literals.
inline pw::event_head event_at(std::uint64_t offset, std::string_view topic = {},
                               std::string_view key = {}, pw::loss lost = pw::loss()) {
  pw::event_head head;
  head.offset = offset;
  head.topic = topic;
  head.key = key;
  head.lost_before = lost;
  return head;
}
inline pw::subscribe_position position(std::uint64_t epoch, std::uint64_t offset,
                                       std::uint64_t sequence) {
  pw::subscribe_position begin;
  begin.after = pw::event_id(epoch, offset);
  begin.sequence = sequence;
  return begin;
}

inline void feed(rpc::byte_session& to, pw::bytes_view bytes) {
  while (!bytes.empty() && !to.finished()) {
    const auto room = to.prepare();
    const std::size_t n = std::min(room.size(), bytes.size());
    std::copy_n(bytes.begin(), n, room.begin());
    to.commit(n);
    bytes = bytes.subspan(n);
  }
}

/// Takes at most `most` bytes of a session's output.
inline std::vector<std::byte> take_output(rpc::byte_session& from,
                                          std::size_t most = std::size_t(-1)) {
  std::vector<std::byte> out;
  for (;;) {
    const auto pieces = from.output();
    if (pieces.empty() || most == 0) return out;
    const std::size_t n = std::min(most, pieces[0].size());
    out.insert(out.end(), pieces[0].begin(), pieces[0].begin() + static_cast<std::ptrdiff_t>(n));
    from.consume_output(n);
    most -= n;
  }
}

inline pw::outgoing text(std::string_view message, pw::format f = pw::format::text) {
  return pw::outgoing(f, pw::as_bytes(message));
}

/// A client and a server, back to back.
class linked {
 public:
  explicit linked(const pw::limits& client_limits = pw::limits(),
                  const pw::limits& server_limits = pw::limits())
      : client_bounds(client_limits), server_bounds(server_limits) {
    rpc::session_config c(client_bounds, client_owner);
    c.now = now;
    client = std::make_unique<pw::framed::client_session>(c);
    rpc::session_config s(server_bounds, server_owner);
    s.methods = methods.get();
    s.now = now;
    server = std::make_unique<pw::framed::server_session>(s);
  }

  /// Moves bytes until both are quiet, `chunk` at a time.
  void move(std::size_t chunk = std::size_t(-1)) {
    for (bool moved = true; moved;) moved = to_server(chunk) + to_client(chunk) > 0;
  }
  std::size_t to_server(std::size_t most = std::size_t(-1)) {
    const auto bytes = take_output(*client, most);
    feed(*server, bytes);
    return bytes.size();
  }
  std::size_t to_client(std::size_t most = std::size_t(-1)) {
    const auto bytes = take_output(*server, most);
    feed(*client, bytes);
    return bytes.size();
  }
  void pass(pw::duration time) {
    now += time;
    client->at(now);
    server->at(now);
    if (now >= client->next_timer()) client->on_timer();
    if (now >= server->next_timer()) server->on_timer();
  }

  /// Opens a call whose messages are text.
  rpc::call_id open(std::string_view method, call_end& sink, const char* first = nullptr,
                    bool last = false, const pw::metadata& m = pw::metadata()) {
    return try_open(method, sink, first, last, m).value();
  }
  pw::result<rpc::call_id> try_open(std::string_view method, call_end& sink, const char* first,
                                    bool last, const pw::metadata& m = pw::metadata()) {
    const rpc::call_head head(method, pw::call_type::unary, m, pw::format::text);
    if (first == nullptr) return client->open(head, sink, nullptr, last);
    const auto message = text(first);
    return client->open(head, sink, &message, last);
  }
  call_end& served(rpc::call_id id) { return *server_owner.opened.at(id); }
  lines& said_to_client() { return client_owner.events; }
  lines& said_to_server() { return server_owner.events; }

  pw::limits client_bounds;
  pw::limits server_bounds;
  pw::time_point now = start_time;
  owner client_owner;
  owner server_owner;
  std::unique_ptr<rpc::registry> methods = usual_methods();
  std::unique_ptr<pw::framed::client_session> client;
  std::unique_ptr<pw::framed::server_session> server;
};

}  // namespace framed_tests

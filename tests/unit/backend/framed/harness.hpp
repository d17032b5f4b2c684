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

/// One end of a call: writes down what it hears.
class call_end final : public rpc::call_sink {
 public:
  explicit call_end(lines& to, std::string name = {}) : log_(&to), name_(std::move(name)) {}

  std::function<void(const pw::incoming&, bool last)> on_message_hook;
  std::function<void()> on_half_close_hook;
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
    say("message " + shown(read->data().view()) + (last ? " last" : ""));
    if (on_message_hook) on_message_hook(message, last);
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
/// a.B/Unary, a.B/Down, a.B/Up, a.B/Both
inline std::unique_ptr<rpc::registry> usual_methods() {
  auto methods = std::make_unique<rpc::registry>();
  (void)methods->add(entry("a.B/Unary", pw::call_type::unary));
  (void)methods->add(entry("a.B/Down", pw::call_type::server_streaming));
  (void)methods->add(entry("a.B/Up", pw::call_type::client_streaming));
  (void)methods->add(entry("a.B/Both", pw::call_type::bidi_streaming));
  return methods;
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

/// Frames, to be written one after the other.
class script {
 public:
  script& raw(pw::bytes_view bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  script& greeting(const wf::hello& said = usual_hello()) {
    raw(wf::preface);
    wf::frame f;
    f.has_hello = true;
    f.hello = said;
    return add(f);
  }
  script& add(const wf::frame& f) {
    pw::buffer out;
    wf::encode(out, f);
    return raw(out.view());
  }
  /// A frame of a call with what most frames have.
  script& call(std::uint32_t id, std::uint32_t flags, const char* payload = nullptr,
               std::uint32_t method = 0, std::string_view name = {}) {
    wf::frame f;
    f.call = id;
    f.flags = flags;
    f.method = method;
    f.name = name;
    f.encoding = method != 0 || !name.empty() ? pw::format::text : pw::format::protobuf;
    if (payload != nullptr) {
      f.has_payload = true;
      f.payload = pw::as_bytes(std::string_view(payload));
    }
    return add(f);
  }
  script& part(std::uint32_t id, std::size_t size, std::uint32_t message_size = 0,
               std::uint32_t flags = wf::flag_more) {
    const std::string data(size, 'p');
    wf::frame f;
    f.call = id;
    f.flags = flags;
    f.message_size = message_size;
    f.has_payload = true;
    f.payload = pw::as_bytes(data);
    return add(f);
  }
  script& credit(std::uint32_t id, std::uint32_t amount) {
    wf::frame f;
    f.call = id;
    f.credit = amount;
    return add(f);
  }
  script& goodbye(const pw::status& why) {
    wf::frame f;
    f.goodbye = &why;
    return add(f);
  }
  script& ping(std::uint32_t number) {
    wf::frame f;
    f.has_ping = true;
    f.ping = number;
    return add(f);
  }

  static wf::hello usual_hello() {
    wf::hello h;
    h.max_calls = 100;
    return h;
  }
  const std::vector<std::byte>& bytes() const noexcept { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  std::vector<std::byte> bytes_;
};

inline std::string shown(const wf::frame& f) {
  std::string out;
  const auto add = [&out](const std::string& what) { out += (out.empty() ? "" : " ") + what; };
  if (f.call != 0) add(std::to_string(f.call) + ":");
  if (f.method != 0) add("method " + std::to_string(f.method));
  if (!f.name.empty()) add("name " + std::string(f.name));
  if (f.has_timeout) add("timeout " + std::to_string(f.timeout_us));
  if (f.message_size != 0) add("size " + std::to_string(f.message_size));
  if ((f.flags & wf::flag_more) != 0) add("more");
  if (f.has_payload) add("payload " + shown(f.payload));
  if ((f.flags & wf::flag_last) != 0) add("last");
  if ((f.flags & wf::flag_cancel) != 0) add("cancel");
  if ((f.flags & wf::flag_end) != 0) add("end");
  pw::metadata m;
  if (wf::decode_metadata(f, pw::limits(), m) && !m.empty()) add("metadata" + shown(m));
  pw::status s;
  if (f.has_status && wf::decode_status(f.status_bytes, s)) add(shown(s));
  if (f.credit != 0) add("credit " + std::to_string(f.credit));
  if (f.has_hello) add("hello");
  if (f.has_ping) add("ping " + std::to_string(f.ping));
  if (f.has_pong) add("pong " + std::to_string(f.pong));
  if (f.has_goodbye && wf::decode_status(f.goodbye_bytes, s)) add("goodbye " + shown(s));
  return out;
}

/// One session against a script.
class scripted {
 public:
  explicit scripted(rpc::role role, const pw::limits& own = pw::limits()) : bounds(own) {
    rpc::session_config c(bounds, layer);
    c.methods = methods.get();
    c.now = now;
    if (role == rpc::role::client) {
      session = std::make_unique<pw::framed::client_session>(c);
    } else {
      session = std::make_unique<pw::framed::server_session>(c);
    }
  }

  /// Greets, and drops the session's own greeting.
  void greet(const wf::hello& said = script::usual_hello()) {
    send(script().greeting(said));
    (void)frames();
  }
  void send(const script& s) { feed(*session, s.bytes()); }
  void pass(pw::duration time) {
    now += time;
    session->at(now);
    if (now >= session->next_timer()) session->on_timer();
  }
  rpc::call_id open(std::string_view method, call_end& sink, const char* first, bool last) {
    const pw::metadata none;
    const rpc::call_head head(method, pw::call_type::unary, none, pw::format::text);
    if (first == nullptr) return session->open(head, sink, nullptr, last).value();
    const auto message = text(first);
    return session->open(head, sink, &message, last).value();
  }

  /// The frames that it has written since the last time.
  lines frames() {
    const auto taken = take_output(*session);
    pending_.insert(pending_.end(), taken.begin(), taken.end());
    lines out;
    pw::bytes_view rest(pending_);
    if (!preface_seen_ && rest.size() >= wf::preface.size()) {
      if (!std::equal(wf::preface.begin(), wf::preface.end(), rest.begin())) {
        throw std::logic_error("no preface");
      }
      rest = rest.subspan(wf::preface.size());
      preface_seen_ = true;
    }
    for (;;) {
      wf::frame f;
      const auto p = wf::decode(rest, wf::max_frame_default, f);
      if (p.state == wf::parse_state::error) throw std::logic_error(p.problem);
      if (p.state == wf::parse_state::need_more) break;
      out.push_back(shown(f));
      rest = rest.subspan(p.size);
    }
    pending_.assign(rest.begin(), rest.end());
    return out;
  }
  /// What was heard since the last time.
  lines heard() { return std::exchange(layer.events, {}); }
  call_end& served(rpc::call_id id) { return *layer.opened.at(id); }

  pw::limits bounds;
  owner layer;
  pw::time_point now = start_time;
  std::unique_ptr<rpc::registry> methods = usual_methods();
  std::unique_ptr<rpc::byte_session> session;

 private:
  std::vector<std::byte> pending_;
  bool preface_seen_ = false;
};

}  // namespace framed_tests

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "unit/backend/framed/harness.hpp"

namespace framed_tests {

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
  /// An event; null: only what goes with it.
  script& event(std::uint32_t id, const pw::event_head& head, const char* payload,
                std::uint32_t topic_number = 0) {
    wf::frame f;
    f.call = id;
    f.event = head.offset;
    f.lost_before = head.lost_before;
    f.key = head.key;
    f.name = head.topic;
    f.method = topic_number;
    f.has_payload = payload != nullptr;
    if (payload != nullptr) f.payload = pw::as_bytes(std::string_view(payload));
    return add(f);
  }
  script& confirm(std::uint32_t id, const pw::subscribe_position& begin) {
    wf::frame f;
    f.call = id;
    f.position = &begin;
    return add(f);
  }
  script& subscribe(std::uint32_t id, std::string_view pattern,
                    const pw::subscribe_head& asked = pw::subscribe_head(),
                    std::uint32_t number = 0) {
    wf::frame f;
    f.call = id;
    f.flags = wf::flag_last;
    f.method = number;
    f.name = pattern;
    f.encoding = pw::format::text;
    f.subscribe = &asked;
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
  pw::subscribe_head asked;
  if (f.has_subscribe) {
    const char* problem = wf::decode_subscribe(f.subscribe_bytes, asked);
    add(problem != nullptr ? problem : shown(asked));
  }
  if (f.event != 0) add("event " + std::to_string(f.event) + shown(f.lost_before));
  if (!f.key.empty()) add("key " + std::string(f.key));
  pw::subscribe_position begin;
  if (f.has_position && wf::decode_position(f.position_bytes, begin)) add(shown(begin));
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

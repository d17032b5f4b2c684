// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_json/backend.hpp"
#include "unit/backend/framed/harness.hpp"

#include "polywire/wire/http1/body_reader.hpp"
#include "polywire/wire/http1/head_reader.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

/// HTTP sessions without any I/O: one against bytes.
namespace http_tests {

using namespace framed_tests;  // what is not about frames: owner, call_end, lines
namespace h1 = polywire::wire::http1;

inline std::string text_of(rpc::byte_session& from, std::size_t most = std::size_t(-1)) {
  const auto bytes = take_output(from, most);
  return std::string(pw::as_text(bytes));
}

/// Responses, one a line: "200 'body'", with "close" where the connection ends, and the outcome.
inline lines shown_responses(std::string_view text, bool to_head = false) {
  lines out;
  h1::response_reader reader;
  h1::response_head head;
  pw::bytes_view in = pw::as_bytes(text);
  while (!in.empty()) {
    if (reader.read(in, to_head, head) != h1::parse_state::complete) {
      out.push_back("rest '" + std::string(pw::as_text(in)) + "'");
      return out;
    }
    in = in.subspan(reader.size());
    std::string line = std::to_string(head.status);
    if (!head.keep_alive && !head.is_informational()) line += " close";
    if (const auto said = head.fields.get("polywire-outcome")) line += " " + std::string(*said);
    if (const auto said = head.fields.get("allow")) line += " allow " + std::string(*said);
    h1::message_limits bounds;
    bounds.max_body = ~std::uint64_t{0};
    h1::body_reader body(head, bounds);
    std::string content;
    for (bool more = true; more;) {
      const auto part = body.read(in);
      in = in.subspan(part.size);
      if (part.event == h1::body_event::data) content += pw::as_text(part.data);
      if (part.event == h1::body_event::error) throw std::logic_error(body.problem().text);
      if (part.event == h1::body_event::need_more) line += " unfinished";
      more = part.event == h1::body_event::data;
    }
    if (!content.empty()) line += " " + shown(pw::as_bytes(content));
    out.push_back(std::move(line));
  }
  return out;
}

inline std::string post(std::string_view path, std::string_view body, std::string_view fields = {},
                        std::string_view type = "application/json") {
  std::string out = "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nContent-Type: ";
  out.append(type).append("\r\n").append(fields).append("Content-Length: ");
  return out.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}
inline std::string chunk(std::string_view content) {
  pw::buffer out;
  h1::chunk_writer part(out);
  out.append(content);
  part.finish();
  return std::string(pw::as_text(out.view()));
}
inline std::string envelope(std::string_view message, std::uint8_t flags = 0) {
  pw::buffer out;
  pw::wire::connect::append_envelope(out, pw::as_bytes(message), flags);
  return std::string(pw::as_text(out.view()));
}
/// The head of a Connect stream; chunks follow.
inline std::string stream(std::string_view path, std::string_view fields = {}) {
  return "POST " + std::string(path) +
         " HTTP/1.1\r\nHost: a\r\nContent-Type: application/connect+json\r\n" +
         std::string(fields) + "Transfer-Encoding: chunked\r\n\r\n";
}
inline const std::string no_more_chunks = "0\r\n\r\n";

/// A server, the layer above it, and a clock that is moved by hand.
class serving {
 public:
  explicit serving(const pw::limits& own = pw::limits()) : bounds(own) {
    rpc::session_config c(bounds, layer);
    c.methods = methods.get();
    c.now = now;
    session = std::make_unique<pw::http_carrier::server_session>(c);
  }
  /// Handlers that send back what they get, the last message at the end.
  serving& echoing() {
    layer.on_open_hook = [this](rpc::call_id id, call_end& call) {
      call.on_message_hook = [this, id](const pw::incoming& m, bool last) {
        std::optional<pw::payload> read;
        (void)m.read(read, bounds);
        const pw::outgoing back(pw::format::json, read->data().view());
        session->consumed(id, m.cost());
        if (last) return session->end(id, &back, {}, {});
        (void)session->send(id, back, false);
      };
      call.on_half_close_hook = [this, id] { session->end(id, nullptr, {}, {}); };
    };
    return *this;
  }

  serving& send(std::string_view bytes) {
    feed(*session, pw::as_bytes(bytes));
    return *this;
  }
  /// One byte at a time.
  serving& trickle(std::string_view bytes) {
    for (const char& c : bytes) feed(*session, pw::as_bytes(std::string_view(&c, 1)));
    return *this;
  }
  lines answers(bool to_head = false) { return shown_responses(text_of(*session), to_head); }
  lines heard() { return std::exchange(layer.events, {}); }
  void reply(rpc::call_id id, std::string_view message) {
    const auto last = text(message, pw::format::json);
    session->end(id, &last, {}, {});
  }
  /// Lets time pass, and rings whatever is due: few times, or something rings forever.
  void pass(pw::duration time) {
    now += time;
    session->at(now);
    for (int rings = 0; session->next_timer() <= now; ++rings) {
      if (rings > 10) throw std::logic_error("a timer rings forever");
      session->on_timer();
    }
  }
  /// What the connection does: "open", "lingers", "closed" or "reset".
  std::string_view state() const {
    if (session->resets()) return "reset";
    if (session->finished()) return "closed";
    return session->ends_output() ? "lingers" : "open";
  }

  pw::limits bounds;
  pw::time_point now = start_time;
  owner layer;
  std::unique_ptr<rpc::registry> methods = usual_methods();
  std::unique_ptr<pw::http_carrier::server_session> session;
};

/// A client with the layer above it.
class calling {
 public:
  explicit calling(const pw::limits& own = pw::limits()) : bounds(own) {
    rpc::session_config c(bounds, layer);
    c.authority = "server:80";
    c.now = now;
    session = std::make_unique<pw::http_json::client_session>(c);
  }
  /// Opens a call, whose request leaves.
  rpc::call_id call(pw::call_type type = pw::call_type::unary, bool leaves = true) {
    const pw::metadata none;
    const bool topic = type == pw::call_type::publish || type == pw::call_type::subscribe;
    rpc::call_head head(topic ? "t.a" : "a.B/C", type, none, pw::format::json);
    const pw::subscribe_head asked;
    if (type == pw::call_type::subscribe) head.subscribe = &asked;
    const auto message = text("\"q\"", pw::format::json);
    const bool first = type != pw::call_type::subscribe && type != pw::call_type::client_streaming;
    const auto id = session->open(head, *layer.make(), first ? &message : nullptr,
                                  type != pw::call_type::client_streaming);
    if (leaves) requests.push_back(text_of(*session));
    return id.value();
  }
  calling& send(std::string_view bytes) {
    feed(*session, pw::as_bytes(bytes));
    return *this;
  }
  lines heard() { return std::exchange(layer.events, {}); }

  pw::limits bounds;
  pw::time_point now = start_time;
  owner layer;
  lines requests;
  std::unique_ptr<pw::http_json::client_session> session;
};

inline std::string answer(std::string_view body, std::string_view status = "200 OK",
                          std::string_view fields = {},
                          std::string_view type = "application/json") {
  std::string out = "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: ";
  out.append(type).append("\r\n").append(fields).append("Content-Length: ");
  return out.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

}  // namespace http_tests

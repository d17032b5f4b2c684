// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/server.hpp"
#include "polywire/testing/scripted_peer.hpp"
#include "polywire/wire/http1/body_reader.hpp"
#include "polywire/wire/http1/head_reader.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

/// A server that runs and what it answers, byte by byte, for tests of what is served over HTTP.
namespace http_exchange {

namespace pw = polywire;

class answer {
 public:
  unsigned status = 0;
  std::string head;
  std::string body;

  /// The value of a field, or "(none)".
  std::string field(std::string_view name) const {
    pw::wire::http1::response_reader reader;
    pw::wire::http1::response_head parsed;
    (void)reader.read(pw::as_bytes(head), true, parsed);
    return std::string(parsed.fields.get(name).value_or("(none)"));
  }
};

/// Listens when it is made; ends with the scope.
class running {
 public:
  explicit running(pw::server& server, const std::string& url = "http://127.0.0.1:0")
      : server_(server),
        port_(server.listen(url).value().port()),
        thread_([&server] { server.run(); }) {}
  ~running() {
    server_.stop();
    thread_.join();
  }
  std::uint16_t port() const { return port_; }

  /// `start`: "GET /path"; `fields`: whole lines; Host and the body's length are added.
  answer ask(std::string_view start, std::string_view fields = {}, std::string_view body = {}) {
    std::string text = std::string(start) + " HTTP/1.1\r\n";
    if (fields.find("Host:") == std::string_view::npos) text += "Host: 127.0.0.1\r\n";
    text.append(fields);
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    text.append("\r\n").append(body);
    auto peer = pw::testing::scripted_peer::connect(port_);
    peer.send(text);
    return read(peer, start.starts_with("HEAD "));
  }
  /// The same with a body of JSON.
  answer ask_json(std::string_view start, std::string_view body) {
    return ask(start, "Content-Type: application/json\r\n", body);
  }

 private:
  static answer read(pw::testing::scripted_peer& peer, bool to_head) {
    namespace h1 = pw::wire::http1;
    answer got;
    while (!got.head.ends_with("\r\n\r\n")) got.head += peer.receive(1);
    h1::response_reader reader;
    h1::response_head head;
    if (reader.read(pw::as_bytes(got.head), to_head, head) != h1::parse_state::complete) {
      throw std::runtime_error("no answer of HTTP: " + got.head);
    }
    got.status = head.status;
    h1::body_reader body(head, h1::message_limits());
    std::string bytes;
    for (;;) {
      const auto part = body.read(pw::as_bytes(bytes));
      if (part.event == h1::body_event::data) got.body.append(pw::as_text(part.data));
      if (part.event == h1::body_event::end) return got;
      if (part.event == h1::body_event::error) throw std::runtime_error(body.problem().text);
      bytes.erase(0, part.size);
      if (part.event == h1::body_event::need_more) bytes += peer.receive(1);
    }
  }

  pw::server& server_;
  std::uint16_t port_;
  std::thread thread_;
};

}  // namespace http_exchange

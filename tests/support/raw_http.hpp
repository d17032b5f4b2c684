// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/scripted_peer.hpp"
#include "polywire/wire/http1/body_reader.hpp"
#include "polywire/wire/http1/head_reader.hpp"

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>

// HTTP by hand: what a test sends as text, and the messages that come back.
namespace test {

class http_message {
 public:
  unsigned status = 0;
  std::string method;
  std::string target;
  /// By their names in lower case; of several the last.
  std::map<std::string, std::string> fields;
  std::string body;

  /// Empty when it is not there.
  std::string field(const std::string& name) const {
    const auto found = fields.find(name);
    return found != fields.end() ? found->second : std::string();
  }
};

namespace detail {

namespace http1 = polywire::wire::http1;

/// `read_head` parses what has come so far. The peer is asked for byte after byte, so that nothing
/// of the next message is taken.
template <class Head, class ReadHead>
http_message read_message(polywire::testing::scripted_peer& peer, Head& head, ReadHead read_head) {
  http_message message;
  std::string text;
  http1::parse_state state = http1::parse_state::need_more;
  while (state == http1::parse_state::need_more) {
    text += peer.receive(1);
    state = read_head(polywire::as_bytes(text));
  }
  if (state == http1::parse_state::error) throw std::runtime_error("no HTTP: " + text);
  for (const auto& [name, value] : head.fields) {
    std::string key(name);
    for (char& c : key) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    message.fields[key] = value;
  }
  http1::message_limits bounds;
  bounds.max_body = std::uint64_t{64} << 20;
  http1::body_reader body(head, bounds);
  std::string in;
  for (;;) {
    const auto part = body.read(polywire::as_bytes(in));
    message.body += polywire::as_text(part.data);
    in.erase(0, part.size);
    if (part.event == http1::body_event::end) return message;
    if (part.event == http1::body_event::error) throw std::runtime_error("a bad body");
    if (part.event == http1::body_event::need_more) in += peer.receive(1);
  }
}

}  // namespace detail

inline http_message read_response(polywire::testing::scripted_peer& peer) {
  detail::http1::response_reader reader;
  detail::http1::response_head head;
  http_message message = detail::read_message(
      peer, head, [&](polywire::bytes_view text) { return reader.read(text, false, head); });
  message.status = head.status;
  return message;
}

inline http_message read_request(polywire::testing::scripted_peer& peer) {
  detail::http1::request_reader reader;
  detail::http1::request_head head;
  std::string method;
  std::string target;
  http_message message = detail::read_message(peer, head, [&](polywire::bytes_view text) {
    const auto state = reader.read(text, head);
    if (state == detail::http1::parse_state::complete) {
      method = head.method;
      target = head.target;
    }
    return state;
  });
  message.method = std::move(method);
  message.target = std::move(target);
  return message;
}

/// A request or a response: `start` and `fields` with their line ends, but for Content-Length.
inline std::string with_length(const std::string& head, std::string_view body) {
  return head + "content-length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

}  // namespace test

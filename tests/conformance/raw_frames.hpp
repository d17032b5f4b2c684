// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/scripted_peer.hpp"
#include "polywire/wire/frame/frame.pb.h"

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// A peer that speaks frames through protobuf's generated code, and says what no correct peer
/// would.
namespace raw {

using frame = polywire::frames::v1::Frame;

inline constexpr std::string_view preface("\xf0PW\x01", 4);
inline constexpr std::uint32_t last = 1;
inline constexpr std::uint32_t more = 2;
inline constexpr std::uint32_t end = 4;
inline constexpr std::uint32_t cancel = 8;

inline std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  return out + static_cast<char>(value);
}
inline std::string delimited(std::string_view body) { return varint(body.size()).append(body); }
inline std::string encode(const frame& f) { return delimited(f.SerializeAsString()); }

inline std::string hello() {
  frame f;
  f.mutable_hello();
  return encode(f);
}
inline std::string greeting() { return std::string(preface) + hello(); }

/// The opening of a call by name.
inline frame open(std::uint32_t call, const std::string& name, std::uint32_t flags = last) {
  frame f;
  f.set_call(call);
  f.set_flags(flags);
  f.set_name(name);
  f.set_format(polywire::frames::v1::BYTES);
  return f;
}
inline frame open(std::uint32_t call, const std::string& name, std::string payload,
                  std::uint32_t flags = last) {
  frame f = open(call, name, flags);
  f.set_payload(std::move(payload));
  return f;
}
inline frame message(std::uint32_t call, std::string payload, std::uint32_t flags = 0) {
  frame f;
  f.set_call(call);
  f.set_flags(flags);
  f.set_payload(std::move(payload));
  return f;
}
inline frame flagged(std::uint32_t call, std::uint32_t flags) {
  frame f;
  f.set_call(call);
  f.set_flags(flags);
  return f;
}

class peer {
 public:
  static peer connect(std::uint16_t port) {
    return peer(polywire::testing::scripted_peer::connect(port));
  }
  static peer listen() { return peer(polywire::testing::scripted_peer::listen()); }

  std::uint16_t port() const { return socket_.port(); }
  polywire::testing::scripted_peer& socket() { return socket_; }
  /// Takes a connection, which begins anew with the preface.
  void accept() {
    socket_.accept();
    greeted_ = false;
  }

  void send(std::string_view bytes) { socket_.send(bytes); }
  void send(const frame& f) { socket_.send(encode(f)); }

  /// The next frame, behind the greeting; credit is given back silently, and not shown.
  frame next() {
    for (;;) {
      frame f = any();
      if (f.has_hello() || (f.credit() != 0 && f.flags() == 0 && !f.has_payload())) continue;
      return f;
    }
  }
  /// Reads until the peer says why it closes, and closes. The code of its goodbye.
  std::uint32_t goodbye() {
    for (;;) {
      const frame f = next();
      if (!f.has_goodbye()) continue;
      if (!socket_.closed_by_peer()) throw std::runtime_error("said goodbye, and did not close");
      return f.goodbye().code();
    }
  }

 private:
  explicit peer(polywire::testing::scripted_peer socket) : socket_(std::move(socket)) {}

  frame any() {
    if (!greeted_) {
      if (socket_.receive(preface.size()) != preface) throw std::runtime_error("no preface");
      greeted_ = true;
    }
    std::size_t size = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(socket_.receive(1)[0]);
      size |= std::size_t{byte & 0x7fU} << shift;
      if (byte < 0x80) break;
    }
    frame f;
    if (!f.ParseFromString(socket_.receive(size))) throw std::runtime_error("a malformed frame");
    return f;
  }

  polywire::testing::scripted_peer socket_;
  bool greeted_ = false;
};

}  // namespace raw

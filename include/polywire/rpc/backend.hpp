// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/result.hpp"
#include "polywire/core/url.hpp"
#include "polywire/rpc/packet_session.hpp"
#include "polywire/rpc/session.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace polywire::inline v1::rpc {

/// A protocol: constants and two factories. Each backend has one object of it.
class backend {
 public:
  std::string_view name;
  /// The formats it can carry.
  format_set formats;
  /// What it is called where TLS negotiates it (ALPN); empty: it is not.
  std::string_view alpn;
  /// The server speaks first, without being asked.
  bool server_greets = false;
  /// One call at a time on a connection: clients keep a pool of them.
  bool one_call_per_connection = false;
  /// The keys of URLs that this protocol reads by itself, and what it makes of them: once for each
  /// client or endpoint. All its sessions get that as `session_config::settings`.
  std::span<const std::string_view> keys;
  result<std::shared_ptr<const void>> (*read_settings)(const url&, role) = nullptr;
  std::unique_ptr<byte_session> (*make_client)(const session_config&) = nullptr;
  std::unique_ptr<byte_session> (*make_server)(const session_config&) = nullptr;
  /// Instead of the two: a protocol without bytes, between two ends in one process.
  std::unique_ptr<packet_session> (*make_linked)(const session_config&, role) = nullptr;
  /// Why a call of this type cannot be carried; empty when it can. Topics have to be asked for.
  std::string_view (*refusal)(call_type) = [](call_type type) {
    const bool topics = type == call_type::publish || type == call_type::subscribe;
    return topics ? std::string_view("this protocol has no topics") : std::string_view();
  };
};

/// Makes a URL scheme known: which protocol it speaks over which transport. A backend's door header
/// defines an inline variable of it; including the header is all that a user does.
class scheme {
 public:
  scheme(std::string_view name, const backend& protocol, std::string_view transport) noexcept
      : name_(name), transport_(transport), protocol_(&protocol), next_(first_) {
    first_ = this;
  }
  scheme(const scheme&) = delete;
  scheme& operator=(const scheme&) = delete;

  std::string_view name() const noexcept { return name_; }
  std::string_view transport() const noexcept { return transport_; }
  const backend& protocol() const noexcept { return *protocol_; }

  static const scheme* find(std::string_view name) noexcept {
    for (const scheme* s = first_; s != nullptr; s = s->next_) {
      if (s->name_ == name) return s;
    }
    return nullptr;
  }

  template <class Visit>
  static void for_each(Visit&& visit) {
    for (const scheme* s = first_; s != nullptr; s = s->next_) visit(*s);
  }

 private:
  inline static constinit const scheme* first_ = nullptr;

  std::string_view name_;
  std::string_view transport_;
  const backend* protocol_;
  const scheme* next_;
};

/// What is said about a URL whose scheme nobody registered.
inline status unknown_scheme(std::string_view name) {
  std::string known;
  scheme::for_each(
      [&known](const scheme& s) { known.append(known.empty() ? "" : ", ").append(s.name()); });
  return status::invalid_argument(
      "the URL scheme '" + std::string(name.substr(0, 32)) + "' is not known here (" +
      (known.empty() ? "none is" : "known: " + known) +
      "); include its header, such as <polywire/tcp.hpp>, <polywire/tls.hpp> or "
      "<polywire/inproc.hpp>"
#ifdef POLYWIRE_SEPARATE_COMPILATION
      ", in the file that includes <polywire/source.hpp>"
#endif
  );
}

}  // namespace polywire::inline v1::rpc

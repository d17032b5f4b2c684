// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/buffer.hpp"
#include "polywire/rpc/session.hpp"
#include "polywire/wire/http1/head.hpp"
#include "polywire/wire/http1/head_writer.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace polywire::inline v1::http_carrier {

/// What a client's exchange has of its connection.
class client_port {
 public:
  explicit client_port(const rpc::session_config& config) noexcept
      : limits(config.limits), authority(config.authority), prefix(config.prefix) {}

  const polywire::limits* limits;
  std::string authority;
  std::string prefix;
  time_point now{};

  buffer& output() noexcept { return output_; }

  /// The request is whole.
  void request_done() noexcept { request_done_ = true; }
  /// The call is over, whatever still comes.
  void finish(status how, metadata trailing = {}) {
    if (over_) return;
    over_ = true;
    how_ = std::move(how);
    trailing_ = std::move(trailing);
  }

 private:
  friend class client_session;

  buffer output_;
  bool request_done_ = false;
  bool over_ = false;
  status how_;
  metadata trailing_;
};

/// One request of a client, and what becomes of its answer. Whoever makes it has written the
/// request, or its beginning.
class client_exchange {
 public:
  client_exchange() = default;
  client_exchange(const client_exchange&) = delete;
  client_exchange& operator=(const client_exchange&) = delete;
  virtual ~client_exchange() = default;

  /// More of the request, where there is more.
  virtual result<rpc::sent> send(const outgoing&, bool) {
    return status::failed_precondition("the messages of the call are finished");
  }
  virtual void half_close() {}

  /// Nobody listens any more: the call's sink must not be told anything.
  virtual void give_up() = 0;

  /// The final answer's head; its views do not last.
  virtual void on_head(const wire::http1::response_head& head) = 0;
  /// How much body it takes.
  virtual std::uint64_t max_body() const noexcept = 0;
  /// Borrowed as with `exchange`.
  virtual void on_body(bytes_view) = 0;
  virtual void on_body_end() = 0;
  /// The body is too large. False: it is malformed for this exchange, as everything is that breaks
  /// the rules.
  virtual bool on_too_large() { return false; }
  /// False: read no more for now.
  virtual bool wants_body() const noexcept { return true; }
  virtual void consumed(std::size_t) {}
  /// The answer comes as fast as the network allows: a pause is a fault.
  virtual bool hurries() const noexcept { return false; }
};

}  // namespace polywire::inline v1::http_carrier

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/access.hpp"
#include "polywire/backend/http_carrier/date.hpp"
#include "polywire/core/buffer.hpp"
#include "polywire/rpc/session.hpp"
#include "polywire/wire/http1/head.hpp"
#include "polywire/wire/http1/head_writer.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace polywire::inline v1::http_carrier {

/// What an exchange has of its connection. Lives as long as the connection; what belongs to the
/// request changes with each of them.
class exchange_port {
 public:
  /// `clock`: the session's time, which goes on.
  exchange_port(const rpc::session_config& config, const time_point& clock) noexcept
      : limits(config.limits),
        sink(config.sink),
        methods(config.methods),
        access(static_cast<const access_rules*>(config.settings)),
        now(clock) {}

  const polywire::limits* limits;
  rpc::session_sink* sink;
  const rpc::registry* methods;
  /// Null: anybody may ask anything.
  const access_rules* access;
  const time_point& now;
  /// Of the call that the exchange carries, if it opens one.
  rpc::call_id id = rpc::no_call;
  /// The server is stopping: new calls are refused.
  bool draining = false;
  /// The request's HTTP version is 1.1, so that bodies may be chunked.
  bool may_chunk = true;
  /// The request is a HEAD: the response ends with its own head.
  bool to_head = false;

  buffer& output() noexcept { return output_; }

  /// Begins the response: its first line and what every response says. To be called once; exactly
  /// one of the ends of `head_writer` follows.
  wire::http1::head_writer begin(unsigned status) {
    begun_ = true;
    closes_ = closes_ || closes_if_early_;
    wire::http1::head_writer head(output_);
    head.response(status);
    output_.append(date_line(now));
    output_.append(common_fields_);
    if (closes_) {
      head.field("connection: close\r\n");
    } else if (!may_chunk) {
      head.field("connection: keep-alive\r\n");
    }
    return head;
  }
  bool begun() const noexcept { return begun_; }
  /// Another response will be begun: what was written of this one is taken back already.
  void take_back() noexcept { begun_ = false; }
  /// The body of this response ends with the connection.
  void end_with_connection() noexcept { closes_ = true; }
  /// The connection says goodbye behind this response. Before `begin`.
  void close_after() noexcept { closes_ = true; }
  /// Lines of fields that this response has whatever becomes of it. Before `begin`.
  void add_fields(std::string lines) noexcept { common_fields_ = std::move(lines); }
  /// The response is whole.
  void complete() noexcept {
    complete_ = true;
    common_fields_.clear();
  }
  /// The response cannot be made whole: the connection is reset, so that nobody takes the part for
  /// the whole.
  void fail() noexcept { failed_ = true; }

  /// What the connection asks and says.
  bool closes() const noexcept { return closes_; }
  bool is_complete() const noexcept { return complete_; }
  bool has_failed() const noexcept { return failed_; }
  void restart(bool closes) noexcept {
    closes_ = closes;
    begun_ = complete_ = failed_ = false;
  }
  void close_if_early(bool yes) noexcept { closes_if_early_ = yes; }

 private:
  buffer output_;
  std::string common_fields_;
  bool begun_ = false;
  bool closes_ = false;
  // A response that comes before the body would make the connection wait for what the client may
  // never send (RFC 9110 10.1.1), or is too much to be read for nothing.
  bool closes_if_early_ = false;
  bool complete_ = false;
  bool failed_ = false;
};

/// One request and what answers it. A mount makes it from the head; the connection tells it the
/// rest, and drops it when both the request and the response are complete.
///
/// Where it carries a call it is the call's session: the commands are those of `rpc::session`. It
/// lives until the callback that it is in has returned, whatever is commanded there.
class exchange {
 public:
  exchange() = default;
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;
  virtual ~exchange() = default;

  /// How much body it takes; more is answered with 413.
  virtual std::uint64_t max_body() const noexcept { return 0; }
  /// A piece of the body, never empty, borrowed until `on_body_end` has returned if it is the whole
  /// body, else for the length of this call.
  virtual void on_body(bytes_view) {}
  virtual void on_body_end() = 0;
  /// False: read no more of the body for now.
  virtual bool wants_body() const noexcept { return true; }
  /// The body breaks the rules or a limit. False: the connection answers, with problem details.
  virtual bool on_body_problem(const wire::http1::problem&) { return false; }
  /// Nobody waits for the answer any more.
  virtual void on_lost(const status&) {}
  /// The connection is to be closed: the last chance to end the response. What is not complete
  /// then is cut off.
  virtual void on_close(const status& why) { on_lost(why); }
  /// The client has closed its direction behind a whole request. False: that means it is gone.
  virtual bool outlives_client_end() const noexcept { return true; }
  /// The output has room again.
  virtual void on_room() {}
  virtual time_point next_timer() const noexcept { return never; }
  virtual void on_timer() {}

  virtual bool is_call() const noexcept { return false; }
  virtual result<rpc::sent> send(const outgoing&, bool) {
    return status::failed_precondition("this exchange carries no call");
  }
  virtual void reply(const metadata&) {}
  virtual void confirm(const subscribe_position&) {}
  virtual void end(const outgoing*, const status&, const metadata&) {}
  virtual void reject(const status& why) { end(nullptr, why, metadata()); }
  virtual void consumed(std::size_t) {}
};

}  // namespace polywire::inline v1::http_carrier

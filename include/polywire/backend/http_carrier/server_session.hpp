// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/exchange_host.hpp"
#include "polywire/backend/http_carrier/gate.hpp"
#include "polywire/backend/http_carrier/head_limits.hpp"
#include "polywire/backend/http_carrier/problem_details.hpp"
#include "polywire/rpc/input_buffer.hpp"
#include "polywire/wire/http1/body_reader.hpp"
#include "polywire/wire/http1/head_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>

namespace polywire::inline v1::http_carrier {

/// The serving end of an HTTP/1.1 connection. Requests are answered one after the other; what is
/// pipelined waits unread, but for what came with the request before.
class server_session final : public exchange_host {
 public:
  explicit server_session(const rpc::session_config& config)
      : exchange_host(config), http_limits_(head_limits(*config.limits)), reader_(http_limits_) {
    // Pools connect before they have a request: who has said nothing yet is idle.
    idle_until_ = after(now_, bounds_->idle_timeout);
  }

  void drain() override {
    if (std::exchange(port_.draining, true)) return;
    closes_ = true;
    if (!port_.begun()) port_.close_after();
    // A request of which something came is told; others find the connection closed.
    if (!exchange_ && !stepping_ && !lingers_ && input_.kept() == 0) finished_ = true;
  }

  void close(const status& why) override {
    if (finished_) return;
    if (is_open()) {
      port_.close_after();
      inside([&] { exchange_->on_close(why); });
      if (is_answered()) {
        linger();
      } else {
        abort();
      }
    } else if (!served_ && !lingers_) {
      answer_last(503, why.message());  // a new connection, whose first request is on its way
    } else {
      finished_ = true;
    }
  }
  bool resets() const noexcept override { return resets_; }
  bool ends_output() const noexcept override { return lingers_; }

  std::span<std::byte> prepare() override { return input_.prepare(); }
  bool wants_input() const noexcept override {
    if (lingers_) return true;
    if (exchange_ && !request_done_) return awaits_body();
    const bool busy = exchange_ || waits_for_room_;
    return !busy || input_.kept() < most_ahead;
  }

  void commit(std::size_t n) override {
    const auto all = input_.commit(n);
    if (n > 0) heard_ = now_;
    bytes_view in = all;
    if (!in.empty() || n > 0) step(in);
    input_.finish(in);
  }

  void eof() override {
    client_ended_ = true;
    if (!exchange_ || lingers_) {
      finished_ = lingers_ || (!resumes_ && !waits_for_room_);
    } else if (!request_done_ && is_answered()) {
      finished_ = true;
    } else if (!request_done_ || !exchange_->outlives_client_end()) {
      lost(status::cancelled("the client closed the connection during the call"));
    }
  }
  void lost(const status& why) override {
    if (finished_) return;
    finished_ = true;
    port_.output().clear();
    // Closing the connection is how a client of HTTP gives a call up.
    lose(status::cancelled(why.message()));
  }

  std::span<const bytes_view> output() override {
    output_ = port_.output().view();
    return {&output_, output_.empty() ? std::size_t{0} : std::size_t{1}};
  }
  void consume_output(std::size_t n) override {
    buffer& out = port_.output();
    out.consume(n);
    if (out.empty() && !exchange_) out.shrink();
    if (waits_for_room_ && out.size() <= bounds_->call_credit / 4) {
      waits_for_room_ = false;
      if (is_open()) inside([&] { exchange_->on_room(); });
      if (!exchange_) resumes_ = input_.kept() > 0;
      after_command();
    }
  }

  time_point next_timer() const noexcept override {
    if (finished_) return never;
    if (resumes_) return time_point::min();
    if (lingers_) return linger_until_;
    if (!exchange_) return waits_for_room_ ? never : std::min(head_until_, idle_until_);
    return std::min(stuck_at(), exchange_->next_timer());
  }
  void on_timer() override {
    if (finished_) return;
    if (std::exchange(resumes_, false)) {
      input_.prepare();
      return commit(0);
    }
    if (lingers_) {
      finished_ = now_ >= linger_until_;
    } else if (!exchange_) {
      if (waits_for_room_ || now_ < std::min(head_until_, idle_until_)) return;
      // Who has said nothing is told nothing: it would take that for the answer to what it says
      // next.
      if (input_.kept() == 0) finished_ = true;
      if (!finished_) answer_last(408, "the head of the request did not come");
    } else {
      if (now_ >= exchange_->next_timer()) inside([&] { exchange_->on_timer(); });
      after_command();
      if (finished_ || lingers_ || !exchange_ || now_ < stuck_at()) return;
      if (is_answered()) return static_cast<void>(abort());
      fail(wire::http1::problem(408,
                                "half a request came and no more (limits::read_progress_timeout)"));
    }
  }

 private:
  // While a call runs the connection is watched, and no more than this is read of what follows.
  static constexpr std::size_t most_ahead = std::size_t{16} << 10;
  // What is read behind a last answer, so that a reset does not overtake it. Many clients, Go's
  // among them, send all of a body before they look for an answer.
  static constexpr std::size_t most_linger = std::size_t{256} << 10;

  // The client is to send more of the body.
  bool awaits_body() const noexcept { return is_answered() || exchange_->wants_body(); }
  time_point stuck_at() const noexcept {
    if (request_done_ || !awaits_body()) return never;
    return std::min(skip_until_, after(heard_, bounds_->read_progress_timeout));
  }

  // Goes through what has come, as far as it can be used now.
  void step(bytes_view& in) {
    inside([&] {
      while (!finished_ && one_step(in)) {
      }
    });
    if (lingers_) exchange_.reset();
    note_answer();
    if (client_ended_ && !exchange_ && !waits_for_room_) finished_ = true;
    if (finished_) in = {};
  }

  // False: more input is needed, or something else has to happen first.
  bool one_step(bytes_view& in) {
    if (lingers_) {
      lingered_ += in.size();
      in = {};
      if (lingered_ > most_linger) finished_ = true;
      return false;
    }
    if (!exchange_) return !in.empty() && may_answer() && read_head(in);
    if (!request_done_) return read_body(in);
    return is_answered() && next_request();
  }

  // Who does not read its answers gets no more of them.
  bool may_answer() {
    waits_for_room_ = port_.output().size() >= bounds_->call_credit;
    return !waits_for_room_;
  }

  bool read_head(bytes_view& in) {
    idle_until_ = never;
    switch (reader_.read(in, head_)) {
      case wire::http1::parse_state::need_more:
        if (head_until_ == never) head_until_ = after(now_, bounds_->handshake_timeout);
        return false;
      case wire::http1::parse_state::error:
        in = {};
        answer_last(reader_.problem().status, reader_.problem().text);
        return true;
      case wire::http1::parse_state::complete: break;
    }
    in = in.subspan(reader_.size());
    head_until_ = never;
    begin_exchange();
    return true;
  }

  void begin_exchange() {
    served_ = true;
    request_done_ = lost_ = false;
    skip_until_ = never;
    heard_ = now_;
    if (++port_.id == rpc::no_call) ++port_.id;
    closes_ = closes_ || !head_.keep_alive;
    port_.restart(closes_);
    port_.may_chunk = head_.minor_version > 0;
    port_.to_head = head_.method == "HEAD";
    awaits_continue_ = head_.expects_continue && head_.body != wire::http1::body_framing::none;
    port_.close_if_early(awaits_continue_ || head_.content_length > most_linger);
    const bool readable = target_.parse(head_.target);
    exchange_ = readable ? open_exchange(request(head_, target_), port_) : nullptr;
    if (!exchange_) {
      exchange_ = std::make_unique<refused>();
      if (!readable) {
        answer_problem(port_, 400, target_.problem().text);
      } else {
        answer_problem(port_, 404, "nothing is served at " + target_.path());
      }
    }
    wire::http1::message_limits body_limits = http_limits_;
    body_limits.max_body = std::numeric_limits<std::uint64_t>::max();
    if (!is_answered()) body_limits.max_body = exchange_->max_body();
    body_ = wire::http1::body_reader(head_, body_limits);
    if (finished_) lose(status::unavailable("the connection was closed"));
  }

  bool read_body(bytes_view& in) {
    port_.close_if_early(false);
    if (std::exchange(awaits_continue_, false) && in.empty() && !port_.begun() &&
        head_.content_length <= exchange_->max_body()) {
      port_.output().append("HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (is_answered()) body_.lift_limit();
    const auto part = body_.read(in);
    in = in.subspan(part.size);
    switch (part.event) {
      case wire::http1::body_event::need_more:
        if (is_answered() && port_.closes()) return linger();
        return false;
      case wire::http1::body_event::data:
        if (is_answered()) {
          // Who was not told that the connection closes sends its next request behind the body,
          // however large that is.
          if (port_.closes()) return linger();
        } else if (!lost_) {
          exchange_->on_body(part.data);
        }
        return !port_.has_failed() || abort();
      case wire::http1::body_event::end:
        request_done_ = true;
        if (!is_answered() && !lost_) exchange_->on_body_end();
        return !port_.has_failed() || abort();
      case wire::http1::body_event::error: fail(body_.problem()); return true;
    }
    return false;
  }

  // Both are whole: room for the next.
  bool next_request() {
    exchange_.reset();
    waits_for_room_ = false;
    if (closes_ || port_.closes()) return linger();
    idle_until_ = after(now_, bounds_->idle_timeout);
    return true;
  }

  // The last answer is written. The client may still be sending: closing now would make a reset of
  // it, and the reset could overtake the answer (RFC 9112 9.6).
  bool linger() {
    lingers_ = true;
    resumes_ = waits_for_room_ = false;
    linger_until_ = after(now_, bounds_->close_timeout);
    finished_ = finished_ || client_ended_;
    if (!stepping_) exchange_.reset();
    return true;
  }

  /// What the peer did wrong in the middle of a request.
  void fail(const wire::http1::problem& problem) {
    if (is_answered() || lost_) {
      linger();
      return;
    }
    if (port_.begun()) {
      lose(status::invalid_argument(problem.text));
      abort();
      return;
    }
    port_.close_after();
    if (!exchange_->on_body_problem(problem)) {
      lose(status::invalid_argument(problem.text));
      answer_problem(port_, problem.status, problem.text);
    }
    linger();
  }
  bool abort() {
    finished_ = resets_ = true;
    port_.output().clear();
    return false;
  }
  void lose(const status& why) {
    if (!is_open() && !(exchange_ && !lost_ && finished_)) return;
    if (is_answered()) return;
    lost_ = true;
    exchange_->on_lost(why);
  }
  // The connection ends with this.
  void answer_last(unsigned code, std::string_view detail) {
    port_.restart(true);
    port_.to_head = false;
    if (code == 503) {
      answer_problem(port_, code, detail, {{"code", "unavailable"}},
                     {{"retry-after", "1"}, {"polywire-outcome", "rejected"}});
    } else {
      answer_problem(port_, code, detail);
    }
    linger();
  }

  // The rest of a body that nobody wants has no size, but a time.
  void note_answer() noexcept {
    if (exchange_ && is_answered() && skip_until_ == never) {
      skip_until_ = after(now_, bounds_->read_progress_timeout);
    }
  }

  void after_command() override {
    if (stepping_ || finished_ || !exchange_) return;
    note_answer();
    if (lingers_) {
      exchange_.reset();
    } else if (port_.has_failed()) {
      abort();
    } else if (is_answered() && request_done_) {
      next_request();
      resumes_ = !lingers_ && input_.kept() > 0;
      if (client_ended_ && !resumes_) finished_ = true;
    } else if (is_answered() && port_.closes()) {
      linger();
    }
  }

  /// Takes the place of an exchange that nobody wanted.
  class refused final : public exchange {
   public:
    void on_body_end() override {}
  };

  wire::http1::message_limits http_limits_;
  rpc::input_buffer input_;
  wire::http1::request_reader reader_;
  wire::http1::request_head head_;
  wire::http1::target target_;
  wire::http1::body_reader body_;
  bytes_view output_;
  time_point head_until_ = never;
  time_point idle_until_ = never;
  time_point linger_until_ = never;
  time_point skip_until_ = never;
  std::size_t lingered_ = 0;
  bool served_ = false;
  bool request_done_ = false;
  bool awaits_continue_ = false;
  bool resumes_ = false;
  bool closes_ = false;
  bool client_ended_ = false;
  bool resets_ = false;
};

}  // namespace polywire::inline v1::http_carrier

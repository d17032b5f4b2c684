// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/client_exchange.hpp"
#include "polywire/backend/http_carrier/head_limits.hpp"
#include "polywire/rpc/input_buffer.hpp"
#include "polywire/wire/http1/body_reader.hpp"
#include "polywire/wire/http1/head_reader.hpp"
#include "polywire/wire/http1/head_writer.hpp"

#include <memory>
#include <span>
#include <string>
#include <utility>

namespace polywire::inline v1::http_carrier {

/// The calling end of an HTTP/1.1 connection: one call at a time. A call that is given up takes the
/// connection with it.
class client_session : public rpc::byte_session {
 public:
  std::size_t capacity() const noexcept override {
    return exchange_ || finished_ || draining_ ? 0 : 1;
  }
  std::size_t calls() const noexcept override { return exchange_ && !finished_ ? 1 : 0; }

  result<rpc::call_id> open(const rpc::call_head& head, rpc::call_sink& sink, const outgoing* first,
                            bool last) override {
    if (capacity() == 0) {
      return status::failed_precondition("the connection takes no call now")
          .set_reached(outcome::not_sent);
    }
    const std::size_t before = port_.output().size();
    port_.now = now_;
    port_.request_done_ = port_.over_ = false;
    auto made = begin(head, sink, first, last);
    if (!made) {
      port_.output().truncate(before);
      return status(made.status()).set_reached(outcome::not_sent);
    }
    exchange_ = std::move(*made);
    sink_ = &sink;
    left_ = has_head_ = body_ended_ = waits_for_room_ = false;
    informational_ = 0;
    heard_ = now_;
    if (++id_ == rpc::no_call) id_ = first_call + 1;
    return id_;
  }
  result<rpc::sent> send(rpc::call_id id, const outgoing& message, bool last) override {
    if (!is_open(id)) return status::failed_precondition("the call is over");
    if (port_.request_done_) {
      return status::failed_precondition("the messages of the call are finished");
    }
    auto done = exchange_->send(message, last);
    if (!done || port_.output().size() < bounds_->call_credit) return done;
    waits_for_room_ = true;
    return rpc::sent::held;
  }
  void half_close(rpc::call_id id) override {
    if (is_open(id) && !port_.request_done_) exchange_->half_close();
  }
  void reply(rpc::call_id, const metadata&) override {}
  void end(rpc::call_id, const outgoing*, const status&, const metadata&) override {}
  void cancel(rpc::call_id id) override {
    if (!is_open(id)) return;
    sink_ = nullptr;
    give_up();
  }
  void consumed(rpc::call_id id, std::size_t cost) override {
    if (is_open(id)) exchange_->consumed(cost);
  }

  void drain() override { draining_ = true; }
  void close(const status& why) override { lost(why); }
  bool finished() const noexcept override { return finished_ || (draining_ && !exchange_); }
  bool resets() const noexcept override { return resets_; }

  std::span<std::byte> prepare() override { return input_.prepare(); }
  bool wants_input() const noexcept override { return !exchange_ || exchange_->wants_body(); }
  bool reads_first() const noexcept override { return exchange_ && !left_ && id_ > first_call; }
  void commit(std::size_t n) override {
    bytes_view in = input_.commit(n);
    if (n > 0) heard_ = now_;
    stepping_ = true;
    while (!finished_ && step(in)) {
    }
    stepping_ = false;
    if (finished_) in = {};
    input_.finish(in);
    settle();
  }
  void eof() override {
    if (exchange_ && has_head_ && !port_.over_ && body_.close() == wire::http1::body_event::end) {
      body_ended_ = stepping_ = true;
      exchange_->on_body_end();
      stepping_ = false;
      settle();
    }
    lost(status::unavailable(exchange_ ? "the peer closed the connection during the call"
                                       : "the peer closed the connection"));
  }
  void lost(const status& why) override {
    if (finished_) return;
    port_.finish(how_lost(why));
    give_up();
  }

  std::span<const bytes_view> output() override {
    output_ = port_.output().view();
    return {&output_, output_.empty() ? std::size_t{0} : std::size_t{1}};
  }
  void consume_output(std::size_t n) override {
    buffer& out = port_.output();
    out.consume(n);
    left_ = true;
    if (out.empty()) out.shrink();
    if (waits_for_room_ && out.size() <= bounds_->call_credit / 4) {
      waits_for_room_ = false;
      if (sink_ != nullptr) sink_->on_sent();
    }
  }

  time_point next_timer() const noexcept override {
    if (finished_ || !exchange_ || !exchange_->hurries()) return never;
    return after(heard_, bounds_->read_progress_timeout);
  }
  void on_timer() override {
    if (next_timer() > now_) return;
    fail(status::unavailable("half an answer came and no more (limits::read_progress_timeout)"));
    settle();
  }

 protected:
  explicit client_session(const rpc::session_config& config)
      : bounds_(config.limits),
        sink_of_session_(config.sink),
        http_limits_(head_limits(*config.limits)),
        port_(config),
        reader_(http_limits_) {
    at(config.now);
  }

  /// Writes the request for a call and returns what takes its answer. Errors: the call cannot be
  /// sent; what was written is taken back.
  virtual result<std::unique_ptr<client_exchange>> begin(const rpc::call_head& head,
                                                         rpc::call_sink& sink,
                                                         const outgoing* first, bool last) = 0;

  client_port& port() noexcept { return port_; }

 private:
  static constexpr int most_informational = 8;
  static constexpr rpc::call_id first_call = 1;

  bool is_open(rpc::call_id id) const noexcept {
    return exchange_ && id == id_ && sink_ != nullptr && !port_.over_ && !finished_;
  }
  // A request of which nothing has left may be sent elsewhere.
  status how_lost(const status& why) const {
    return status(why).set_reached(left_ ? outcome::maybe_processed : outcome::not_sent);
  }

  bool step(bytes_view& in) {
    if (!exchange_) {
      // What comes unasked tells that the server closes, or that it is out of step.
      if (!in.empty()) finished_ = true;
      return false;
    }
    if (port_.over_) return false;
    if (!left_ && id_ > first_call && !in.empty()) {
      port_.finish(how_lost(status::unavailable("the server spoke on an idle connection")));
      return false;
    }
    return has_head_ ? read_body(in) : read_head(in);
  }

  bool read_head(bytes_view& in) {
    if (in.empty()) return false;
    switch (reader_.read(in, false, head_)) {
      case wire::http1::parse_state::need_more: return false;
      case wire::http1::parse_state::error: return fail(bad_answer(reader_.problem().text));
      case wire::http1::parse_state::complete: break;
    }
    in = in.subspan(reader_.size());
    if (head_.is_informational()) {
      if (head_.status == 101 || ++informational_ > most_informational) {
        return fail(bad_answer("informational answers without end, or another protocol"));
      }
      return true;
    }
    has_head_ = true;
    wire::http1::message_limits most = http_limits_;
    exchange_->on_head(head_);
    if (port_.over_) return false;
    most.max_body = exchange_->max_body();
    body_ = wire::http1::body_reader(head_, most);
    return true;
  }

  bool read_body(bytes_view& in) {
    const auto part = body_.read(in);
    in = in.subspan(part.size);
    switch (part.event) {
      case wire::http1::body_event::need_more: return false;
      case wire::http1::body_event::data: exchange_->on_body(part.data); return true;
      case wire::http1::body_event::end:
        body_ended_ = true;
        exchange_->on_body_end();
        return false;
      case wire::http1::body_event::error:
        if (body_.problem().status == 413 && exchange_->on_too_large()) return false;
        return fail(bad_answer(body_.problem().text));
    }
    return false;
  }

  static status bad_answer(std::string_view why) {
    return status::internal("the server's answer is no HTTP that can be read: " + std::string(why));
  }
  bool fail(status why) {
    port_.finish(std::move(why.set_reached(outcome::maybe_processed)));
    return false;
  }

  // The call may be over, or given up.
  void settle() {
    if (stepping_ || !exchange_ || (!port_.over_ && !finished_)) return;
    const bool whole = body_ended_ && port_.request_done_;
    // What stands behind an answer answers nothing that was asked.
    if (!whole || !head_.keep_alive || input_.kept() > 0) {
      finished_ = true;
      resets_ = !whole;
      port_.output().clear();
    }
    exchange_.reset();
    if (rpc::call_sink* sink = std::exchange(sink_, nullptr)) {
      sink->on_end(std::move(port_.how_), std::move(port_.trailing_));
    }
    if (capacity() > 0) sink_of_session_->on_capacity();
  }
  // Closes at once. The exchange may be in a callback: it says nothing more.
  void give_up() {
    finished_ = true;
    port_.output().clear();
    if (exchange_) exchange_->give_up();
    settle();
  }

  const limits* bounds_;
  rpc::session_sink* sink_of_session_;
  wire::http1::message_limits http_limits_;
  client_port port_;
  rpc::input_buffer input_;
  wire::http1::response_reader reader_;
  wire::http1::response_head head_;
  wire::http1::body_reader body_;
  std::unique_ptr<client_exchange> exchange_;
  rpc::call_sink* sink_ = nullptr;
  rpc::call_id id_ = rpc::no_call;
  bytes_view output_;
  time_point heard_{};
  int informational_ = 0;
  bool left_ = false;
  bool has_head_ = false;
  bool body_ended_ = false;
  bool waits_for_room_ = false;
  bool stepping_ = false;
  bool draining_ = false;
  bool finished_ = false;
  bool resets_ = false;
};

}  // namespace polywire::inline v1::http_carrier

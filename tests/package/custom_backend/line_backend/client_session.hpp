// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "line_backend/session.hpp"

#include <polywire/core/utf8.hpp>

#include <chrono>
#include <utility>
#include <vector>

namespace line_backend {

/// The calling end of a connection.
class client_session final : public session {
 public:
  explicit client_session(const rpc::session_config& config)
      : session(config, rpc::call_event::request, rpc::call_event::response) {}

  std::size_t capacity() const noexcept override {
    return finished_ || draining_ || calls() > 0 ? 0 : 1;
  }
  bool finished() const noexcept override { return finished_ || (draining_ && calls() == 0); }

  polywire::result<rpc::call_id> open(const rpc::call_head& head, rpc::call_sink& sink,
                                      const polywire::outgoing* first, bool last) override {
    if (head.metadata->size() > std::min(bounds_->max_metadata, max_word) ||
        head.metadata->count() > bounds_->max_metadata_entries) {
      return status::resource_exhausted("the call's metadata is above limits::max_metadata")
          .set_reached(outcome::not_sent);
    }
    polywire::buffer message;
    if (first != nullptr) {
      if (auto done = encode(*first, message); !done) return done;
    }
    start_call(head.messages);
    call_.sink = &sink;
    put_metadata(*head.metadata);
    if (head.deadline == polywire::never) {
      put_line(out_, "CALL", head.method, to_string(head.messages));
    } else {
      const auto rest = std::chrono::ceil<std::chrono::microseconds>(head.deadline - now_).count();
      put_line(out_, "CALL", head.method, to_string(head.messages),
               static_cast<std::uint64_t>(std::max<decltype(rest)>(rest, 0)));
    }
    call_.opened_at = written();
    if (first != nullptr) put_message(message.view());
    if (last) half_close(call_.id);
    if (head.type == polywire::call_type::server_streaming ||
        head.type == polywire::call_type::bidi_streaming) {
      put_call_credit();
    }
    return call_.id;
  }

  void half_close(rpc::call_id id) override {
    if (!is_open(id) || !rpc::client_may_send(call_.state)) return;
    call_.state = rpc::next_state(call_.state, rpc::call_event::half_close);
    if (call_.held) {
      call_.half_close_behind = true;
    } else {
      put_line(out_, "HALF");
    }
  }

  void cancel(rpc::call_id id) override {
    if (!is_open(id)) return;
    call_.sink = nullptr;  // the connection is free again when the end comes
    call_.held.reset();
    put_line(out_, "CANCEL");
  }

  // Nothing of a server.
  void reply(rpc::call_id, const metadata&) override {}
  void end(rpc::call_id, const polywire::outgoing*, const status&, const metadata&) override {}
  void drain() override {}

 private:
  static constexpr std::size_t most_details = 16;

  bool on_line(std::string_view verb, words& line) override {
    if (verb == "HEAD") return on_head(), true;
    if (verb == "DETAIL") return on_detail(line), true;
    if (verb == "END") return on_end(line), true;
    if (verb != "BYE") return false;
    draining_ = true;
    sink_->on_drain();
    return true;
  }

  void on_head() {
    metadata initial;
    auto problem = take_metadata(initial);
    if (call_.sink == nullptr) return;
    call_.state = rpc::next_state(call_.state, rpc::call_event::metadata);
    if (call_.state == rpc::call_state::illegal) return fail("metadata came after a message");
    if (!problem.ok()) return abort(std::move(problem));
    call_.sink->on_metadata(std::move(initial));
  }

  void on_detail(words& line) {
    auto type = line.text();
    const auto encoding = line.one_of<polywire::format>(polywire::format_count);
    const auto value = line.text();
    if (!type || !encoding || !value || details_.size() == most_details) {
      return fail("a detail is malformed");
    }
    details_.emplace_back(std::move(*type), polywire::payload(*encoding, *value));
  }

  void on_end(words& line) {
    const auto code = line.one_of<polywire::status_code>(polywire::status_code_count);
    const auto reached = line.one_of<outcome>(4);
    auto message = line.text();
    if (!code || !reached || *reached == outcome::not_sent || !message ||
        polywire::valid_utf8(*message) != message->size() || calls() == 0) {
      return fail("an end is malformed or comes without a call");
    }
    status how(*code, std::move(*message), *reached);
    for (auto& detail : std::exchange(details_, {})) how.add_detail(std::move(detail));
    metadata trailing;
    if (auto problem = take_metadata(trailing); !problem.ok() && how.ok()) how = problem;
    // The connection is free before the call is told: it may make room for the next.
    const one_call gone = std::exchange(call_, one_call());
    if (gone.sink != nullptr) gone.sink->on_end(std::move(how), std::move(trailing));
    if (capacity() > 0) sink_->on_capacity();
  }

  void on_too_large(status why) override { abort(std::move(why)); }
  void on_released() override {
    if (call_.half_close_behind) put_line(out_, "HALF");
    call_.sink->on_sent();
  }
  void say_goodbye(const status&) override {
    if (call_.sink != nullptr) put_line(out_, "CANCEL");
  }

  // Ends the call here, and tells the server not to go on.
  void abort(status why) {
    rpc::call_sink* sink = call_.sink;
    cancel(call_.id);
    sink->on_end(std::move(why), {});
  }

  std::vector<polywire::status_detail> details_;
  bool draining_ = false;
};

}  // namespace line_backend

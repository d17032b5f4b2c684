// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "line_backend/session.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace line_backend {

/// The serving end of a connection.
class server_session final : public session {
 public:
  explicit server_session(const rpc::session_config& config)
      : session(config, rpc::call_event::response, rpc::call_event::request),
        methods_(config.methods) {}

  bool finished() const noexcept override { return finished_; }

  void reply(rpc::call_id id, const metadata& initial) override {
    if (!is_open(id) || initial.size() > max_word) return;
    call_.state = rpc::next_state(call_.state, rpc::call_event::metadata);
    put_metadata(initial);
    put_line(out_, "HEAD");
  }

  void end(rpc::call_id id, const polywire::outgoing* last, const status& how,
           const metadata& trailing) override {
    if (!is_open(id)) return;
    call_.end_behind.emplace(how, trailing);
    if (last != nullptr && how.ok()) {
      if (auto done = send(id, *last, false); !done) {
        call_.end_behind->first =
            status::internal("the reply cannot be sent: " + done.status().message());
      }
    }
    call_.sink = nullptr;
    if (!call_.held) on_released();
  }
  void reject(rpc::call_id id, const status& why) override {
    if (!is_open(id)) return;
    call_.sink = nullptr;
    end_now(why, outcome::rejected);
  }

  void drain() override {
    if (draining_) return;
    draining_ = true;
    linger_until_ = polywire::after(now_, bounds_->close_timeout);
    put_line(out_, "BYE");
  }

  polywire::time_point next_timer() const noexcept override {
    return finished_ ? polywire::never : std::min(session::next_timer(), linger_until_);
  }
  void on_timer() override {
    if (now_ >= linger_until_) {
      // The client had time to hear of it, and calls nothing any more.
      linger_until_ = polywire::after(now_, bounds_->close_timeout);
      if (calls() == 0) finished_ = true;
    }
    session::on_timer();
  }

  // Nothing of a client.
  std::size_t capacity() const noexcept override { return 0; }
  polywire::result<rpc::call_id> open(const rpc::call_head&, rpc::call_sink&,
                                      const polywire::outgoing*, bool) override {
    return status::failed_precondition("a server does not call");
  }
  void half_close(rpc::call_id) override {}
  void cancel(rpc::call_id) override {}

 private:
  static constexpr std::size_t most_details = 16;
  static constexpr std::size_t most_text = 8'192;

  bool on_line(std::string_view verb, words& line) override {
    if (verb == "CALL") return on_call(line), true;
    if (verb == "HALF") return on_half(), true;
    if (verb != "CANCEL") return false;
    if (calls() > 0) {
      end_now(status::cancelled("the client cancelled the call"), outcome::processed);
    }
    return true;
  }

  void on_call(words& line) {
    metadata initial;
    status refusal = take_metadata(initial);
    const std::string_view name = line.next();
    const bool has_name = polywire::is_method_name(name);
    const auto encoding = line.one_of<polywire::format>(polywire::format_count);
    const std::string_view timeout = line.next();
    // Who opens the next call must have read the end of the last: else our output has no bound.
    if (calls() > 0 || left_ < ended_at_) return fail("a call came before the end of the last");
    if (!encoding) return fail("a call is malformed");

    rpc::method_entry* method = has_name ? methods_->find(name) : nullptr;
    if (draining_) {
      refusal = status::unavailable("the server is stopping");
    } else if (method == nullptr) {
      refusal = status::unimplemented("no method '" +
                                      std::string(has_name ? name : "(malformed name)") + "' here");
    }
    if (!refusal.ok()) return put_end(refusal, outcome::rejected, {});

    rpc::call_head head(name, method->info().type(), initial, *encoding);
    if (!timeout.empty()) {
      const auto rest = words(timeout).number<std::uint64_t>();
      if (!rest) return fail("a timeout is malformed");
      using microseconds = std::chrono::duration<double, std::micro>;  // no number is too large
      head.deadline =
          polywire::after(now_, polywire::clamp_duration(microseconds(static_cast<double>(*rest))));
    }
    start_call(head.messages);
    call_.streams_requests = method->info().streams_requests();
    call_.sink = sink_->on_open(call_.id, *method, head, refusal);
    if (call_.sink == nullptr) return end_now(std::move(refusal), outcome::rejected);
    if (call_.streams_requests) put_call_credit();
  }

  void on_half() {
    if (call_.sink == nullptr) return;  // of a call that is over
    call_.state = rpc::next_state(call_.state, rpc::call_event::half_close);
    if (call_.state == rpc::call_state::illegal) return fail("a call's messages end twice");
    call_.sink->on_half_close();
  }

  void on_too_large(status why) override {
    // Where requests stream, the handler may have seen some.
    end_now(std::move(why), call_.streams_requests ? outcome::processed : outcome::rejected);
  }

  void on_released() override {
    if (!call_.end_behind) return call_.sink->on_sent();
    const one_call gone = std::exchange(call_, one_call());
    put_end(gone.end_behind->first, outcome::processed, gone.end_behind->second);
  }

  void say_goodbye(const status& why) override {
    if (calls() > 0) put_end(why, outcome::maybe_processed, {});
    put_line(out_, "BYE");
  }

  // Ends the call from here, for both sides.
  void end_now(status how, outcome reached) {
    const one_call gone = std::exchange(call_, one_call());
    put_end(how, reached, {});
    if (gone.sink != nullptr) gone.sink->on_end(std::move(how), {});
  }

  // What no line has room for is left out: it only explains.
  void put_end(const status& how, outcome reached, const metadata& trailing) {
    std::size_t count = 0;
    for (const auto& detail : how.details()) {
      const std::string_view value = detail.value().str();
      if (detail.type_name().size() + value.size() > max_word || ++count > most_details) continue;
      put_line(out_, "DETAIL", detail.type_name(), to_string(detail.value().encoding()), value);
    }
    if (trailing.size() <= max_word) put_metadata(trailing);
    std::string_view text = how.message();
    if (text.size() > most_text) {
      std::size_t cut = most_text;  // not within a character of UTF-8
      while ((static_cast<unsigned char>(text[cut]) & 0xc0U) == 0x80U) --cut;
      text = text.substr(0, cut);
    }
    put_line(out_, "END", to_string(how.code()), to_string(reached), text);
    ended_at_ = written();
  }

  const rpc::registry* methods_;
  std::uint64_t ended_at_ = 0;
  polywire::time_point linger_until_ = polywire::never;
  bool draining_ = false;
};

}  // namespace line_backend

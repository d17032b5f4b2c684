// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "line_backend/text.hpp"

#include <polywire/rpc/call_order.hpp>
#include <polywire/rpc/input_buffer.hpp>
#include <polywire/rpc/session.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace line_backend {

namespace rpc = polywire::rpc;
using polywire::bytes_view;
using polywire::metadata;
using polywire::outcome;
using polywire::status;

/// What a message costs beside its bytes: otherwise endless empty ones would be free.
inline constexpr std::size_t message_cost = 64;
/// What each direction of a call begins with. A message may be sent while any credit is left, so
/// that a receiver holds at most its credit and one message.
inline constexpr std::uint32_t first_credit = 16 << 10;
/// The largest message that the protocol has.
inline constexpr std::size_t max_message = std::size_t{1} << 30;

/// The call of a connection, if there is one.
class one_call {
 public:
  rpc::call_id id = rpc::no_call;
  /// Null once the layer above has lost interest.
  rpc::call_sink* sink = nullptr;
  rpc::call_state state = rpc::call_state::idle;
  bool streams_requests = false;
  polywire::format encoding = polywire::format::json;
  /// Where in the output its opening ends: tells whether it has left.
  std::uint64_t opened_at = 0;

  std::int64_t credit = first_credit;  ///< what this side may send
  std::int64_t window = first_credit;  ///< what the peer may send
  std::uint64_t unreturned = 0;        ///< consumed, and not yet told to the peer
  /// A message that waits for credit, and what goes behind it.
  std::optional<polywire::buffer> held;
  bool half_close_behind = false;
  std::optional<std::pair<status, metadata>> end_behind;
};

/// What both ends of a connection share: lines and messages, credit, liveness, the end. The other
/// lines are in client_session.hpp and server_session.hpp, the protocol in README.md.
class session : public rpc::byte_session {
 public:
  std::size_t calls() const noexcept override { return call_.id == rpc::no_call ? 0 : 1; }

  polywire::result<rpc::sent> send(rpc::call_id id, const polywire::outgoing& message,
                                   bool last) override {
    if (!is_open(id)) {
      return status::failed_precondition("the call is over").set_reached(outcome::not_sent);
    }
    polywire::buffer encoded;
    if (auto done = encode(message, encoded); !done) return done;
    call_.state = rpc::next_state(call_.state, sent_event_);
    if (call_.credit > 0) {
      put_message(encoded.view());
    } else {
      call_.held = std::move(encoded);
    }
    if (last) half_close(id);
    return call_.held ? rpc::sent::held : rpc::sent::done;
  }

  void consumed(rpc::call_id id, std::size_t cost) override {
    if (!is_open(id)) return;
    call_.unreturned += cost;
    if (call_.unreturned >= first_credit / 2) put_credit(std::exchange(call_.unreturned, 0));
  }

  void close(const status& why) override {
    if (finished_) return;
    call_.opened_at = 0;  // what waits to be written still leaves, the opening too
    say_goodbye(why);
    finish(why);
  }
  void lost(const status& why) override {
    if (finished_) return;
    out_.clear();
    finish(why);
  }
  void eof() override { lost(status::unavailable("the peer closed the connection")); }

  std::span<std::byte> prepare() override { return input_.prepare(); }

  void commit(std::size_t n) override {
    if (n > 0) {
      heard_at_ = now_;
      pings_ = 0;
    }
    const bytes_view all = input_.commit(n);
    std::size_t used = 0;
    while (!finished_ && used < all.size()) {
      const bytes_view rest = all.subspan(used);
      const std::size_t taken = message_left_ > 0 ? take_message(rest) : take_line(rest);
      if (taken == 0) break;
      used += taken;
    }
    if (finished_) used = all.size();
    input_.finish(all.subspan(used));
    const bool was_partial = std::exchange(partial_, message_left_ > 0 || used < all.size());
    if (used > 0 || !was_partial) partial_since_ = now_;
  }

  std::span<const bytes_view> output() override {
    output_ = out_.view();
    return {&output_, output_.empty() ? std::size_t{0} : std::size_t{1}};
  }
  void consume_output(std::size_t n) override {
    left_ += n;
    out_.consume(n);
    out_.shrink();
  }

  polywire::time_point next_timer() const noexcept override {
    if (finished_) return polywire::never;
    const auto silent = polywire::after(heard_at_, bounds_->ping_interval * (pings_ + 1));
    return partial_ ? std::min(silent, stuck_at()) : silent;
  }
  void on_timer() override {
    if (finished_) return;
    if (partial_ && now_ >= stuck_at()) {
      close(status::unavailable("half a message came (limits::read_progress_timeout)"));
    } else if (now_ >= polywire::after(heard_at_, bounds_->ping_interval * (pings_ + 1))) {
      if (pings_++ < most_pings) return put_line(out_, "PING");
      close(status::unavailable("the peer is silent (limits::ping_interval)"));
    }
  }

 protected:
  session(const rpc::session_config& config, rpc::call_event sent, rpc::call_event received)
      : bounds_(config.limits),
        sink_(config.sink),
        sent_event_(sent),
        received_event_(received),
        heard_at_(config.now) {
    at(config.now);
  }

  /// A line of this role. False: there is no such line.
  virtual bool on_line(std::string_view verb, words& line) = 0;
  /// A message breaks `limits::max_message`: end the call.
  virtual void on_too_large(status why) = 0;
  /// The held message is on its way.
  virtual void on_released() = 0;
  virtual void say_goodbye(const status& why) = 0;

  /// The layer above still cares about this call.
  bool is_open(rpc::call_id id) const noexcept { return call_.sink != nullptr && call_.id == id; }

  /// Makes room for a new call and gives it a number: no two calls of a connection have the same.
  void start_call(polywire::format encoding) {
    call_ = one_call();
    call_.id = ++last_id_;
    call_.state = rpc::call_state::open;
    call_.encoding = encoding;
  }

  /// Errors: nothing was sent.
  static status encode(const polywire::outgoing& message, polywire::buffer& into) {
    auto done = message.encode(into);
    if (done && into.size() > max_message) done = status::resource_exhausted("more than 1 GiB");
    return std::move(done.set_reached(outcome::not_sent));
  }
  void put_message(bytes_view message) {
    put_line(out_, "MSG", message.size());
    out_.append(message);
    out_.append("\n");
    call_.credit -= static_cast<std::int64_t>(message.size() + message_cost);
  }
  void put_credit(std::uint64_t more) {
    put_line(out_, "CREDIT", more);
    call_.window += static_cast<std::int64_t>(more);
  }
  /// Where messages stream: what this side takes beyond the first credit.
  void put_call_credit() {
    if (bounds_->call_credit > first_credit) put_credit(bounds_->call_credit - first_credit);
  }
  void put_metadata(const metadata& all) {
    for (const auto& [key, value] : all) put_line(out_, "META", key, value);
  }
  /// The metadata that came since it was last taken. An error: it breaks a limit or a rule.
  status take_metadata(metadata& into) {
    into = std::exchange(collected_, {});
    return std::exchange(problem_, {});
  }
  /// Bytes that were ever put into the output.
  std::uint64_t written() const noexcept { return left_ + out_.size(); }

  /// The peer breaks the protocol.
  void fail(std::string_view problem) {
    close(status::internal("protocol error: " + std::string(problem)));
  }

  const polywire::limits* bounds_;
  rpc::session_sink* sink_;
  polywire::buffer out_;
  std::uint64_t left_ = 0;
  one_call call_;
  bool finished_ = false;

 private:
  static constexpr int most_pings = 2;

  /// Returns how much of it was a line; 0: it has not come whole.
  std::size_t take_line(bytes_view in) {
    const std::string_view text = polywire::as_text(in);
    const std::size_t end = text.find('\n');
    if (std::min(end, text.size()) > max_line) return fail("a line is too long"), 0;
    if (end == std::string_view::npos) return 0;
    words line(text.substr(0, end));
    const std::string_view verb = line.next();
    if (verb == "MSG") {
      on_message(line);
    } else if (verb == "CREDIT") {
      on_credit(line);
    } else if (verb == "META") {
      on_metadata(line);
    } else if (verb == "PING") {
      // What waits to be written is as good an answer, and a peer that does not read gets no more.
      if (out_.empty()) put_line(out_, "PONG");
    } else if (verb != "PONG" && !on_line(verb, line)) {
      fail("there is no such line");
    }
    return end + 1;
  }

  void on_message(words& line) {
    const auto size = line.number<std::uint32_t>();
    if (!size || *size > max_message) return fail("a message needs a size of at most 1 GiB");
    message_left_ = std::size_t{*size} + 1;  // and a line feed
    if (call_.sink == nullptr) return;       // for a call that is over: it is skipped
    call_.state = rpc::next_state(call_.state, received_event_);
    if (call_.state == rpc::call_state::illegal) return fail("a message came after the last");
    if (call_.window <= 0) return fail("a message came without credit");
    call_.window -= static_cast<std::int64_t>(*size + message_cost);
    if (*size > bounds_->max_message) {
      on_too_large(status::resource_exhausted("the message has more than " +
                                              std::to_string(bounds_->max_message) +
                                              " bytes (limits::max_message)"));
    }
  }

  std::size_t take_message(bytes_view in) {
    const bytes_view part = in.first(std::min(in.size(), message_left_));
    message_left_ -= part.size();
    if (call_.sink == nullptr) {  // nobody wants it, or not any more
      message_ = polywire::buffer();
      return part.size();
    }
    if (message_left_ > 0 || !message_.empty()) message_.append(part);
    if (message_left_ > 0) return part.size();
    const polywire::buffer assembled = std::move(message_);
    const bytes_view whole = assembled.empty() ? part : assembled.view();
    if (whole.back() != std::byte{'\n'}) return fail("a message has another size"), part.size();
    const std::size_t size = whole.size() - 1;
    call_.sink->on_message(
        polywire::incoming(call_.encoding, whole.first(size), size + message_cost), false);
    return part.size();
  }

  void on_credit(words& line) {
    const auto more = line.number<std::uint32_t>();
    if (!more) return fail("credit needs a number");
    call_.credit += *more;
    if (!call_.held || call_.credit <= 0) return;
    const polywire::buffer message = std::move(*call_.held);
    call_.held.reset();
    put_message(message.view());
    on_released();
  }

  void on_metadata(words& line) {
    const auto key = line.text();
    const auto value = line.text();
    if (!key || !value) return fail("metadata is malformed");
    if (!problem_.ok()) return;
    if (collected_.size() + key->size() + value->size() > bounds_->max_metadata ||
        collected_.count() == bounds_->max_metadata_entries) {
      problem_ = status::resource_exhausted("the metadata is above limits::max_metadata");
    } else {
      problem_ = collected_.add(*key, *value);
    }
  }

  void finish(status why) {
    finished_ = true;
    const one_call gone = std::exchange(call_, one_call());
    if (gone.sink == nullptr) return;
    why.set_reached(gone.opened_at <= left_ ? outcome::maybe_processed : outcome::not_sent);
    gone.sink->on_end(std::move(why), {});
  }

  polywire::time_point stuck_at() const noexcept {
    return polywire::after(partial_since_, bounds_->read_progress_timeout);
  }

  rpc::call_event sent_event_;
  rpc::call_event received_event_;
  rpc::input_buffer input_;
  bytes_view output_;
  polywire::buffer message_;
  std::size_t message_left_ = 0;
  metadata collected_;
  status problem_;
  rpc::call_id last_id_ = rpc::no_call;
  polywire::time_point heard_at_;
  polywire::time_point partial_since_{};
  int pings_ = 0;
  bool partial_ = false;
};

}  // namespace line_backend

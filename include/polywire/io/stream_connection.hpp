// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/limits.hpp"
#include "polywire/io/byte_stream.hpp"
#include "polywire/io/connection.hpp"
#include "polywire/io/traffic.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace polywire::inline v1::io {

/// Drives a byte session over a byte stream: reads much, gives it to the session, and writes all
/// answers at once when the turn ends.
class stream_connection final : public connection, private stream_user {
 public:
  stream_connection(std::shared_ptr<loop> home, connection_owner& owner, const limits& bounds,
                    std::unique_ptr<byte_stream> stream, std::unique_ptr<rpc::byte_session> session)
      : connection(std::move(home), owner),
        bounds_(&bounds),
        stream_(std::move(stream)),
        session_(std::move(session)),
        peer_(stream_->peer()) {}

  /// Counts what goes in and out; before `start`.
  void count(std::shared_ptr<traffic> into) noexcept { traffic_ = std::move(into); }

  rpc::session& session() noexcept override { return *session_; }
  std::string peer() const override { return peer_; }
  bool is_private() const noexcept override { return stream_ && stream_->is_private(); }
  std::shared_ptr<const peer_certificate> certificate() const override {
    return stream_ ? stream_->certificate() : nullptr;
  }

  void start() override {
    mark_dirty();
    wait_readable();
    update_timer();
  }

  void drop(const status& why) override {
    const auto self = shared_from_this();
    session_->at(loop_->now());
    session_->lost(why);
    release_stream();
  }

  void close(const status& why) override {
    if (is_closed()) return;
    command().close(why);
  }

 private:
  // Each round is a turn of its own: the answers to what came first leave, and keep the peer busy,
  // while the rest is read.
  void on_readable(error_code error) override {
    std::size_t most = first_read;
    bool more = true;
    for (int rounds = 0; more && rounds < most_reads; ++rounds) {
      const loop::turn turn(*loop_);
      if (is_closed()) return;
      session_->at(loop_->now());
      more = read(most, error) && rounds + 1 < most_reads;
      most *= 2;
      reading_ = more;  // no waiting at the end of this turn
      mark_dirty();
      update_timer();
    }
  }

  // Reads once, unless there is an error already. True: there may be more.
  bool read(std::size_t most, error_code error) {
    bool more = false;
    if (!error && may_read()) {
      auto into = session_->prepare();
      into = into.first(std::min(into.size(), most));
      const std::size_t n = stream_->read_some(into, error);
      if (traffic_) traffic_->note_received(n);
      session_->commit(n);
      more = !error && n == into.size();
    }
    if (error && error != asio::error::would_block && error != asio::error::try_again &&
        !session_->finished()) {
      if (error == asio::error::eof) {
        at_eof_ = true;
        session_->eof();
      } else {
        session_->lost(status::unavailable("connection to " + peer_ + " lost: " + error.message()));
      }
    }
    return more;
  }

  void on_writable(error_code) override {
    const loop::turn turn(*loop_);
    writing_ = false;
    if (!is_closed()) mark_dirty();
  }

  void flush() override {
    take_dirty();
    if (is_closed()) return;
    const auto self = shared_from_this();
    session_->at(loop_->now());
    if (session_->reads_first() && !at_eof_) read(first_read, error_code());
    if (!writing_) write_output();
    if (is_closed()) return;
    if (!writing_ && session_->output().empty()) {
      if (session_->finished()) return close_stream();
      if (session_->ends_output()) end_output();
    }
    if (may_read()) wait_readable();
    update_timer();
  }

  void write_output() {
    for (int rounds = 0; rounds < most_writes; ++rounds) {
      const auto pieces = session_->output();
      if (pieces.empty()) return;
      error_code error;
      const std::size_t n = stream_->write_some(pieces, error);
      if (n > 0) {
        stuck_at_ = never;
        if (traffic_) traffic_->note_sent(n);
        session_->consume_output(n);
      }
      if (error == asio::error::would_block || error == asio::error::try_again) {
        if (stuck_at_ == never) stuck_at_ = after(loop_->now(), bounds_->write_timeout);
        return wait_writable();
      }
      if (!error) continue;
      // What the peer sent before it went is still to be read: it may hold the answer.
      if (reading_ && !session_->finished() && !std::exchange(write_failed_, true)) {
        stuck_at_ = after(loop_->now(), bounds_->close_timeout);
        return;
      }
      return drop(status::unavailable("connection to " + peer_ + " lost: " + error.message()));
    }
    mark_dirty();
  }

  void on_time() override {
    const auto self = shared_from_this();
    const time_point now = loop_->now();
    session_->at(now);
    if (now >= stuck_at_) {
      return drop(
          status::unavailable("the peer at " + peer_ + " does not read (limits::write_timeout)"));
    }
    if (now >= session_->next_timer()) session_->on_timer();
    mark_dirty();
    update_timer();
  }

  void close_stream() {
    if (session_->resets()) {
      stream_->reset();
    } else {
      end_output();
    }
    release_stream();
  }
  void end_output() {
    if (!std::exchange(output_ended_, true)) stream_->shutdown_write();
  }

  // Whoever still holds this connection may outlive the execution context; a socket must not.
  void release_stream() {
    if (!stream_) return;
    stream_->close();
    stream_.reset();
    tell_closed();
  }

  // Timers that move later are left to find out when they ring: no work for every message.
  void update_timer() {
    if (is_closed()) return;
    const time_point next = std::min(session_->next_timer(), stuck_at_);
    if (!is_set() || next < when()) loop_->set_timer(*this, next);
  }

  bool may_read() const noexcept {
    return stream_ && !session_->finished() && session_->wants_input();
  }
  void wait_readable() {
    if (at_eof_ || std::exchange(reading_, true)) return;
    stream_->wait_readable(std::shared_ptr<stream_user>(shared_from_this(), this));
  }
  void wait_writable() {
    if (std::exchange(writing_, true)) return;
    stream_->wait_writable(std::shared_ptr<stream_user>(shared_from_this(), this));
  }

  static constexpr int most_reads = 16;
  static constexpr std::size_t first_read = std::size_t{2} << 10;
  static constexpr int most_writes = 16;

  const limits* bounds_;
  std::unique_ptr<byte_stream> stream_;
  std::unique_ptr<rpc::byte_session> session_;
  std::string peer_;
  std::shared_ptr<traffic> traffic_;
  time_point stuck_at_ = never;
  bool reading_ = false;
  bool writing_ = false;
  bool write_failed_ = false;
  bool at_eof_ = false;
  bool output_ended_ = false;
};

}  // namespace polywire::inline v1::io

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/counted.hpp"
#include "polywire/codec/message_queue.hpp"
#include "polywire/io/connection.hpp"
#include "polywire/io/loop.hpp"
#include "polywire/rpc/session.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace polywire::inline v1::detail {

class stream_core;

/// Somebody waits for a message, or for the end of the messages.
class read_op : public io::completion, public io::mail, public recycled {
 public:
  explicit read_op(ref<stream_core> stream) noexcept : stream_(std::move(stream)) {}
  /// Decodes the message into the operation's own place.
  virtual status take(const incoming& message) = 0;
  /// Whether it would take another message, now that it has one.
  virtual bool wants_more() const noexcept { return false; }
  std::uint64_t number() const noexcept { return number_; }

 protected:
  virtual ~read_op() = default;
  ref<stream_core> stream_;
  // Tells a cancellation that comes too late from one that is meant.
  std::uint64_t number_ = next_number();

 private:
  inline void deliver() override;
  void discard() noexcept override { delete this; }
  static std::uint64_t next_number() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
  }
};

/// Somebody waits until a message, or the end of the messages, was taken off his hands.
class write_op : public io::completion, public io::mail, public recycled {
 public:
  explicit write_op(ref<stream_core> stream, format f) noexcept
      : message(f), stream_(std::move(stream)) {}

  /// What could not be sent at once; empty when only the end is to be said.
  stored_message message;
  bool has_message = false;
  bool last = false;
  status how;

 protected:
  virtual ~write_op() = default;
  ref<stream_core> stream_;

 private:
  inline void deliver() override;
  void discard() noexcept override { delete this; }
};

/// One end of a streaming call: messages that wait for their reader, and the reader and the writer
/// that wait. Lives on its loop's thread; handles and operations on any thread share it.
class stream_core : public counted, public rpc::call_sink {
 public:
  stream_core(std::shared_ptr<io::loop> home, const limits& bounds, format encoding,
              bool carries_objects)
      : home_(std::move(home)),
        bounds_(&bounds),
        encoding_(encoding),
        carries_objects_(carries_objects) {}

  const std::shared_ptr<io::loop>& home() const noexcept { return home_; }
  const limits& bounds() const noexcept { return *bounds_; }
  format encoding() const noexcept { return encoding_; }
  bool carries_objects() const noexcept { return carries_objects_; }

  /// Gives the call up; from any thread.
  virtual void cancel() = 0;
  /// The user let go of a handle.
  virtual void handle_gone() noexcept {}
  /// Why no thread may block here; ok when one may.
  virtual status may_block() const = 0;
  /// How it ended, once the reader has been told of the end; from any thread.
  status final_status() const {
    if (!end_seen_.load(std::memory_order_acquire)) {
      return status::unknown("the stream is not finished");
    }
    return final_;
  }

  // All that follows: on the loop's thread.

  void start_read(read_op& op) {
    if (reading_ != nullptr) return home_->complete(op);  // misuse: one at a time
    if (!inbox_.empty()) {
      if (feed(op)) read_on(op);
      home_->complete(op);
    } else if (read_done_) {
      tell_end(op);
    } else {
      reading_ = &op;
    }
  }
  /// Gives an operation that has something what else waits, as far as it wants that.
  void read_on(read_op& op) {
    while (op.wants_more() && !inbox_.empty() && feed(op)) {
    }
  }
  /// So many messages wait for their reader.
  std::size_t waiting() const noexcept { return inbox_.size(); }

  /// `now`: the message, borrowed; null when it is stored in the operation.
  void start_write(write_op& op, const outgoing* now) {
    if (writing_ != nullptr) {
      op.how = status::failed_precondition("a write is under way: one at a time");
    } else if (write_done_) {
      op.how = over_ ? write_status() : status::failed_precondition("the writes are finished");
    } else if (link_ == nullptr) {
      if (now != nullptr) op.how = now->store(carries_objects_, op.message);
      if (op.how.ok()) {
        writing_ = &op;
        return;
      }
    } else if (!send(op, now)) {
      writing_ = &op;
      return;
    }
    home_->complete(op);
  }

  /// Says that no more will be written, without anyone waiting for it.
  void finish_writes() {
    if (std::exchange(write_done_, true)) return;
    if (link_ != nullptr) {
      link_->command().half_close(id_);
    } else {
      finish_when_open_ = true;
    }
  }
  bool is_finished() const noexcept { return over_; }
  /// How it ended; once it is finished.
  const status& ended_how() const noexcept { return final_; }

  void cancel_read(std::uint64_t number) {
    if (reading_ != nullptr && reading_->number() == number) {
      home_->complete(*std::exchange(reading_, nullptr));
    }
  }

  /// Lets go of the handlers that wait, uninvoked.
  void drop_waiters() noexcept {
    if (read_op* op = std::exchange(reading_, nullptr)) static_cast<io::completion*>(op)->discard();
    if (write_op* op = std::exchange(writing_, nullptr))
      static_cast<io::completion*>(op)->discard();
  }

 protected:
  // A message cannot be decoded: the call cannot go on.
  virtual void on_bad_message(status why) = 0;
  // The first message of this side is about to be sent.
  virtual void before_send() {}
  // What a write hears after the end.
  virtual status write_status() const = 0;

  void attach(io::connection& link, rpc::call_id id) noexcept {
    link_ = &link;
    id_ = id;
  }

  /// The connection is gone and another may come: nothing is owed for what has come.
  void detach() noexcept {
    link_ = nullptr;
    inbox_.forgive();
  }
  /// Bytes of the messages that wait for their reader.
  std::size_t unread() const noexcept { return inbox_.bytes(); }

  /// The link is there: what was written while connecting may go.
  void resume_writing() {
    if (write_op* op = std::exchange(writing_, nullptr)) {
      if (send(*op, nullptr)) {
        home_->complete(*op);
      } else {
        writing_ = op;
      }
    }
    if (std::exchange(finish_when_open_, false)) link_->command().half_close(id_);
  }

  void on_message(const incoming& message, bool last) override {
    if (last) read_done_ = true;
    if (read_op* op = std::exchange(reading_, nullptr)) {
      taken(op->take(message), message.cost());
      home_->complete(*op);
    } else if (!over_) {
      inbox_.push(message);
    }
  }

  void on_sent() override {
    if (write_op* op = std::exchange(writing_, nullptr)) home_->complete(*op);
  }

  void end_reading() {
    read_done_ = true;
    if (read_op* op = std::exchange(reading_, nullptr)) tell_end(*op);
  }

  /// Nothing goes or comes any more; what has come can still be read.
  void end_streams() {
    over_ = true;
    link_ = nullptr;
    write_done_ = true;
    if (write_op* op = std::exchange(writing_, nullptr)) {
      op->how = write_status();
      home_->complete(*op);
    }
    end_reading();
  }

  bool was_told() const noexcept { return end_seen_.load(std::memory_order_acquire); }

  /// What the reader hears at its end. On the server that is the end of the requests.
  status final_;

  io::connection* link_ = nullptr;
  rpc::call_id id_ = rpc::no_call;
  bool over_ = false;
  bool read_done_ = false;
  bool write_done_ = false;

 private:
  void tell_end(read_op& op) {
    end_seen_.store(true, std::memory_order_release);
    home_->complete(op);
  }

  bool feed(read_op& op) {
    status decoded;
    std::size_t cost = 0;
    inbox_.take([&](const incoming& first) {
      decoded = op.take(first);
      cost = first.cost();
    });
    return taken(std::move(decoded), cost);
  }
  // False: it could not be decoded.
  bool taken(status decoded, std::size_t cost) {
    if (link_ != nullptr) link_->command().consumed(id_, cost);
    if (decoded.ok()) return true;
    inbox_.clear();
    on_bad_message(std::move(decoded));
    return false;
  }

  // False: held, `on_sent` follows.
  bool send(write_op& op, const outgoing* now) {
    rpc::session& session = link_->command();
    if (op.last) write_done_ = true;
    if (!op.has_message) {
      session.half_close(id_);
      return true;
    }
    before_send();
    auto sent = now != nullptr ? session.send(id_, *now, op.last)
                               : session.send(id_, op.message.as_outgoing(), op.last);
    if (!sent) {
      op.how = sent.status();
      return true;
    }
    return *sent == rpc::sent::done;
  }

  std::shared_ptr<io::loop> home_;
  const limits* bounds_;
  format encoding_;
  bool carries_objects_;
  message_queue inbox_;
  std::atomic<bool> end_seen_{false};
  read_op* reading_ = nullptr;
  write_op* writing_ = nullptr;
  bool finish_when_open_ = false;
};

inline void read_op::deliver() { stream_->start_read(*this); }
inline void write_op::deliver() {
  if (how.ok()) {
    stream_->start_write(*this, nullptr);
  } else {
    stream_->home()->complete(*this);
  }
}

}  // namespace polywire::inline v1::detail

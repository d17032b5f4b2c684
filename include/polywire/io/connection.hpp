// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/peer_certificate.hpp"
#include "polywire/core/status.hpp"
#include "polywire/io/loop.hpp"
#include "polywire/rpc/session.hpp"

#include <memory>
#include <string>
#include <utility>

namespace polywire::inline v1::io {

class connection;

/// Who made a connection and is to hear of its end.
class connection_owner : public rpc::session_sink {
 public:
  /// Nothing more will come of it; every call has ended. The last callback.
  virtual void on_closed(connection& c) = 0;

 protected:
  ~connection_owner() = default;
};

/// A session with what moves its output to the other end. Lives on one loop; whoever waits for an
/// event keeps it alive.
class connection : public flushable, public timer, public std::enable_shared_from_this<connection> {
 public:
  connection(std::shared_ptr<loop> home, connection_owner& owner) noexcept
      : loop_(std::move(home)), owner_(&owner) {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  /// May happen on any thread once it is closed.
  virtual ~connection() {
    if (dirty_) loop_->forget(*this);
    loop_->remove_timer(*this);
  }

  virtual rpc::session& session() noexcept = 0;
  virtual std::string peer() const = 0;
  /// As `byte_stream::is_private`.
  virtual bool is_private() const noexcept = 0;
  /// As `byte_stream::certificate`.
  virtual std::shared_ptr<const peer_certificate> certificate() const { return nullptr; }
  virtual void start() = 0;
  /// Releases the connection; calls end with `why`.
  virtual void drop(const status& why) = 0;
  /// Says goodbye, and closes when what was written is gone.
  virtual void close(const status& why) = 0;

  loop& home() const noexcept { return *loop_; }
  bool is_closed() const noexcept { return closed_; }

  /// The session, with the time set: for commands. What they write leaves when the turn ends.
  rpc::session& command() {
    rpc::session& s = session();
    s.at(loop_->now());
    mark_dirty();
    return s;
  }

 protected:
  void mark_dirty() {
    if (std::exchange(dirty_, true)) return;
    loop_->want_flush(*this);
  }
  bool take_dirty() noexcept { return std::exchange(dirty_, false); }

  void tell_closed() {
    if (std::exchange(closed_, true)) return;
    loop_->remove_timer(*this);
    if (take_dirty()) loop_->forget(*this);
    if (connection_owner* owner = std::exchange(owner_, nullptr)) owner->on_closed(*this);
  }

  std::shared_ptr<loop> loop_;
  connection_owner* owner_;

 private:
  bool dirty_ = false;
  bool closed_ = false;
};

}  // namespace polywire::inline v1::io

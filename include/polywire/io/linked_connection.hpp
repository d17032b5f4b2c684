// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/connection.hpp"
#include "polywire/rpc/packet_session.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::io {

/// Drives one of two linked sessions in a process: what one says is put into the other's inbox, and
/// the other's loop is woken once for all of it.
class linked_connection final : public connection {
 public:
  linked_connection(std::shared_ptr<loop> home, connection_owner& owner, std::string peer,
                    std::unique_ptr<rpc::packet_session> session)
      : connection(std::move(home), owner), session_(std::move(session)), peer_(std::move(peer)) {}

  /// Both must not have started.
  static void link(const std::shared_ptr<linked_connection>& a,
                   const std::shared_ptr<linked_connection>& b) {
    a->other_ = b->inbox_;
    b->other_ = a->inbox_;
    a->inbox_->owner = a;
    b->inbox_->owner = b;
    a->session_->meet(b->session_->bounds());
    b->session_->meet(a->session_->bounds());
  }

  ~linked_connection() override { hang_up(); }

  rpc::session& session() noexcept override { return *session_; }
  std::string peer() const override { return peer_; }
  bool is_private() const noexcept override { return true; }

  /// The other end lives as long as somebody's calls do: each end keeps itself while it is open.
  void start() override { self_ = std::static_pointer_cast<linked_connection>(shared_from_this()); }

  void drop(const status& why) override {
    const auto self = shared_from_this();
    session_->at(loop_->now());
    session_->lost(why);
    hang_up();
    tell_closed();
    self_.reset();
  }

  void close(const status& why) override {
    if (is_closed()) return;
    command().close(why);
  }

 private:
  // Shared by both ends, so that either may go first.
  class inbox {
   public:
    std::mutex mutex;
    std::vector<rpc::packet> packets;
    std::weak_ptr<linked_connection> owner;
    bool hung_up = false;
  };

  void flush() override {
    take_dirty();
    if (is_closed()) return;
    const auto self = shared_from_this();
    if (auto& out = session_->outbox(); !out.empty()) {
      bool wake = false;
      {
        const std::lock_guard lock(other_->mutex);
        wake = other_->packets.empty();
        if (wake) {
          other_->packets.swap(out);
        } else {
          for (rpc::packet& p : out) other_->packets.push_back(std::move(p));
        }
      }
      out.clear();
      if (wake) wake_other();
    }
    if (session_->finished()) {
      hang_up();
      tell_closed();
      self_.reset();
    }
  }

  void on_time() override {}

  void hang_up() {
    if (!other_) return;
    {
      const std::lock_guard lock(other_->mutex);
      if (std::exchange(other_->hung_up, true)) return;
    }
    wake_other();
  }

  void wake_other() {
    if (const auto other = other_->owner.lock()) {
      other->loop_->post_function([other] { other->receive(); });
    }
  }

  void receive() {
    if (is_closed()) return;
    bool hung_up = false;
    {
      const std::lock_guard lock(inbox_->mutex);
      received_.swap(inbox_->packets);
      hung_up = inbox_->hung_up;
    }
    session_->at(loop_->now());
    for (rpc::packet& p : received_) session_->receive(std::move(p));
    received_.clear();
    if (hung_up && !session_->finished()) {
      return drop(status::unavailable("the other end of " + peer_ + " is gone"));
    }
    mark_dirty();
  }

  std::unique_ptr<rpc::packet_session> session_;
  std::string peer_;
  std::shared_ptr<inbox> inbox_ = std::make_shared<inbox>();
  std::shared_ptr<inbox> other_;
  std::vector<rpc::packet> received_;
  std::shared_ptr<linked_connection> self_;
};

}  // namespace polywire::inline v1::io

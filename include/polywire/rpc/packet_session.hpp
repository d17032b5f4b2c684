// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/session.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc {

/// What two linked sessions of one process say to each other, instead of bytes.
class packet {
 public:
  /// What a subscription asks for, owned.
  class subscription {
   public:
    explicit subscription(const subscribe_head& asked) : group_(asked.group), head_(asked) {
      head_.group = group_;
    }
    subscription(const subscription&) = delete;
    subscription& operator=(const subscription&) = delete;
    const subscribe_head& get() const noexcept { return head_; }

   private:
    std::string group_;
    subscribe_head head_;
  };

  enum class kind : std::uint8_t {
    open,
    message,
    confirm,
    half_close,
    cancel,
    metadata,
    end,
    credit,
    drain,
    close
  };

  packet(kind k, call_id id) noexcept : what(k), call(id) {}

  kind what;
  bool has_message = false;
  bool last = false;
  format encoding = format::protobuf;
  call_id call;
  /// open: number of the method, and its name when the number is new. credit: how much.
  std::uint32_t number = 0;
  std::string name;
  /// open: what is left of the caller's time; the two ends may have different clocks.
  duration remaining = duration::max();
  /// The message: an object, or bytes where the sender had no object to give.
  owned_message object;
  buffer encoded;
  polywire::metadata metadata;
  status how;
  /// open: of an event to publish.
  std::string key;
  std::unique_ptr<subscription> asked;
  /// message: when it is an event.
  std::unique_ptr<kept_event_head> event;
  /// confirm.
  subscribe_position position;
};

/// A session whose connection hands objects over, within one process.
class packet_session : public session {
 public:
  virtual void receive(packet&& p) = 0;
  /// The two ends get to know each other's limits before anything else.
  virtual void meet(const limits& peer) = 0;
  virtual const limits& bounds() const noexcept = 0;
  /// What the other end is to receive, in order. The driver takes it.
  std::vector<packet>& outbox() noexcept { return outbox_; }
  /// The other end is gone.
  virtual void lost(const status& why) = 0;

 protected:
  std::vector<packet> outbox_;
};

}  // namespace polywire::inline v1::rpc

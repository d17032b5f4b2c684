// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/framed/call.hpp"
#include "polywire/wire/frame/frame.hpp"

#include <cstdint>
#include <utility>

namespace polywire::inline v1::framed {

/// What became of the payload of a frame.
enum class received : std::uint8_t {
  message,    ///< a whole message is there
  part,       ///< more fragments follow
  too_large,  ///< the message breaks the limit: its call ends
  violation,  ///< the peer ignores credit or sizes: the connection ends
};

/// The incoming half of a framed connection: reckons what the peer may still send and puts fragments
/// together.
class receiver {
 public:
  explicit receiver(const limits& own) noexcept
      : bounds_(&own), window_(own.connection_credit) {}

  void start(call& c) const noexcept { c.window = bounds_->call_credit; }

  /// Takes the cost of a frame off the connection's window. False: the peer sends more than it may.
  bool charge(const wire::frame::frame& f) noexcept {
    const std::int64_t cost = cost_of(f);
    window_ -= cost;
    to_return_ += static_cast<std::uint32_t>(cost);
    return window_ >= 0;
  }

  /// Takes the payload of a frame. On `message` it stands in `whole` with what it costs to keep.
  received take(call& c, const wire::frame::frame& f, time_point now, bytes_view& whole,
                std::size_t& cost) {
    const std::int64_t charged = cost_of(f);
    c.window -= charged;
    if (c.window < 0) return received::violation;
    const bool more = (f.flags & wire::frame::flag_more) != 0;
    if (!c.assembling) {
      if (!more) {
        whole = f.payload;
        cost = static_cast<std::size_t>(charged);
        return f.payload.size() <= bounds_->max_message ? received::message : received::too_large;
      }
      if (f.message_size > bounds_->max_message) return received::too_large;
      c.assembling = true;
      c.assembly_total = f.message_size;
      c.assembly_cost = 0;
      c.assembly_since = now;
      ++assemblies_;
    }
    if (f.payload.size() > c.assembly_total - c.assembly.size()) return received::violation;
    c.assembly.append(f.payload);
    c.assembly_cost += static_cast<std::uint32_t>(charged);
    if (more) {
      c.assembly_since = now;
      return received::part;
    }
    if (c.assembly.size() != c.assembly_total) return received::violation;
    whole = c.assembly.view();
    cost = c.assembly_cost;
    return received::message;
  }

  /// A message that is larger than the call's credit can only arrive when its fragments are paid
  /// back before anyone has read it. So that many such messages cannot fill the memory, they are
  /// admitted one after the other. Returns what the peer may send again.
  std::uint32_t advance(call& c) noexcept {
    if (!c.assembling || c.assembly_total < bounds_->call_credit / 4) return 0;
    if (!c.admitted) {
      if (admitted_bytes_ != 0 && admitted_bytes_ + c.assembly_total > bounds_->max_assembly) {
        return 0;
      }
      c.admitted = true;
      admitted_bytes_ += c.assembly_total;
    }
    const std::uint32_t back = c.assembly_cost;
    c.assembly_cost = 0;
    c.window += back;
    return back;
  }

  /// The assembled message was delivered, or its call is over. True: others may be admitted now.
  bool finish(call& c) noexcept {
    if (!c.assembling) return false;
    c.assembling = false;
    c.assembly = buffer();
    c.assembly_cost = 0;
    --assemblies_;
    const bool was_admitted = c.admitted;
    if (was_admitted) admitted_bytes_ -= c.assembly_total;
    c.admitted = false;
    return was_admitted && assemblies_ > 0;
  }

  /// The application took a message. Returns what to give back now: small amounts are saved up.
  std::uint32_t consumed(call& c, std::size_t cost) const noexcept {
    c.to_return += static_cast<std::uint32_t>(cost);
    if (c.to_return < bounds_->call_credit / 2) return 0;
    c.window += c.to_return;
    return std::exchange(c.to_return, 0);
  }
  /// The same for the connection, whose window only bounds what is on the way.
  std::uint32_t connection_credit() noexcept {
    if (to_return_ < bounds_->connection_credit / 2) return 0;
    window_ += to_return_;
    return std::exchange(to_return_, 0);
  }

  std::size_t assemblies() const noexcept { return assemblies_; }

 private:
  static std::int64_t cost_of(const wire::frame::frame& f) noexcept {
    return static_cast<std::int64_t>(f.payload.size()) + wire::frame::payload_cost;
  }

  const limits* bounds_;
  std::int64_t window_;
  std::uint32_t to_return_ = 0;
  std::size_t assemblies_ = 0;
  std::size_t admitted_bytes_ = 0;
};

}  // namespace polywire::inline v1::framed

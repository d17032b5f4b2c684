// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/framed/call.hpp"
#include "polywire/wire/frame/frame.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace polywire::inline v1::framed {

/// What became of the payload of a frame.
enum class received : std::uint8_t {
  message,    ///< a whole message is there
  part,       ///< more fragments follow
  too_large,  ///< the message breaks the limit: its call ends
  violation,  ///< the peer ignores credit or sizes: the connection ends
};

/// The incoming half of a framed connection: reckons what the peer may still send and puts
/// fragments together.
class receiver {
 public:
  explicit receiver(const limits& own) noexcept
      : bounds_(&own),
        call_credit_(std::max(own.call_credit, least_credit)),
        connection_credit_(std::max(own.connection_credit, least_credit)),
        window_(connection_credit_) {
    const class limits defaults;
    least_call_window_ = overdraft(call_credit_, defaults.call_credit);
    least_window_ = overdraft(connection_credit_, defaults.connection_credit);
  }

  /// What this side takes, for its hello.
  wire::frame::hello announced(std::uint32_t max_frame) const noexcept {
    wire::frame::hello h;
    h.max_message =
        static_cast<std::uint32_t>(std::min<std::size_t>(bounds_->max_message, 0x7fffffff));
    h.max_calls = bounds_->max_calls;
    h.max_subscriptions = bounds_->max_subscriptions;
    h.max_frame = max_frame;
    h.call_credit = call_credit_;
    h.connection_credit = connection_credit_;
    return h;
  }

  void start(call& c) const noexcept { c.window = call_credit_; }

  /// Takes the cost of a frame off the connection's window. False: the peer sends more than it may.
  bool charge(const wire::frame::frame& f) noexcept {
    const std::int64_t cost = cost_of(f);
    window_ -= cost;
    to_return_ += static_cast<std::uint32_t>(cost);
    return window_ >= least_window_;
  }

  /// Takes the payload of a frame. On `message` it stands in `whole` with what it costs to keep.
  received take(call& c, const wire::frame::frame& f, time_point now, bytes_view& whole,
                std::size_t& cost) {
    const std::int64_t charged = cost_of(f);
    c.window -= charged;
    if (c.window < least_call_window_) return received::violation;
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
      ++assemblies_;
    }
    if (f.payload.size() > c.assembly_total - c.assembly.size()) return received::violation;
    // A message that there is room for does not grow step by step, which would take it thrice.
    if (c.admitted) c.assembly.reserve(c.assembly_total);
    c.assembly.append(f.payload);
    c.assembly_cost += static_cast<std::uint32_t>(charged);
    c.assembly_since = now;
    if (more) {
      check_at_ = std::min(check_at_, after(now, bounds_->read_progress_timeout));
      return received::part;
    }
    if (c.assembly.size() != c.assembly_total) return received::violation;
    whole = c.assembly.view();
    cost = c.assembly_cost;
    return received::message;
  }

  /// What the peer may send again in this call, when it is worth a frame; else 0, and it is saved
  /// up.
  ///
  /// A message larger than the call's credit can only arrive when its parts are paid back before
  /// anyone has read it. So that a peer cannot fill the memory with such messages, that is done
  /// only when everything before it has been taken, and for some calls at a time.
  std::uint32_t pay_back(call& c, time_point now) {
    std::uint32_t back = c.to_return;
    const std::int64_t unread = call_credit_ - c.window - c.to_return - c.assembly_cost;
    const bool with_parts = c.assembling && unread <= 0 && pays(back + c.assembly_cost) && admit(c);
    if (with_parts) back += c.assembly_cost;
    if (!pays(back)) return 0;
    c.to_return = 0;
    if (with_parts) c.assembly_cost = 0;
    c.window += back;
    c.assembly_since = now;
    return back;
  }

  /// The application took a message.
  std::uint32_t consumed(call& c, std::size_t cost, time_point now) {
    // No more than the peer has spent, whatever the application says.
    const std::int64_t unread = call_credit_ - c.window - c.to_return - c.assembly_cost;
    const std::int64_t most = std::max<std::int64_t>(unread, 0);
    c.to_return += static_cast<std::uint32_t>(
        std::min(static_cast<std::uint64_t>(cost), static_cast<std::uint64_t>(most)));
    return pay_back(c, now);
  }

  /// The assembled message was delivered, or its call is over. True: `next` may admit others.
  bool finish(call& c) noexcept {
    if (!c.assembling) return false;
    c.assembling = false;
    c.assembly = buffer();
    c.assembly_cost = 0;
    --assemblies_;
    if (std::exchange(c.queued, false)) std::erase(queue_, &c);
    if (!std::exchange(c.admitted, false)) return false;
    admitted_bytes_ -= c.assembly_total;
    return !queue_.empty();
  }
  /// Admits the call that has waited longest; null when nobody waits or while there is no room. Its
  /// parts are to be paid back now.
  call* next() noexcept {
    if (queue_.empty() || !has_room(*queue_.front())) return nullptr;
    call* c = queue_.front();
    queue_.erase(queue_.begin());
    c->queued = false;
    let_in(*c);
    return c;
  }

  /// The connection's window only bounds what is on the way.
  std::uint32_t connection_back() noexcept {
    if (to_return_ < (connection_credit_ + 1) / 2) return 0;
    window_ += to_return_;
    return std::exchange(to_return_, 0);
  }

  /// When to look for messages whose rest does not come.
  time_point next_check() const noexcept { return assemblies_ > 0 ? check_at_ : never; }
  /// Whether the peer has let the rest of a message wait for too long.
  template <class Calls>
  bool has_stuck(Calls& calls, time_point now) {
    if (now < next_check()) return false;
    check_at_ = after(now, bounds_->read_progress_timeout);
    bool stuck = false;
    calls.for_each([&](const call& c) {
      if (!is_peers_turn(c)) return;
      const time_point end = after(c.assembly_since, bounds_->read_progress_timeout);
      stuck = stuck || now >= end;
      check_at_ = std::min(check_at_, end);
    });
    return stuck;
  }

 private:
  // Smaller announcements would spend the credit on the frames' own cost.
  static constexpr std::uint32_t least_credit = std::uint32_t{4} << 10;

  // A peer that has not read our hello yet goes by the defaults.
  static std::int64_t overdraft(std::uint32_t own, std::uint32_t usual) noexcept {
    return std::min<std::int64_t>(0, std::int64_t{own} - std::int64_t{usual});
  }
  static std::int64_t cost_of(const wire::frame::frame& f) noexcept {
    return static_cast<std::int64_t>(f.payload.size()) + wire::frame::payload_cost;
  }
  // It is the peer who lets the rest of a message wait: senders need not be content with less than
  // half of the initial credit.
  bool is_peers_turn(const call& c) const noexcept {
    return c.assembling && c.window > call_credit_ / 2;
  }
  // Worth a frame. More is never held back.
  bool pays(std::uint32_t amount) const noexcept { return amount >= call_credit_ / 2; }

  bool has_room(const call& c) const noexcept {
    return admitted_bytes_ == 0 || admitted_bytes_ + c.assembly_total <= bounds_->max_assembly;
  }
  bool admit(call& c) {
    if (c.admitted) return true;
    if (c.queued) return false;
    // Nobody overtakes those who wait.
    if (!queue_.empty() || !has_room(c)) {
      queue_.push_back(&c);
      c.queued = true;
      return false;
    }
    let_in(c);
    return true;
  }
  void let_in(call& c) noexcept {
    c.admitted = true;
    admitted_bytes_ += c.assembly_total;
  }

  const limits* bounds_;
  std::uint32_t call_credit_;
  std::uint32_t connection_credit_;
  std::int64_t least_call_window_ = 0;
  std::int64_t least_window_ = 0;
  std::int64_t window_;
  std::uint32_t to_return_ = 0;
  std::size_t assemblies_ = 0;
  time_point check_at_ = never;
  std::size_t admitted_bytes_ = 0;
  std::vector<call*> queue_;
};

}  // namespace polywire::inline v1::framed

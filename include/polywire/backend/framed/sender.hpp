// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/framed/call.hpp"
#include "polywire/wire/frame/encode.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::framed {

/// The outgoing half of a framed connection: the output buffer, the peer's limits, its credits, and
/// the messages that wait for them.
class sender {
 public:
  using frame_type = wire::frame::frame;

  explicit sender(const limits& own)
      : most_output_(std::max(std::size_t{own.connection_credit}, output_target)),
        most_control_(own.max_control_output) {
    const class limits defaults;
    // A message that turns out to be too large only ends its call: no reason to refuse it before
    // the peer has said what it takes.
    peer_.max_message = most_message;
    peer_.max_calls = defaults.max_calls;
    peer_.max_subscriptions = defaults.max_subscriptions;
    peer_.max_frame = wire::frame::max_frame_default;
    peer_.call_credit = defaults.call_credit;
    peer_.connection_credit = defaults.connection_credit;
    credit_ = defaults.connection_credit;
  }

  buffer& output() noexcept { return out_; }
  const wire::frame::hello& peer() const noexcept { return peer_; }
  /// Bytes that have ever been put into the output, and that have left it.
  std::uint64_t written() const noexcept { return left_ + out_.size(); }
  std::uint64_t left() const noexcept { return left_; }
  /// So much waits to be written that nothing but short answers is added.
  bool is_full() const noexcept { return out_.size() >= most_output_; }
  /// The peer makes us answer and does not read: time to give it up. `heads`: what the metadata of
  /// open calls may take.
  bool overflows(std::size_t heads) const noexcept {
    return out_.size() > most_output_ + most_control_ + heads;
  }

  void consume(std::size_t n) {
    left_ += n;
    out_.consume(n);
    out_.shrink();
    if (!held_.empty()) pump();
  }

  void start(call& c) const noexcept { c.credit = peer_.call_credit; }

  /// Whether the peer takes a frame with this metadata and little else.
  bool fits(const metadata& m) const noexcept {
    frame_type f;
    f.call = 0xffffffff;
    f.flags = wire::frame::flag_end;
    f.metadata = &m;
    return fits(f);
  }
  /// The same of a whole head.
  bool fits(const frame_type& head) const noexcept {
    return wire::frame::encoded_size(head) <= peer_.max_frame;
  }

  /// A frame without payload.
  void control(const frame_type& f) { wire::frame::encode(out_, f); }

  /// The end of a call. A status that fits no frame loses its details and most of its message, and
  /// the metadata.
  void end(std::uint32_t id, const status& how, const metadata& trailing) {
    frame_type f;
    f.call = id;
    f.flags = wire::frame::flag_end;
    if (!trailing.empty()) f.metadata = &trailing;
    if (how.ok()) return control(f);
    f.status = &how;
    if (fits(f)) return control(f);
    const status shorter(how.code(), how.message().substr(0, short_message), how.reached());
    f.metadata = nullptr;
    f.status = &shorter;
    control(f);
  }
  void goodbye(const status& why) {
    const status shorter(why.code(), why.message().substr(0, short_message), why.reached());
    frame_type f;
    f.goodbye = &shorter;
    control(f);
  }
  /// The end, behind what is held and when there is room for it. True: it is written.
  bool end_in_turn(call& c, const status& how, const metadata& trailing) {
    if (!c.holds && !is_full()) {
      end(c.id, how, trailing);
      return true;
    }
    c.end_after_held = std::make_unique<call::waiting_end>();
    c.end_after_held->how = how;
    c.end_after_held->trailing = trailing;
    if (!c.holds) hold(c);
    return false;
  }

  /// The peer announces what it takes; both sides have reckoned with the defaults until now. What
  /// it leaves out keeps its default.
  template <class Calls>
  void set_peer(wire::frame::hello announced, Calls& calls) {
    const class limits defaults;
    if (announced.max_message == 0) {
      announced.max_message = static_cast<std::uint32_t>(defaults.max_message);
    }
    announced.max_message = std::min(announced.max_message, most_message);
    if (announced.max_calls == 0) announced.max_calls = peer_.max_calls;
    if (announced.max_subscriptions == 0) announced.max_subscriptions = peer_.max_subscriptions;
    if (announced.max_frame < least_frame) announced.max_frame = peer_.max_frame;
    announced.max_frame = std::min(announced.max_frame, most_frame);
    if (announced.call_credit == 0) announced.call_credit = peer_.call_credit;
    if (announced.connection_credit == 0) announced.connection_credit = peer_.connection_credit;
    const std::int64_t by = std::int64_t{announced.call_credit} - std::int64_t{peer_.call_credit};
    credit_ += std::int64_t{announced.connection_credit} - std::int64_t{peer_.connection_credit};
    peer_ = announced;
    if (by != 0) calls.for_each([by](call& c) { c.credit += by; });
    pump();
  }

  /// False: that is more than a credit can be.
  bool add_credit(std::uint32_t n) {
    credit_ += n;
    if (credit_ > most_credit) return false;
    pump();
    return true;
  }
  bool add_credit(call& c, std::uint32_t n) {
    c.credit += n;
    if (c.credit > most_credit) return false;
    if (c.holds) pump();
    return true;
  }

  /// Writes a frame with a message. What the peer has no room for is held and leaves in fragments:
  /// the head goes ahead of it, and its flags and trailing metadata behind.
  result<rpc::sent> message(call& c, const frame_type& head, const outgoing& m) {
    if (c.holds) {
      return status::failed_precondition("a message of this call still waits for the peer")
          .set_reached(outcome::not_sent);
    }
    wire::frame::payload_writer writer(out_, head);
    if (auto encoded = m.encode(out_); !encoded) {
      writer.abandon();
      return encoded;
    }
    const std::size_t size = writer.payload_size();
    if (size > peer_.max_message) {
      writer.abandon();
      return too_large(size);
    }
    // What names a call or an event, and may not wait with the message.
    const bool opens = head.method != 0 || !head.name.empty() || head.event != 0;
    if (may_send(c, size, writer.offset()) && fits(head, size)) {
      writer.finish();
      charge(c, size);
      if (opens) c.opened_at = written();
      return rpc::sent::done;
    }
    c.held.append(out_.view().last(size));
    writer.abandon();
    if (opens) {
      frame_type opening = head;
      opening.flags = 0;
      control(opening);
      c.opened_at = written();
    }
    c.held_total = size;
    c.holds_message = true;
    c.last_after_held = (head.flags & wire::frame::flag_last) != 0;
    if ((head.flags & wire::frame::flag_end) != 0) {
      c.end_after_held = std::make_unique<call::waiting_end>();
      if (head.metadata != nullptr) c.end_after_held->trailing = *head.metadata;
    }
    hold(c);
    if (c.holds) return rpc::sent::held;
    std::erase(released_, c.id);  // it went out at once, in fragments
    return rpc::sent::done;
  }

  /// Forgets what is held of a call that is over.
  void drop(call& c) noexcept {
    if (!released_.empty()) std::erase(released_, c.id);
    if (!c.holds) return;
    std::erase(held_, &c);
    c.holds = false;
    c.holds_message = false;
    c.held = buffer();
  }

  /// Ids of calls whose held message, and what was to follow it, has just gone out.
  std::vector<std::uint32_t>& released() noexcept { return released_; }

 private:
  static constexpr std::uint32_t most_message = 0x7fffffff;
  static constexpr std::int64_t most_credit = 0xffffffff;
  static constexpr std::size_t short_message = 1'024;
  // A frame of this size carries any head: a peer cannot ask for less.
  static constexpr std::uint32_t least_frame = std::uint32_t{16} << 10;
  // However much a peer takes: calls are to take turns.
  static constexpr std::uint32_t most_frame = std::uint32_t{256} << 10;
  // Numbers, flags and lengths of a frame, and a name.
  static constexpr std::size_t fragment_overhead = 32;
  static constexpr std::size_t plain_head = fragment_overhead + max_method_name;
  // Crumbs would spend the credit on the frames' own cost.
  static constexpr std::size_t least_fragment = 1'024;
  // No more is queued ahead for held messages, so that small calls overtake large ones.
  static constexpr std::size_t output_target = std::size_t{128} << 10;

  static std::int64_t cost(std::size_t size) noexcept {
    return static_cast<std::int64_t>(size) + wire::frame::payload_cost;
  }
  // `ahead`: bytes of output in front of it.
  bool may_send(const call& c, std::size_t size, std::size_t ahead) const noexcept {
    return cost(size) <= c.credit && cost(size) <= credit_ && ahead < most_output_;
  }
  bool fits(const frame_type& head, std::size_t size) const noexcept {
    const bool plain = head.metadata == nullptr && head.key.empty();
    const std::size_t head_size = plain ? plain_head : wire::frame::encoded_size(head);
    return head_size + size + fragment_overhead <= peer_.max_frame;
  }
  void charge(call& c, std::size_t size) noexcept {
    c.credit -= cost(size);
    credit_ -= cost(size);
  }
  status too_large(std::size_t size) const {
    return status::resource_exhausted("the message has " + std::to_string(size) +
                                      " bytes, the peer takes at most " +
                                      std::to_string(peer_.max_message))
        .set_reached(outcome::not_sent);
  }

  void hold(call& c) {
    c.holds = true;
    held_.push_back(&c);
    pump();
  }

  // Calls take turns, a fragment each.
  void pump() {
    bool moved = true;
    while (moved && !held_.empty()) {
      moved = false;
      for (std::size_t rounds = held_.size(); rounds > 0 && !held_.empty(); --rounds) {
        if (out_.size() >= output_target) return;
        turn_ = turn_ < held_.size() ? turn_ : 0;
        call& c = *held_[turn_];
        if (c.holds_message && fragment(c)) moved = true;
        if (c.holds_message) {
          ++turn_;
          continue;
        }
        c.holds = false;
        moved = true;
        follow(c);
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(turn_));
        released_.push_back(c.id);
      }
    }
  }

  bool fragment(call& c) {
    const std::int64_t room = std::min(c.credit, credit_) - wire::frame::payload_cost;
    const std::size_t quarter = std::max<std::size_t>(peer_.call_credit / 4, 1);
    const std::size_t worthwhile = std::min({c.held.size(), least_fragment, quarter});
    if (room < static_cast<std::int64_t>(worthwhile)) return false;
    const std::size_t size = std::min(
        {c.held.size(), peer_.max_frame - fragment_overhead, static_cast<std::size_t>(room)});
    frame_type f;
    f.call = c.id;
    f.has_payload = true;
    f.payload = c.held.view().first(size);
    if (size < c.held.size()) {
      f.flags = wire::frame::flag_more;
      if (c.held.size() == c.held_total) f.message_size = static_cast<std::uint32_t>(c.held_total);
    } else if (c.last_after_held) {
      f.flags = wire::frame::flag_last;
      c.last_after_held = false;
    }
    wire::frame::encode(out_, f);
    charge(c, size);
    c.held.consume(size);
    if (c.held.empty()) {
      c.holds_message = false;
      c.held = buffer();
    }
    return true;
  }

  // What was to be said behind a held message.
  void follow(call& c) {
    if (c.end_after_held) return end(c.id, c.end_after_held->how, c.end_after_held->trailing);
    if (!std::exchange(c.last_after_held, false)) return;
    frame_type f;
    f.call = c.id;
    f.flags = wire::frame::flag_last;
    control(f);
  }

  std::size_t most_output_;
  std::size_t most_control_;
  buffer out_;
  std::uint64_t left_ = 0;
  wire::frame::hello peer_;
  std::int64_t credit_ = 0;
  std::vector<call*> held_;
  std::size_t turn_ = 0;
  std::vector<std::uint32_t> released_;
};

}  // namespace polywire::inline v1::framed

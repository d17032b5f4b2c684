// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/framed/call.hpp"
#include "polywire/wire/frame/encode.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace polywire::inline v1::framed {

/// The outgoing half of a framed connection: the output buffer, the peer's limits, its credits, and
/// the messages that wait for them.
class sender {
 public:
  using frame_type = wire::frame::frame;

  explicit sender(const limits& own) : bounds_(&own) {
    const class limits defaults;
    peer_.max_message = static_cast<std::uint32_t>(std::min<std::size_t>(max_message_ever, 0xffffffff));
    peer_.max_calls = defaults.max_calls;
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
  /// The peer makes us answer and does not read: time to give it up.
  bool overflows() const noexcept {
    return out_.size() > bounds_->connection_credit + bounds_->max_control_output;
  }

  void consume(std::size_t n) {
    left_ += n;
    out_.consume(n);
    out_.shrink();
    if (!held_.empty()) pump();
  }

  void start(call& c) const noexcept { c.credit = peer_.call_credit; }

  /// A frame without payload. One that would be too large loses its metadata and details first.
  void control(const frame_type& f) {
    if (wire::frame::encoded_size(f) <= peer_.max_frame || f.status == nullptr) {
      wire::frame::encode(out_, f);
      return;
    }
    frame_type shorter = f;
    const status bare(f.status->code(), f.status->message().substr(0, short_message),
                      f.status->reached());
    shorter.metadata = nullptr;
    shorter.status = &bare;
    wire::frame::encode(out_, shorter);
  }

  /// The peer announces what it takes; both sides have reckoned with the defaults until now. What it
  /// leaves out keeps its default.
  template <class Calls>
  void set_peer(wire::frame::hello announced, Calls& calls) {
    if (announced.max_message == 0) announced.max_message = peer_.max_message;
    if (announced.max_calls == 0) announced.max_calls = peer_.max_calls;
    if (announced.max_frame < least_frame) announced.max_frame = peer_.max_frame;
    if (announced.call_credit == 0) announced.call_credit = peer_.call_credit;
    if (announced.connection_credit == 0) announced.connection_credit = peer_.connection_credit;
    const std::int64_t by = std::int64_t{announced.call_credit} - std::int64_t{peer_.call_credit};
    credit_ += std::int64_t{announced.connection_credit} - std::int64_t{peer_.connection_credit};
    peer_ = announced;
    if (by != 0) calls.for_each([by](call& c) { c.credit += by; });
    pump();
  }

  void add_credit(std::uint32_t n) {
    credit_ += n;
    pump();
  }
  void add_credit(call& c, std::uint32_t n) {
    c.credit += n;
    if (c.holds) pump();
  }

  /// Writes a frame with a message. What the peer has no room for is held and leaves in fragments:
  /// the head goes ahead of it, and its flags and trailing metadata behind.
  result<rpc::sent> message(call& c, const frame_type& head, const outgoing& m) {
    wire::frame::payload_writer writer(out_, head);
    if (auto encoded = m.encode(out_); !encoded) {
      writer.abandon();
      return encoded;
    }
    const std::size_t size = writer.payload_size();
    if (size > peer_.max_message || size > max_message_ever) {
      writer.abandon();
      return too_large(size);
    }
    if (may_send(c, size) && fits(head, size)) {
      writer.finish();
      charge(c, size);
      return rpc::sent::done;
    }
    buffer encoded;
    encoded.append(out_.view().last(size));
    writer.abandon();
    if (head.method != 0 || !head.name.empty()) {
      frame_type opening = head;
      opening.flags = 0;
      wire::frame::encode(out_, opening);
    }
    c.held = std::move(encoded);
    c.held_total = size;
    c.holds = true;
    if ((head.flags & wire::frame::flag_last) != 0) c.last_after_held = true;
    if ((head.flags & wire::frame::flag_end) != 0) {
      c.end_after_held.emplace();
      if (head.metadata != nullptr) c.trailing_after_held = *head.metadata;
    }
    held_.push_back(&c);
    pump();
    if (c.holds) return rpc::sent::held;
    std::erase(released_, c.id);  // it went out at once, in fragments
    return rpc::sent::done;
  }

  /// Forgets what is held of a call that is over.
  void drop(call& c) noexcept {
    std::erase(held_, &c);
    std::erase(released_, c.id);
    c.holds = false;
  }

  /// Ids of calls whose held message, and what was to follow it, has just gone out.
  std::vector<std::uint32_t>& released() noexcept { return released_; }

 private:
  static constexpr std::size_t max_message_ever = std::size_t{0x7fffffff};
  static constexpr std::size_t short_message = 1'024;
  // A frame of this size carries any head: a peer cannot ask for less.
  static constexpr std::size_t least_frame = std::size_t{16} << 10;
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
  bool may_send(const call& c, std::size_t size) const noexcept {
    return cost(size) <= c.credit && cost(size) <= credit_ &&
           out_.size() < bounds_->connection_credit;
  }
  bool fits(const frame_type& head, std::size_t size) const noexcept {
    const std::size_t head_size =
        head.metadata != nullptr ? wire::frame::encoded_size(head) : plain_head;
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

  // Calls take turns, a fragment each.
  void pump() {
    bool moved = true;
    while (moved && !held_.empty()) {
      moved = false;
      for (std::size_t rounds = held_.size(); rounds > 0 && !held_.empty(); --rounds) {
        if (out_.size() >= output_target) return;
        turn_ = turn_ < held_.size() ? turn_ : 0;
        call& c = *held_[turn_];
        if (fragment(c)) moved = true;
        if (c.holds) {
          ++turn_;
        } else {
          held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(turn_));
          released_.push_back(c.id);
        }
      }
    }
  }

  bool fragment(call& c) {
    const std::int64_t room = std::min(c.credit, credit_) - wire::frame::payload_cost;
    const std::size_t worthwhile =
        std::min({c.held.size(), least_fragment, std::size_t{peer_.call_credit / 4}});
    if (room < static_cast<std::int64_t>(worthwhile)) return false;
    const std::size_t size =
        std::min({c.held.size(), peer_.max_frame - fragment_overhead,
                  static_cast<std::size_t>(room)});
    frame_type f;
    f.call = c.id;
    f.has_payload = true;
    f.payload = c.held.view().first(size);
    if (size < c.held.size()) {
      f.flags = wire::frame::flag_more;
      if (c.held.size() == c.held_total) f.message_size = static_cast<std::uint32_t>(c.held_total);
    }
    wire::frame::encode(out_, f);
    charge(c, size);
    c.held.consume(size);
    if (c.held.empty()) {
      c.holds = false;
      c.held.shrink();
      follow(c);
    }
    return true;
  }

  // What was to be said behind a held message.
  void follow(call& c) {
    if (!c.last_after_held && !c.end_after_held) return;
    frame_type f;
    f.call = c.id;
    if (c.last_after_held) f.flags |= wire::frame::flag_last;
    if (c.end_after_held) {
      f.flags |= wire::frame::flag_end;
      if (!c.end_after_held->ok()) f.status = &*c.end_after_held;
      if (!c.trailing_after_held.empty()) f.metadata = &c.trailing_after_held;
    }
    control(f);
  }

  const limits* bounds_;
  buffer out_;
  std::uint64_t left_ = 0;
  wire::frame::hello peer_;
  std::int64_t credit_ = 0;
  std::vector<call*> held_;
  std::size_t turn_ = 0;
  std::vector<std::uint32_t> released_;
};

}  // namespace polywire::inline v1::framed

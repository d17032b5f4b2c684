// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/operations.hpp"
#include "polywire/client/detail/channel.hpp"
#include "polywire/client/event.hpp"
#include "polywire/core/subscribe_options.hpp"
#include "polywire/core/topic.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace polywire::inline v1::detail {

/// The client's end of a subscription, across connections: each time it is made again it goes on
/// behind the last event that came.
class client_subscription final : public stream_core, public client_call {
 public:
  client_subscription(const std::shared_ptr<channel>& owner, std::string_view pattern,
                      format encoding, subscribe_options options)
      : stream_core(owner->shared_home(), owner->bounds(), encoding, owner->carries_objects()),
        client_call(pattern, call_type::subscribe, idempotency::idempotent,
                    call_options(options.get_call())),
        pattern_(std::make_shared<const std::string>(pattern)),
        topic_(pattern_),
        group_(options.get_group()) {
    method_ = *pattern_;
    asked_.start = options.get_start();
    asked_.policy = options.get_overflow();
    asked_.lag = options.get_lag();
    asked_.group = group_;
    prepare(owner, encoding);
  }

  /// `confirmed` completes when the server has made the subscription, or it has failed.
  void start(io::completion& confirmed) {
    confirmed_ = &confirmed;
    keep();
    io::loop& home = channel_->home();
    if (!home.here()) return home.post(static_cast<io::mail&>(*this));
    channel_->start(*this);
  }

  /// Instead of `start`: reads end at once.
  void refuse() noexcept {
    refused_ = true;
    read_done_ = true;
  }

  void cancel() override {
    if (refused_) return;
    channel_->home().run(
        [call = kept_call(*this)] { call->give_up(channel::cancelled(outcome::maybe_processed)); });
  }
  void handle_gone() noexcept override { cancel(); }
  status may_block() const override { return channel_->may_block(); }

  /// An event that came cannot be read as this program's type: it is lost before the next one.
  void note_unreadable(const loss& lost_before, const status& why) {
    skipped_ += lost_before;
    skipped_ += loss(1, loss::kind::exact);
    channel_->log(log_level::warning,
                  "an event of '" + *pattern_ + "' was skipped: " + why.message());
    unreadable_.fetch_add(1, std::memory_order_relaxed);
  }
  std::uint64_t unreadable() const noexcept { return unreadable_.load(std::memory_order_relaxed); }
  /// What is to be told with an event that can be read.
  loss lost_before(const event_head& event) noexcept {
    return std::exchange(skipped_, loss()) += event.lost_before;
  }
  /// Events mostly have the topic of the event before.
  const std::shared_ptr<const std::string>& topic_of(const event_head& event) {
    if (event.topic.empty()) return pattern_;
    if (*topic_ != event.topic) topic_ = std::make_shared<const std::string>(event.topic);
    return topic_;
  }

 private:
  void keep() noexcept override { add_ref(); }
  void unkeep() noexcept override { release(); }
  rpc::call_sink& sink() noexcept override { return *this; }
  stored_message* first_message() noexcept override { return nullptr; }
  bool only_message() const noexcept override { return true; }
  status check_start() override { return {}; }

  void complete_head(rpc::call_head& head) override {
    head.deadline = never;  // it is about the confirmation
    head.subscribe = &asked_;
  }
  duration pause() override {
    // Each connection brings new credit: without this, a reader that stands still would pile up
    // events with every one. Or the server lets us in, and ends it again.
    const bool hurries = unread() >= bounds().call_credit || !confirmed_since_;
    confirmed_since_ = true;
    return hurries ? bounds().reconnect_spacing : duration::zero();
  }
  void on_opened(io::connection& link, rpc::call_id id) override {
    confirmed_since_ = false;
    attach(link, id);
  }

  void on_confirmed(const subscribe_position& begin) override {
    confirmed_since_ = true;
    // What a dead epoch still had nobody knows, nor what other members of a group got meanwhile.
    const bool is_behind = asked_.start.how() == start_at::kind::after;
    const bool starts_anew = is_behind && asked_.start.id().epoch() != begin.after.epoch();
    if (starts_anew || (comes_back_ && !group_.empty())) lost_ += loss(0, loss::kind::unknown);
    if (starts_anew || epoch_ == 0) sequence_ = begin.sequence;
    epoch_ = begin.after.epoch();
    // One that asked for a start behind an event keeps asking for that one until another has come:
    // the loss in between is told with the next event.
    if (starts_anew || !is_behind) go_on_behind(begin.after);
    if (std::exchange(comes_back_, true)) return;
    deadline_ = never;
    home()->remove_timer(*this);
    tell_confirmed();
  }
  void on_metadata(polywire::metadata&& initial) override { note_initial(std::move(initial)); }
  void on_message(const incoming& message, bool) override {
    event_head head = *message.event();
    if (sequence_ != 0) sequence_ += 1 + head.lost_before.count();
    go_on_behind(event_id(epoch_, head.offset));
    head.lost_before += std::exchange(lost_, loss());
    // Readers see ids of one piece: what waits may be older than the connection.
    head.epoch = epoch_;
    incoming whole = message;
    stream_core::on_message(whole.with(&head), false);
  }
  void on_half_close() override {}
  void on_end(status&& how, polywire::metadata&& trailing) override {
    detach();
    attempt_ended(std::move(how), std::move(trailing));
  }
  void on_over(status how) override {
    final_ = std::move(how);
    end_streams();
    tell_confirmed();
  }
  void on_abandoned() noexcept override {
    over_ = true;
    link_ = nullptr;
    drop_waiters();
    if (io::completion* waiting = std::exchange(confirmed_, nullptr)) waiting->discard();
  }
  void discard() noexcept override {
    on_abandoned();
    unkeep();
  }
  void on_bad_message(status) override {}
  status write_status() const override {
    return status::failed_precondition("a subscriber does not write");
  }

  // A group has one place in its topic, which its members share.
  void go_on_behind(event_id last) {
    if (!group_.empty()) return;
    asked_.start = start_at::after(last);
    asked_.sequence = sequence_;
  }
  void tell_confirmed() {
    if (io::completion* waiting = std::exchange(confirmed_, nullptr)) home()->complete(*waiting);
  }

  std::shared_ptr<const std::string> pattern_;
  std::shared_ptr<const std::string> topic_;
  std::string group_;
  subscribe_head asked_;
  std::uint64_t epoch_ = 0;
  // See subscribe_position: of the next event that may come.
  std::uint64_t sequence_ = 0;
  loss lost_;     // before the next event that comes
  loss skipped_;  // before the next event that can be read
  bool confirmed_since_ = false;
  bool refused_ = false;
  io::completion* confirmed_ = nullptr;
  std::atomic<std::uint64_t> unreadable_{0};
};

/// Waits for events that can be read. `Batch`: an optional event, or a vector of at most so many.
template <class T, class Batch, class Handler>
class event_read final : public read_op {
  static constexpr bool is_one = std::is_same_v<Batch, std::optional<event<T>>>;

 public:
  event_read(ref<client_subscription> from, std::size_t most, Handler handler)
      : read_op(from),
        from_(std::move(from)),
        most_(most),
        handler_(std::move(handler), *from_->home()) {
    auto slot = handler_.cancellation_slot();
    if (slot.is_connected()) {
      slot.assign([from = from_, number = number()](asio::cancellation_type) {
        from->home()->run([from, number] { from->cancel_read(number); });
      });
    }
  }

  status take(const incoming& message) override {
    const event_head& head = *message.event();
    std::optional<T> value;
    if (auto read = message.read(value, from_->bounds()); !read) {
      from_->note_unreadable(head.lost_before, read);
      skipped_ = true;
      return {};
    }
    event<T> whole(std::move(*value), from_->topic_of(head), std::string(head.key),
                   event_id(head.epoch, head.offset), from_->lost_before(head));
    if constexpr (is_one) {
      events_.emplace(std::move(whole));
    } else {
      events_.push_back(std::move(whole));
    }
    return {};
  }
  bool wants_more() const noexcept override {
    if constexpr (is_one) {
      return false;
    } else {
      return events_.size() < most_;
    }
  }
  void complete() override {
    if constexpr (!is_one) {  // what came while this waited for the end of the turn
      events_.reserve(std::min(most_, events_.size() + from_->waiting()));
      from_->read_on(*this);
    }
    if (std::exchange(skipped_, false) && is_empty()) return from_->start_read(*this);
    auto handler = std::move(handler_);
    auto events = std::move(events_);
    delete this;
    handler.invoke(std::move(events));
  }

 private:
  bool is_empty() const noexcept {
    if constexpr (is_one) {
      return !events_.has_value();
    } else {
      return events_.empty();
    }
  }

  ref<client_subscription> from_;
  std::size_t most_;
  Batch events_{};
  bool skipped_ = false;
  held_handler<Handler> handler_;
};

}  // namespace polywire::inline v1::detail

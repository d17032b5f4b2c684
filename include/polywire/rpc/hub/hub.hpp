// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/publish_options.hpp"
#include "polywire/core/result.hpp"
#include "polywire/core/topic.hpp"
#include "polywire/rpc/hub/detail/hub_state.hpp"
#include "polywire/rpc/hub/detail/pattern_cursor.hpp"
#include "polywire/rpc/hub/detail/queue_subscription.hpp"
#include "polywire/rpc/hub/detail/topic_cursor.hpp"
#include "polywire/rpc/hub/publishing.hpp"
#include "polywire/rpc/hub/subscription.hpp"
#include "polywire/rpc/names.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc {

/// The topics of a server: takes events, keeps their history, and hands them to subscribers.
///
/// Offer first; then everything may be called on any thread, except that a subscription belongs to
/// its thread. Subscriptions may outlive the hub: they end `unavailable`.
class hub {
 public:
  /// `epoch` is to differ from that of every hub that subscribers may come from.
  hub(std::uint64_t epoch, const limits& bounds, hub_events& events)
      : state_(std::make_shared<detail::hub_state>(epoch, bounds, events)) {}
  hub(const hub&) = delete;
  hub& operator=(const hub&) = delete;
  ~hub() { close({}); }

  /// Hosts a topic, or all that match a pattern; those come into being when they are first used. A
  /// name's own offer wins over patterns, and of these the first. Errors: `invalid_argument` (no
  /// topic name or pattern), `already_exists`, `resource_exhausted`.
  status offer(std::string_view name_or_pattern, const topic_type& type, const offer_options& how) {
    if (auto done = state_->offers().add(name_or_pattern, type, how); !done) return done;
    if (has_wildcard(name_or_pattern)) return {};
    const std::lock_guard lock(state_->mutex());
    return state_->find_or_make(name_or_pattern, *state_->offers().find(name_or_pattern)).status();
  }

  /// Null: nobody offers it. Of a pattern: the type of the first offer that shares a name with it.
  const topic_type* type_of(std::string_view name_or_pattern) const {
    const detail::topic_offer* one = state_->offers().lookup(name_or_pattern);
    return one != nullptr ? &one->type : nullptr;
  }

  /// Publishes now; or, while the topic waits for a slow subscriber with overflow::block, after
  /// those that wait already: then the answer is empty, and `waiter` is told later. Errors:
  /// `invalid_argument` (name, key, format, and of a remote one the bytes), `not_found`,
  /// `permission_denied` (a remote one that the host does not accept), `resource_exhausted` (too
  /// large, too many topics; no waiter, or too many wait already), `unavailable` (closed).
  std::optional<result<event_id>> publish(const publication& p, time_point now,
                                          publish_waiter* waiter) {
    detail::hub_topic* topic = nullptr;
    if (auto good = prepare(p, topic); !good) return good;
    return state_->publish(
        *topic, std::make_shared<event>(topic->info, p.encoding, p.payload, p.key), now, waiter);
  }
  /// What waits with this waiter is not published any more. When it returns the waiter is not
  /// called, or it is this thread that is inside its call. Hold no lock that `on_published` takes.
  void forget(publish_waiter& waiter) { state_->forget(waiter); }

  /// On the thread `where`. `take` what there is; `on_ready` tells of what comes later.
  /// Errors: `invalid_argument` (pattern, group, a start after an event to come), `not_found`,
  /// `permission_denied` (overflow::block where the host does not allow it), `failed_precondition`
  /// (a group that is to block or to begin elsewhere than now), `resource_exhausted` (too many
  /// topics), `unavailable` (closed).
  result<subscription_ptr> subscribe(const subscribe_request& asked, subscriber& who,
                                     hub_thread& where) {
    const detail::topic_offer* offer = nullptr;
    if (auto good = check(asked, offer); !good) return good;
    const bool wildcard = has_wildcard(asked.pattern);
    const std::lock_guard lock(state_->mutex());
    if (state_->is_closed()) return state_->why_closed();
    const start_at& from = asked.start;
    const std::uint64_t last = state_->last_offset();
    if (from.how() == start_at::kind::after && from.id().epoch() == state_->epoch() &&
        from.id().offset() > last) {
      return status::invalid_argument("a subscription cannot start after the event " +
                                      from.id().to_string() + ": the last one is " +
                                      event_id(state_->epoch(), last).to_string());
    }
    if (!wildcard) {
      if (auto made = state_->find_or_make(asked.pattern, *offer); !made) return made.status();
    }
    const std::vector<detail::hub_topic*> topics = state_->matching(asked.pattern);
    const detail::starting_point start(asked, topics, state_->epoch(), last);
    const bool queued = !asked.group.empty() || asked.policy == overflow::drop_newest ||
                        asked.policy == overflow::block;
    if (queued) return make<detail::queue_subscription>(asked, who, where, topics, start);
    if (wildcard) return make<detail::pattern_cursor>(asked, who, where, topics, start);
    return make<detail::topic_cursor>(asked, who, where, *topics.front(), start);
  }

  /// Ends subscribers with overflow::block for which publishes have waited since
  /// `limits::block_timeout`; the publishes go on.
  void on_time(time_point now) { state_->on_time(now); }
  /// Ends all subscriptions and waiting publishes. An ok status stands for `unavailable`.
  void close(const status& why) { state_->close(why); }
  hub_stats stats() const { return state_->stats(); }

 private:
  template <class Subscription, class... Args>
  result<subscription_ptr> make(Args&&... args) {
    return subscription_ptr(std::make_unique<Subscription>(state_, std::forward<Args>(args)...));
  }

  // Everything that can be said against it before its turn comes.
  status prepare(const publication& p, detail::hub_topic*& topic) {
    const detail::topic_offer* offer = nullptr;
    {
      const std::lock_guard lock(state_->mutex());
      topic = state_->find(p.topic);
    }
    if (topic != nullptr) {
      offer = &topic->offer;
    } else {
      if (auto good = check_name(p.topic, call_type::publish); !good) return good;
      offer = state_->offers().find(p.topic);
      if (offer == nullptr) return unknown_name(p.topic);
    }
    if (p.remote && !offer->how.accepts_publish()) {
      return status::permission_denied("clients may not publish to '" + std::string(p.topic) +
                                       "' (its host has not said accept_publish)");
    }
    const limits& bounds = state_->bounds();
    if (p.payload.size() > bounds.max_message) {
      return status::resource_exhausted("the event has " + std::to_string(p.payload.size()) +
                                        " bytes, more than " + std::to_string(bounds.max_message) +
                                        " (limits::max_message)");
    }
    if (p.key.size() > publish_options::max_key) {
      return status::invalid_argument("the key of an event has more than 255 bytes");
    }
    const topic_type& type = offer->type;
    if (!type.formats.contains(p.encoding)) {
      return polywire::detail::wrong_format(type.formats, p.encoding);
    }
    if (p.remote) {
      buffer unused;
      auto good = type.transcode(p.payload, p.encoding, p.encoding, bounds, unused);
      if (!good) return good;
    }
    if (topic != nullptr) return {};
    const std::lock_guard lock(state_->mutex());
    auto made = state_->find_or_make(p.topic, *offer);
    if (!made) return made.status();
    topic = *made;
    return {};
  }

  status check(const subscribe_request& asked, const detail::topic_offer*& offer) const {
    if (auto good = check_name(asked.pattern, call_type::subscribe); !good) return good;
    offer = state_->offers().lookup(asked.pattern);
    if (offer == nullptr) return unknown_name(asked.pattern);
    if (!asked.group.empty()) {
      if (!is_topic_name(asked.group) || asked.group.find('.') != std::string_view::npos) {
        return status::invalid_argument("'" + std::string(asked.group.substr(0, 64)) +
                                        "' names no group: letters, digits, '_' and '-'");
      }
      if (asked.start.how() != start_at::kind::now) {
        return status::failed_precondition("a group's subscription starts from now only");
      }
      if (asked.policy == overflow::block) {
        return status::failed_precondition("a group cannot make its topic wait (overflow::block)");
      }
    }
    if (asked.policy == overflow::block && !state_->offers().allow_block(asked.pattern)) {
      return status::permission_denied("the host of '" + std::string(asked.pattern) +
                                       "' does not allow overflow::block (allow_block)");
    }
    return {};
  }

  std::shared_ptr<detail::hub_state> state_;
};

}  // namespace polywire::inline v1::rpc

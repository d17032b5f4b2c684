// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/rpc/hub/detail/topic_offers.hpp"
#include "polywire/rpc/hub/event.hpp"
#include "polywire/rpc/hub/topic_log.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

namespace polywire::inline v1::rpc {
class publish_waiter;
}

namespace polywire::inline v1::rpc::detail {

class cursor_link;
class event_sink;

/// A publish that waits for a subscriber with overflow::block.
class waiting_publish {
 public:
  std::shared_ptr<event> what;
  publish_waiter* who;
  time_point since;
};

/// A topic of the hub. It lives as long as the hub.
class hub_topic {
 public:
  hub_topic(std::string_view name, const topic_offer& from, std::shared_ptr<const limits> bounds)
      : info(std::make_shared<const topic_info>(name, from.type, std::move(bounds))),
        offer(from),
        log(from.how.kept_events(), from.how.kept_bytes()) {}

  const std::shared_ptr<const topic_info> info;
  const topic_offer& offer;

  // The log is written under the hub's lock and this one, so that either is enough to read it.
  // Cursors take only this one.
  std::mutex mutex;
  topic_log log;
  std::atomic<std::uint64_t> end{1};  // of the log

  // Guarded by the hub's lock.
  std::vector<std::shared_ptr<cursor_link>> links;
  std::vector<std::shared_ptr<event_sink>> sinks;
  std::deque<waiting_publish> waiting;
  std::size_t waiting_bytes = 0;
};

}  // namespace polywire::inline v1::rpc::detail

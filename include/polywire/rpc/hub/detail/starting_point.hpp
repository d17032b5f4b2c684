// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/hub/detail/hub_topic.hpp"
#include "polywire/rpc/hub/subscription.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace polywire::inline v1::rpc::detail {

/// Where a subscription begins. Made with the hub's lock held; `topics` are all that match.
class starting_point {
 public:
  starting_point(const subscribe_request& asked, const std::vector<hub_topic*>& topics,
                 std::uint64_t epoch, std::uint64_t last_offset)
      : position(last_offset) {
    switch (asked.start.how()) {
      case start_at::kind::now: break;
      case start_at::kind::earliest: go_back(topics, everything); break;
      case start_at::kind::last: go_back(topics, asked.start.count()); break;
      case start_at::kind::after:
        if (asked.start.id().epoch() == epoch) {
          resume(asked, topics);
        } else {
          lost = loss(0, loss::kind::unknown);
          go_back(topics, everything);
        }
    }
  }

  /// An offset: all later events are to come, and a start after it goes on here.
  std::uint64_t position;
  loss lost;

 private:
  static constexpr std::uint64_t everything = ~std::uint64_t{0};

  void resume(const subscribe_request& asked, const std::vector<hub_topic*>& topics) {
    position = asked.start.id().offset();
    const bool wildcard = has_wildcard(asked.pattern);
    for (const hub_topic* topic : topics) {
      if (topic->log.dropped_offset() <= position) continue;  // everything since then is there
      const std::uint64_t begin = topic->log.begin();
      const bool known = !wildcard && asked.sequence > 0 && asked.sequence < begin;
      lost +=
          known ? loss(begin - asked.sequence, loss::kind::exact) : loss(1, loss::kind::at_least);
    }
  }

  // To the newest `count` events that are kept, of all topics together.
  void go_back(const std::vector<hub_topic*>& topics, std::uint64_t count) {
    std::uint64_t oldest = position + 1;
    std::uint64_t found = 0;
    for (const hub_topic* topic : topics) {
      const topic_log& log = topic->log;
      const std::uint64_t n = std::min(count, log.end() - log.begin());
      if (n > 0) oldest = std::min(oldest, log.offset_at(log.end() - n));
      found += n;
    }
    if (found <= count) {
      position = oldest - 1;
      return;
    }
    std::vector<std::uint64_t> offsets;
    for (const hub_topic* topic : topics) {
      const topic_log& log = topic->log;
      const std::uint64_t n = std::min(count, log.end() - log.begin());
      for (std::uint64_t at = log.end() - n; at != log.end(); ++at) {
        offsets.push_back(log.offset_at(at));
      }
    }
    const auto first = offsets.begin() + static_cast<std::ptrdiff_t>(count - 1);
    std::nth_element(offsets.begin(), first, offsets.end(), std::greater<>());
    position = *first - 1;
  }
};

}  // namespace polywire::inline v1::rpc::detail

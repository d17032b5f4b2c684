// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/publish_options.hpp"
#include "polywire/core/subscribe_options.hpp"
#include "polywire/core/topic.hpp"
#include "polywire/rpc/hub/topic_type.hpp"
#include "polywire/rpc/names.hpp"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace polywire::inline v1::rpc::detail {

/// What the host said of a topic, or of all that a pattern takes.
class topic_offer {
 public:
  std::string pattern;
  topic_type type;
  offer_options how;
};

/// Whether one name can match both. They are to be well-formed.
constexpr bool patterns_meet(std::string_view a, std::string_view b) noexcept {
  while (true) {
    const auto a_end = a.find('.');
    const auto b_end = b.find('.');
    const std::string_view a_word = a.substr(0, a_end);
    const std::string_view b_word = b.substr(0, b_end);
    if (a_word == ">" || b_word == ">") return true;
    if (a_word != b_word && a_word != "*" && b_word != "*") return false;
    if (a_end == std::string_view::npos || b_end == std::string_view::npos) return a_end == b_end;
    a.remove_prefix(a_end + 1);
    b.remove_prefix(b_end + 1);
  }
}

/// All offers of a hub. Filled first, then only read, by any thread.
class topic_offers {
 public:
  status add(std::string_view pattern, const topic_type& type, const offer_options& how) {
    if (auto good = check_name(pattern, call_type::subscribe); !good) return good;
    for (const topic_offer& one : all_) {
      if (one.pattern == pattern) {
        return status::already_exists("the topic '" + one.pattern + "' is offered already");
      }
    }
    all_.push_back({std::string(pattern), type, how});
    return {};
  }

  /// Of a name: its own offer, else the first pattern that takes it; null: nobody offers it.
  const topic_offer* find(std::string_view name) const noexcept {
    const topic_offer* found = nullptr;
    for (const topic_offer& one : all_) {
      if (one.pattern == name) return &one;
      if (found == nullptr && topic_matches(one.pattern, name)) found = &one;
    }
    return found;
  }
  /// Of a pattern: the first offer with which it shares a name.
  const topic_offer* first_meeting(std::string_view pattern) const noexcept {
    for (const topic_offer& one : all_) {
      if (patterns_meet(one.pattern, pattern)) return &one;
    }
    return nullptr;
  }
  const topic_offer* lookup(std::string_view name_or_pattern) const noexcept {
    return has_wildcard(name_or_pattern) ? first_meeting(name_or_pattern) : find(name_or_pattern);
  }

  /// Whether all topics of a name or pattern may be made to wait.
  bool allow_block(std::string_view pattern) const noexcept {
    if (!has_wildcard(pattern)) {
      const topic_offer* one = find(pattern);
      return one != nullptr && one->how.allows_block();
    }
    return std::all_of(all_.begin(), all_.end(), [pattern](const topic_offer& one) {
      return one.how.allows_block() || !patterns_meet(one.pattern, pattern);
    });
  }
  /// The limit of a subscriber's own queue: no more than the largest history of its topics.
  lag_limit bound(std::string_view pattern, const lag_limit& asked) const noexcept {
    lag_limit most(0, 0);
    const auto count = [&most](const offer_options& how) {
      most.events = std::max(most.events, how.kept_events());
      most.bytes = std::max(most.bytes, how.kept_bytes());
    };
    if (!has_wildcard(pattern)) {
      if (const topic_offer* one = find(pattern)) count(one->how);
    } else {
      for (const topic_offer& one : all_) {
        if (patterns_meet(one.pattern, pattern)) count(one.how);
      }
    }
    return {std::min(most.events, asked.events), std::min(most.bytes, asked.bytes)};
  }

 private:
  std::deque<topic_offer> all_;  // others point into it
};

}  // namespace polywire::inline v1::rpc::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/limits.hpp"
#include "polywire/core/topic.hpp"
#include "polywire/rpc/registry.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace polywire::inline v1::rpc {

/// Whether a call of this type may have this name; else the reason.
inline status check_name(std::string_view name, call_type type) {
  const std::string shown = "'" + std::string(name.substr(0, 64)) + "'";
  switch (type) {
    case call_type::publish:
      if (is_topic_name(name)) return {};
      return status::invalid_argument(shown + " is no topic: words joined by dots");
    case call_type::subscribe:
      if (is_topic_pattern(name)) return {};
      return status::invalid_argument(shown + " is no topic and no pattern of topics");
    default:
      if (is_method_name(name)) return {};
      return status::invalid_argument(shown + " is no method name: package.Service/Method");
  }
}

/// What publishing says to a name that the pattern of its contract does not take.
inline status no_match(std::string_view pattern, std::string_view name) {
  return status(status_code::invalid_argument,
                "'" + std::string(name.substr(0, 64)) + "' is no topic that '" +
                    std::string(pattern) + "' takes",
                outcome::not_sent);
}

/// What a server says to a name that nobody serves.
inline status unknown_name(std::string_view name) {
  if (is_topic_pattern(name)) {
    return status::not_found("nobody offers the topic '" + std::string(name) + "' here");
  }
  return status::unimplemented("no method '" + std::string(name) + "' here");
}

/// What a server says to a peer that has as much open as it may.
inline status too_many(bool subscriptions, const limits& bounds) {
  return status::resource_exhausted(
      subscriptions ? "more than " + std::to_string(bounds.max_subscriptions) +
                          " subscriptions on one connection (limits::max_subscriptions)"
                    : "more than " + std::to_string(bounds.max_calls) +
                          " calls on one connection (limits::max_calls)");
}

/// A number is bound to a name at its first use; each direction binds its own, at most this many.
inline constexpr std::uint32_t max_names = 1'024;

/// The names that this side has bound.
class sent_names {
 public:
  class use {
   public:
    std::uint32_t number;  ///< 0: the table is full, the name goes in full
    bool is_new;
  };

  use find_or_bind(std::string_view name) {
    if (latest_ != nullptr && latest_->first == name) return {latest_->second, false};
    if (const auto found = numbers_.find(name); found != numbers_.end()) {
      latest_ = &*found;
      return {found->second, false};
    }
    if (numbers_.size() >= max_names) return {0, true};
    const auto number = static_cast<std::uint32_t>(numbers_.size() + 1);
    numbers_.emplace(std::string(name), number);
    return {number, true};
  }
  /// Takes the newest binding back: its first use was not sent after all.
  void forget(std::string_view name) {
    latest_ = nullptr;
    if (const auto found = numbers_.find(name); found != numbers_.end()) numbers_.erase(found);
  }

 private:
  // Names of one service share their beginning: length and end tell them apart cheaply.
  struct hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept {
      std::uint64_t tail = 0;
      const std::size_t n = name.size() < 8 ? name.size() : 8;
      std::memcpy(&tail, name.data() + (name.size() - n), n);
      tail = (tail ^ name.size()) * 0x9e3779b97f4a7c15U;
      return static_cast<std::size_t>(tail ^ (tail >> 32U));
    }
  };

  using map = std::unordered_map<std::string, std::uint32_t, hash, std::equal_to<>>;

  map numbers_;
  // The same method is often called many times in a row.
  const map::value_type* latest_ = nullptr;
};

/// The methods that the peer has bound. A name that nobody serves is bound all the same.
class received_names {
 public:
  /// False: the number is out of range or taken.
  bool bind(std::uint32_t number, std::string_view name, method_entry* method) {
    if (number == 0 || number > max_names) return false;
    if (number > bound_.size()) bound_.resize(number);
    binding& b = bound_[number - 1];
    if (b.used) return false;
    b.used = true;
    b.name = name;
    b.method = method;
    return true;
  }

  class binding {
   public:
    std::string name;
    method_entry* method = nullptr;
    bool used = false;
  };
  /// Null: nothing is bound to it.
  const binding* find(std::uint32_t number) const noexcept {
    if (number == 0 || number > bound_.size() || !bound_[number - 1].used) return nullptr;
    return &bound_[number - 1];
  }

 private:
  std::vector<binding> bound_;
};

/// What an opening names.
class target {
 public:
  /// Fit to be shown, whatever the peer has sent.
  std::string_view name = "(malformed name)";
  /// Null: nobody serves it.
  method_entry* method = nullptr;
  /// How the peer breaks the rules; null when it does not.
  const char* problem = nullptr;
};

/// Finds what a peer opens: by a name, to which a number is bound, or by a number that was bound. A
/// name without '/' is a topic's, or, to subscribe, a pattern's.
inline target find_target(std::uint32_t number, std::string_view name, bool subscribes,
                          const registry& methods, received_names& names) {
  target found;
  if (const auto* bound = name.empty() ? names.find(number) : nullptr) {
    if (!bound->name.empty()) found.name = bound->name;
    found.method = bound->method;
  } else if (name.empty()) {
    found.problem = "a method number is not bound to a name";
  } else {
    const bool is_method = is_method_name(name);
    const bool is_name = is_method || is_topic_pattern(name);
    if (is_name) found.name = name;
    if (is_method) found.method = methods.find(name);
    // What is no name is not kept.
    const std::string_view kept = is_name ? name : std::string_view();
    if (number != 0 && !names.bind(number, kept, found.method)) {
      found.problem = "a method number is out of range or bound twice";
    }
  }
  if (found.problem != nullptr) return found;
  if (subscribes) {
    if (!is_topic_pattern(found.name)) found.problem = "a subscription names no topic";
    found.method = methods.find_topics(true);
  } else if (found.method == nullptr && is_topic_name(found.name)) {
    found.method = methods.find_topics(false);
  }
  return found;
}

}  // namespace polywire::inline v1::rpc

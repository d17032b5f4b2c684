// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/message_fields.hpp"
#include "polywire/core/method.hpp"
#include "polywire/core/status.hpp"
#include "polywire/rpc/route.hpp"
#include "polywire/rpc/route_table.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc {

/// A method that is served. The server derives from it what it needs to run a call.
class method_entry {
 public:
  method_entry(std::string_view name, call_type type, idempotency repeat)
      : name_(name), info_(name_, type, repeat) {}
  method_entry(const method_entry&) = delete;
  method_entry& operator=(const method_entry&) = delete;
  virtual ~method_entry() = default;

  const method_info& info() const noexcept { return info_; }
  /// What is known of the request's fields.
  virtual message_fields request_fields() const { return {}; }

 private:
  std::string name_;
  method_info info_;
};

/// The methods of a server. Filled before the first listen, then only read, by any thread.
class registry {
 public:
  /// Errors: `already_exists`.
  status add(std::unique_ptr<method_entry> entry) {
    const std::string_view name = entry->info().name();
    if (!methods_.try_emplace(name, nullptr).second) {
      return status::already_exists("method '" + std::string(name) + "' has a handler already");
    }
    methods_[name] = std::move(entry);
    return {};
  }
  /// Takes every call whose name nobody else takes.
  void set_fallback(std::unique_ptr<method_entry> entry) { fallback_ = std::move(entry); }

  /// Takes everything that is published, and every subscription; the topics are known elsewhere.
  void set_topics(std::unique_ptr<method_entry> publish, std::unique_ptr<method_entry> subscribe) {
    publish_ = std::move(publish);
    subscribe_ = std::move(subscribe);
  }
  method_entry* find_topics(bool subscribes) const noexcept {
    return subscribes ? subscribe_.get() : publish_.get();
  }

  method_entry* find(std::string_view name) const noexcept {
    method_entry* found = find_own(name);
    return found != nullptr ? found : fallback_.get();
  }
  /// Without the one that takes what nobody else does.
  method_entry* find_own(std::string_view name) const noexcept {
    const auto found = methods_.find(name);
    return found != methods_.end() ? found->second.get() : nullptr;
  }

  /// Errors: `already_exists`.
  status add(route way) {
    const std::string shape = way.shape();
    for (const route& other : routes_) {
      if (other.shape() != shape) continue;
      return status::already_exists("the route " + shape + " goes to " + other.method_name() +
                                    " already");
    }
    routes_.push_back(std::move(way));
    return {};
  }
  /// Finds who serves the routes, when all methods are there. Errors: `failed_precondition`.
  status connect_routes() {
    for (route& way : routes_) {
      if (way.shown() != nullptr) {
        table_.add(way);
        continue;
      }
      way.method = find(way.method_name());
      if (way.method == nullptr) {
        return status::failed_precondition("the route " + way.shape() + " goes to " +
                                           way.method_name() + ", which has no handler");
      }
      table_.add(way);
    }
    return {};
  }
  const route_table& routes() const noexcept { return table_; }

  auto begin() const noexcept { return methods_.begin(); }
  auto end() const noexcept { return methods_.end(); }

 private:
  std::map<std::string_view, std::unique_ptr<method_entry>, std::less<>> methods_;
  std::unique_ptr<method_entry> fallback_;
  std::unique_ptr<method_entry> publish_;
  std::unique_ptr<method_entry> subscribe_;
  std::vector<route> routes_;
  route_table table_;  // filled when all of them are there
};

}  // namespace polywire::inline v1::rpc

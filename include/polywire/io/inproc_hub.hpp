// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/result.hpp"
#include "polywire/io/linked_connection.hpp"
#include "polywire/rpc/backend.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace polywire::inline v1::io {

/// A server that is reached by a name within its process.
class inproc_listener {
 public:
  virtual ~inproc_listener() = default;
  /// Links a client's end with a new one of the server. From any thread. False: it takes no more.
  virtual bool link(const std::shared_ptr<linked_connection>& client) = 0;
};

/// The names of a process.
class inproc_hub {
 public:
  static inproc_hub& instance() {
    static inproc_hub hub;
    return hub;
  }

  /// False: the name is taken.
  bool add(const std::string& name, const std::shared_ptr<inproc_listener>& listener) {
    const std::lock_guard lock(mutex_);
    auto& entry = listeners_[name];
    if (!entry.expired()) return false;
    entry = listener;
    return true;
  }
  void remove(const std::string& name) {
    const std::lock_guard lock(mutex_);
    listeners_.erase(name);
  }
  std::shared_ptr<inproc_listener> find(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = listeners_.find(name);
    return found != listeners_.end() ? found->second.lock() : nullptr;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<inproc_listener>> listeners_;
};

}  // namespace polywire::inline v1::io

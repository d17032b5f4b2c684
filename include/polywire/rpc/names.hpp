// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/rpc/registry.hpp"

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace polywire::inline v1::rpc {

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

}  // namespace polywire::inline v1::rpc

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

namespace polywire::inline v1::rpc {

/// The open calls of a connection by their numbers. Peers usually reuse small numbers, which are
/// looked up in an array; any other number is legal too. Records keep their address and are
/// reused, so a steady call allocates nothing.
template <class Call>
class call_table {
 public:
  Call* find(std::uint32_t id) noexcept {
    if (id < small_.size()) return small_[id].get();
    if (id < dense || large_.empty()) return nullptr;
    const auto found = large_.find(id);
    return found != large_.end() ? found->second.get() : nullptr;
  }

  /// `id` must not be open.
  Call& insert(std::uint32_t id) {
    std::unique_ptr<Call> call;
    if (spare_.empty()) {
      call = std::make_unique<Call>();
    } else {
      call = std::move(spare_.back());
      spare_.pop_back();
    }
    Call& record = *call;
    record.id = id;
    if (id < dense) {
      if (id >= small_.size()) small_.resize(std::size_t{id} + 1);
      small_[id] = std::move(call);
    } else {
      large_.emplace(id, std::move(call));
    }
    ++count_;
    return record;
  }

  void erase(Call& record) noexcept {
    std::unique_ptr<Call> call;
    if (record.id < dense) {
      call = std::move(small_[record.id]);
    } else {
      const auto found = large_.find(record.id);
      call = std::move(found->second);
      large_.erase(found);
    }
    --count_;
    call->reset();
    if (spare_.size() < most_spare) spare_.push_back(std::move(call));
  }

  std::size_t size() const noexcept { return count_; }
  /// Records that are kept for later.
  std::size_t spare() const noexcept { return spare_.size(); }

  /// Any open call, or null: how to end all of them while each one's end may open or end others.
  Call* any() noexcept {
    if (count_ == 0) return nullptr;
    for (auto& call : small_) {
      if (call) return call.get();
    }
    return large_.empty() ? nullptr : large_.begin()->second.get();
  }
  template <class Visit>
  void for_each(Visit&& visit) {
    for (auto& call : small_) {
      if (call) visit(*call);
    }
    for (auto& [id, call] : large_) visit(*call);
  }

 private:
  static constexpr std::uint32_t dense = 1'024;
  static constexpr std::size_t most_spare = 128;

  std::vector<std::unique_ptr<Call>> small_;
  std::unordered_map<std::uint32_t, std::unique_ptr<Call>> large_;
  std::vector<std::unique_ptr<Call>> spare_;
  std::size_t count_ = 0;
};

}  // namespace polywire::inline v1::rpc

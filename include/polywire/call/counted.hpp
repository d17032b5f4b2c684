// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/recycler.hpp"

#include <atomic>
#include <cstdint>
#include <utility>

namespace polywire::inline v1::detail {

/// Base of what several owners on several threads share.
class counted : public recycled {
 public:
  counted() = default;
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;

  void add_ref() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 protected:
  virtual ~counted() = default;

 private:
  std::atomic<std::uint32_t> count_{0};
};

/// An owner of a `counted`.
template <class T>
class ref {
 public:
  ref() = default;
  explicit ref(T* object) noexcept : object_(object) {
    if (object_ != nullptr) object_->add_ref();
  }
  ref(const ref& other) noexcept : ref(other.object_) {}
  ref(ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  template <class U>
  explicit(false) ref(ref<U> other) noexcept : object_(other.detach()) {}
  ref& operator=(ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~ref() {
    if (object_ != nullptr) object_->release();
  }

  T* get() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  T* operator->() const noexcept { return object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  /// Gives the ownership away.
  T* detach() noexcept { return std::exchange(object_, nullptr); }

 private:
  T* object_ = nullptr;
};

}  // namespace polywire::inline v1::detail

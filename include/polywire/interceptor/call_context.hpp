// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/clock.hpp"
#include "polywire/core/metadata.hpp"
#include "polywire/core/method.hpp"
#include "polywire/core/recycler.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace polywire::inline v1 {

enum class call_side : std::uint8_t { client, server };

constexpr std::string_view to_string(call_side side) noexcept {
  return side == call_side::client ? "client" : "server";
}

namespace detail {

// Its address tells types apart.
template <class T>
inline char type_mark = 0;

/// At most one value of each type. Few, usually none: a list.
class typed_values {
 public:
  template <class T>
  T& set(T value) {
    if (T* known = get<T>()) return *known = std::move(value);
    auto added = std::make_unique<holder<T>>(std::move(value));
    added->next = std::move(first_);
    T& kept = added->value;
    first_ = std::move(added);
    return kept;
  }
  template <class T>
  T* get() const noexcept {
    for (node* n = first_.get(); n != nullptr; n = n->next.get()) {
      if (n->type == &type_mark<T>) return &static_cast<holder<T>*>(n)->value;
    }
    return nullptr;
  }

 private:
  class node : public recycled {
   public:
    explicit node(const void* mark) noexcept : type(mark) {}
    virtual ~node() = default;

    const void* type;
    std::unique_ptr<node> next;
  };
  template <class T>
  class holder final : public node {
   public:
    explicit holder(T v) : node(&type_mark<T>), value(std::move(v)) {}
    T value;
  };

  std::unique_ptr<node> first_;
};

}  // namespace detail

/// What is known of a call on either side: what interceptors see, and what they leave for those
/// after them. A `client_context` or a `server_context`.
///
/// Thread safety: none for what can change, but for what the derived classes say.
class call_context {
 public:
  call_context(const call_context&) = delete;
  call_context& operator=(const call_context&) = delete;

  call_side side() const noexcept { return side_; }
  call_type type() const noexcept { return type_; }
  /// "package.Service/Method"; for publish and subscribe the topic, or the pattern.
  std::string_view method() const noexcept { return method_; }
  /// Server: the caller's address, such as "127.0.0.1:51234". Client: the URL that is called.
  virtual const std::string& peer() const noexcept = 0;
  /// What the caller sends beside its messages.
  virtual const polywire::metadata& metadata() const noexcept = 0;

  /// When the caller gives up; `never` when it said nothing.
  time_point deadline() const noexcept { return deadline_; }
  duration remaining() const noexcept {
    return deadline_ == never ? duration::max() : deadline_ - now();
  }
  /// The time of the client's or server's clock.
  virtual time_point now() const noexcept = 0;

  /// Keeps a value for the interceptors that follow, the handler and `on_end`: one of each type, a
  /// second one replaces the first.
  template <class T>
  std::decay_t<T>& set(T&& value) {
    return values_.set<std::decay_t<T>>(std::forward<T>(value));
  }
  /// The value of this type, or null.
  template <class T>
  T* get() noexcept {
    return values_.get<T>();
  }
  template <class T>
  const T* get() const noexcept {
    return values_.get<T>();
  }

 protected:
  call_context(call_side side, call_type type, std::string_view method,
               time_point deadline) noexcept
      : method_(method), deadline_(deadline), side_(side), type_(type) {}
  ~call_context() = default;

  std::string_view method_;
  time_point deadline_;

 private:
  detail::typed_values values_;

 protected:
  call_side side_;
  call_type type_;
};

}  // namespace polywire::inline v1

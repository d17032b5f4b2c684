// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/options.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1 {

/// How one event is published: the options of a call, and a key. Usually starts from `key("…")`.
class publish_options : public call_options {
 public:
  publish_options() = default;
  explicit(false) publish_options(call_options options) : call_options(std::move(options)) {}

  /// What the event is about, such as an order's number: brokers keep events with the same key in
  /// order. At most 255 bytes.
  publish_options& key(std::string_view value) & {
    if (value.size() > max_key) {
      fail(status::invalid_argument("the key of an event has more than 255 bytes"));
    }
    key_ = value;
    return *this;
  }
  publish_options&& key(std::string_view value) && { return std::move(key(value)); }
  const std::string& get_key() const noexcept { return key_; }

  using call_options::capture;
  using call_options::deadline;
  using call_options::metadata;
  using call_options::stop_on;
  using call_options::timeout;
  using call_options::wait_for_ready;
  // On a temporary those would forget the key.
  template <class Rep, class Period>
  publish_options&& timeout(std::chrono::duration<Rep, Period> d) && {
    call_options::timeout(d);
    return std::move(*this);
  }
  publish_options&& deadline(time_point when) && {
    call_options::deadline(when);
    return std::move(*this);
  }
  publish_options&& metadata(std::string_view name, std::string_view value) && {
    call_options::metadata(name, value);
    return std::move(*this);
  }
  publish_options&& capture(call_info& info) && {
    call_options::capture(info);
    return std::move(*this);
  }
  publish_options&& wait_for_ready() && {
    call_options::wait_for_ready();
    return std::move(*this);
  }
  publish_options&& stop_on(std::stop_token token) && {
    call_options::stop_on(std::move(token));
    return std::move(*this);
  }

  static constexpr std::size_t max_key = 255;

 private:
  std::string key_;
};

/// Options of an event with this key.
inline publish_options key(std::string_view value) { return publish_options().key(value); }

/// How a server hosts a topic. Usually starts from `accept_publish()`, `allow_block()` or
/// `keep(n)`.
class offer_options {
 public:
  offer_options() = default;

  /// Clients may publish too.
  offer_options&& accept_publish() && {
    accept_publish_ = true;
    return std::move(*this);
  }
  /// Subscribers may ask for `overflow::block`: a slow one makes the publishers of this topic wait,
  /// for at most `limits::block_timeout`; then its subscription ends.
  offer_options&& allow_block() && {
    allow_block_ = true;
    return std::move(*this);
  }
  /// The history: so many events, or so many bytes of messages, whichever comes first; at least the
  /// newest event stays. It also bounds how far subscribers may lag.
  offer_options&& keep(std::size_t events, std::size_t bytes = std::size_t{1} << 20) && {
    keep_events_ = events > 0 ? events : 1;
    keep_bytes_ = bytes;
    return std::move(*this);
  }

  bool accepts_publish() const noexcept { return accept_publish_; }
  bool allows_block() const noexcept { return allow_block_; }
  std::size_t kept_events() const noexcept { return keep_events_; }
  std::size_t kept_bytes() const noexcept { return keep_bytes_; }

 private:
  bool accept_publish_ = false;
  bool allow_block_ = false;
  std::size_t keep_events_ = 1'024;
  std::size_t keep_bytes_ = std::size_t{1} << 20;
};

inline offer_options accept_publish() { return offer_options().accept_publish(); }
inline offer_options allow_block() { return offer_options().allow_block(); }
inline offer_options keep(std::size_t events, std::size_t bytes = std::size_t{1} << 20) {
  return offer_options().keep(events, bytes);
}

}  // namespace polywire::inline v1

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/result.hpp"
#include "polywire/core/url.hpp"
#include "polywire/io/byte_stream.hpp"
#include "polywire/io/transport_settings.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace polywire::inline v1::io {

/// Something under way that can be given up. After `cancel` its handler is not called.
class operation {
 public:
  virtual ~operation() = default;
  virtual void cancel() noexcept = 0;
};

/// Takes connections that come in.
class acceptor {
 public:
  using handler = std::function<void(result<std::unique_ptr<byte_stream>>)>;

  virtual ~acceptor() = default;
  /// Takes one connection, whose stream then works on `target`; `then` runs on the acceptor's
  /// executor. Out of descriptors: `resource_exhausted`, try later. Not called after `close`.
  virtual void async_accept(const executor& target, handler then) = 0;
  virtual void close() noexcept = 0;
  /// What was really bound, as it stands in a URL: "127.0.0.1:45123", "/run/users.sock".
  virtual std::string address() const = 0;
  /// 0 where there are none.
  virtual std::uint16_t port() const = 0;
};

/// A way to make byte streams. One object of each kind, registered by its name; the pieces that
/// need threads or executors get them as arguments.
class transport {
 public:
  using connect_handler = std::function<void(result<std::unique_ptr<byte_stream>>)>;

  explicit transport(std::string_view name) noexcept : name_(name), next_(first_) { first_ = this; }
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;

  std::string_view name() const noexcept { return name_; }

  /// The keys of URLs that this transport reads by itself.
  virtual std::span<const std::string_view> keys() const noexcept { return {}; }

  /// Whether the URL says all that this transport needs. Asked when it is read, before anything
  /// else. Errors: `invalid_argument` with what is missing.
  virtual status check(const url&) const { return {}; }

  /// This transport as one client or endpoint wants it, for all its connections. Asked once.
  /// Errors: `invalid_argument` with the setting that is wrong.
  virtual result<std::shared_ptr<const transport>> configure(const url&,
                                                             const transport_settings&) const {
    return std::shared_ptr<const transport>(std::shared_ptr<const transport>(), this);
  }

  /// Connects to host number `host` of the URL (its addresses in turn). `then` runs later on `ex`;
  /// errors are `unavailable` with the reason. Without bound in time: the caller cancels.
  virtual std::unique_ptr<operation> connect(const executor& ex, const url& target,
                                             std::size_t host, connect_handler then) const = 0;
  /// Binds and listens. Errors: `unavailable` (address in use), `invalid_argument`,
  /// `permission_denied`, each with the address.
  virtual result<std::unique_ptr<acceptor>> listen(const executor& ex, const url& where) const = 0;

  static const transport* find(std::string_view name) noexcept {
    for (const transport* t = first_; t != nullptr; t = t->next_) {
      if (t->name_ == name) return t;
    }
    return nullptr;
  }

 protected:
  /// For those that `configure` makes: nobody finds them by their name.
  class unlisted {};
  transport(std::string_view name, unlisted) noexcept : name_(name), next_(nullptr) {}
  ~transport() = default;

 private:
  inline static constinit const transport* first_ = nullptr;

  std::string_view name_;
  const transport* next_;
};

}  // namespace polywire::inline v1::io

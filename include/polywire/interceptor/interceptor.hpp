// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/log.hpp"
#include "polywire/core/status.hpp"
#include "polywire/interceptor/call_context.hpp"
#include "polywire/io/asio.hpp"

#include <concepts>
#include <exception>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// An interceptor is an object of any class with
///
///     status on_start(call_context&)                             // or asio::awaitable<status>
///     void on_end(call_context&, const status&, duration)        // optional
///
/// Either may take `server_context&` or `client_context&` instead: then it is for that side only.
///
/// `on_start` sees each call of a server before its messages are decoded, and each call of a
/// client, publishing and subscribing included, once before it is sent. What is not ok rejects the
/// call: no handler runs, and the caller gets that status with the outcome `rejected` (from the
/// server) or `not_sent`. Interceptors start in the order in which they were installed; `on_end`
/// comes in the reverse order, exactly once for each that accepted, however the call ends: with a
/// handler's status, another one's rejection, a cancellation, a deadline, a lost connection.
///
/// Both run on the thread of the connection (of the client), and of several connections at the same
/// time: they must not block, and lock what they share. An `on_start` that is awaited may
/// take its time; messages wait meanwhile, and it is cancelled when the call ends.
/// What `on_start` throws rejects the call as `internal`, without the text, and is logged.
namespace polywire::inline v1::detail {

/// One that is installed, whatever its type.
class any_interceptor {
 public:
  any_interceptor() = default;
  any_interceptor(const any_interceptor&) = delete;
  any_interceptor& operator=(const any_interceptor&) = delete;
  virtual ~any_interceptor() = default;

  /// Whether its `on_start` is awaited: `start_later` is for those, `start` for the others.
  virtual bool is_awaited() const noexcept = 0;
  virtual status start(call_context& context) = 0;
  virtual asio::awaitable<status> start_later(call_context& context) = 0;
  virtual void end(call_context& context, const status& how, duration took) = 0;
};

using interceptor_list = std::vector<std::shared_ptr<any_interceptor>>;

template <class I, class Context>
concept starts_at_once = requires(I& i, Context& c) {
  { i.on_start(c) } -> std::same_as<status>;
};
template <class I, class Context>
concept starts_later = requires(I& i, Context& c) {
  { i.on_start(c) } -> std::same_as<asio::awaitable<status>>;
};

template <class I, class Context>
class held_interceptor final : public any_interceptor {
 public:
  explicit held_interceptor(std::shared_ptr<I> object) noexcept : object_(std::move(object)) {}

  bool is_awaited() const noexcept override { return starts_later<I, Context>; }
  status start(call_context& context) override {
    if constexpr (starts_at_once<I, Context>) {
      return object_->on_start(static_cast<Context&>(context));
    } else {
      return {};
    }
  }
  asio::awaitable<status> start_later(call_context& context) override {
    if constexpr (starts_later<I, Context>) {
      return object_->on_start(static_cast<Context&>(context));
    } else {
      return {};
    }
  }
  void end(call_context& context, const status& how, duration took) override {
    if constexpr (requires { object_->on_end(static_cast<Context&>(context), how, took); }) {
      object_->on_end(static_cast<Context&>(context), how, took);
    }
  }

 private:
  std::shared_ptr<I> object_;
};

template <class T>
inline constexpr bool is_shared_ptr = false;
template <class T>
inline constexpr bool is_shared_ptr<std::shared_ptr<T>> = true;

/// `I`: an interceptor, or a shared_ptr to one.
template <class Context, class I>
std::shared_ptr<any_interceptor> hold_interceptor(I interceptor) {
  if constexpr (is_shared_ptr<I>) {
    using object = typename I::element_type;
    static_assert(starts_at_once<object, Context> || starts_later<object, Context>,
                  "an interceptor has on_start(call_context&) or, for one side only, "
                  "on_start(server_context&) or on_start(client_context&); it returns "
                  "polywire::status or asio::awaitable<polywire::status>");
    return std::make_shared<held_interceptor<object, Context>>(std::move(interceptor));
  } else {
    return hold_interceptor<Context>(std::make_shared<I>(std::move(interceptor)));
  }
}

/// All interceptors of one client or server.
class interceptor_chain {
 public:
  interceptor_chain(interceptor_list all, log_hook log)
      : all_(std::move(all)), log_(std::move(log)) {}

  std::size_t size() const noexcept { return all_.size(); }
  any_interceptor& operator[](std::size_t i) const noexcept { return *all_[i]; }

  status start(std::size_t i, call_context& context) const noexcept {
    try {
      return all_[i]->start(context);
    } catch (...) {
      return failed(context, std::current_exception());
    }
  }
  void end(std::size_t i, call_context& context, const status& how, duration took) const noexcept {
    try {
      all_[i]->end(context, how, took);
    } catch (...) {
      (void)failed(context, std::current_exception());
    }
  }

  /// What becomes of an exception: the log hears its text, the caller does not.
  status failed(const call_context& context, const std::exception_ptr& thrown) const noexcept {
    std::string what = "an unknown exception";
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      what = e.what();
    } catch (...) {
    }
    if (log_) {
      log_(log_level::error,
           "an interceptor of " + std::string(context.method()) + " threw: " + what);
    }
    return status::internal("an interceptor failed");
  }
  /// The hook is the user's, who may take it away.
  void forget_log() noexcept { log_ = nullptr; }

 private:
  interceptor_list all_;
  log_hook log_;
};

}  // namespace polywire::inline v1::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/method.hpp"
#include "polywire/core/result.hpp"
#include "polywire/server/detail/server_core.hpp"
#include "polywire/server/detail/stream_entry.hpp"
#include "polywire/server/detail/unary_entry.hpp"
#include "polywire/server/endpoint.hpp"
#include "polywire/server/options.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1 {

/// Where a handler runs when it may block: see `on`.
class run_on {
 public:
  explicit run_on(io::executor ex) : executor_(std::move(ex)) {}
  const io::executor& get() const noexcept { return executor_; }

 private:
  io::executor executor_;
};

/// Runs a handler on a thread pool (or any executor), where it may block; plain streaming handlers are
/// legal there. The pool must outlive the server.
template <class Pool>
run_on on(Pool& pool) {
  if constexpr (requires { pool.get_executor(); }) {
    return run_on(pool.get_executor());
  } else {
    return run_on(pool);
  }
}

/// Serves methods, at as many URLs as it listens on.
///
///     polywire::server server;
///     server.handle(create_user, [&](const CreateUserRequest& request) -> polywire::result<User> { … });
///     auto endpoint = server.listen("tcp://127.0.0.1:7000");
///     server.run();
///
/// Handlers, the longest form that can be invoked wins (Req and Res are the method's types):
///   unary             (const Req& [, server_context&]) → Res, result<Res>, or awaitable of either
///   server streaming  (const Req&, writer<Res>& [, server_context&]) → awaitable<status>
///   client streaming  (reader<Req>& [, server_context&]) → awaitable<Res or result<Res>>
///   bidi              (reader<Req>&, writer<Res>& [, server_context&]) → awaitable<status>
/// Plain unary handlers run inline on the connection's thread: the fastest, as long as they do not
/// block. What a handler throws is logged, and becomes `internal` without its text.
///
/// Threads: all functions from any thread, but `handle` only before the first `listen`. A server without
/// an executor owns its threads (`run`); one with an executor, which must be serial, works there.
class server {
 public:
  explicit server(const server_options& options = {})
      : core_(std::make_shared<detail::server_core>(options)) {
    core_->begin({});
  }
  explicit server(io::executor ex, const server_options& options = {})
      : core_(std::make_shared<detail::server_core>(options)) {
    core_->begin(std::move(ex));
  }
  server(server&&) noexcept = default;
  server& operator=(server&&) = delete;
  /// Ends what is still open, at once.
  ~server() {
    if (core_) core_->leave();
  }

  /// Mistakes (a method twice, after `listen`) are logged and make the next `listen` fail.
  template <class Request, class Response, class Handler>
  void handle(const unary<Request, Response>& m, Handler handler) {
    add_unary<Request, Response>(m, std::move(handler), {});
  }
  template <class Request, class Response, class Handler>
  void handle(const unary<Request, Response>& m, Handler handler, const run_on& pool) {
    add_unary<Request, Response>(m, std::move(handler), pool.get());
  }
  template <call_type Type, class Request, class Response, class Handler>
    requires(Type != call_type::unary)
  void handle(const method<Type, Request, Response>& m, Handler handler) {
    add_stream<Type, Request, Response, false>(m, std::move(handler), {});
  }
  template <call_type Type, class Request, class Response, class Handler>
    requires(Type != call_type::unary)
  void handle(const method<Type, Request, Response>& m, Handler handler, const run_on& pool) {
    add_stream<Type, Request, Response, true>(m, std::move(handler), pool.get());
  }

  /// Takes every call that has no handler, as bytes: for gateways. `(const payload& [,
  /// server_context&])` → payload, result<payload>, or awaitable of either; the context knows the name.
  template <class Handler>
  void handle_any(Handler handler) {
    static_assert(is_unary_handler<Handler, payload, payload>(),
                  "handle_any takes (const payload& [, server_context&]) -> payload or "
                  "result<payload> or an awaitable of either");
    core_->add(std::make_unique<detail::unary_entry<payload, payload, Handler>>(
                   "", idempotency::none, std::move(handler), io::executor()),
               true);
  }

  /// Begins to accept at a URL; port 0 lets the system choose.
  /// Errors: `invalid_argument` (the URL, a scheme that no header made known), `unavailable` (in use),
  /// `permission_denied`, `already_exists` and `failed_precondition` (mistakes of `handle`).
  result<endpoint> listen(std::string_view url) { return core_->listen(url); }

  /// Serves with this many threads, the caller's included, until `stop`; connections are dealt to them
  /// in turn. Only for servers that own their threads.
  void run(unsigned threads = 1) {
    const auto core = core_;  // a handler may destroy the server
    core->run(threads);
  }

  /// Drains: takes nothing new, tells the peers, lets calls in flight finish for
  /// `limits::drain_timeout`, then ends them; then `run` returns.
  void stop() { core_->stop(false); }

 private:
  template <class Handler, class Request, class Response>
  static consteval bool is_unary_handler() {
    if constexpr (detail::handler_of<Handler, const Request>) {
      return detail::gives<detail::handler_result<Handler, const Request>, Response>;
    } else {
      return false;
    }
  }

  template <class Request, class Response, class Handler>
  void add_unary(const method_info& m, Handler handler, io::executor pool) {
    static_assert(require_codec<Request>() && require_codec<Response>());
    constexpr bool fits = is_unary_handler<Handler, Request, Response>();
    static_assert(fits,
                  "a unary handler takes (const Request& [, server_context&]) and returns Response, "
                  "result<Response>, or an awaitable of either");
    if constexpr (fits) {
      core_->add(std::make_unique<detail::unary_entry<Request, Response, Handler>>(
                     m.name(), repeat_of(m), std::move(handler), std::move(pool)),
                 false);
    }
  }

  template <call_type Type, class Request, class Response, class Handler, bool OnPool>
  static consteval bool is_stream_handler() {
    const auto check = []<class... Args>(std::type_identity<void(Args...)>) {
      if constexpr (detail::handler_of<Handler, Args...>) {
        using returned = detail::handler_result<Handler, Args...>;
        if constexpr (!OnPool && !detail::is_awaitable<returned>) {
          return false;
        } else if constexpr (Type == call_type::client_streaming) {
          return detail::gives<returned, Response>;
        } else {
          return detail::gives_status<returned>;
        }
      } else {
        return false;
      }
    };
    if constexpr (Type == call_type::server_streaming) {
      return check(std::type_identity<void(const Request, writer<Response>)>());
    } else if constexpr (Type == call_type::client_streaming) {
      return check(std::type_identity<void(reader<Request>)>());
    } else {
      return check(std::type_identity<void(reader<Request>, writer<Response>)>());
    }
  }

  template <call_type Type, class Request, class Response, bool OnPool, class Handler>
  void add_stream(const method_info& m, Handler handler, io::executor pool) {
    static_assert(require_codec<Request>() && require_codec<Response>());
    constexpr bool fits = is_stream_handler<Type, Request, Response, Handler, OnPool>();
    static_assert(fits || Type != call_type::server_streaming,
                  "a server-streaming handler takes (const Request&, writer<Response>& [, "
                  "server_context&]) and returns awaitable<status>; on a pool also status");
    static_assert(fits || Type != call_type::client_streaming,
                  "a client-streaming handler takes (reader<Request>& [, server_context&]) and "
                  "returns an awaitable of Response or result<Response>; on a pool also without");
    static_assert(fits || Type != call_type::bidi_streaming,
                  "a bidi handler takes (reader<Request>&, writer<Response>& [, server_context&]) "
                  "and returns awaitable<status>; on a pool also status");
    if constexpr (fits) {
      core_->add(std::make_unique<detail::stream_entry<Type, Request, Response, Handler>>(
                     m.name(), repeat_of(m), std::move(handler), std::move(pool)),
                 false);
    }
  }

  static idempotency repeat_of(const method_info& m) noexcept {
    return m.has_no_side_effects() ? idempotency::no_side_effects
           : m.is_idempotent()     ? idempotency::idempotent
                                   : idempotency::none;
  }

  std::shared_ptr<detail::server_core> core_;
};

}  // namespace polywire::inline v1

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/message_fields.hpp"
#include "polywire/core/method.hpp"
#include "polywire/core/publish_options.hpp"
#include "polywire/core/result.hpp"
#include "polywire/core/topic.hpp"
#include "polywire/server/detail/local_publish.hpp"
#include "polywire/server/detail/server_core.hpp"
#include "polywire/server/detail/stream_entry.hpp"
#include "polywire/server/detail/unary_entry.hpp"
#include "polywire/server/endpoint.hpp"
#include "polywire/server/options.hpp"
#include "polywire/server/route_body.hpp"

#include <functional>
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

/// Runs a handler on a thread pool (or any executor), where it may block; plain streaming handlers
/// are legal there. The pool must outlive the server.
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
///     server.handle(create_user, [&](const CreateUserRequest& request) -> polywire::result<User> {
///     … }); auto endpoint = server.listen("tcp://127.0.0.1:7000"); server.run();
///
/// Handlers, the longest form that can be invoked wins (Req and Res are the method's types):
///   unary             (const Req& [, server_context&]) → Res, result<Res>, or awaitable of either
///   server streaming  (const Req&, writer<Res>& [, server_context&]) → awaitable<status>
///   client streaming  (reader<Req>& [, server_context&]) → awaitable<Res or result<Res>>
///   bidi              (reader<Req>&, writer<Res>& [, server_context&]) → awaitable<status>
/// Plain unary handlers run inline on the connection's thread: the fastest, as long as they do not
/// block. What a handler throws is logged, and becomes `internal` without its text.
///
/// Threads: all functions from any thread, but `handle` only before the first `listen`. A server
/// without an executor owns its threads (`run`); one with an executor, which must be serial, works
/// there.
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

  /// Makes a method a resource, for protocols that have verbs and paths (http):
  ///
  ///     server.route("GET /v1/users/{id}", get_user);
  ///     server.route("POST /v1/users", create_user);
  ///     server.route("PATCH /v1/users/{user.id}", update_user, polywire::body("user"));
  ///
  /// Variables of the path (`{id}` is one segment, `{name=**}` at the end all that is left), the
  /// query and the body become the request's fields of those names, nested ones as `user.id`,
  /// each with its type checked. The body of POST, PUT and PATCH is the request itself, unless
  /// `body` says that it is one field; what is neither there nor in the path comes from the query.
  /// Literal segments win over variables. A server-streaming method answers with server-sent
  /// events.
  ///
  /// Mistakes are treated as those of `handle`: a malformed template, one that is there already, a
  /// variable that is no field, a request of which no fields are known, GET for a method with side
  /// effects, a method without handler.
  template <call_type Type, class Request, class Response>
    requires(Type == call_type::unary || Type == call_type::server_streaming)
  void route(std::string_view pattern, const method<Type, Request, Response>& m,
             const route_body& content = {}) {
    static_assert(require_codec<Request>() && require_codec<Response>());
    core_->add_route(pattern, m, fields_of<Request>(), content.field(),
                     codec<Request>::formats.contains(format::json) &&
                         codec<Response>::formats.contains(format::json));
  }

  /// Shows a page at a path, for protocols that have paths (http), so that a service can bring its
  /// own user interface:
  ///
  ///     server.page("/", html);
  ///     server.page("/app.js", script, "text/javascript");
  ///
  /// Everybody who reaches the server gets the same bytes: interceptors, and with them bearer
  /// tokens, are for calls. The path is literal, and goes before the variables of routes.
  ///
  /// Mistakes are treated as those of `handle`: a path that is malformed or has a page or a
  /// `GET` route already, a malformed type, more than `limits::max_message` bytes.
  void page(std::string_view path, std::string content,
            std::string_view content_type = "text/html; charset=utf-8") {
    core_->add_page(path, std::move(content), content_type);
  }

  /// Takes every call that has no handler, as bytes: for gateways. `(const payload& [,
  /// server_context&])` → payload, result<payload>, or awaitable of either; the context knows the
  /// name.
  template <class Handler>
  void handle_any(Handler handler) {
    static_assert(is_unary_handler<Handler, payload, payload>(),
                  "handle_any takes (const payload& [, server_context&]) -> payload or "
                  "result<payload> or an awaitable of either");
    core_->add(std::make_unique<detail::unary_entry<payload, payload, Handler>>(
                   "", idempotency::none, std::move(handler), io::executor()),
               true);
  }

  /// Hosts a topic; mistakes are treated as those of `handle`.
  template <class Event>
  void offer(const topic<Event>& what, const offer_options& how = {}) {
    static_assert(require_codec<Event>());
    core_->offer(what.name(), rpc::topic_type_of<Event>, how);
  }
  /// Hosts every topic that the pattern takes; each comes into being at its first use, up to
  /// `limits::max_topics`.
  template <class Event>
  void offer(const topics<Event>& what, const offer_options& how = {}) {
    static_assert(require_codec<Event>());
    core_->offer(what.pattern(), rpc::topic_type_of<Event>, how);
  }

  /// Publishes to those who have subscribed here. Never waits, except for a subscriber with
  /// `overflow::block` where the topic allows that; from a handler or another I/O thread not even
  /// then. Errors: `not_found` (the topic is not offered), `invalid_argument` (the event cannot be
  /// encoded), `resource_exhausted` (the topic waits for a slow subscriber).
  template <class Event>
  status publish(const topic<Event>& where, const std::type_identity_t<Event>& event,
                 const publish_options& options = {}) {
    return detail::publish_blocking(core_->what(),
                                    detail::local_event(where.name(), event, options));
  }
  /// The same to one of the topics that a pattern takes.
  template <class Event>
  status publish(const topics<Event>& where, std::string_view name,
                 const std::type_identity_t<Event>& event, const publish_options& options = {}) {
    if (!topic_matches(where.pattern(), name)) return rpc::no_match(where.pattern(), name);
    return detail::publish_blocking(core_->what(), detail::local_event(name, event, options));
  }
  /// Publishes, and where the topic waits, completes later. The event is encoded at once.
  /// Completion: `void(status)`. Cancellation: any type, while the topic waits.
  template <class Event, class Token = asio::use_awaitable_t<>>
  auto async_publish(const topic<Event>& where, const std::type_identity_t<Event>& event,
                     const publish_options& options, Token&& token = Token()) {
    return start_publish(detail::local_event(where.name(), event, options), token);
  }
  template <class Event, class Token = asio::use_awaitable_t<>>
    requires(!call_options_like<Token>)
  auto async_publish(const topic<Event>& where, const std::type_identity_t<Event>& event,
                     Token&& token = Token()) {
    return start_publish(detail::local_event(where.name(), event, publish_options()), token);
  }

  /// Begins to accept at a URL; port 0 lets the system choose.
  /// Errors: `invalid_argument` (the URL, a scheme that no header made known), `unavailable` (in
  /// use), `permission_denied`, `already_exists` and `failed_precondition` (mistakes of `handle`).
  result<endpoint> listen(std::string_view url) { return core_->listen(url); }

  /// Serves with this many threads, the caller's included, until `stop`; connections are dealt to
  /// them in turn. Only for servers that own their threads.
  void run(unsigned threads = 1) {
    const auto core = core_;  // a handler may destroy the server
    core->run(threads);
  }

  /// Drains: takes nothing new, tells the peers, lets calls in flight finish for
  /// `limits::drain_timeout`, then ends them; then `run` returns.
  void stop() { core_->stop(false); }

  /// Takes over SIGINT and SIGTERM: the first one is like `stop`, the second one ends what is left
  /// at once. For one server of a process; given back when it has stopped.
  status stop_on_signals() { return core_->stop_on_signals(); }

  /// What this server has counted.
  server_stats stats() const { return core_->what()->counters->stats(); }
  /// The same for those who ask again and again, also when the server is gone.
  std::function<server_stats()> stats_source() const {
    return [counters = core_->what()->counters] { return counters->stats(); };
  }
  /// Calls `f` once, from `stop` or at once when that has been called.
  void on_stopping(std::function<void()> f) { core_->on_stopping(std::move(f)); }

 private:
  template <class Token>
  auto start_publish(detail::local_event event, Token& token) {
    return asio::async_initiate<Token, void(status)>(
        [](auto handler, const std::shared_ptr<detail::served>& to,
           const std::shared_ptr<io::loop>& home, const detail::local_event& what) {
          using started = detail::publish_op<decltype(handler)>;
          const detail::ref<started> op(new started(to, home, std::move(handler)));
          op->start(what);
        },
        token, core_->what(), core_->home(), std::move(event));
  }

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
    static_assert(
        fits,
        "a unary handler takes (const Request& [, server_context&]) and returns Response, "
        "result<Response>, or an awaitable of either");
    if constexpr (fits) {
      core_->add(std::make_unique<detail::unary_entry<Request, Response, Handler>>(
                     m.name(), m.repeating(), std::move(handler), std::move(pool)),
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
                     m.name(), m.repeating(), std::move(handler), std::move(pool)),
                 false);
    }
  }

  std::shared_ptr<detail::server_core> core_;
};

}  // namespace polywire::inline v1

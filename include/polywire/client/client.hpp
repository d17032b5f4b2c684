// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/client/detail/start_topic.hpp"
#include "polywire/client/options.hpp"
#include "polywire/client/streams.hpp"
#include "polywire/client/subscription.hpp"
#include "polywire/core/method.hpp"
#include "polywire/core/options.hpp"
#include "polywire/core/publish_options.hpp"
#include "polywire/core/result.hpp"
#include "polywire/core/topic.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace polywire::inline v1 {

/// Thrown by the constructor of `client`; `client::make` returns the same as a status.
class bad_url : public std::invalid_argument {
 public:
  explicit bad_url(const status& why) : std::invalid_argument(why.message()) {}
};

/// Calls the methods of a service, wherever its URL says that it is.
///
///     polywire::client users{"tcp://127.0.0.1:7000"};
///     polywire::result<User> user = users.call(create_user, request, polywire::timeout(2s));
///     auto user = co_await users.async_call(create_user, request);
///
/// Connects at the first call, and again after losses. Nothing listening: `unavailable`,
/// `not_sent`, at once, unless the call waits for it.
///
/// Threads: all functions from any thread. A client without an executor shares one I/O thread per
/// process with its like; the blocking forms belong to it. One with an executor does everything
/// there; the executor must be serial: an io_context run by one thread, or a strand.
/// Lifetime: requests that are lvalues are borrowed until the operation starts (for an awaitable:
/// until its `co_await`). Destroying the client ends its calls `cancelled`; their handlers are
/// posted. Cancellation: any type through a token's cancellation slot, and `call_options::stop_on`.
class client {
 public:
  /// Throws `bad_url`.
  explicit client(std::string_view target, const client_options& options = {})
      : client(throwing(detail::channel::make({}, target, options))) {}
  client(io::executor ex, std::string_view target, const client_options& options = {})
      : client(throwing(detail::channel::make(std::move(ex), target, options))) {}

  static result<client> make(std::string_view target, const client_options& options = {}) {
    return wrap(detail::channel::make({}, target, options));
  }
  static result<client> make(io::executor ex, std::string_view target,
                             const client_options& options = {}) {
    return wrap(detail::channel::make(std::move(ex), target, options));
  }

  client(client&&) noexcept = default;
  client& operator=(client&& other) noexcept {
    client taken(std::move(other));
    std::swap(channel_, taken.channel_);
    return *this;
  }
  ~client() {
    if (channel_) channel_->leave();
  }

  // --- unary

  /// Blocks until the reply, the failure or the deadline.
  template <class Request, class Response>
  result<Response> call(const unary<Request, Response>& m,
                        const std::type_identity_t<Request>& request, call_options options = {}) {
    return detail::block_call<Response>(
        channel_, m, outgoing(request, detail::chosen_format<Request, Response>(*channel_)),
        std::move(options));
  }
  template <class Request, class Response>
  result<Response> call(const unary<Request, Response>& m, std::type_identity_t<Request>&& request,
                        call_options options = {}) {
    return detail::block_call<Response>(
        channel_, m,
        outgoing(std::move(request), detail::chosen_format<Request, Response>(*channel_)),
        std::move(options));
  }

  /// Completion: `void(result<Response>)`.
  template <class Request, class Response, class Token = asio::use_awaitable_t<>>
    requires(!call_options_like<Token>)
  auto async_call(const unary<Request, Response>& m, const std::type_identity_t<Request>& request,
                  Token&& token = Token()) {
    return detail::initiate_call<Request, Response>(channel_, m, &request, call_options(), token);
  }
  template <class Request, class Response, class Token = asio::use_awaitable_t<>>
  auto async_call(const unary<Request, Response>& m, const std::type_identity_t<Request>& request,
                  call_options options, Token&& token = Token()) {
    return detail::initiate_call<Request, Response>(channel_, m, &request, std::move(options),
                                                    token);
  }
  template <class Request, class Response, class Token = asio::use_awaitable_t<>>
    requires(!call_options_like<Token> && detail::safe_temporary<Request>)
  auto async_call(const unary<Request, Response>& m, std::type_identity_t<Request>&& request,
                  Token&& token = Token()) {
    return detail::initiate_call<Request, Response>(channel_, m, std::move(request), call_options(),
                                                    token);
  }
  template <class Request, class Response, class Token = asio::use_awaitable_t<>>
    requires(detail::safe_temporary<Request>)
  auto async_call(const unary<Request, Response>& m, std::type_identity_t<Request>&& request,
                  call_options options, Token&& token = Token()) {
    return detail::initiate_call<Request, Response>(channel_, m, std::move(request),
                                                    std::move(options), token);
  }
  /// Name the request first: GCC 12 would destroy this temporary twice inside `co_await`.
  template <class Request, class Response, class... Rest>
    requires(!detail::safe_temporary<Request>)
  auto async_call(const unary<Request, Response>& m, std::type_identity_t<Request>&& request,
                  Rest&&...) = delete;

  // --- streaming: opening never fails by itself, the status of the stream says what became of it

  template <class Request, class Response>
  reader<Response> open(const server_streaming<Request, Response>& m,
                        const std::type_identity_t<Request>& request, call_options options = {}) {
    const outgoing first(request, detail::chosen_format<Request, Response>(*channel_));
    return reader<Response>(start_stream(m, first.encoding(), &first, std::move(options)));
  }
  template <class Request, class Response>
  request_writer<Request, Response> open(const client_streaming<Request, Response>& m,
                                         call_options options = {}) {
    return request_writer<Request, Response>(start_stream(
        m, detail::chosen_format<Request, Response>(*channel_), nullptr, std::move(options)));
  }
  template <class Request, class Response>
  stream<Request, Response> open(const bidi_streaming<Request, Response>& m,
                                 call_options options = {}) {
    return stream<Request, Response>(start_stream(
        m, detail::chosen_format<Request, Response>(*channel_), nullptr, std::move(options)));
  }

  /// Completion: `void(reader<Response>)`, as soon as the call is on its way.
  template <class Request, class Response, class Token = asio::use_awaitable_t<>>
    requires(!call_options_like<Token>)
  auto async_open(const server_streaming<Request, Response>& m,
                  const std::type_identity_t<Request>& request, Token&& token = Token()) {
    return async_open(m, request, call_options(), std::forward<Token>(token));
  }
  template <class Request, class Response, class Token = asio::use_awaitable_t<>>
  auto async_open(const server_streaming<Request, Response>& m,
                  const std::type_identity_t<Request>& request, call_options options,
                  Token&& token = Token()) {
    return deliver(open(m, request, std::move(options)), token);
  }
  /// Completion: `void(request_writer<Request, Response>)`.
  template <class Request, class Response, class Token = asio::use_awaitable_t<>>
    requires(!call_options_like<Token>)
  auto async_open(const client_streaming<Request, Response>& m, Token&& token = Token()) {
    return deliver(open(m), token);
  }
  template <class Request, class Response, class Token = asio::use_awaitable_t<>>
  auto async_open(const client_streaming<Request, Response>& m, call_options options,
                  Token&& token = Token()) {
    return deliver(open(m, std::move(options)), token);
  }
  /// Completion: `void(stream<Request, Response>)`.
  template <class Request, class Response, class Token = asio::use_awaitable_t<>>
    requires(!call_options_like<Token>)
  auto async_open(const bidi_streaming<Request, Response>& m, Token&& token = Token()) {
    return deliver(open(m), token);
  }
  template <class Request, class Response, class Token = asio::use_awaitable_t<>>
  auto async_open(const bidi_streaming<Request, Response>& m, call_options options,
                  Token&& token = Token()) {
    return deliver(open(m, std::move(options)), token);
  }

  // --- untyped unary

  /// Sends bytes that are encoded already; `name` is "package.Service/Method".
  result<payload> call_raw(std::string_view name, const payload& request,
                           call_options options = {}) {
    if (!is_method_name(name)) return bad_name(name);
    return detail::block_call<payload>(
        channel_, method_info(name, call_type::unary, idempotency::none),
        outgoing(request.encoding(), request.data().view()), std::move(options), true);
  }
  /// Completion: `void(result<payload>)`. The payload is borrowed, as any request.
  template <class Token = asio::use_awaitable_t<>>
    requires(!call_options_like<Token>)
  auto async_call_raw(std::string_view name, const payload& request, Token&& token = Token()) {
    return async_call_raw(name, request, call_options(), std::forward<Token>(token));
  }
  template <class Token = asio::use_awaitable_t<>>
  auto async_call_raw(std::string_view name, const payload& request, call_options options,
                      Token&& token = Token()) {
    return asio::async_initiate<Token, void(result<payload>)>(
        [](auto handler, const std::shared_ptr<detail::channel>& to, const std::string& method,
           const payload* message, call_options how) {
          if (!is_method_name(method)) how.fail(bad_name(method));
          detail::start_call<payload>(to, method_info(method, call_type::unary, idempotency::none),
                                      outgoing(message->encoding(), message->data().view()),
                                      std::move(how), std::move(handler), true);
        },
        token, channel_, std::string(name), &request, std::move(options));
  }

  // --- topics

  /// Publishes; ok when the server has taken the event, whoever may have subscribed.
  /// Errors: `not_found` (nobody offers the topic), `permission_denied` (only the service publishes
  /// there), `resource_exhausted` (the topic waits for a slow subscriber).
  template <class Event>
  status publish(const topic<Event>& where, const std::type_identity_t<Event>& event,
                 publish_options options = {}) {
    return detail::block_publish(
        channel_, where.name(), outgoing(event, detail::topic_format<Event>()), std::move(options));
  }
  /// The same to one of the topics that a pattern takes.
  template <class Event>
  status publish(const topics<Event>& where, std::string_view name,
                 const std::type_identity_t<Event>& event, publish_options options = {}) {
    if (!topic_matches(where.pattern(), name)) options.fail(rpc::no_match(where.pattern(), name));
    return detail::block_publish(channel_, name, outgoing(event, detail::topic_format<Event>()),
                                 std::move(options));
  }
  /// Completion: `void(status)`. The event is borrowed as any request.
  template <class Event, class Token = asio::use_awaitable_t<>>
    requires(!call_options_like<Token>)
  auto async_publish(const topic<Event>& where, const std::type_identity_t<Event>& event,
                     Token&& token = Token()) {
    return detail::initiate_publish<Event>(channel_, where.name(), &event, publish_options(),
                                           token);
  }
  template <class Event, class Token = asio::use_awaitable_t<>>
  auto async_publish(const topic<Event>& where, const std::type_identity_t<Event>& event,
                     publish_options options, Token&& token = Token()) {
    return detail::initiate_publish<Event>(channel_, where.name(), &event, std::move(options),
                                           token);
  }
  template <class Event, class Token = asio::use_awaitable_t<>>
    requires(!call_options_like<Token> && detail::safe_temporary<Event>)
  auto async_publish(const topic<Event>& where, std::type_identity_t<Event>&& event,
                     Token&& token = Token()) {
    return detail::initiate_publish<Event>(channel_, where.name(), std::move(event),
                                           publish_options(), token);
  }
  template <class Event, class Token = asio::use_awaitable_t<>>
    requires(detail::safe_temporary<Event>)
  auto async_publish(const topic<Event>& where, std::type_identity_t<Event>&& event,
                     publish_options options, Token&& token = Token()) {
    return detail::initiate_publish<Event>(channel_, where.name(), std::move(event),
                                           std::move(options), token);
  }
  /// Name the event first, as with `async_call`.
  template <class Event, class... Rest>
    requires(!detail::safe_temporary<Event>)
  auto async_publish(const topic<Event>& where, std::type_identity_t<Event>&& event,
                     Rest&&...) = delete;
  /// To one of the topics that a pattern takes.
  template <class Event, class Token = asio::use_awaitable_t<>>
  auto async_publish(const topics<Event>& where, std::string_view name,
                     const std::type_identity_t<Event>& event, publish_options options,
                     Token&& token = Token()) {
    if (!topic_matches(where.pattern(), name)) options.fail(rpc::no_match(where.pattern(), name));
    return detail::initiate_publish<Event>(channel_, name, &event, std::move(options), token);
  }

  /// Subscribes, and returns when the server has made the subscription: what is published from then
  /// on comes. One that failed is false, and its `status()` says why.
  template <class Event>
  subscription<Event> subscribe(const topic<Event>& what, subscribe_options options = {}) {
    return detail::block_subscribe<Event>(channel_, what.name(), std::move(options));
  }
  /// To all topics that the pattern takes.
  template <class Event>
  subscription<Event> subscribe(const topics<Event>& what, subscribe_options options = {}) {
    return detail::block_subscribe<Event>(channel_, what.pattern(), std::move(options));
  }
  /// Completion: `void(subscription<Event>)`, when the server has made it or it has failed.
  template <class Event, class Token = asio::use_awaitable_t<>>
  auto async_subscribe(const topic<Event>& what, subscribe_options options,
                       Token&& token = Token()) {
    return detail::initiate_subscribe<Event>(channel_, what.name(), std::move(options), token);
  }
  template <class Event, class Token = asio::use_awaitable_t<>>
    requires(!std::same_as<std::remove_cvref_t<Token>, subscribe_options>)
  auto async_subscribe(const topic<Event>& what, Token&& token = Token()) {
    return detail::initiate_subscribe<Event>(channel_, what.name(), subscribe_options(), token);
  }
  template <class Event, class Token = asio::use_awaitable_t<>>
  auto async_subscribe(const topics<Event>& what, subscribe_options options,
                       Token&& token = Token()) {
    return detail::initiate_subscribe<Event>(channel_, what.pattern(), std::move(options), token);
  }
  template <class Event, class Token = asio::use_awaitable_t<>>
    requires(!std::same_as<std::remove_cvref_t<Token>, subscribe_options>)
  auto async_subscribe(const topics<Event>& what, Token&& token = Token()) {
    return detail::initiate_subscribe<Event>(channel_, what.pattern(), subscribe_options(), token);
  }

  /// The URL without its query.
  std::string target() const { return channel_->target().to_string(); }

 private:
  explicit client(std::shared_ptr<detail::channel> channel) noexcept
      : channel_(std::move(channel)) {}

  static std::shared_ptr<detail::channel> throwing(result<std::shared_ptr<detail::channel>> made) {
    if (!made) throw bad_url(made.status());
    return std::move(*made);
  }
  static result<client> wrap(result<std::shared_ptr<detail::channel>> made) {
    if (!made) return made.status();
    return client(std::move(*made));
  }
  static status bad_name(std::string_view name) {
    return status(
        status_code::invalid_argument,
        "'" + std::string(name.substr(0, 64)) + "' is no method name: package.Service/Method",
        outcome::not_sent);
  }

  detail::ref<detail::client_stream> start_stream(const method_info& m, format encoding,
                                                  const outgoing* first, call_options options) {
    detail::ref<detail::client_stream> stream(
        new detail::client_stream(channel_, m, encoding, first, std::move(options)));
    stream->start();
    return stream;
  }

  template <class Handle, class Token>
  auto deliver(Handle handle, Token& token) {
    return asio::async_initiate<Token, void(Handle)>(
        [](auto handler, const std::shared_ptr<io::loop>& home, Handle opened) {
          detail::complete_soon(home, std::move(handler), std::move(opened));
        },
        token, channel_->shared_home(), std::move(handle));
  }

  std::shared_ptr<detail::channel> channel_;
};

}  // namespace polywire::inline v1

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/blocking.hpp"
#include "polywire/client/detail/unary_call.hpp"
#include "polywire/core/method.hpp"

#include <memory>
#include <string_view>
#include <type_traits>
#include <utility>

/// How a `client` starts calls with one message, for each of its forms.
namespace polywire::inline v1::detail {

/// The format in which both messages of a method travel.
template <class Request, class Response>
consteval format common_format() {
  static_assert(require_codec<Request>() && require_codec<Response>());
  constexpr format_set a = codec<Request>::formats;
  constexpr format_set b = codec<Response>::formats;
  static_assert(a.intersects(b),
                "the request and the response of a method share no format: protobuf messages and "
                "structs can be mixed, polywire::text and polywire::bytes only with themselves");
  for (const format f : {codec<Request>::preferred, codec<Response>::preferred, format::protobuf,
                         format::json, format::text, format::bytes}) {
    if (a.contains(f) && b.contains(f)) return f;
  }
  return codec<Request>::preferred;
}

/// That, or the one that the client's URL asks for (`format=json`) where both messages know it.
template <class Request, class Response>
format chosen_format(const channel& to) noexcept {
  const auto asked = to.settings().format;
  const bool known = asked && codec<Request>::formats.contains(*asked) &&
                     codec<Response>::formats.contains(*asked);
  return known ? *asked : common_format<Request, Response>();
}

/// `own_name`: the method's name is no contract's, and has to be kept.
template <class Response, class Handler>
ref<unary_call<Response, Handler>> start_call(const std::shared_ptr<channel>& to,
                                              const method_info& m, const outgoing& request,
                                              call_options&& options, Handler handler,
                                              bool own_name = false) {
  using started = unary_call<Response, Handler>;
  ref<started> call(new started(to, m.name(), m.type(), m.repeating(), request, std::move(options),
                                std::move(handler)));
  if (own_name) call->own_method();
  call->start();
  return call;
}

/// Borrowed is `const Request*`, a temporary `Request`.
template <class Request, class Response, class Held, class Token>
auto initiate_call(const std::shared_ptr<channel>& to, const method_info& m, Held&& request,
                   call_options options, Token& token) {
  return asio::async_initiate<Token, void(result<Response>)>(
      [](auto handler, const std::shared_ptr<channel>& where, const method_info& method,
         auto message, call_options how) {
        const format f = chosen_format<Request, Response>(*where);
        if constexpr (std::is_pointer_v<decltype(message)>) {
          start_call<Response>(where, method, outgoing(*message, f), std::move(how),
                               std::move(handler));
        } else {
          start_call<Response>(where, method, outgoing(std::move(message), f), std::move(how),
                               std::move(handler));
        }
      },
      token, to, m, std::forward<Held>(request), std::move(options));
}

/// Blocks until the call that `start` starts has ended. `start` takes the options and a handler,
/// and returns the call; `Value` is what the handler takes.
template <class Value, class Options, class Start>
Value block_until_done(const std::shared_ptr<channel>& to, Options options, Start start) {
  if (auto may = to->may_block(); !may) return may;
  auto where = std::make_shared<rendezvous<Value>>();
  call_info* info = options.get_info();
  if (info != nullptr) options.capture(where->info);
  const time_point now = to->home().get_clock().now();
  const bool never_sent = options.deadline_from(now) <= now;
  const auto call = start(std::move(options), wake_caller<Value>(where));
  auto value = where->wait(to->wait_limit(call->deadline()));
  if (!value) {
    return status(status_code::deadline_exceeded, "the deadline passed",
                  never_sent ? outcome::not_sent : outcome::maybe_processed);
  }
  if (info != nullptr) *info = std::move(where->info);
  return std::move(*value);
}

template <class Response>
result<Response> block_call(const std::shared_ptr<channel>& to, const method_info& m,
                            const outgoing& request, call_options options, bool own_name = false) {
  return block_until_done<result<Response>>(
      to, std::move(options), [&](call_options&& how, wake_caller<result<Response>> handler) {
        return start_call<Response>(to, m, request, std::move(how), std::move(handler), own_name);
      });
}

}  // namespace polywire::inline v1::detail

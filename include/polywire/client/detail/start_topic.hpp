// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/client/detail/start_call.hpp"
#include "polywire/client/subscription.hpp"
#include "polywire/core/publish_options.hpp"
#include "polywire/rpc/names.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// How a `client` publishes and subscribes, for each of its forms.
namespace polywire::inline v1::detail {

template <class Event>
consteval format topic_format() {
  static_assert(require_codec<Event>());
  return codec<Event>::preferred;
}

template <class Handler>
ref<publish_call<Handler>> start_publish(const std::shared_ptr<channel>& to, std::string_view name,
                                         const outgoing& event, publish_options&& options,
                                         Handler handler) {
  using started = publish_call<Handler>;
  ref<started> call(new started(to, name, event, std::move(options), std::move(handler)));
  call->own_method();
  call->start();
  return call;
}

inline status block_publish(const std::shared_ptr<channel>& to, std::string_view name,
                            const outgoing& event, publish_options options) {
  return block_until_done<status>(
      to, std::move(options), [&](publish_options&& how, wake_caller<status> handler) {
        return start_publish(to, name, event, std::move(how), std::move(handler));
      });
}

/// Borrowed is `const Event*`, a temporary `Event`.
template <class Event, class Held, class Token>
auto initiate_publish(const std::shared_ptr<channel>& to, std::string_view name, Held&& event,
                      publish_options options, Token& token) {
  return asio::async_initiate<Token, void(status)>(
      [](auto handler, const std::shared_ptr<channel>& where, const std::string& topic,
         auto message, publish_options how) {
        constexpr format f = topic_format<Event>();
        if constexpr (std::is_pointer_v<decltype(message)>) {
          start_publish(where, topic, outgoing(*message, f), std::move(how), std::move(handler));
        } else {
          start_publish(where, topic, outgoing(std::move(message), f), std::move(how),
                        std::move(handler));
        }
      },
      token, to, std::string(name), std::forward<Held>(event), std::move(options));
}

template <class Event, class Handler>
void start_subscribe(const std::shared_ptr<channel>& to, std::string_view pattern,
                     subscribe_options options, Handler handler) {
  const ref<client_subscription> core(
      new client_subscription(to, pattern, topic_format<Event>(), std::move(options)));
  core->start(*new subscribe_op<Event, Handler>(core, std::move(handler)));
}

template <class Event>
subscription<Event> block_subscribe(const std::shared_ptr<channel>& to, std::string_view pattern,
                                    subscribe_options options) {
  if (auto may = to->may_block(); !may) {
    ref<client_subscription> core(
        new client_subscription(to, pattern, topic_format<Event>(), std::move(options)));
    core->refuse();
    return subscription<Event>(std::move(core), std::move(may));
  }
  auto where = std::make_shared<rendezvous<subscription<Event>>>();
  start_subscribe<Event>(to, pattern, std::move(options), wake_caller<subscription<Event>>(where));
  return std::move(*where->wait(never));
}

template <class Event, class Token>
auto initiate_subscribe(const std::shared_ptr<channel>& to, std::string_view pattern,
                        subscribe_options options, Token& token) {
  return asio::async_initiate<Token, void(subscription<Event>)>(
      [](auto handler, const std::shared_ptr<channel>& where, const std::string& what,
         subscribe_options how) {
        start_subscribe<Event>(where, what, std::move(how), std::move(handler));
      },
      token, to, std::string(pattern), std::move(options));
}

}  // namespace polywire::inline v1::detail

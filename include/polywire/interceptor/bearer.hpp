// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/status.hpp"
#include "polywire/interceptor/client_context.hpp"
#include "polywire/interceptor/interceptor.hpp"

#include <algorithm>
#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace polywire::inline v1 {

class server_context;

namespace detail {

/// The token of `authorization: Bearer …` (RFC 6750 2.1: the scheme has no case, the token is
/// b64token). Empty, with `why`, when there is none.
inline std::optional<std::string_view> bearer_token_of(const metadata& sent, status& why) {
  const auto all = sent.get_all("authorization");
  if (all.empty()) {
    why = status::unauthenticated("a token is required: metadata 'authorization: Bearer <token>'");
    return std::nullopt;
  }
  const auto malformed = [&why] {
    why = status::unauthenticated(
        "the metadata 'authorization' is malformed; it has to be 'Bearer <token>', once");
    return std::nullopt;
  };
  constexpr std::string_view scheme = "bearer ";
  std::string_view value = all.front();
  if (all.size() != 1 || value.size() <= scheme.size()) return malformed();
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    const char c = value[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != scheme[i]) {
      return malformed();
    }
  }
  value.remove_prefix(std::min(value.find_first_not_of(' ', scheme.size()), value.size()));
  const std::string_view token = value.substr(0, value.find_last_not_of('=') + 1);
  const bool good = !token.empty() && token.find_first_not_of(
                                          "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "abcdefghijklmnopqrstuvwxyz"
                                          "0123456789-._~+/") == std::string_view::npos;
  if (!good) return malformed();
  return value;
}

}  // namespace detail

/// Lets only callers in who show a token (OAuth 2.0 bearer token, RFC 6750); for servers:
///
///     polywire::server_options().intercept(polywire::bearer_auth(
///         [&](std::string_view token, polywire::server_context& caller) -> polywire::status {
///           const auto user = users.find(token);
///           if (!user) return polywire::status::unauthenticated("the token is not known");
///           caller.set(*user);                      // the handler: context.get<user>()
///           return {};
///         }));
///
/// `verify` gives a status, or an awaitable of one; the token lives as long as that takes. Compare
/// tokens in constant time, or by their hash. Callers without one are `unauthenticated`.
template <class Verify>
class bearer_auth {
 public:
  explicit bearer_auth(Verify verify) : verify_(std::move(verify)) {}

  template <std::same_as<server_context> Context>
  auto on_start(Context& context) {
    using returned = std::invoke_result_t<Verify&, std::string_view, Context&>;
    return start(context, std::type_identity<returned>());
  }

 private:
  template <class Context>
  status start(Context& context, std::type_identity<status>) {
    status why;
    const auto token = detail::bearer_token_of(context.metadata(), why);
    return token ? verify_(*token, context) : why;
  }
  // The context's metadata stays where it is as long as the call does.
  template <class Context>
  asio::awaitable<status> start(Context& context, std::type_identity<asio::awaitable<status>>) {
    status why;
    const auto token = detail::bearer_token_of(context.metadata(), why);
    if (!token) co_return why;
    co_return co_await verify_(*token, context);
  }

  Verify verify_;
};

/// Sends a token with every call; for clients. Calls that would carry it over a connection which is
/// neither encrypted nor local (loopback, unix, inproc) fail `failed_precondition`, `not_sent`.
///
///     polywire::client_options().intercept(polywire::bearer_token(token))
///     polywire::client_options().intercept(polywire::bearer_token([&] { return tokens.current();
///     }))
class bearer_token {
 public:
  explicit bearer_token(std::string token) : token_([token = std::move(token)] { return token; }) {}
  /// Asked for each call, on the client's I/O thread. An empty token sends none.
  template <std::invocable Token>
    requires(std::convertible_to<std::invoke_result_t<Token&>, std::string>)
  explicit bearer_token(Token token) : token_(std::move(token)) {}

  status on_start(client_context& call) const {
    const std::string token = token_();
    if (token.empty()) return {};
    // What `metadata` says of a value it does not like does not quote it.
    if (auto added = call.replace_metadata("authorization", "Bearer " + token); !added) {
      return added;
    }
    call.require_private();
    return {};
  }

 private:
  std::function<std::string()> token_;
};

}  // namespace polywire::inline v1

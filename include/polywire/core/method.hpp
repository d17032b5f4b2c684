// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string_view>

namespace polywire::inline v1 {

/// The last two are what topics are made of: publishing is a call with one message and no reply, a
/// subscription is one that is answered by a stream of events. Their name is a topic.
enum class call_type : std::uint8_t {
  unary,
  server_streaming,
  client_streaming,
  bidi_streaming,
  publish,
  subscribe
};

constexpr std::string_view to_string(call_type type) noexcept {
  switch (type) {
    case call_type::unary: return "unary";
    case call_type::server_streaming: return "server_streaming";
    case call_type::client_streaming: return "client_streaming";
    case call_type::bidi_streaming: return "bidi_streaming";
    case call_type::publish: return "publish";
    case call_type::subscribe: return "subscribe";
  }
  return "unknown";
}

/// What repeating a call does. Part of the contract, because retries depend on it.
enum class idempotency : std::uint8_t { none, idempotent, no_side_effects };

/// The method may be repeated: twice has the effect of once.
inline constexpr idempotency idempotent = idempotency::idempotent;
/// The method only reads: it may also be repeated, cached and called by HTTP GET.
inline constexpr idempotency no_side_effects = idempotency::no_side_effects;

/// The longest name of a method, in bytes.
inline constexpr std::size_t max_method_name = 255;

/// "package.Service/Method": two non-empty parts of letters, digits, '_' and inner dots.
constexpr bool is_method_name(std::string_view name) noexcept {
  if (name.size() > max_method_name) return false;
  const auto slash = name.find('/');
  if (slash == std::string_view::npos) return false;
  auto is_part = [](std::string_view part) {
    if (part.empty() || part.front() == '.' || part.back() == '.') return false;
    char before = 0;
    for (const char c : part) {
      const bool word =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
      if (!word && c != '.') return false;
      if (c == '.' && before == '.') return false;
      before = c;
    }
    return true;
  };
  return is_part(name.substr(0, slash)) && is_part(name.substr(slash + 1));
}

/// A contract without its types.
class method_info {
 public:
  constexpr method_info(std::string_view name, call_type type, idempotency repeat) noexcept
      : name_(name), type_(type), repeat_(repeat) {}

  constexpr std::string_view name() const noexcept { return name_; }
  constexpr call_type type() const noexcept { return type_; }
  constexpr idempotency repeating() const noexcept { return repeat_; }
  constexpr bool is_idempotent() const noexcept { return repeat_ != idempotency::none; }
  constexpr bool has_no_side_effects() const noexcept {
    return repeat_ == idempotency::no_side_effects;
  }
  /// More than one request may come.
  constexpr bool streams_requests() const noexcept {
    return type_ == call_type::client_streaming || type_ == call_type::bidi_streaming;
  }
  /// More than one response may come.
  constexpr bool streams_responses() const noexcept {
    return type_ == call_type::server_streaming || type_ == call_type::bidi_streaming ||
           type_ == call_type::subscribe;
  }

 private:
  std::string_view name_;
  call_type type_;
  idempotency repeat_;
};

/// A contract that both sides share: a name, a call type, and the types of the messages. Declare
/// it as an `inline constexpr` variable, best in a namespace of yours: a global variable named
/// `wait` or `read` has the symbol of the C library's function. The name is a string literal and is
/// checked when compiling.
template <call_type Type, class Request, class Response>
class method : public method_info {
 public:
  using request_type = Request;
  using response_type = Response;

  consteval explicit method(const char* name, idempotency repeat = idempotency::none)
      : method_info(name, Type, repeat) {
    if (!is_method_name(name)) throw "a method is named package.Service/Method";
  }
};

template <class Request, class Response>
using unary = method<call_type::unary, Request, Response>;
template <class Request, class Response>
using server_streaming = method<call_type::server_streaming, Request, Response>;
template <class Request, class Response>
using client_streaming = method<call_type::client_streaming, Request, Response>;
template <class Request, class Response>
using bidi_streaming = method<call_type::bidi_streaming, Request, Response>;

}  // namespace polywire::inline v1

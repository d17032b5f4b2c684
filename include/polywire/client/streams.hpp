// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/reader.hpp"
#include "polywire/call/writer.hpp"
#include "polywire/client/detail/client_stream.hpp"
#include "polywire/core/result.hpp"

#include <memory>
#include <utility>

namespace polywire::inline v1 {

/// The client's end of a client-streaming call: many requests, one response.
///
/// Lifetime: leaving the scope cancels the call, unless it is finished. Thread safety: as `reader`.
template <class Request, class Response>
class request_writer : public writer<Request> {
 public:
  request_writer() = default;
  explicit request_writer(const detail::ref<detail::stream_core>& stream)
      : writer<Request>(stream), stream_(stream) {}
  request_writer(request_writer&&) noexcept = default;
  request_writer& operator=(request_writer&& other) noexcept {
    request_writer taken(std::move(other));
    writer<Request>::operator=(std::move(taken));
    std::swap(stream_, taken.stream_);
    return *this;
  }
  ~request_writer() {
    if (stream_) stream_->handle_gone();
  }

  /// Says that no more comes, and waits for the response.
  /// Completion: `void(result<Response>)`. Cancellation: any type cancels the call.
  template <class Token = asio::use_awaitable_t<>>
  auto async_finish(Token&& token = Token()) {
    return asio::async_initiate<Token, void(result<Response>)>(
        [](auto handler, const detail::ref<detail::stream_core>& stream) {
          start_finish(stream, std::move(handler));
        },
        token, stream_);
  }
  /// The same, blocking.
  result<Response> finish() {
    if (!stream_) return status::failed_precondition("there is no stream");
    if (auto may = stream_->may_block(); !may) return may;
    auto where = std::make_shared<detail::rendezvous<result<Response>>>();
    start_finish(stream_, detail::wake_caller<result<Response>>(where));
    return *where->wait(never);
  }

  /// Ends the call; from any thread.
  void cancel() {
    if (stream_) stream_->cancel();
  }

 private:
  template <class Handler>
  static void start_finish(const detail::ref<detail::stream_core>& stream, Handler handler) {
    auto* op = new detail::finish_op<Response, Handler>(stream, std::move(handler));
    stream->home()->run([stream, op] {
      stream->finish_writes();
      stream->start_read(*op);
    });
  }

  detail::ref<detail::stream_core> stream_;
};

/// The client's end of a call that streams both ways. Reading and writing are independent: one read
/// and one write may be under way.
template <class Request, class Response>
class stream : public reader<Response>, public writer<Request> {
 public:
  stream() = default;
  explicit stream(const detail::ref<detail::stream_core>& core)
      : reader<Response>(core), writer<Request>(core), core_(core) {}

  /// Says that no more will be written; reading goes on.
  /// Completion: `void(polywire::status)`.
  template <class Token = asio::use_awaitable_t<>>
  auto async_finish_writes(Token&& token = Token()) {
    return asio::async_initiate<Token, void(polywire::status)>(
        [](auto handler, const detail::ref<detail::stream_core>& core) {
          detail::start_write(core, nullptr, true, std::move(handler));
        },
        token, core_);
  }
  /// The same, blocking.
  polywire::status finish_writes() {
    if (!core_) return polywire::status::failed_precondition("there is no stream");
    if (auto may = core_->may_block(); !may) return may;
    return detail::blocking_write(core_, nullptr, true);
  }

 private:
  detail::ref<detail::stream_core> core_;
};

}  // namespace polywire::inline v1

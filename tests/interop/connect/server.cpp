// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "support.hpp"

#include <polywire/gzip.hpp>
#include <polywire/http.hpp>
#include <polywire/server.hpp>
#include <polywire/tls.hpp>

#include <asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

// The server that `connectconformance` tests. What the methods do is told in the suite's
// service.proto.

namespace suite = interop::suite;
using info = suite::ConformancePayload::RequestInfo;

namespace {

asio::awaitable<void> pause(std::uint32_t milliseconds) {
  if (milliseconds == 0) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(std::chrono::milliseconds(milliseconds));
  co_await timer.async_wait(asio::use_awaitable);
}

info info_of(const polywire::server_context& context) {
  info made;
  interop::to_headers(context.metadata(), *made.mutable_request_headers());
  if (context.deadline() != polywire::never) {
    const auto left = context.deadline() - context.now();
    made.set_timeout_ms(std::chrono::ceil<std::chrono::milliseconds>(left).count());
  }
  return made;
}

template <class Definition>
void add_metadata(const Definition& definition, polywire::server_context& context) {
  interop::from_headers(definition.response_headers(), [&](const auto& key, const auto& value) {
    (void)context.add_initial(key, value);
  });
  interop::from_headers(definition.response_trailers(), [&](const auto& key, const auto& value) {
    (void)context.add_trailing(key, value);
  });
}

void add_detail(const google::protobuf::Any& detail, polywire::status& to) {
  std::string name = detail.type_url().substr(detail.type_url().rfind('/') + 1);
  to.add_detail(polywire::status_detail(
      std::move(name),
      polywire::payload(polywire::format::protobuf, std::string_view(detail.value()))));
}
/// `seen`: goes with it, where no response did.
polywire::status error_of(const suite::Error& wanted, const info* seen) {
  polywire::status how(static_cast<polywire::status_code>(wanted.code()), wanted.message());
  for (const auto& detail : wanted.details()) add_detail(detail, how);
  if (seen != nullptr) {
    google::protobuf::Any detail;
    detail.PackFrom(*seen);
    add_detail(detail, how);
  }
  return how;
}

/// The one answer to one or several requests.
template <class Response>
asio::awaitable<polywire::result<Response>> answer(suite::UnaryResponseDefinition definition,
                                                   info seen, polywire::server_context& context) {
  add_metadata(definition, context);
  co_await pause(definition.response_delay_ms());
  if (definition.has_error()) co_return error_of(definition.error(), &seen);
  Response response;
  response.mutable_payload()->set_data(definition.response_data());
  *response.mutable_payload()->mutable_request_info() = std::move(seen);
  co_return response;
}

template <class Response, class Request>
asio::awaitable<polywire::result<Response>> serve_unary(const Request& request,
                                                        polywire::server_context& context) {
  info seen = info_of(context);
  seen.add_requests()->PackFrom(request);
  co_return co_await answer<Response>(request.response_definition(), std::move(seen), context);
}

asio::awaitable<polywire::result<suite::ClientStreamResponse>> serve_client_stream(
    polywire::reader<suite::ClientStreamRequest>& requests, polywire::server_context& context) {
  info seen = info_of(context);
  suite::UnaryResponseDefinition definition;
  while (auto request = co_await requests.async_read()) {
    if (seen.requests().empty()) definition = request->response_definition();
    seen.add_requests()->PackFrom(*request);
  }
  if (auto how = requests.status(); !how) co_return how;
  co_return co_await answer<suite::ClientStreamResponse>(std::move(definition), std::move(seen),
                                                         context);
}

template <class Response>
Response response_of(const std::string& data, const info* seen) {
  Response response;
  response.mutable_payload()->set_data(data);
  if (seen != nullptr) *response.mutable_payload()->mutable_request_info() = *seen;
  return response;
}

/// All the responses of a definition, one after the other.
template <class Response>
asio::awaitable<polywire::status> respond(suite::StreamResponseDefinition definition, info seen,
                                          polywire::writer<Response>& to,
                                          polywire::server_context& context) {
  add_metadata(definition, context);
  bool first = true;
  for (const std::string& data : definition.response_data()) {
    co_await pause(definition.response_delay_ms());
    const Response response = response_of<Response>(data, first ? &seen : nullptr);
    first = false;
    if (auto how = co_await to.async_write(response); !how) co_return how;
  }
  if (definition.has_error()) co_return error_of(definition.error(), first ? &seen : nullptr);
  co_return polywire::status();
}

asio::awaitable<polywire::status> serve_server_stream(
    const suite::ServerStreamRequest& request, polywire::writer<suite::ServerStreamResponse>& to,
    polywire::server_context& context) {
  info seen = info_of(context);
  seen.add_requests()->PackFrom(request);
  co_return co_await respond(request.response_definition(), std::move(seen), to, context);
}

asio::awaitable<polywire::status> serve_bidi_stream(
    polywire::reader<suite::BidiStreamRequest>& requests,
    polywire::writer<suite::BidiStreamResponse>& to, polywire::server_context& context) {
  info seen = info_of(context);
  suite::StreamResponseDefinition definition;
  bool interleaves = false;
  int sent = 0;
  for (bool first = true; auto request = co_await requests.async_read(); first = false) {
    if (first) {
      definition = request->response_definition();
      interleaves = request->full_duplex();
      if (interleaves) add_metadata(definition, context);
    }
    seen.add_requests()->PackFrom(*request);
    if (!interleaves) continue;
    if (sent == definition.response_data_size()) break;
    co_await pause(definition.response_delay_ms());
    const auto response =
        response_of<suite::BidiStreamResponse>(definition.response_data(sent), &seen);
    if (auto how = co_await to.async_write(response); !how) co_return how;
    ++sent;
    seen = info();
  }
  if (!interleaves) {
    if (auto how = requests.status(); !how) co_return how;
    co_return co_await respond(std::move(definition), std::move(seen), to, context);
  }
  for (; sent < definition.response_data_size(); ++sent) {
    co_await pause(definition.response_delay_ms());
    const auto response =
        response_of<suite::BidiStreamResponse>(definition.response_data(sent), nullptr);
    if (auto how = co_await to.async_write(response); !how) co_return how;
  }
  if (definition.has_error()) co_return error_of(definition.error(), sent == 0 ? &seen : nullptr);
  co_return polywire::status();
}

}  // namespace

int main() {
  suite::ServerCompatRequest wanted;
  if (!interop::read_message(wanted)) return 2;
  const interop::folder files;
  polywire::server_options options;
  if (wanted.use_tls()) {
    polywire::tls_options tls;
    tls.cert(files.write("cert.pem", wanted.server_creds().cert()));
    tls.key(files.write("key.pem", wanted.server_creds().key()));
    if (!wanted.client_tls_cert().empty()) {
      tls.client_ca(files.write("client.pem", wanted.client_tls_cert()));
    }
    options.tls(tls);
  }
  polywire::server server(options);
  server.handle(interop::unary, serve_unary<suite::UnaryResponse, suite::UnaryRequest>);
  server.handle(interop::idempotent_unary,
                serve_unary<suite::IdempotentUnaryResponse, suite::IdempotentUnaryRequest>);
  server.handle(interop::server_stream, serve_server_stream);
  server.handle(interop::client_stream, serve_client_stream);
  server.handle(interop::bidi_stream, serve_bidi_stream);

  std::string url = wanted.use_tls() ? "https://127.0.0.1:0" : "http://127.0.0.1:0";
  if (wanted.message_receive_limit() > 0) {
    url += "?max_message=" + std::to_string(wanted.message_receive_limit());
  }
  const auto endpoint = server.listen(url);
  if (!endpoint) {
    std::cerr << endpoint.status().to_string() << std::endl;
    return 1;
  }
  suite::ServerCompatResponse where;
  where.set_host("127.0.0.1");
  where.set_port(endpoint->port());
  if (wanted.use_tls()) where.set_pem_cert(wanted.server_creds().cert());
  interop::write_message(where);
  if (auto how = server.stop_on_signals(); !how) return 1;
  server.run();
}

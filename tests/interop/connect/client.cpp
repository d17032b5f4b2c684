// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "support.hpp"

#include <polywire/client.hpp>
#include <polywire/gzip.hpp>
#include <polywire/http.hpp>
#include <polywire/tls.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// The client that `connectconformance` tests: it makes the calls that it is told on its standard
// input, and tells what became of each on its standard output. client_compat.proto of the suite
// says more.

namespace suite = interop::suite;
using wish = suite::ClientCompatRequest;
using outcome = suite::ClientResponseResult;

namespace {

class unusable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void sleep_for(std::uint32_t milliseconds) {
  std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
}

/// One call, from what is asked for to what became of it.
class call {
 public:
  explicit call(const wish& asked)
      : asked_(asked), client_(target(asked), options_of(asked, files_)) {}

  outcome run() {
    if (asked_.method() == "Unary") return one<suite::UnaryRequest>(interop::unary);
    if (asked_.method() == "IdempotentUnary") {
      return one<suite::IdempotentUnaryRequest>(interop::idempotent_unary);
    }
    if (asked_.method() == "Unimplemented") {
      return one<suite::UnimplementedRequest>(interop::unimplemented);
    }
    if (asked_.method() == "ServerStream") return server_stream();
    if (asked_.method() == "ClientStream") return client_stream();
    throw unusable("no such method here: " + asked_.method());
  }

 private:
  static std::string target(const wish& asked) {
    std::string url = asked.server_tls_cert().empty() ? "http://" : "https://";
    url += asked.host() + ":" + std::to_string(asked.port());
    url += "?attempts=1";  // the suite looks at every single request
    url += asked.codec() == suite::CODEC_JSON ? "&format=json" : "&format=proto";
    if (asked.compression() == suite::COMPRESSION_GZIP) url += "&compression=gzip";
    if (asked.use_get_http_method()) url += "&get=true";
    if (const auto limit = asked.message_receive_limit(); limit > 0) {
      url += "&max_message=" + std::to_string(limit);
    }
    return url;
  }
  static polywire::client_options options_of(const wish& asked, const interop::folder& files) {
    polywire::client_options options;
    if (asked.server_tls_cert().empty()) return options;
    polywire::tls_options tls;
    tls.ca(files.write("ca.pem", asked.server_tls_cert()));
    if (asked.has_client_tls_creds()) {
      tls.cert(files.write("cert.pem", asked.client_tls_creds().cert()));
      tls.key(files.write("key.pem", asked.client_tls_creds().key()));
    }
    options.tls(tls);
    return options;
  }

  polywire::call_options call_options() {
    polywire::call_options options;
    interop::from_headers(asked_.request_headers(), [&](const auto& key, const auto& value) {
      options.metadata(key, value);
    });
    if (asked_.has_timeout_ms()) options.timeout(std::chrono::milliseconds(asked_.timeout_ms()));
    options.capture(info_);
    options.stop_on(stop_.get_token());
    return options;
  }

  template <class Request>
  Request request(int number) const {
    Request unpacked;
    if (!asked_.request_messages(number).UnpackTo(&unpacked)) throw unusable("another message");
    return unpacked;
  }
  template <class Request>
  Request only_request() const {
    if (asked_.request_messages_size() != 1) throw unusable("one message was expected");
    return request<Request>(0);
  }

  bool cancels_before_half_close() const {
    return asked_.has_cancel() && asked_.cancel().has_before_close_send();
  }
  // The calls block from here on: somebody else has to cancel them.
  void cancel_later() {
    if (!asked_.has_cancel() || asked_.cancel().has_before_close_send() ||
        asked_.cancel().has_after_num_responses()) {
      return;
    }
    canceller_ = std::jthread([this, pause = asked_.cancel().after_close_send_ms()] {
      sleep_for(pause);
      stop_.request_stop();
    });
  }

  template <class Request, class Method>
  outcome one(const Method& method) {
    const auto message = only_request<Request>();
    sleep_for(asked_.request_delay_ms());
    cancel_later();
    const auto response = client_.call(method, message, call_options());
    if constexpr (requires { response->payload(); }) {
      if (response) *result_.add_payloads() = response->payload();
    }
    return finish(response.status());
  }

  outcome client_stream() {
    auto writer = client_.open(interop::client_stream, call_options());
    const int count = asked_.request_messages_size();
    for (int i = 0; i < count; ++i) {
      sleep_for(asked_.request_delay_ms());
      if (writer.write(request<suite::ClientStreamRequest>(i)).ok()) continue;
      result_.set_num_unsent_requests(count - i);
      break;
    }
    if (cancels_before_half_close()) {
      writer.cancel();
    } else {
      cancel_later();
    }
    const auto response = writer.finish();
    if (response) *result_.add_payloads() = response->payload();
    return finish(response.status());
  }

  outcome server_stream() {
    const auto message = only_request<suite::ServerStreamRequest>();
    sleep_for(asked_.request_delay_ms());
    auto responses = client_.open(interop::server_stream, message, call_options());
    cancel_later();
    const auto most = asked_.cancel().after_num_responses();
    while (auto response = responses.read()) {
      *result_.add_payloads() = response->payload();
      if (most > 0 && static_cast<std::uint32_t>(result_.payloads_size()) == most) {
        responses.cancel();
      }
    }
    return finish(responses.status());
  }

  outcome finish(const polywire::status& how) {
    interop::to_headers(info_.initial, *result_.mutable_response_headers());
    interop::to_headers(info_.trailing, *result_.mutable_response_trailers());
    if (how.ok()) return std::move(result_);
    suite::Error& error = *result_.mutable_error();
    error.set_code(static_cast<suite::Code>(how.code()));
    error.set_message(how.message());
    for (const polywire::status_detail& detail : how.details()) {
      auto& packed = *error.add_details();
      packed.set_type_url("type.googleapis.com/" + detail.type_name());
      packed.set_value(std::string(detail.value().str()));
    }
    return std::move(result_);
  }

  const wish& asked_;
  interop::folder files_;
  polywire::client client_;
  polywire::call_info info_;
  std::stop_source stop_;
  outcome result_;
  std::jthread canceller_;
};

suite::ClientCompatResponse answer(const wish& asked) {
  suite::ClientCompatResponse response;
  response.set_test_name(asked.test_name());
  try {
    *response.mutable_response() = call(asked).run();
  } catch (const std::exception& error) {
    response.mutable_error()->set_message(error.what());
  }
  return response;
}

}  // namespace

int main() {
  std::mutex reading;
  std::mutex writing;
  std::vector<std::jthread> workers;
  for (int i = 0; i < 8; ++i) {
    workers.emplace_back([&] {
      for (;;) {
        wish asked;
        {
          const std::lock_guard lock(reading);
          if (!interop::read_message(asked)) return;
        }
        const auto response = answer(asked);
        const std::lock_guard lock(writing);
        interop::write_message(response);
      }
    });
  }
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/client_session.hpp"
#include "polywire/backend/http_json/client_call.hpp"
#include "polywire/backend/http_json/client_topics.hpp"
#include "polywire/backend/http_json/settings.hpp"
#include "polywire/backend/http_json/topic_query.hpp"
#include "polywire/rpc/names.hpp"
#include "polywire/wire/connect/get_query.hpp"

#include <memory>
#include <string>
#include <utility>

namespace polywire::inline v1::http_json {

/// The calling end of the Connect protocol over HTTP/1.1.
class client_session final : public http_carrier::client_session {
 public:
  explicit client_session(const rpc::session_config& config)
      : http_carrier::client_session(config) {
    if (config.settings != nullptr) {
      settings_ = *static_cast<const client_settings*>(config.settings);
    }
    accepted_ = http_carrier::compression::names();
  }

 private:
  result<std::unique_ptr<http_carrier::client_exchange>> begin(const rpc::call_head& head,
                                                               rpc::call_sink& sink,
                                                               const outgoing* first,
                                                               bool last) override {
    if (auto good = rpc::check_name(head.method, head.type); !good) return good;
    if (auto good = check_metadata(*head.metadata, *port().limits); !good) return good;
    if (head.type == call_type::publish) return begin_publish(head, sink, first);
    if (head.type == call_type::subscribe) return begin_subscribe(head, sink);
    if (head.type == call_type::unary) return begin_unary(head, sink, first);
    return begin_stream(head, sink, first, last);
  }

  using made = result<std::unique_ptr<http_carrier::client_exchange>>;

  made begin_publish(const rpc::call_head& head, rpc::call_sink& sink, const outgoing* first) {
    if (first == nullptr) return status::internal("an event needs its message");
    wire::http1::head_writer out(port().output());
    target_.assign(port().prefix).append("/topics/").append(head.method);
    if (auto good = write_start(out, "POST", head); !good) return good;
    write_content_type(out, head.messages, false);
    // CloudEvents 1.0, HTTP binding 3.1.3: what it requires. The id tells repeats apart.
    out.field("ce-specversion: 1.0\r\n");
    out.field("ce-source: polywire\r\n");
    if (auto good = out.field("ce-type", head.method); !good) return good;
    if (auto good = out.field("ce-id", std::to_string(++event_number_)); !good) return good;
    if (!head.key.empty()) {
      std::string key;
      wire::http1::percent_encode(head.key, key);
      if (auto good = out.field("ce-partitionkey", key); !good) return good;
    }
    wire::http1::body_writer body(out, 100);
    if (auto done = first->encode(port().output()); !done) return done;
    body.finish();
    port().request_done();
    return made(std::make_unique<publish_client_call>(port(), sink, head));
  }

  made begin_subscribe(const rpc::call_head& head, rpc::call_sink& sink) {
    wire::http1::head_writer out(port().output());
    target_.assign(port().prefix).append("/topics/");
    wire::http1::percent_encode(head.method, target_);
    write_topic_query(*head.subscribe, head.messages, target_);
    if (auto good = write_start(out, "GET", head); !good) return good;
    out.field("accept: text/event-stream\r\n");
    out.finish();
    port().request_done();
    return made(std::make_unique<subscribe_client_call>(port(), sink, head));
  }

  status write_start(wire::http1::head_writer& out, std::string_view method,
                     const rpc::call_head& head) {
    if (auto good = out.request(method, target_); !good) return good;
    if (auto good = out.field("host", port().authority); !good) return good;
    if (head.deadline != never) {
      const wire::connect::timeout_text rest(head.deadline - port().now);
      if (auto good = out.field("connect-timeout-ms", rest.view()); !good) return good;
    }
    write_metadata(*head.metadata, {}, out);
    return {};
  }

  status write_head(wire::http1::head_writer& out, const rpc::call_head& head, bool streaming) {
    target_.assign(port().prefix).append("/").append(head.method);
    if (auto good = write_start(out, "POST", head); !good) return good;
    write_content_type(out, head.messages, streaming);
    out.field("connect-protocol-version: 1\r\n");
    if (!accepted_.empty()) {
      (void)out.field(streaming ? "connect-accept-encoding" : "accept-encoding", accepted_);
    }
    if (settings_.requests) {
      (void)out.field(streaming ? "connect-content-encoding" : "content-encoding",
                      settings_.requests.name());
    }
    return {};
  }

  made begin_unary(const rpc::call_head& head, rpc::call_sink& sink, const outgoing* first) {
    if (first == nullptr) return status::internal("a unary call needs its message");
    if (settings_.uses_get && head.no_side_effects && is_for_get(head.messages)) {
      const auto sent = write_get(head, *first);
      if (!sent) return sent.status();
      if (*sent) return made(std::make_unique<unary_client_call>(port(), sink, head));
    }
    wire::http1::head_writer out(port().output());
    if (auto good = write_head(out, head, false); !good) return good;
    wire::http1::body_writer body(out, 100);
    if (auto done = write_message(*first, port().output()); !done) return done;
    body.finish();
    port().request_done();
    return made(std::make_unique<unary_client_call>(port(), sink, head));
  }
  status write_message(const outgoing& message, buffer& out) const {
    if (!settings_.requests) return message.encode(out);
    buffer plain;
    auto done = message.encode(plain);
    if (!done || plain.empty()) return done;
    return settings_.requests.pack(plain.view(), out);
  }

  static bool is_for_get(format encoding) noexcept {
    return encoding == format::json || encoding == format::protobuf;
  }
  // False: the target would be longer than servers take (RFC 9110 4.1); POST has room for it.
  result<bool> write_get(const rpc::call_head& head, const outgoing& message) {
    buffer packed;
    if (auto done = write_message(message, packed); !done) return done;
    const bool is_packed = settings_.requests && !packed.empty();
    buffer query;
    wire::connect::append_get_query(query, head.messages, packed.view(),
                                    is_packed ? settings_.requests.name() : std::string_view());
    target_.assign(port().prefix).append("/").append(head.method).append("?");
    if (target_.size() + query.size() > most_target) return false;
    target_.append(as_text(query.view()));
    wire::http1::head_writer out(port().output());
    if (auto good = write_start(out, "GET", head); !good) return good;
    if (!accepted_.empty()) (void)out.field("accept-encoding", accepted_);
    out.finish();
    port().request_done();
    return true;
  }

  made begin_stream(const rpc::call_head& head, rpc::call_sink& sink, const outgoing* first,
                    bool last) {
    wire::http1::head_writer out(port().output());
    if (auto good = write_head(out, head, true); !good) return good;
    out.finish_chunked();
    auto call = std::make_unique<stream_client_call>(port(), sink, head, settings_.requests);
    if (first != nullptr) {
      if (auto sent = call->send(*first, last); !sent) return sent.status();
    } else if (last) {
      call->half_close();
    }
    return std::unique_ptr<http_carrier::client_exchange>(std::move(call));
  }

  static constexpr std::size_t most_target = 8'000;

  client_settings settings_;
  std::string accepted_;
  std::string target_;
  std::uint64_t event_number_ = 0;
};

}  // namespace polywire::inline v1::http_json

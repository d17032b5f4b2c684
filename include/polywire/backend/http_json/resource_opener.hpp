// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_json/accepts.hpp"
#include "polywire/backend/http_json/bound_exchange.hpp"
#include "polywire/backend/http_json/events_exchange.hpp"
#include "polywire/backend/http_json/health_exchange.hpp"
#include "polywire/backend/http_json/request_opener.hpp"
#include "polywire/wire/connect/content_type.hpp"

#include <memory>
#include <string_view>
#include <utility>

namespace polywire::inline v1::http_json {

/// Opens what is no call of the Connect protocol, but looks like any other resource: routes,
/// pages, streams that are read by GET, the state of the server.
class resource_opener : public request_opener {
 public:
  using request_opener::request_opener;

 protected:
  // Null: the path is no route's.
  std::unique_ptr<http_carrier::exchange> open_route() {
    const auto match = port_.methods->routes().find(head_.method, target_.path());
    if (match.found == nullptr && match.allow.empty()) return nullptr;
    if (match.found == nullptr) {
      if (head_.method == "OPTIONS") return answer_options(match.allow);
      return refuse(405, "this path is not for " + polywire::detail::shown(head_.method, 32),
                    {{"allow", match.allow}});
    }
    const rpc::route& way = *match.found;
    if (way.shown() != nullptr) return show(*way.shown());
    const bool has_body =
        head_.body == wire::http1::body_framing::chunked || head_.content_length > 0;
    if (has_body && !way.body().empty() && !is_plain_json()) {
      return refuse(415, "the content is not application/json, or it is compressed");
    }
    const bool streams = way.type() == call_type::server_streaming;
    if (auto refused = check_accept(streams)) return refused;
    request_binder binder(way.request(), port_.limits->max_json_depth);
    rpc::call_head call(way.method_name(), way.type(), metadata_, format::json);
    status problem = bind_path(way, binder);
    if (problem.ok()) problem = binder.bind_query(target_.query(), way.body());
    if (streams) {
      return open_bound<events_exchange>(*way.method, call, problem, binder, way.body());
    }
    return open_bound<route_exchange>(*way.method, call, problem, binder, way.body());
  }

  std::unique_ptr<http_carrier::exchange> show(const rpc::page& shown) {
    if (head_.expects_continue) port_.close_after();
    auto head = port_.begin(200);
    (void)head.field("content-type", shown.content_type);  // checked when it was added
    head.field("x-content-type-options: nosniff\r\n");
    // Whoever may not use the server may not let its page do that either, under a page of his own.
    head.field("content-security-policy: frame-ancestors 'self'\r\n");
    head.field("cache-control: no-cache\r\n");  // it changes with the program
    wire::http1::body_writer body(head, shown.content.size());
    port_.output().append(shown.content);
    port_.to_head ? body.finish_without_body() : body.finish();
    port_.complete();
    return std::make_unique<http_carrier::answered>();
  }

  status bind_path(const rpc::route& way, request_binder& binder) {
    rpc::path_segments segments(target_.path());
    for (const rpc::route_segment& s : way.path()) {
      const bool is_rest = s.what == rpc::route_segment::kind::rest;
      const std::string_view value = is_rest ? segments.rest() : segments.next();
      if (s.what == rpc::route_segment::kind::literal) continue;
      if (auto done = binder.bind_variable(s.text, value); !done) return done;
    }
    return {};
  }

  bool is_plain_json() const {
    const auto type =
        wire::connect::parse_content_type(head_.fields.get("content-type").value_or(""));
    if (head_.fields.get("content-encoding").value_or("identity") != "identity") return false;
    return type && !type->streaming && type->encoding == format::json;
  }

  // Null: it is as it should be.
  std::unique_ptr<http_carrier::exchange> check_accept(bool streams) {
    if (accepts(head_.fields, streams ? "text/event-stream" : "application/json")) return nullptr;
    return refuse(406, streams ? "a stream is answered as text/event-stream"
                               : "the answer is application/json");
  }

  bool reads_as_events(const rpc::method_entry& method) const {
    return head_.method == "GET" && method.info().type() == call_type::server_streaming &&
           method.info().has_no_side_effects();
  }

  std::unique_ptr<http_carrier::exchange> open_events(rpc::method_entry& method) {
    if (auto refused = check_accept(true)) return refused;
    request_binder binder(method.request_fields(), port_.limits->max_json_depth);
    rpc::call_head call(method.info().name(), method.info().type(), metadata_, format::json);
    status problem = binder.bind_query(target_.query(), {});
    return open_bound<events_exchange>(method, call, problem, binder, {});
  }

  template <class Exchange>
  std::unique_ptr<http_carrier::exchange> open_bound(rpc::method_entry& method,
                                                     rpc::call_head& call, status& problem,
                                                     request_binder& binder,
                                                     std::string_view body) {
    // HTML 9.2.3: a browser whose stream has ended comes back, unless it is told not to. The call
    // has been made.
    if (call.type == call_type::server_streaming && head_.fields.get("last-event-id")) {
      port_.begin(204).finish();
      port_.complete();
      return std::make_unique<http_carrier::answered>();
    }
    if (auto read = read_head(call); !read && problem.ok()) problem = std::move(read);
    auto made = std::make_unique<Exchange>(port_, std::move(binder), body);
    if (!problem.ok() && head_.expects_continue) port_.close_after();
    made->open(method, call, std::move(problem));
    return made;
  }

  std::unique_ptr<http_carrier::exchange> open_health() {
    constexpr std::string_view allowed = "GET, HEAD, OPTIONS";
    if (head_.method == "OPTIONS") return answer_options(allowed);
    if (head_.method != "GET" && head_.method != "HEAD") {
      return refuse(405, "the state of the server is asked for by GET", {{"allow", allowed}});
    }
    rpc::method_entry* method = port_.methods->find_own(health_method);
    if (method == nullptr || method->info().type() != call_type::unary) {
      answer_health(port_);
      return std::make_unique<http_carrier::answered>();
    }
    rpc::call_head call(health_method, call_type::unary, metadata_, format::json);
    status problem = read_head(call);
    auto made = std::make_unique<health_exchange>(port_);
    made->open(*method, call, std::move(problem));
    return made;
  }
};

}  // namespace polywire::inline v1::http_json

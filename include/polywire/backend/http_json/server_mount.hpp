// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/backend/http_carrier/mount.hpp"
#include "polywire/backend/http_json/resource_opener.hpp"
#include "polywire/backend/http_json/stream_exchange.hpp"
#include "polywire/backend/http_json/subscribe_exchange.hpp"
#include "polywire/backend/http_json/topic_query.hpp"
#include "polywire/backend/http_json/unary_exchange.hpp"
#include "polywire/rpc/names.hpp"
#include "polywire/wire/connect/content_type.hpp"
#include "polywire/wire/connect/get_query.hpp"

#include <memory>
#include <string_view>
#include <utility>

namespace polywire::inline v1::http_json {

/// Opens the exchange that a request asks for.
class opener final : public resource_opener {
 public:
  using resource_opener::resource_opener;

  std::unique_ptr<http_carrier::exchange> open() {
    const std::string_view path = target_.path();
    const std::string_view name = path.substr(1);
    constexpr std::string_view topics = "/topics/";
    if (path == "*") return answer_options({});
    if (path.starts_with(topics)) return open_topic(path.substr(topics.size()));
    rpc::method_entry* method = port_.methods->find_own(name);
    if (method == nullptr) {
      // Two segments of a path may look like a method's name.
      if (auto found = open_route()) return found;
      if (path == health_path) return open_health();
    }
    const bool is_known = method != nullptr || port_.methods->find(name) != nullptr;
    if (!is_method_name(name) || (!is_known && head_.method != "POST")) return nullptr;
    if (method != nullptr && reads_as_events(*method)) return open_events(*method);
    return open_method(name);
  }

 private:
  std::unique_ptr<http_carrier::exchange> open_method(std::string_view name) {
    rpc::method_entry* method = port_.methods->find(name);
    const bool reads = method != nullptr && method->info().type() == call_type::unary &&
                       method->info().has_no_side_effects();
    if (head_.method == "OPTIONS") {
      return answer_options(reads ? "GET, POST, OPTIONS" : "POST, OPTIONS");
    }
    if (reads && head_.method == "GET") return get_method(name, *method);
    if (head_.method != "POST") {
      return reads ? refuse(405, "this is called by GET or POST", {{"allow", "GET, POST"}})
                   : refuse(405, "calls are made by POST", {{"allow", "POST"}});
    }
    const auto type =
        wire::connect::parse_content_type(head_.fields.get("content-type").value_or(""));
    if (!type) {
      return refuse(415,
                    "the content type is not one of application/json, application/proto, "
                    "application/connect+json, application/connect+proto");
    }
    if (method == nullptr)
      return refuse(404, rpc::unknown_name(name).message(), {}, "unimplemented");
    const method_info& info = method->info();
    rpc::call_head call(info.name(), info.type(), metadata_, type->encoding);
    if (call.method.empty()) call.method = name;
    status problem = read_head(call);
    if (info.type() == call_type::unary && !type->streaming) {
      const packing requests = read_requests_packing("content-encoding", problem);
      auto made = std::make_unique<unary_exchange>(
          port_, type->encoding, head_.content_length, requests,
          read_answers_packing("accept-encoding", static_cast<bool>(requests)));
      made->open(*method, call, std::move(problem));
      return made;
    }
    if (info.type() != call_type::unary && type->streaming) {
      const packing requests = read_requests_packing("connect-content-encoding", problem);
      auto made = std::make_unique<stream_exchange>(
          port_, type->encoding, requests,
          read_answers_packing("connect-accept-encoding", static_cast<bool>(requests)));
      made->open(*method, call, std::move(problem));
      return made;
    }
    return refuse(415,
                  "streams are called as application/connect+json or +proto, unary methods as "
                  "application/json or application/proto");
  }

  // Connect's "Unary-Get-Request".
  std::unique_ptr<http_carrier::exchange> get_method(std::string_view name,
                                                     rpc::method_entry& method) {
    wire::connect::get_query query;
    status problem;
    wire::http1::query_reader in(target_.query(), wire::http1::plus::is_blank);
    while (problem.ok() && in.next()) problem = query.add(in.key(), in.value());
    if (in.problem().status != 0) problem = status::invalid_argument(in.problem().text);
    if (problem.ok()) problem = query.finish();
    const auto encoding = query.encoding();
    if (problem.ok() && !encoding) {
      return refuse(415, "the query's 'encoding' is not one of json, proto");
    }
    rpc::call_head call(method.info().name(), call_type::unary, metadata_,
                        encoding.value_or(format::json));
    if (call.method.empty()) call.method = name;
    if (auto read = read_head(call); !read && problem.ok()) problem = std::move(read);
    packing requests;
    if (auto found = read_packing(query.compression())) {
      requests = *found;
    } else if (problem.ok()) {
      problem = found.status();
    }
    auto made = std::make_unique<unary_exchange>(
        port_, call.messages, 0, requests,
        read_answers_packing("accept-encoding", static_cast<bool>(requests)));
    made->set_message(query.message());
    made->open(method, call, std::move(problem));
    return made;
  }

  packing read_requests_packing(std::string_view field, status& problem) const {
    auto found = read_packing(head_.fields, field);
    if (found) return *found;
    if (problem.ok()) problem = found.status();
    return {};
  }
  packing read_answers_packing(std::string_view field, bool always) const {
    return packing(http_carrier::compression::find_accepted(head_.fields.get(field).value_or("")),
                   always);
  }

  std::unique_ptr<http_carrier::exchange> open_topic(std::string_view name) {
    if (head_.method == "POST") return publish(name);
    if (head_.method == "GET") return subscribe(name);
    if (head_.method == "OPTIONS") return answer_options("GET, POST, OPTIONS");
    return refuse(405, "events are published by POST, and subscribed to by GET",
                  {{"allow", "GET, POST"}});
  }

  std::unique_ptr<http_carrier::exchange> publish(std::string_view name) {
    const auto type =
        wire::connect::parse_content_type(head_.fields.get("content-type").value_or(""));
    if (!type || type->streaming) {
      return refuse(415,
                    "the content type of an event is one of application/json, application/proto, "
                    "application/text, application/bytes");
    }
    const auto packed = read_packing(head_.fields, "content-encoding");
    if (!packed || *packed) return refuse(415, "events are not compressed one by one");
    std::string key;
    status problem;
    if (!is_topic_name(name)) {
      problem = status::invalid_argument("'" + polywire::detail::shown(name, 64) +
                                         "' is no topic: words joined by dots");
    }
    if (const auto given = head_.fields.get("ce-partitionkey");
        given && !wire::http1::percent_decode(*given, wire::http1::plus::is_plus, key)) {
      problem = status::invalid_argument("ce-partitionkey is not percent-encoded");
    }
    if (key.size() > publish_options::max_key) {
      problem = status::invalid_argument("ce-partitionkey is longer than 255 bytes");
    }
    if (const auto version = head_.fields.get("ce-specversion"); version && *version != "1.0") {
      problem = status::invalid_argument("ce-specversion is not 1.0");
    }
    rpc::call_head call(name, call_type::publish, metadata_, type->encoding);
    call.key = key;
    return open<publish_exchange>(call, std::move(problem), type->encoding);
  }

  std::unique_ptr<http_carrier::exchange> subscribe(std::string_view name) {
    topic_query asked;
    status problem = asked.read(target_.query());
    if (!is_topic_pattern(name)) {
      problem = status::invalid_argument("'" + polywire::detail::shown(name, 64) +
                                         "' is no topic and no pattern of topics");
    }
    // A browser that comes back says where it was. A member of a group takes what comes now.
    if (const auto last = head_.fields.get("last-event-id"); last && asked.head.group.empty()) {
      if (const auto id = event_id::parse(*last)) asked.head.start = start_at::after(*id);
    }
    rpc::call_head call(name, call_type::subscribe, metadata_, asked.encoding);
    call.subscribe = &asked.head;
    const bool has_id = asked.head.start.how() == start_at::kind::after;
    return open<subscribe_exchange>(call, std::move(problem), asked.encoding, has_id);
  }

  template <class Exchange, class... How>
  std::unique_ptr<http_carrier::exchange> open(rpc::call_head& call, status problem, How... how) {
    if (auto read = read_head(call); !read && problem.ok()) problem = std::move(read);
    auto made = std::make_unique<Exchange>(port_, how...);
    rpc::method_entry* method = port_.methods->find_topics(call.subscribe != nullptr);
    if (method == nullptr) problem = rpc::unknown_name(call.method);
    if (method == nullptr || !problem.ok()) {
      if (head_.expects_continue) port_.close_after();
      made->refuse(std::move(problem));
    } else {
      made->open(*method, call, {});
    }
    return made;
  }
};

inline const http_carrier::mount server_mount{
    [](const http_carrier::request& r, http_carrier::exchange_port& port) {
      return opener(r, port).open();
    }};

}  // namespace polywire::inline v1::http_json

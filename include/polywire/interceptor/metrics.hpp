// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/status.hpp"
#include "polywire/interceptor/call_context.hpp"
#include "polywire/interceptor/exposition.hpp"
#include "polywire/interceptor/server_stats.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace polywire::inline v1 {

/// Counts calls for Prometheus. One object may serve several clients and servers:
///
///     const auto metrics = std::make_shared<polywire::metrics>();
///     polywire::server server{polywire::server_options().intercept(metrics)};
///     metrics->watch(server);                      // bytes, connections, events
///     … metrics->text() …                          // Content-Type: text/plain; version=0.0.4
///
/// Names of methods become labels; from the thousandth on (names that clients make up, as a
/// gateway sees them) they share the label "other". Thread safety: all of it.
class metrics {
 public:
  metrics() = default;
  metrics(const metrics&) = delete;
  metrics& operator=(const metrics&) = delete;

  status on_start(call_context& call) {
    if (auto* open = gauge_of(call)) open->fetch_add(1, std::memory_order_relaxed);
    return {};
  }
  void on_end(call_context& call, const status& how, duration took) {
    if (auto* open = gauge_of(call)) open->fetch_sub(1, std::memory_order_relaxed);
    series& s = find(call);
    s.codes[static_cast<std::size_t>(how.code())].fetch_add(1, std::memory_order_relaxed);
    std::size_t bucket = 0;
    while (bucket < bounds.size() && took > bounds[bucket].limit) ++bucket;
    s.buckets[bucket].fetch_add(1, std::memory_order_relaxed);
    s.nanoseconds.fetch_add(std::chrono::duration_cast<std::chrono::nanoseconds>(took).count(),
                            std::memory_order_relaxed);
  }

  /// Includes what a server counts, also after it is gone.
  template <class Server>
    requires requires(const Server& s) { s.stats_source(); }
  void watch(const Server& server) {
    const std::lock_guard lock(mutex_);
    sources_.push_back(server.stats_source());
  }

  /// All of it in the text exposition format 0.0.4.
  std::string text() const {
    detail::exposition out;
    const std::lock_guard lock(mutex_);
    out.family("polywire_requests_total", "counter", "Calls that have ended.");
    for (const auto& [key, s] : series_) {
      for (std::size_t code = 0; code < status_code_count; ++code) {
        const auto n = s->codes[code].load(std::memory_order_relaxed);
        if (n == 0) continue;
        out.sample("polywire_requests_total", n,
                   labels_of(key).with("code", to_string(static_cast<status_code>(code))));
      }
    }
    out.family("polywire_request_duration_seconds", "histogram", "From a call's start to its end.");
    for (const auto& [key, s] : series_) write_histogram(out, labels_of(key), *s);
    out.family("polywire_open_streams", "gauge", "Streaming calls that are open.");
    write_gauges(out, "polywire_open_streams", streams_);
    out.family("polywire_open_subscriptions", "gauge", "Subscriptions that are open, as calls.");
    write_gauges(out, "polywire_open_subscriptions", subscriptions_);
    write_servers(out);
    return std::move(out).text();
  }

 private:
  class bucket_bound {
   public:
    std::chrono::microseconds limit;
    std::string_view label;
  };
  static constexpr std::array<bucket_bound, 14> bounds{{
      {std::chrono::microseconds(100), "0.0001"},
      {std::chrono::microseconds(250), "0.00025"},
      {std::chrono::microseconds(500), "0.0005"},
      {std::chrono::microseconds(1'000), "0.001"},
      {std::chrono::microseconds(2'500), "0.0025"},
      {std::chrono::microseconds(5'000), "0.005"},
      {std::chrono::microseconds(10'000), "0.01"},
      {std::chrono::microseconds(25'000), "0.025"},
      {std::chrono::microseconds(100'000), "0.1"},
      {std::chrono::microseconds(250'000), "0.25"},
      {std::chrono::microseconds(1'000'000), "1"},
      {std::chrono::microseconds(2'500'000), "2.5"},
      {std::chrono::microseconds(10'000'000), "10"},
      {std::chrono::microseconds(60'000'000), "60"},
  }};
  static constexpr std::size_t most_series = 1'000;

  class series {
   public:
    std::array<std::atomic<std::uint64_t>, status_code_count> codes{};
    std::array<std::atomic<std::uint64_t>, bounds.size() + 1> buckets{};
    std::atomic<std::int64_t> nanoseconds{0};
  };
  using gauges = std::array<std::atomic<std::int64_t>, 2>;
  // Side, type, method.
  using key_type = std::tuple<call_side, call_type, std::string>;
  using view_type = std::tuple<call_side, call_type, std::string_view>;

  std::atomic<std::int64_t>* gauge_of(const call_context& call) noexcept {
    const auto side = static_cast<std::size_t>(call.side());
    switch (call.type()) {
      case call_type::unary:
      case call_type::publish: return nullptr;
      case call_type::subscribe: return &subscriptions_[side];
      default: return &streams_[side];
    }
  }

  series& find(const call_context& call) {
    const view_type key(call.side(), call.type(), call.method());
    const std::lock_guard lock(mutex_);
    auto found = series_.find(key);
    if (found == series_.end()) {
      const bool full = series_.size() >= most_series;
      key_type made(call.side(), call.type(), full ? "other" : std::string(call.method()));
      found = series_.try_emplace(std::move(made), nullptr).first;
      if (!found->second) found->second = std::make_unique<series>();
    }
    return *found->second;
  }

  static detail::labels labels_of(const key_type& key) {
    return detail::labels()
        .with("side", to_string(std::get<0>(key)))
        .with("method", std::get<2>(key))
        .with("type", to_string(std::get<1>(key)));
  }

  static void write_histogram(detail::exposition& out, const detail::labels& labels,
                              const series& s) {
    const std::string name = "polywire_request_duration_seconds";
    std::uint64_t count = 0;
    for (std::size_t i = 0; i <= bounds.size(); ++i) {
      count += s.buckets[i].load(std::memory_order_relaxed);
      out.sample(name + "_bucket", count,
                 labels.with("le", i < bounds.size() ? bounds[i].label : "+Inf"));
    }
    const auto ns = static_cast<std::uint64_t>(s.nanoseconds.load(std::memory_order_relaxed));
    out.sample_seconds(name + "_sum", ns, labels);
    out.sample(name + "_count", count, labels);
  }
  static void write_gauges(detail::exposition& out, const std::string& name, const gauges& all) {
    for (const call_side side : {call_side::client, call_side::server}) {
      const auto n = all[static_cast<std::size_t>(side)].load(std::memory_order_relaxed);
      out.sample(name, static_cast<std::uint64_t>(std::max<std::int64_t>(n, 0)),
                 detail::labels().with("side", to_string(side)));
    }
  }

  void write_servers(detail::exposition& out) const {
    if (sources_.empty()) return;
    server_stats all;
    for (const auto& source : sources_) {
      const server_stats one = source();
      all.connections += one.connections;
      all.connections_accepted += one.connections_accepted;
      all.bytes_received += one.bytes_received;
      all.bytes_sent += one.bytes_sent;
      all.subscribers += one.subscribers;
      all.events_published += one.events_published;
      all.events_lost += one.events_lost;
    }
    out.single("polywire_connections", "gauge", "Connections that are open.", all.connections);
    out.single("polywire_connections_total", "counter", "Connections that were accepted.",
               all.connections_accepted);
    out.single("polywire_received_bytes_total", "counter", "Bytes that came in.",
               all.bytes_received);
    out.single("polywire_sent_bytes_total", "counter", "Bytes that went out.", all.bytes_sent);
    out.single("polywire_subscribers", "gauge", "Subscribers of the server's topics.",
               all.subscribers);
    out.single("polywire_events_published_total", "counter", "Events that were published.",
               all.events_published);
    out.single("polywire_events_lost_total", "counter",
               "Events that subscribers were too slow for.", all.events_lost);
  }

  gauges streams_{};
  gauges subscriptions_{};
  mutable std::mutex mutex_;
  std::map<key_type, std::unique_ptr<series>, std::less<>> series_;
  std::vector<std::function<server_stats()>> sources_;
};

}  // namespace polywire::inline v1

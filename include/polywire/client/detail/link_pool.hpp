// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/client/detail/channel_events.hpp"
#include "polywire/client/detail/client_link.hpp"
#include "polywire/client/detail/connector.hpp"
#include "polywire/client/options.hpp"
#include "polywire/core/url_settings.hpp"
#include "polywire/io/inproc_hub.hpp"
#include "polywire/io/stream_connection.hpp"
#include "polywire/rpc/backend.hpp"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::detail {

/// The connections of a channel: which there are, which one takes the next call, and when more are
/// made. One for all calls; or one to each host (`balance=round_robin`); or, where a protocol
/// carries one call at a time, as many as calls wait. On the loop's thread.
class link_pool final : private connector_events, private link_events {
 public:
  /// The references live as long as the pool.
  link_pool(const std::shared_ptr<io::loop>& home, const url& target, const url_settings& settings,
            const rpc::scheme& scheme, std::shared_ptr<const io::transport> transport,
            const client_options& options, pool_events& events)
      : home_(home),
        target_(&target),
        bounds_(&settings.bounds),
        settings_(settings.protocol.get()),
        protocol_(&scheme.protocol()),
        transport_(std::move(transport)),
        options_(&options),
        events_(&events),
        spread_(settings.round_robin) {
    const std::size_t hosts = std::max<std::size_t>(target.hosts().size(), 1);
    const std::size_t step = spread_ ? 1 : hosts;
    for (std::size_t first = 0; first < hosts; first += step) {
      ways_.push_back(std::make_unique<connector>(*home, settings.bounds, target, transport_.get(),
                                                  first, first + step,
                                                  static_cast<connector_events&>(*this)));
    }
  }
  link_pool(const link_pool&) = delete;
  link_pool& operator=(const link_pool&) = delete;

  bool empty() const noexcept { return links_.empty(); }

  /// The connection for the next call, or null. With several hosts in turn.
  client_link* pick(call_type type) noexcept {
    for (std::size_t i = 0; i < links_.size(); ++i) {
      const std::size_t at = (turn_ + i) % links_.size();
      client_link& l = *links_[at];
      if (!l.is_usable() || !l.connection->session().has_room(type)) continue;
      if (spread_) turn_ = at + 1;
      return &l;
    }
    return nullptr;
  }
  /// A call is opened there.
  void taken(client_link& l) {
    home_->remove_timer(l);
    if (spread_ && pooled()) maintain();  // the next calls are for the other hosts
  }
  /// A call has been answered there.
  void answered(client_link& l) noexcept {
    if (!std::exchange(l.proven, true) && !l.is_detached()) l.way().proven();
  }

  /// Calls wait: sees to connections.
  void need() {
    if (closed_ || events_->waiting() == 0) return;
    for (const auto& l : links_) {
      if (l->connection->session().finished()) judge(*l);  // its calls end before it is closed
    }
    if (pooled()) return need_several();
    if (!events_->is_urgent()) return maintain();
    for (const auto& way : ways_) {
      if (!has_link(*way)) way->request(1);
    }
  }

  /// Says goodbye everywhere.
  void close(const status& why) {
    closed_ = true;
    for (const auto& way : ways_) way->stop();
    for (const auto& l : std::vector(links_)) l->connection->close(why);
  }
  /// Drops everything, when nobody runs the executor any more.
  void drop(const status& why) {
    closed_ = true;
    for (const auto& way : ways_) way->stop();
    for (const auto& l : std::exchange(links_, {})) {
      l->detach();
      home_->remove_timer(*l);
      l->connection->drop(why);
    }
  }

 private:
  bool pooled() const noexcept { return protocol_->one_call_per_connection; }
  bool has_link(const connector& way) const noexcept {
    return std::any_of(links_.begin(), links_.end(),
                       [&way](const auto& l) { return &l->way() == &way && l->is_usable(); });
  }
  std::size_t usable() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(links_.begin(), links_.end(), [](const auto& l) { return l->is_usable(); }));
  }
  bool is_trying() const noexcept {
    return std::any_of(ways_.begin(), ways_.end(),
                       [](const auto& way) { return way->is_trying(); });
  }

  // One call per connection: how many more are to be made, those under way included.
  std::size_t missing() const noexcept {
    const std::size_t most = bounds_->max_pool + std::min(events_->streams(), bounds_->max_streams);
    const std::size_t have = usable();
    return have < most ? std::min(events_->waiting(), most - have) : 0;
  }
  // Deals them out to the ways.
  void need_several() {
    std::size_t more = missing();
    for (const auto& way : ways_) more -= std::min(more, way->attempts());
    if (more == 0) return;
    if (!events_->is_urgent()) return maintain();
    const std::size_t each = more / ways_.size();
    const std::size_t rest = more % ways_.size();
    for (std::size_t i = 0; i < ways_.size(); ++i) {
      connector& way = *ways_[turn_++ % ways_.size()];
      if (const std::size_t n = each + (i < rest ? 1 : 0); n > 0) way.request(way.attempts() + n);
    }
  }

  // Whatever is worth a connection, but not at once.
  void maintain() {
    if (closed_) return;
    for (const auto& way : ways_) {
      if (is_wanted(*way)) way->try_later();
    }
  }

  // Hosts that are down are looked after as long as another one is up, or somebody waits.
  bool is_wanted(const connector& way) const override {
    if (closed_) return false;
    const bool absent = spread_ && !links_.empty() && !has_link(way);
    if (pooled()) return absent || missing() > 0;
    return absent || (events_->waiting() > 0 && !has_link(way));
  }

  void on_connect_failed(connector&, const status& why) override {
    // Where each call needs a connection of its own, others that are busy are no hope.
    if ((usable() == 0 || pooled()) && !is_trying()) events_->on_unreachable(why);
    maintain();
  }

  void on_connected(connector& way, std::unique_ptr<io::byte_stream> stream,
                    std::size_t host) override {
    if (closed_) return stream->close();
    if (options_->get_stream_hook()) stream = options_->get_stream_hook()(std::move(stream));
    auto l = std::make_shared<client_link>(static_cast<link_events&>(*this), way);
    const std::string authority =
        host < target_->hosts().size() ? target_->hosts()[host].to_string() : std::string();
    rpc::session_config config(*bounds_, *l);
    config.authority = authority;
    config.prefix = target_->path();
    config.settings = settings_;
    config.now = home_->now();
    l->connection = std::make_shared<io::stream_connection>(home_, *l, *bounds_, std::move(stream),
                                                            protocol_->make_client(config));
    add(l);
  }

  void connect_directly(connector& way) override {
    const auto listener = io::inproc_hub::instance().find(target_->name());
    auto l = std::make_shared<client_link>(static_cast<link_events&>(*this), way);
    rpc::session_config config(*bounds_, *l);
    config.now = home_->now();
    auto end = std::make_shared<io::linked_connection>(
        home_, *l, target_->to_string(), protocol_->make_linked(config, rpc::role::client));
    if (!listener || !listener->link(end)) {
      return way.failed(status(status_code::unavailable,
                               "nothing listens on " + target_->to_string(), outcome::not_sent));
    }
    l->connection = std::move(end);
    add(l);
  }

  void add(const std::shared_ptr<client_link>& l) {
    l->since = home_->now();
    links_.push_back(l);
    l->connection->start();
    on_link_capacity(*l);
  }

  void on_link_capacity(client_link& l) override {
    const auto keep = l.shared_from_this();
    events_->on_room();
    if (!pooled() || !l.is_usable()) return;
    if (l.connection->session().calls() == 0) {
      home_->set_timer(l, after(home_->now(), bounds_->pool_idle_timeout));
    }
  }
  void on_link_idle(client_link& l) override {
    if (!l.is_usable() || l.connection->session().calls() > 0) return;
    l.draining = true;
    l.connection->close(status::unavailable("the connection was idle (limits::pool_idle_timeout)"));
  }
  void on_link_closed(client_link& gone) override {
    const auto keep = gone.shared_from_this();
    home_->remove_timer(gone);
    std::erase(links_, keep);
    gone.detach();
    if (closed_) {
      if (links_.empty()) events_->on_empty();
      return;
    }
    judge(gone);
    need();
    if (!pooled()) maintain();  // there idle connections come and go
  }
  // A connection that has ended: was it any good?
  void judge(client_link& l) {
    if (std::exchange(l.judged, true)) return;
    if (l.proven || home_->now() >= after(l.since, bounds_->reconnect_min)) {
      l.way().proven();
    } else {
      l.way().lost_unproven();
    }
  }

  std::shared_ptr<io::loop> home_;
  const url* target_;
  const limits* bounds_;
  const void* settings_;
  const rpc::backend* protocol_;
  std::shared_ptr<const io::transport> transport_;
  const client_options* options_;
  pool_events* events_;
  bool spread_;
  bool closed_ = false;
  std::size_t turn_ = 0;
  std::vector<std::unique_ptr<connector>> ways_;
  std::vector<std::shared_ptr<client_link>> links_;
};

}  // namespace polywire::inline v1::detail

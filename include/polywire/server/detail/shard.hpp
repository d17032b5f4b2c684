// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/limits.hpp"
#include "polywire/interceptor/server_stats.hpp"
#include "polywire/io/inproc_hub.hpp"
#include "polywire/io/stream_connection.hpp"
#include "polywire/rpc/backend.hpp"
#include "polywire/server/detail/topic_host.hpp"
#include "polywire/server/options.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::detail {

class shard;
class server_call;
class server_link;

/// What a server counts. Apart, because those who ask may live longer, and may be kept by the
/// server.
class server_counters {
 public:
  explicit server_counters(std::shared_ptr<topic_host> topics) : topics_(std::move(topics)) {}

  std::atomic<std::size_t> connections{0};

  /// Counters for one more thread; they outlive it.
  std::shared_ptr<io::traffic> add_traffic() {
    const std::lock_guard lock(mutex_);
    return traffic_.emplace_back(std::make_shared<io::traffic>());
  }
  server_stats stats() const {
    server_stats all;
    all.connections = connections.load();
    const rpc::hub_stats events = topics_->hub().stats();
    all.subscribers = events.subscribers;
    all.events_published = events.published;
    all.events_lost = events.lost;
    const std::lock_guard lock(mutex_);
    for (const auto& one : traffic_) {
      all.connections_accepted += one->connections();
      all.bytes_received += one->received();
      all.bytes_sent += one->sent();
    }
    return all;
  }

 private:
  std::shared_ptr<topic_host> topics_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<io::traffic>> traffic_;
};

/// What a server serves: filled before the first listen, then only read.
class served {
 public:
  explicit served(server_options how)
      : options(std::move(how)), topics(std::make_shared<topic_host>(options.get_limits())) {
    if (!options.get_interceptors().empty()) {
      interceptors.emplace(options.get_interceptors(), options.get_log());
    }
  }

  void log(log_level level, std::string_view message) const {
    if (options.get_log()) options.get_log()(level, message);
  }

  server_options options;
  rpc::registry methods;
  std::shared_ptr<topic_host> topics;
  /// Empty: there are none, and calls pay nothing for them.
  std::optional<const interceptor_chain> interceptors;
  const std::shared_ptr<server_counters> counters = std::make_shared<server_counters>(topics);
};

/// A new call, and the way to it for its session.
class opened_call {
 public:
  template <class Call>
  explicit(false) opened_call(Call* made) noexcept : call(made), sink(made) {}

  server_call* call;
  rpc::call_sink* sink;
};

/// A method with its handler.
class server_entry : public rpc::method_entry {
 public:
  using rpc::method_entry::method_entry;
  /// Makes the call's object; the session tells it the rest, once it is admitted.
  virtual opened_call start(const std::shared_ptr<server_link>& link, rpc::call_id id,
                            const rpc::call_head& head) = 0;
};

/// One connection of a server.
class server_link final : public io::connection_owner,
                          public std::enable_shared_from_this<server_link> {
 public:
  server_link(std::shared_ptr<shard> home, std::shared_ptr<const limits> bounds,
              std::shared_ptr<const void> settings = nullptr)
      : shard_(std::move(home)), bounds_(std::move(bounds)), settings_(std::move(settings)) {}
  inline ~server_link();

  std::shared_ptr<io::connection> connection;
  std::string peer;

  shard& home() const noexcept { return *shard_; }
  const limits& bounds() const noexcept { return *bounds_; }
  bool carries_objects = false;
  /// Among the links of its shard.
  std::size_t place = 0;

  /// Of the caller. From the first call on, which other threads may serve; then it stays.
  const peer_certificate* certificate() const noexcept { return certificate_.get(); }

  // Handlers that run for this connection, cancelled ones included: they bound what a peer can
  // start.
  void call_started() noexcept { running_.fetch_add(1, std::memory_order_relaxed); }
  void call_gone() noexcept { running_.fetch_sub(1, std::memory_order_relaxed); }

 private:
  inline rpc::call_sink* on_open(rpc::call_id id, rpc::method_entry& method,
                                 const rpc::call_head& head, status& refusal) override;
  void on_drain() override {}
  void on_capacity() override {}
  inline void on_closed(io::connection& c) override;

  std::shared_ptr<shard> shard_;
  std::shared_ptr<const limits> bounds_;
  std::shared_ptr<const void> settings_;  // of the protocol
  std::atomic<std::uint32_t> running_{0};
  std::shared_ptr<const peer_certificate> certificate_;
  bool called_ = false;
};

/// The part of a server that lives on one loop: its connections.
class shard final : public std::enable_shared_from_this<shard>, private io::loop_member {
 public:
  shard(std::shared_ptr<io::loop> home, std::shared_ptr<served> what, std::function<void()> on_idle)
      : home_(std::move(home)),
        served_(std::move(what)),
        topics_(served_->topics->add_thread(home_)),
        on_idle_(std::move(on_idle)) {}
  void join() { home_->join(*this); }
  const std::shared_ptr<io::loop>& home() const noexcept { return home_; }
  served& what() const noexcept { return *served_; }

  // On the loop's thread, from here on.

  topic_thread& topics() const noexcept { return *topics_; }

  /// `settings`: what the protocol has read of the endpoint's URL.
  void add(std::unique_ptr<io::byte_stream> stream, const rpc::backend& protocol,
           const std::shared_ptr<const limits>& bounds,
           const std::shared_ptr<const void>& settings) {
    if (stopped_) return stream->close();
    if (served_->options.get_stream_hook()) {
      stream = served_->options.get_stream_hook()(std::move(stream));
    }
    auto link = std::make_shared<server_link>(shared_from_this(), bounds, settings);
    const bool full = ++served_->counters->connections > bounds->max_connections;
    link->peer = stream->peer();
    rpc::session_config config(*bounds, *link);
    config.methods = &served_->methods;
    config.settings = settings.get();
    config.now = home_->now();
    auto connection = std::make_shared<io::stream_connection>(
        home_, *link, *bounds, std::move(stream), protocol.make_server(config));
    connection->count(traffic_);
    traffic_->note_connection();
    link->connection = std::move(connection);
    keep(link);
    link->connection->start();
    if (full) {
      link->connection->close(too_many());
    } else if (draining_) {
      link->connection->command().drain();
    }
  }

  void add_linked(const std::shared_ptr<server_link>& link) {
    const bool full = ++served_->counters->connections > link->bounds().max_connections;
    traffic_->note_connection();
    keep(link);
    link->connection->start();
    if (full) {
      link->connection->close(too_many());
    } else if (stopped_) {
      link->connection->close(status::unavailable("the server is stopping"));
    } else if (draining_) {
      link->connection->command().drain();
    }
  }

  void forget(const server_link& gone) {
    if (gone.place < links_.size() && links_[gone.place].get() == &gone) {
      links_.back()->place = gone.place;
      std::swap(links_[gone.place], links_.back());
      links_.pop_back();
    }
    check_idle();
  }

  void call_started() noexcept { running_.fetch_add(1, std::memory_order_relaxed); }
  void call_gone() noexcept {
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1 && draining_.load()) {
      home_->post_function([self = shared_from_this()] { self->check_idle(); });
    }
  }

  /// Tells every peer to go; what is in flight has until the grace period ends.
  void drain(duration grace) {
    if (draining_.exchange(true)) return;
    for (const auto& l : std::vector(links_)) l->connection->command().drain();
    home_->set_timer(grace_, after(home_->now(), grace));
    check_idle();
  }

  /// Ends everything now.
  void stop() {
    draining_ = true;
    if (std::exchange(stopped_, true)) return;
    home_->remove_timer(grace_);
    topics_->stop_alarm();
    for (const auto& l : std::vector(links_)) {
      l->connection->close(status::unavailable("the server is stopping"));
    }
    check_idle();
  }

  /// Lets go of everything, when no thread runs the loop any more.
  void abandon_now() noexcept { home_->abandon(); }

 private:
  void keep(const std::shared_ptr<server_link>& link) {
    link->place = links_.size();
    links_.push_back(link);
  }

  static status too_many() {
    return status::unavailable("the server has too many connections (limits::max_connections)");
  }

  void abandon() noexcept override {
    const auto self = shared_from_this();
    stopped_ = true;
    home_->remove_timer(grace_);
    topics_->stop_alarm();
    for (const auto& l : std::exchange(links_, {})) {
      l->connection->drop(status::unavailable("the server was destroyed"));
    }
  }

  class grace_timer final : public io::timer {
   public:
    explicit grace_timer(shard& owner) noexcept : owner_(&owner) {}
    void on_time() override { owner_->stop(); }

   private:
    shard* owner_;
  };

  void check_idle() {
    if (!draining_) return;
    const bool calls_run = running_.load(std::memory_order_acquire) > 0;
    // What the last calls published is still delivered.
    if (!calls_run && !topics_->empty()) topics_->finish_all();
    if (!links_.empty() || (!stopped_ && calls_run)) return;
    stopped_ = true;  // nobody ends a connection that still comes
    home_->remove_timer(grace_);
    topics_->stop_alarm();
    home_->leave(*this);
    if (auto tell = std::exchange(on_idle_, nullptr)) tell();
  }

  std::shared_ptr<io::loop> home_;
  std::shared_ptr<served> served_;
  std::shared_ptr<topic_thread> topics_;
  std::shared_ptr<io::traffic> traffic_ = served_->counters->add_traffic();
  std::function<void()> on_idle_;
  std::vector<std::shared_ptr<server_link>> links_;
  std::atomic<std::size_t> running_{0};
  std::atomic<bool> draining_{false};
  bool stopped_ = false;
  grace_timer grace_{*this};
};

inline server_link::~server_link() = default;

inline void server_link::on_closed(io::connection&) {
  const auto self = shared_from_this();
  --shard_->what().counters->connections;
  shard_->forget(*this);
}

}  // namespace polywire::inline v1::detail

// What is declared inline above stands there.
#include "polywire/server/detail/server_call.hpp"

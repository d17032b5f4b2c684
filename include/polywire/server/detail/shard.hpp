// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/limits.hpp"
#include "polywire/io/inproc_hub.hpp"
#include "polywire/io/stream_connection.hpp"
#include "polywire/rpc/backend.hpp"
#include "polywire/server/options.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::detail {

class shard;
class server_link;

/// What a server serves: filled before the first listen, then only read.
class served {
 public:
  explicit served(server_options how) : options(std::move(how)) {}

  void log(log_level level, std::string_view message) const {
    if (options.get_log()) options.get_log()(level, message);
  }

  server_options options;
  rpc::registry methods;
  std::atomic<std::size_t> connections{0};
};

/// A method with its handler.
class server_entry : public rpc::method_entry {
 public:
  using rpc::method_entry::method_entry;
  /// Makes the call's object; the session tells it the rest.
  virtual rpc::call_sink* start(const std::shared_ptr<server_link>& link, rpc::call_id id,
                                const rpc::call_head& head) = 0;
};

/// One connection of a server.
class server_link final : public io::connection_owner,
                          public std::enable_shared_from_this<server_link> {
 public:
  server_link(std::shared_ptr<shard> home, std::shared_ptr<const limits> bounds)
      : shard_(std::move(home)), bounds_(std::move(bounds)) {}
  inline ~server_link();

  std::shared_ptr<io::connection> connection;
  std::string peer;

  shard& home() const noexcept { return *shard_; }
  const limits& bounds() const noexcept { return *bounds_; }
  bool carries_objects = false;

  // Handlers that run for this connection, cancelled ones included: they bound what a peer can start.
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
  std::atomic<std::uint32_t> running_{0};
};

/// The part of a server that lives on one loop: its connections.
class shard final : public std::enable_shared_from_this<shard>, private io::loop_member {
 public:
  shard(std::shared_ptr<io::loop> home, std::shared_ptr<served> what,
        std::function<void()> on_idle)
      : home_(std::move(home)),
        served_(std::move(what)),
        on_idle_(std::move(on_idle)) {}
  void join() { home_->join(*this); }
  const std::shared_ptr<io::loop>& home() const noexcept { return home_; }
  served& what() const noexcept { return *served_; }

  // On the loop's thread, from here on.

  void add(std::unique_ptr<io::byte_stream> stream, const rpc::backend& protocol,
           const std::shared_ptr<const limits>& bounds) {
    if (stopped_) return stream->close();
    if (served_->options.get_stream_hook()) {
      stream = served_->options.get_stream_hook()(std::move(stream));
    }
    auto link = std::make_shared<server_link>(shared_from_this(), bounds);
    const bool full = ++served_->connections > bounds->max_connections;
    link->peer = stream->peer();
    rpc::session_config config(*bounds, *link);
    config.methods = &served_->methods;
    config.now = home_->now();
    link->connection = std::make_shared<io::stream_connection>(
        home_, *link, *bounds, std::move(stream), protocol.make_server(config));
    links_.push_back(link);
    link->connection->start();
    if (full) {
      link->connection->close(status::unavailable("the server has too many connections"));
    } else if (draining_) {
      link->connection->command().drain();
    }
  }

  void add_linked(const std::shared_ptr<server_link>& link) {
    ++served_->connections;
    links_.push_back(link);
    link->connection->start();
    if (stopped_) {
      link->connection->close(status::unavailable("the server is stopping"));
    } else if (draining_) {
      link->connection->command().drain();
    }
  }

  void forget(const server_link& gone) {
    std::erase_if(links_, [&gone](const auto& l) { return l.get() == &gone; });
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
    for (const auto& l : std::vector(links_)) {
      l->connection->close(status::unavailable("the server is stopping"));
    }
    check_idle();
  }

  /// Lets go of everything, when no thread runs the loop any more.
  void abandon_now() noexcept { home_->abandon(); }

 private:
  void abandon() noexcept override {
    const auto self = shared_from_this();
    stopped_ = true;
    home_->remove_timer(grace_);
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
    if (!draining_ || !links_.empty()) return;
    if (!stopped_ && running_.load(std::memory_order_acquire) > 0) return;
    home_->remove_timer(grace_);
    home_->leave(*this);
    if (auto tell = std::exchange(on_idle_, nullptr)) tell();
  }

  std::shared_ptr<io::loop> home_;
  std::shared_ptr<served> served_;
  std::function<void()> on_idle_;
  std::vector<std::shared_ptr<server_link>> links_;
  std::atomic<std::size_t> running_{0};
  std::atomic<bool> draining_{false};
  bool stopped_ = false;
  grace_timer grace_{*this};
};

inline server_link::~server_link() = default;

inline rpc::call_sink* server_link::on_open(rpc::call_id id, rpc::method_entry& method,
                                            const rpc::call_head& head, status& refusal) {
  // Cancelled handlers need a moment to end. A peer that opens and cancels without end is stopped
  // at as many of them again.
  if (running_.load(std::memory_order_relaxed) / 2 >= bounds_->max_calls) {
    refusal = status::resource_exhausted("too many cancelled handlers still run (limits::max_calls)");
    return nullptr;
  }
  if (head.deadline <= shard_->home()->now()) {
    refusal = status::deadline_exceeded("the deadline had passed when the call came");
    return nullptr;
  }
  return static_cast<server_entry&>(method).start(shared_from_this(), id, head);
}

inline void server_link::on_closed(io::connection&) {
  const auto self = shared_from_this();
  --shard_->what().connections;
  shard_->forget(*this);
}

}  // namespace polywire::inline v1::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/codec/health_messages.hpp"
#include "polywire/core/method.hpp"
#include "polywire/server/server.hpp"

#include <atomic>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace polywire::inline v1 {

inline constexpr unary<health_check_request, health_check_response> health_check{
    "grpc.health.v1.Health/Check", no_side_effects};
inline constexpr server_streaming<health_check_request, health_check_response> health_watch{
    "grpc.health.v1.Health/Watch"};

/// Tells load balancers and supervisors how the services of a server are, as gRPC's health checks
/// do, over every backend:
///
///     polywire::health health;
///     health.serve(server);                                            // before listen
///     health.set("user.v1.UserService", polywire::serving_status::not_serving);
///
/// The name "" is the server as a whole, `serving` from the start. Services that were never set are
/// `not_found` for Check; Watch says `service_unknown`, and goes on: they may come. A server that
/// stops is `not_serving`; those who watch hear it, and then `unavailable`.
///
/// Thread safety: all of it. Lifetime: a handle; the server keeps what it needs.
class health {
 public:
  health() : known_(std::make_shared<table>()) {}

  /// Adds Check and Watch to the server.
  void serve(server& s) {
    const auto here = std::make_shared<place>(known_);
    s.handle(health_check,
             [here](const health_check_request& request) { return here->check(request.service); });
    s.handle(health_watch, [here](const health_check_request& request,
                                  writer<health_check_response>& out, server_context& context) {
      return watch(here, request.service, out, context);
    });
    s.on_stopping([here] {
      here->stopping = true;
      here->known->wake();
    });
  }

  /// Says how a service is from now on.
  void set(std::string_view service, serving_status how) { known_->set(service, how); }

 private:
  /// Waits for the next change, on its own executor.
  class watcher {
   public:
    explicit watcher(io::executor ex) : timer_(std::move(ex)) {}

    /// From any thread.
    static void wake(const std::shared_ptr<watcher>& self) {
      asio::post(self->timer_.get_executor(), [self] {
        self->changed_ = true;
        self->timer_.cancel();
      });
    }
    asio::awaitable<void> wait() {
      timer_.expires_at(asio::steady_timer::time_point::max());
      try {
        if (!changed_) co_await timer_.async_wait(asio::use_awaitable);
      } catch (const std::exception&) {
        // Woken, or cancelled: then the next thing that is awaited ends the handler.
      }
      changed_ = false;
    }

   private:
    asio::steady_timer timer_;
    bool changed_ = false;
  };

  class table {
   public:
    table() { services_.try_emplace("", serving_status::serving); }

    void set(std::string_view service, serving_status how) {
      {
        const std::lock_guard lock(mutex_);
        services_.insert_or_assign(std::string(service), how);
      }
      wake();
    }
    std::optional<serving_status> find(const std::string& service) const {
      const std::lock_guard lock(mutex_);
      const auto found = services_.find(service);
      return found == services_.end() ? std::nullopt : std::optional(found->second);
    }
    void add(const std::shared_ptr<watcher>& one) {
      const std::lock_guard lock(mutex_);
      std::erase_if(watchers_, [](const auto& w) { return w.expired(); });
      watchers_.push_back(one);
    }
    void wake() {
      std::vector<std::weak_ptr<watcher>> all;
      {
        const std::lock_guard lock(mutex_);
        all = watchers_;
      }
      for (const auto& weak : all) {
        if (const auto one = weak.lock()) watcher::wake(one);
      }
    }

   private:
    mutable std::mutex mutex_;
    std::map<std::string, serving_status> services_;
    std::vector<std::weak_ptr<watcher>> watchers_;
  };

  /// One server that tells.
  class place {
   public:
    explicit place(std::shared_ptr<table> k) : known(std::move(k)) {}

    result<health_check_response> check(const std::string& service) const {
      const auto found = known->find(service);
      if (!found) {
        return status::not_found("service '" + service.substr(0, 200) + "' is not known here");
      }
      return health_check_response(stopping ? serving_status::not_serving : *found);
    }

    std::shared_ptr<table> known;
    std::atomic<bool> stopping{false};
  };

  static asio::awaitable<status> watch(std::shared_ptr<place> here, std::string service,
                                       writer<health_check_response>& out,
                                       server_context& context) {
    const auto mine = std::make_shared<watcher>(context.get_executor());
    here->known->add(mine);
    std::optional<serving_status> said;
    while (!context.cancelled()) {
      const bool stopping = here->stopping;
      const auto found = here->known->find(service);
      serving_status now = found.value_or(serving_status::service_unknown);
      if (stopping && found) now = serving_status::not_serving;
      if (said != now) {
        said = now;
        const health_check_response change(now);
        if (auto sent = co_await out.async_write(change); !sent) co_return sent;
      }
      if (stopping) co_return status::unavailable("the server is stopping");
      co_await mine->wait();
    }
    co_return status::cancelled("nobody watches any more");
  }

  std::shared_ptr<table> known_;
};

}  // namespace polywire::inline v1

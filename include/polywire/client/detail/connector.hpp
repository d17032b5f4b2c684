// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/limits.hpp"
#include "polywire/io/loop.hpp"
#include "polywire/io/transport.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <utility>

namespace polywire::inline v1::detail {

class connector_events {
 public:
  /// The rules allow an attempt now.
  virtual void on_connect_time() = 0;
  virtual void on_connected(std::unique_ptr<io::byte_stream> stream, std::size_t host) = 0;
  virtual void on_connect_failed(const status& why) = 0;

 protected:
  ~connector_events() = default;
};

/// The rules of connecting, and of connecting again: one attempt at a time, over all hosts of the
/// target in turn; after a failure not more often than `limits::reconnect_spacing` however many calls
/// ask, and in the background with growing pauses. On the loop's thread.
class connector {
 public:
  connector(std::shared_ptr<io::loop> home, const limits& bounds, connector_events& events)
      : home_(std::move(home)), bounds_(&bounds), events_(&events) {}
  connector(const connector&) = delete;
  connector& operator=(const connector&) = delete;
  ~connector() { stop(); }

  /// An attempt is under way or will come.
  bool is_busy() const noexcept { return connecting_ != nullptr || retry_.is_set(); }

  /// Somebody needs a connection.
  void request() {
    const time_point now = home_->now();
    const time_point earliest =
        failures_ == 0 ? now : after(last_attempt_, bounds_->reconnect_spacing);
    if (earliest > now) return home_->set_timer(retry_, earliest);
    begin();
  }

  /// Nobody needs one at once.
  void try_later() {
    if (!connecting_) home_->set_timer(retry_, after(home_->now(), pause()));
  }

  void connect(const url& target, std::string_view transport) {
    target_ = &target;
    transport_ = io::transport::find(transport);
    if (transport_ == nullptr) {
      return failed(status::unimplemented("no transport '" + std::string(transport) +
                                          "' is known; include its header"));
    }
    connect_host(0);
  }

  void succeeded() noexcept {
    failures_ = 0;
    home_->remove_timer(retry_);
  }
  void failed(const status& why) {
    ++failures_;
    events_->on_connect_failed(why);
  }

  void stop() noexcept {
    if (connecting_) connecting_->cancel();
    connecting_.reset();
    home_->remove_timer(retry_);
    home_->remove_timer(limit_);
  }

 private:
  class retry_timer final : public io::timer {
   public:
    explicit retry_timer(connector& owner) noexcept : owner_(&owner) {}
    void on_time() override { owner_->begin(); }

   private:
    connector* owner_;
  };
  class limit_timer final : public io::timer {
   public:
    explicit limit_timer(connector& owner) noexcept : owner_(&owner) {}
    void on_time() override { owner_->too_slow(); }

   private:
    connector* owner_;
  };

  void begin() {
    if (connecting_) return;
    last_attempt_ = home_->now();
    events_->on_connect_time();
  }

  void connect_host(std::size_t host) {
    host_ = host;
    home_->set_timer(limit_, after(home_->now(), bounds_->connect_timeout));
    // The operation is cancelled when this object goes: its handler may point here.
    connecting_ = transport_->connect(
        home_->get_executor(), *target_, host,
        [this, host](result<std::unique_ptr<io::byte_stream>> stream) {
          const io::loop::turn turn(*home_);
          const auto done = std::move(connecting_);
          home_->remove_timer(limit_);
          if (stream) {
            events_->on_connected(std::move(*stream), host);
          } else {
            host_failed(host, stream.status());
          }
        });
  }

  void host_failed(std::size_t host, const status& why) {
    if (host + 1 < target_->hosts().size()) return connect_host(host + 1);
    failed(why);
  }

  void too_slow() {
    if (!connecting_) return;
    stop();
    host_failed(host_, status::unavailable("cannot connect to " + target_->to_string() +
                                           " in time (limits::connect_timeout)"));
  }

  duration pause() {
    const double grown = std::chrono::duration<double>(bounds_->reconnect_min).count() *
                         std::pow(1.6, std::min(failures_ - 1, 30));
    const double most = std::chrono::duration<double>(bounds_->reconnect_max).count();
    std::uniform_real_distribution<double> jitter(0.8, 1.2);
    return clamp_duration(std::chrono::duration<double>(std::min(grown, most) * jitter(random_)));
  }

  std::shared_ptr<io::loop> home_;
  const limits* bounds_;
  connector_events* events_;
  const url* target_ = nullptr;
  const io::transport* transport_ = nullptr;
  std::size_t host_ = 0;
  std::unique_ptr<io::operation> connecting_;
  retry_timer retry_{*this};
  limit_timer limit_{*this};
  time_point last_attempt_{};
  int failures_ = 0;
  std::minstd_rand random_{std::random_device()()};
};

}  // namespace polywire::inline v1::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/limits.hpp"
#include "polywire/io/loop.hpp"
#include "polywire/io/transport.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace polywire::inline v1::detail {

class connector;

class connector_events {
 public:
  /// Whether an attempt still makes sense, now that its time has come.
  virtual bool is_wanted(const connector& by) const = 0;
  virtual void on_connected(connector& by, std::unique_ptr<io::byte_stream> stream,
                            std::size_t host) = 0;
  virtual void on_connect_failed(connector& by, const status& why) = 0;
  /// Instead of the transport, where connections are made without one. Says `failed` by itself.
  virtual void connect_directly(connector& by) = 0;

 protected:
  ~connector_events() = default;
};

/// The rules of connecting, and of connecting again, to some hosts of the target, which every
/// attempt tries in turn. As long as all goes well, as many attempts at once as are asked for.
/// After a failure one at a time: on request not more often than `limits::reconnect_spacing`, in
/// the background with growing pauses. A connection that turns out to be stale is replaced once
/// without any pause. On the loop's thread.
class connector {
 public:
  /// Hosts `first` to before `last`. Without a transport connecting costs nothing: no spacing.
  connector(io::loop& home, const limits& bounds, const url& target, const io::transport* transport,
            std::size_t first, std::size_t last, connector_events& events)
      : home_(&home),
        bounds_(&bounds),
        target_(&target),
        transport_(transport),
        first_(first),
        last_(last),
        events_(&events) {}
  connector(const connector&) = delete;
  connector& operator=(const connector&) = delete;
  ~connector() { stop(); }

  /// Attempts under way.
  std::size_t attempts() const noexcept { return attempts_.size(); }
  /// An attempt is under way, or will be as soon as the spacing allows.
  bool is_trying() const noexcept { return !attempts_.empty() || soon_; }

  /// Somebody needs so many connections now.
  void request(std::size_t wanted) {
    if (failures_ == 0) {
      for (std::size_t n = attempts_.size(); n < wanted; ++n) start();
      return;
    }
    if (is_trying()) return;
    const bool spaced = transport_ != nullptr && !stale_;
    const time_point earliest =
        spaced ? after(last_attempt_, bounds_->reconnect_spacing) : home_->now();
    if (earliest <= home_->now()) return start();
    soon_ = true;
    home_->set_timer(retry_, earliest);
  }

  /// A connection would be good, but nobody needs it now: after failures there is no hurry.
  void try_later() {
    if (is_trying() || retry_.is_set()) return;
    if (stale_ || failures_ == 0) return start();
    home_->set_timer(retry_, after(home_->now(), pause()));
  }

  /// The peer has answered: from now on a failure is the first one.
  void proven() noexcept {
    failures_ = 0;
    stale_ = false;
  }
  /// A connection has ended that never proved any good. The first time that may have been bad luck.
  void lost_unproven() noexcept { stale_ = failures_++ == 0; }

  void failed(const status& why) {
    if (attempts_.empty()) ++failures_;  // of several at once only the last one counts
    events_->on_connect_failed(*this, why);
  }

  void stop() noexcept {
    attempts_.clear();
    rest();
  }

 private:
  /// One walk over the hosts; each has `limits::connect_timeout`.
  class attempt final : public io::timer {
   public:
    explicit attempt(connector& owner) noexcept : owner_(&owner) {}
    ~attempt() {
      if (operation_) operation_->cancel();
      owner_->home_->remove_timer(*this);
    }

    void dial(std::size_t host) {
      io::loop& home = *owner_->home_;
      host_ = host;
      home.set_timer(*this, after(home.now(), owner_->bounds_->connect_timeout));
      // The operation is cancelled when this object goes: its handler may point here.
      operation_ = owner_->transport_->connect(
          home.get_executor(), *owner_->target_, host,
          [this, &home](result<std::unique_ptr<io::byte_stream>> stream) {
            const io::loop::turn turn(home);
            const auto done = std::move(operation_);
            home.remove_timer(*this);
            if (!stream) return host_failed(stream.status());
            connector& owner = *owner_;
            const std::size_t host_number = host_;
            owner.remove(*this);
            owner.connected(std::move(*stream), host_number);
          });
    }

   private:
    void on_time() override {
      std::exchange(operation_, nullptr)->cancel();
      host_failed(status(status_code::unavailable,
                         "cannot connect to " + owner_->target_->to_string() +
                             " in time (limits::connect_timeout)",
                         outcome::not_sent));
    }
    void host_failed(const status& why) {
      if (host_ + 1 < owner_->last_) return dial(host_ + 1);
      connector& owner = *owner_;
      const status reason = why;
      owner.remove(*this);
      owner.failed(reason);
    }

    connector* owner_;
    std::unique_ptr<io::operation> operation_;
    std::size_t host_ = 0;
  };
  class retry_timer final : public io::timer {
   public:
    explicit retry_timer(connector& owner) noexcept : owner_(&owner) {}
    void on_time() override {
      owner_->soon_ = false;
      if (owner_->events_->is_wanted(*owner_)) owner_->start();
    }

   private:
    connector* owner_;
  };

  void start() {
    rest();
    stale_ = false;
    last_attempt_ = home_->now();
    if (transport_ == nullptr) return events_->connect_directly(*this);
    attempts_.push_back(std::make_unique<attempt>(*this));
    attempts_.back()->dial(first_);
  }
  void rest() noexcept {
    soon_ = false;
    home_->remove_timer(retry_);
  }
  void remove(const attempt& over) noexcept {
    std::erase_if(attempts_, [&over](const auto& a) { return a.get() == &over; });
  }
  void connected(std::unique_ptr<io::byte_stream> stream, std::size_t host) {
    rest();
    events_->on_connected(*this, std::move(stream), host);
  }

  duration pause() {
    const double grown = std::chrono::duration<double>(bounds_->reconnect_min).count() *
                         std::pow(1.6, std::clamp(failures_ - 1, 0, 30));
    const double most = std::chrono::duration<double>(bounds_->reconnect_max).count();
    return clamp_duration(std::chrono::duration<double>(std::min(grown, most) * jitter()));
  }
  // From 0.8 to 1.2, so that clients do not come back all at once. <random> would cost everybody
  // who includes a client a tenth of a second.
  double jitter() noexcept {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    return 0.8 + 0.4 * static_cast<double>(random_ >> 40U) / static_cast<double>(1U << 24U);
  }

  io::loop* home_;
  const limits* bounds_;
  const url* target_;
  const io::transport* transport_;
  std::size_t first_;
  std::size_t last_;
  connector_events* events_;
  std::vector<std::unique_ptr<attempt>> attempts_;
  retry_timer retry_{*this};
  time_point last_attempt_{};
  int failures_ = 0;
  bool soon_ = false;
  bool stale_ = false;
  std::uint64_t random_ =
      static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
      reinterpret_cast<std::uintptr_t>(this);
};

}  // namespace polywire::inline v1::detail

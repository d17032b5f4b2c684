// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/tcp_connect.hpp"  // and with it Asio's sockets
#include "polywire/testing/proxy_faults.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <string>
#include <utility>

namespace polywire::inline v1::testing {

/// What a direction has to tell its connection.
class proxy_events {
 public:
  virtual void on_limit(bool reset) = 0;
  virtual void on_broken() = 0;
  /// The direction has come to its end, and has passed it on.
  virtual void on_end() = 0;

 protected:
  ~proxy_events() = default;
};

/// One direction of a connection: reads, keeps what must wait, and writes.
class proxy_pipe {
  using tcp = asio::ip::tcp;
  using steady = std::chrono::steady_clock;

 public:
  proxy_pipe(proxy_events& events, std::shared_ptr<proxy_settings> settings, std::size_t direction,
             tcp::socket& from, tcp::socket& to, std::uint32_t seed)
      : events_(&events),
        settings_(std::move(settings)),
        direction_(direction),
        from_(&from),
        to_(&to),
        timer_(from.get_executor()),
        random_(seed) {}

  /// `self` keeps the connection, and with it this object.
  void read(std::shared_ptr<void> self) {
    if (reading_ || ended_ || waiting_ >= most_waiting) return;
    reading_ = true;
    from_->async_read_some(asio::buffer(input_),
                           [this, self = std::move(self)](io::error_code error, std::size_t n) {
                             reading_ = false;
                             if (stopped_) return;
                             const bool silent = swallowed_ || settings_->get(direction_).silent_;
                             if (error && error != asio::error::eof && !silent)
                               return events_->on_broken();
                             ended_ = !!error;
                             swallows_end_ = ended_ && silent;
                             take(n);
                             read(self);
                             pump(self);
                           });
  }

  /// Passes on what may go now.
  void pump(const std::shared_ptr<void>& self) {
    if (stopped_ || writing_) return;
    const proxy_faults how = settings_->get(direction_);
    if (drops_) {
      queue_.clear();
      waiting_ = 0;
    } else if (passed_ >= how.reset_at_ || passed_ >= how.close_at_) {
      return events_->on_limit(passed_ >= how.reset_at_);
    }
    read(self);
    if (queue_.empty()) {
      if (ended_ && !std::exchange(told_, true)) end();
      return;
    }
    const auto when = std::max(queue_.front().due, next_write_);
    if (when > steady::now()) return wait(self, when);
    std::size_t most = std::min(how.reset_at_, how.close_at_) - passed_;
    if (how.slice_ > 0) most = std::min<std::size_t>(most, 1 + random_() % how.slice_);
    if (how.bandwidth_ > 0) most = std::min(most, std::max<std::size_t>(1, how.bandwidth_ / 100));
    write(self, std::min(most, queue_.front().bytes.size()), how.bandwidth_);
  }

  /// From now on what comes is dropped.
  void drop() {
    drops_ = true;
    io::error_code ignored;
    to_->shutdown(tcp::socket::shutdown_send, ignored);
  }
  /// Nothing happens any more.
  void stop() {
    stopped_ = true;
    timer_.cancel();
  }

 private:
  class piece {
   public:
    steady::time_point due;
    std::string bytes;
  };

  // How what was read looks when it arrives, and when that is.
  void take(std::size_t n) {
    const proxy_faults how = settings_->get(direction_);
    if (n == 0 || drops_) return;
    // No network loses bytes in the middle: a connection that did stays silent.
    if (how.silent_) swallowed_ = true;
    if (swallowed_) return;
    std::string bytes(input_.data(), n);
    if (how.flip_every_ > 0) {
      for (char& byte : bytes) {
        if (until_flip_ == 0) until_flip_ = random_() % (2 * how.flip_every_) + 1;
        if (--until_flip_ == 0) byte = static_cast<char>(byte ^ (1 << random_() % 8));
      }
    }
    auto due = steady::now() + how.latency_;
    if (how.jitter_ > duration::zero()) {
      due +=
          duration(std::uniform_int_distribution<duration::rep>(0, how.jitter_.count())(random_));
    }
    if (!queue_.empty()) due = std::max(due, queue_.back().due);
    waiting_ += n;
    queue_.push_back({due, std::move(bytes)});
  }

  void write(const std::shared_ptr<void>& self, std::size_t size, std::size_t bandwidth) {
    writing_ = true;
    to_->async_write_some(
        asio::buffer(queue_.front().bytes.data(), size),
        [this, self, bandwidth](io::error_code error, std::size_t n) {
          writing_ = false;
          if (stopped_) return;
          if (error && !drops_) return events_->on_broken();
          passed_ += n;
          waiting_ -= n;
          queue_.front().bytes.erase(0, n);
          if (queue_.front().bytes.empty()) queue_.pop_front();
          if (bandwidth > 0) {
            next_write_ = std::max(next_write_, steady::now() - std::chrono::milliseconds(10)) +
                          std::chrono::nanoseconds(1'000'000'000 * n / bandwidth);
          }
          pump(self);
        });
  }
  void wait(const std::shared_ptr<void>& self, steady::time_point when) {
    writing_ = true;
    timer_.expires_at(when);
    timer_.async_wait([this, self](io::error_code) {
      writing_ = false;
      pump(self);
    });
  }
  void end() {
    io::error_code ignored;
    if (!swallows_end_ && !drops_) to_->shutdown(tcp::socket::shutdown_send, ignored);
    events_->on_end();
  }

  static constexpr std::size_t most_waiting = std::size_t{256} << 10;

  proxy_events* events_;
  std::shared_ptr<proxy_settings> settings_;
  std::size_t direction_;
  tcp::socket* from_;
  tcp::socket* to_;
  asio::steady_timer timer_;
  std::minstd_rand random_;
  std::array<char, std::size_t{16} << 10> input_;
  std::deque<piece> queue_;
  std::size_t waiting_ = 0;
  std::size_t passed_ = 0;
  std::size_t until_flip_ = 0;
  steady::time_point next_write_{};
  bool reading_ = false;
  bool writing_ = false;  // or waiting until it may
  bool ended_ = false;
  bool swallows_end_ = false;
  bool swallowed_ = false;  // bytes
  bool drops_ = false;
  bool told_ = false;
  bool stopped_ = false;
};

class proxy_connection;

class proxy_owner {
 public:
  virtual void on_gone(const proxy_connection& gone) = 0;

 protected:
  ~proxy_owner() = default;
};

/// One connection through a `fault_proxy`.
class proxy_connection final : public std::enable_shared_from_this<proxy_connection>,
                               private proxy_events {
  using tcp = asio::ip::tcp;

 public:
  proxy_connection(std::weak_ptr<proxy_owner> owner,
                   const std::shared_ptr<proxy_settings>& settings, tcp::socket client,
                   std::uint32_t seed)
      : owner_(std::move(owner)),
        settings_(settings),
        client_(std::move(client)),
        server_(client_.get_executor()),
        requests_(*this, settings, 0, client_, server_, seed),
        answers_(*this, settings, 1, server_, client_, seed + 1) {}

  void start(std::uint16_t port) {
    io::error_code ignored;
    client_.set_option(tcp::no_delay(true), ignored);
    server_.async_connect(tcp::endpoint(asio::ip::address_v4::loopback(), port),
                          [self = shared_from_this()](io::error_code error) {
                            if (self->closed_) return;
                            if (error) return self->on_broken();
                            io::error_code unimportant;
                            self->server_.set_option(tcp::no_delay(true), unimportant);
                            self->requests_.read(self);
                            self->answers_.read(self);
                          });
  }
  void break_off() {
    if (closed_) return;
    ++settings_->broken;
    on_broken();
  }
  void close() {
    if (std::exchange(closed_, true)) return;
    requests_.stop();
    answers_.stop();
    io::error_code ignored;
    client_.close(ignored);
    server_.close(ignored);
    if (const auto owner = owner_.lock()) owner->on_gone(*this);
  }
  static void reset(tcp::socket& socket) {
    io::error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
  }

 private:
  void on_limit(bool wants_reset) override {
    if (wants_reset) return break_off();
    ++settings_->broken;
    const auto self = shared_from_this();
    for (proxy_pipe* pipe : {&requests_, &answers_}) {
      pipe->drop();
      pipe->pump(self);
    }
  }
  void on_broken() override {
    const auto self = shared_from_this();
    reset(client_);
    reset(server_);
    close();
  }
  void on_end() override {
    if (++ends_ == 2) close();
  }

  std::weak_ptr<proxy_owner> owner_;
  std::shared_ptr<proxy_settings> settings_;
  tcp::socket client_;
  tcp::socket server_;
  proxy_pipe requests_;
  proxy_pipe answers_;
  int ends_ = 0;
  bool closed_ = false;
};

}  // namespace polywire::inline v1::testing

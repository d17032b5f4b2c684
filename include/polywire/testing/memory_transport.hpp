// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/connect_operation.hpp"
#include "polywire/io/transport.hpp"
#include "polywire/testing/memory_stream.hpp"

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace polywire::inline v1::testing {

/// Who listens under which name, in this process.
class memory_listeners {
 public:
  static constexpr std::size_t backlog = 128;

  class listener {
   public:
    listener(const io::executor& ex, std::string name)
        : name_(std::move(name)), waiting_(ex, asio::steady_timer::time_point::max()) {}
    const std::string& name() const noexcept { return name_; }

   private:
    friend class memory_listeners;
    std::string name_;
    asio::steady_timer waiting_;  // holds the accept, cancelled when there is something to take
    std::deque<std::shared_ptr<memory_link>> arrived_;
    bool closed_ = false;
  };

  static bool add(listener& l) {
    const std::lock_guard lock(mutex_);
    return by_name_.emplace(l.name_, &l).second;
  }
  static void close(listener& l) noexcept {
    const std::lock_guard lock(mutex_);
    if (std::exchange(l.closed_, true)) return;
    by_name_.erase(l.name_);
    for (const auto& link : l.arrived_) link->close(1);
    l.arrived_.clear();
    l.waiting_.cancel();
  }
  static status arrive(const std::string& name, std::shared_ptr<memory_link> link) {
    const std::lock_guard lock(mutex_);
    const auto found = by_name_.find(name);
    if (found == by_name_.end()) {
      return io::cannot_connect("memory:" + name, "nothing listens there");
    }
    listener& l = *found->second;
    if (l.arrived_.size() >= backlog) {
      return io::cannot_connect("memory:" + name, "too many connections wait to be accepted");
    }
    l.arrived_.push_back(std::move(link));
    l.waiting_.cancel();
    return {};
  }
  static void accept(const std::shared_ptr<listener>& l, const io::executor& target,
                     io::acceptor::handler then) {
    const std::lock_guard lock(mutex_);
    l->waiting_.async_wait([l, target, then = std::move(then)](io::error_code) mutable {
      std::shared_ptr<memory_link> link = take(*l);
      if (link) {
        then(std::unique_ptr<io::byte_stream>(
            new memory_stream(target, std::move(link), 1, "memory:" + l->name_)));
      } else if (!is_closed(*l)) {
        accept(l, target, std::move(then));
      }
    });
    if (l->closed_ || !l->arrived_.empty()) l->waiting_.cancel();
  }

 private:
  static std::shared_ptr<memory_link> take(listener& l) {
    const std::lock_guard lock(mutex_);
    if (l.arrived_.empty()) return nullptr;
    auto link = std::move(l.arrived_.front());
    l.arrived_.pop_front();
    return link;
  }
  static bool is_closed(const listener& l) {
    const std::lock_guard lock(mutex_);
    return l.closed_;
  }

  inline static std::mutex mutex_;
  inline static std::map<std::string, listener*> by_name_;
};

class memory_acceptor final : public io::acceptor {
 public:
  explicit memory_acceptor(std::shared_ptr<memory_listeners::listener> l) noexcept
      : listener_(std::move(l)) {}
  ~memory_acceptor() override { memory_acceptor::close(); }

  void async_accept(const io::executor& target, handler then) override {
    memory_listeners::accept(listener_, target, std::move(then));
  }
  void close() noexcept override { memory_listeners::close(*listener_); }
  std::string address() const override { return listener_->name(); }
  std::uint16_t port() const noexcept override { return 0; }

 private:
  std::shared_ptr<memory_listeners::listener> listener_;
};

class memory_connect final : public io::connect_operation {
 public:
  memory_connect(const io::executor& ex, io::transport::connect_handler then)
      : connect_operation(ex, std::move(then)) {}

  void start(const std::string& name) {
    auto link = std::make_shared<memory_link>();
    auto stream = std::make_unique<memory_stream>(get_executor(), link, 0, "memory:" + name);
    if (status arrived = memory_listeners::arrive(name, std::move(link)); !arrived) {
      return finish_later(std::move(arrived));
    }
    finish_later(std::unique_ptr<io::byte_stream>(std::move(stream)));
  }

 private:
  void give_up() noexcept override {}
};

/// Connections inside the process, for tests: no descriptors, no ports, nothing left behind. A
/// listener is named by the host (and port, if any) of its URL.
class memory_transport final : public io::transport {
 public:
  memory_transport() noexcept : transport("memory") {}

  std::unique_ptr<io::operation> connect(const io::executor& ex, const url& target,
                                         std::size_t host, connect_handler then) const override {
    auto op = std::make_shared<memory_connect>(ex, std::move(then));
    op->start(target.hosts()[host].to_string());
    return std::make_unique<io::connect_handle>(op);
  }

  result<std::unique_ptr<io::acceptor>> listen(const io::executor& ex,
                                               const url& where) const override {
    if (where.hosts().size() != 1) {
      return status::invalid_argument("listen takes one host, not " +
                                      std::to_string(where.hosts().size()));
    }
    const std::string name = where.hosts().front().to_string();
    auto listener = std::make_shared<memory_listeners::listener>(ex, name);
    if (!memory_listeners::add(*listener)) {
      return status::unavailable("cannot listen on memory:" + name + ": somebody else does");
    }
    return std::unique_ptr<io::acceptor>(new memory_acceptor(std::move(listener)));
  }
};

inline const memory_transport the_memory_transport;

}  // namespace polywire::inline v1::testing

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/core/url_settings.hpp"
#include "polywire/io/transport.hpp"
#include "polywire/server/detail/shard.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace polywire::inline v1::detail {

/// The shards of a server, dealt out in turn.
class shard_list {
 public:
  void add(std::shared_ptr<shard> s) {
    const std::lock_guard lock(mutex_);
    shards_.push_back(std::move(s));
  }
  std::shared_ptr<shard> next() {
    const std::lock_guard lock(mutex_);
    return shards_.empty() ? nullptr : shards_[turn_++ % shards_.size()];
  }
  std::vector<std::shared_ptr<shard>> all() const {
    const std::lock_guard lock(mutex_);
    return shards_;
  }
  std::vector<std::shared_ptr<shard>> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(shards_, {});
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<shard>> shards_;
  std::size_t turn_ = 0;
};

/// Takes connections at one address.
class listener {
 public:
  virtual ~listener() = default;
  virtual void start() = 0;
  /// Takes no more. On the first shard's loop.
  virtual void close() = 0;
};

/// The same over a transport of bytes.
class stream_listener final : public listener,
                              public io::timer,
                              public std::enable_shared_from_this<stream_listener> {
 public:
  stream_listener(std::unique_ptr<io::acceptor> acceptor, const rpc::backend& protocol,
                  std::shared_ptr<const limits> bounds, std::shared_ptr<const void> settings,
                  std::shared_ptr<shard> home, std::shared_ptr<shard_list> shards)
      : acceptor_(std::move(acceptor)),
        protocol_(&protocol),
        bounds_(std::move(bounds)),
        settings_(std::move(settings)),
        home_(std::move(home)),
        shards_(std::move(shards)) {}
  ~stream_listener() override { home_->home()->remove_timer(*this); }

  void start() override { accept(); }
  void close() override {
    closed_ = true;
    home_->home()->remove_timer(*this);
    acceptor_->close();
  }

 private:
  void accept() {
    if (closed_) return;
    const auto target = shards_->next();
    if (!target) return;
    acceptor_->async_accept(
        target->home()->get_executor(),
        [self = shared_from_this(), target](result<std::unique_ptr<io::byte_stream>> stream) {
          const io::loop::turn turn(*self->home_->home());
          if (stream) {
            self->backoff_ = least_backoff;
            self->hand_over(target, std::move(*stream));
            self->accept();
          } else if (!self->closed_) {
            self->pause(stream.status());
          }
        });
  }

  void hand_over(const std::shared_ptr<shard>& target, std::unique_ptr<io::byte_stream> stream) {
    target->home()->run([target, self = shared_from_this(), stream = std::move(stream)]() mutable {
      target->add(std::move(stream), *self->protocol_, self->bounds_, self->settings_);
    });
  }

  // Out of descriptors, usually: trying at once again would only burn the processor.
  void pause(const status& why) {
    home_->what().log(log_level::warning, "accepting connections fails: " + why.message());
    home_->home()->set_timer(*this, after(home_->home()->now(), backoff_));
    backoff_ = std::min<duration>(backoff_ * 2, std::chrono::seconds(1));
  }
  void on_time() override { accept(); }

  static constexpr duration least_backoff = std::chrono::milliseconds(5);

  std::unique_ptr<io::acceptor> acceptor_;
  const rpc::backend* protocol_;
  std::shared_ptr<const limits> bounds_;
  std::shared_ptr<const void> settings_;  // of the protocol
  std::shared_ptr<shard> home_;
  std::shared_ptr<shard_list> shards_;
  duration backoff_ = least_backoff;
  bool closed_ = false;
};

/// The same for clients of this process.
class name_listener final : public listener, public io::inproc_listener {
 public:
  name_listener(std::string name, const rpc::backend& protocol,
                std::shared_ptr<const limits> bounds, std::shared_ptr<shard_list> shards)
      : name_(std::move(name)),
        protocol_(&protocol),
        bounds_(std::move(bounds)),
        shards_(std::move(shards)) {}
  ~name_listener() override { close(); }

  /// Makes the name known. False: somebody else has it.
  bool claim(const std::shared_ptr<name_listener>& self) {
    closed_ = false;
    if (!io::inproc_hub::instance().add(name_, self)) closed_ = true;
    return !closed_;
  }

  void start() override {}
  void close() override {
    if (!closed_.exchange(true)) io::inproc_hub::instance().remove(name_);
  }

  bool link(const std::shared_ptr<io::linked_connection>& client) override {
    const auto target = shards_->next();
    if (closed_ || !target) return false;
    auto link = std::make_shared<server_link>(target, bounds_);
    link->peer = "inproc://" + name_;
    link->carries_objects = true;
    rpc::session_config config(*bounds_, *link);
    config.methods = &target->what().methods;
    auto end = std::make_shared<io::linked_connection>(
        target->home(), *link, link->peer, protocol_->make_linked(config, rpc::role::server));
    io::linked_connection::link(client, end);
    link->connection = std::move(end);
    target->home()->post_function([target, link] { target->add_linked(link); });
    return true;
  }

 private:
  std::string name_;
  const rpc::backend* protocol_;
  std::shared_ptr<const limits> bounds_;
  std::shared_ptr<shard_list> shards_;
  std::atomic<bool> closed_{true};
};

}  // namespace polywire::inline v1::detail

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/connection.hpp"

#include <memory>

namespace polywire::inline v1::detail {

class client_link;
class connector;

class link_events {
 public:
  /// It takes more calls than before, or none any more.
  virtual void on_link_capacity(client_link& link) = 0;
  virtual void on_link_closed(client_link& gone) = 0;
  /// Nobody has called here for a long time.
  virtual void on_link_idle(client_link& link) = 0;

 protected:
  ~link_events() = default;
};

/// One connection of a channel. Its timer is that of idleness.
class client_link final : public io::connection_owner,
                          public io::timer,
                          public std::enable_shared_from_this<client_link> {
 public:
  client_link(link_events& owner, connector& way) noexcept : way_(&way), owner_(&owner) {}

  std::shared_ptr<io::connection> connection;
  /// When it was made.
  time_point since{};
  /// The server takes no more calls here.
  bool draining = false;
  /// A call was answered here.
  bool proven = false;
  /// The end was noticed and its lesson drawn.
  bool judged = false;

  /// How it was made. Only as long as it belongs to its channel.
  connector& way() const noexcept { return *way_; }
  /// New calls may go here, now or when others have ended.
  bool is_usable() const noexcept {
    return !draining && !connection->is_closed() && !connection->session().finished();
  }

  /// The channel does not want to hear of it any more.
  void detach() noexcept { owner_ = nullptr; }
  bool is_detached() const noexcept { return owner_ == nullptr; }

 private:
  // Servers do not call.
  rpc::call_sink* on_open(rpc::call_id, rpc::method_entry&, const rpc::call_head&,
                          status&) override {
    return nullptr;
  }
  void on_drain() override {
    draining = true;
    on_capacity();  // another connection may take its place
  }
  void on_capacity() override {
    if (owner_ != nullptr) owner_->on_link_capacity(*this);
  }
  void on_closed(io::connection&) override {
    const auto self = shared_from_this();
    if (owner_ != nullptr) owner_->on_link_closed(*this);
  }
  void on_time() override {
    if (owner_ != nullptr) owner_->on_link_idle(*this);
  }

  connector* way_;
  link_events* owner_;
};

}  // namespace polywire::inline v1::detail

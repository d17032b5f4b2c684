// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/io/connection.hpp"

#include <memory>

namespace polywire::inline v1::detail {

class client_link;

class link_events {
 public:
  virtual void on_link_capacity() = 0;
  virtual void on_link_closed(client_link& gone) = 0;

 protected:
  ~link_events() = default;
};

/// One connection of a channel.
class client_link final : public io::connection_owner,
                          public std::enable_shared_from_this<client_link> {
 public:
  explicit client_link(link_events& owner) noexcept : owner_(&owner) {}

  std::shared_ptr<io::connection> connection;
  /// The server takes no more calls here.
  bool draining = false;

  /// The channel does not want to hear of it any more.
  void detach() noexcept { owner_ = nullptr; }

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
    if (owner_ != nullptr) owner_->on_link_capacity();
  }
  void on_closed(io::connection&) override {
    const auto self = shared_from_this();
    if (owner_ != nullptr) owner_->on_link_closed(*this);
  }

  link_events* owner_;
};

}  // namespace polywire::inline v1::detail

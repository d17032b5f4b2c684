// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/blocking.hpp"
#include "polywire/call/counted.hpp"
#include "polywire/call/operations.hpp"
#include "polywire/codec/codec.hpp"
#include "polywire/core/publish_options.hpp"
#include "polywire/rpc/hub/hub.hpp"
#include "polywire/server/detail/server_core.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace polywire::inline v1::detail {

/// An event that its service publishes itself: encoded, on its way into the hub.
class local_event {
 public:
  template <class T>
  local_event(std::string_view topic, const T& event, const publish_options& options)
      : topic_(topic), key_(options.get_key()), encoding_(codec<T>::preferred) {
    how_ = options.error();
    if (how_.ok()) how_ = codec<T>::encode(event, encoding_, message_);
  }

  /// Empty: the topic waits for a slow subscriber, and `waiter` hears of it later.
  std::optional<status> publish(served& to, rpc::publish_waiter* waiter) const {
    if (!how_.ok()) return how_;
    rpc::publication p;
    p.topic = topic_;
    p.encoding = encoding_;
    p.payload = message_.view();
    p.key = key_;
    const auto done = to.topics->hub().publish(p, to.options.get_clock().now(), waiter);
    if (!done) return std::nullopt;
    return done->status();
  }

 private:
  std::string topic_;
  std::string key_;
  format encoding_;
  buffer message_;
  status how_;
};

/// Publishes, and where the topic waits for a slow subscriber, waits with it.
inline status publish_blocking(const std::shared_ptr<served>& to, const local_event& event) {
  class waiter final : public rpc::publish_waiter {
   public:
    rendezvous<status> done;

   private:
    void on_published(result<event_id> how) override { done.set(how ? status() : how.status()); }
  };
  // A thread that serves connections must not wait for one of them.
  if (io::loop::inside_any()) return *event.publish(*to, nullptr);
  waiter waits;
  if (auto done = event.publish(*to, &waits)) return *done;
  const clock& time = to->options.get_clock();
  const auto most = to->options.get_limits().block_timeout + std::chrono::seconds(1);
  const auto how = waits.done.wait(time.is_real() ? after(time.now(), most) : never);
  to->topics->hub().forget(waits);
  if (how) return *how;
  return status::resource_exhausted("the topic still waits for a slow subscriber");
}

/// The same without blocking; `Handler` takes a status.
template <class Handler>
class publish_op final : public counted, public rpc::publish_waiter, private io::completion {
 public:
  publish_op(std::shared_ptr<served> to, std::shared_ptr<io::loop> home, Handler handler)
      : to_(std::move(to)), home_(std::move(home)), handler_(std::move(handler), *home_) {}

  void start(const local_event& event) {
    auto slot = handler_.cancellation_slot();
    if (slot.is_connected()) {
      slot.assign([self = ref<publish_op>(this)](asio::cancellation_type) {
        self->home_->run([self] { self->cancel(); });
      });
    }
    add_ref();  // the hub's
    if (auto done = event.publish(*to_, this)) set(std::move(*done));
  }

 private:
  // On any thread.
  void on_published(result<event_id> how) override { set(how ? status() : how.status()); }
  void set(status how) {
    home_->run([self = ref<publish_op>(this), how = std::move(how)]() mutable {
      self->finish(std::move(how));
    });
  }
  void cancel() {
    to_->topics->hub().forget(*this);
    finish(status(status_code::cancelled, "the publishing was cancelled", outcome::not_sent));
  }
  void finish(status how) {
    if (std::exchange(over_, true)) return;
    how_ = std::move(how);
    home_->complete(*this);
  }
  void complete() override {
    auto handler = std::move(handler_);
    status how = std::move(how_);
    release();
    handler.invoke(std::move(how));
  }
  void discard() noexcept override { release(); }

  std::shared_ptr<served> to_;
  std::shared_ptr<io::loop> home_;
  held_handler<Handler> handler_;
  status how_;
  bool over_ = false;
};

}  // namespace polywire::inline v1::detail

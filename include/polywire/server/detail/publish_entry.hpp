// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/counted.hpp"
#include "polywire/server/detail/server_call.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace polywire::inline v1::detail {

/// What takes the events that clients publish, whatever their topic.
class publish_entry final : public server_entry {
 public:
  publish_entry() : server_entry("", call_type::publish, idempotency::none) {}

  opened_call start(const std::shared_ptr<server_link>& link, rpc::call_id id,
                    const rpc::call_head& head) override {
    return new call(link, id, *this, head);
  }

 private:
  class call final : public counted,
                     public server_call,
                     public rpc::call_sink,
                     private rpc::publish_waiter {
   public:
    call(const std::shared_ptr<server_link>& link, rpc::call_id id, publish_entry& entry,
         const rpc::call_head& head)
        : server_call(link, id, entry, head), key_(head.key) {
      add_ref();  // the session's
    }

   private:
    void keep() noexcept override { add_ref(); }
    void unkeep() noexcept override { release(); }
    rpc::hub& hub() const noexcept { return link_->home().what().topics->hub(); }

    void on_metadata(polywire::metadata&&) override {}
    void on_sent() override {}
    void on_message(const incoming& message, bool last) override {
      if (std::exchange(has_event_, true)) {
        return fail(status::invalid_argument("one event is published by one call"));
      }
      if (last && !message.is_object()) return publish(message.encoding(), message.encoded());
      if (auto done = message.read(event_, bounds()); !done) return fail(done);
      if (last) on_half_close();
    }
    void on_half_close() override {
      if (!has_event_) return fail(status::invalid_argument("an event needs a message"));
      const payload event = *std::exchange(event_, std::nullopt);
      publish(event.encoding(), event.data().view());
    }
    void on_end(status&& how, polywire::metadata&&) override { cancelled_by(how); }
    void on_cancelled(const status&) override {
      if (!waiting_) return;
      hub().forget(*this);
      stop_waiting();
    }

    void publish(format encoding, bytes_view message) {
      rpc::publication p;
      p.topic = method_;
      p.encoding = encoding;
      p.payload = message;
      p.key = key_;
      p.remote = true;
      waiting_ = true;
      add_ref();  // the hub's
      if (const auto done = hub().publish(p, home_->now(), this)) {
        stop_waiting();
        answer(done->status());
      }
    }
    // On any thread.
    void on_published(result<event_id> done) override {
      home_->run([self = ref<call>(this), how = done ? status() : done.status()] {
        self->stop_waiting();
        self->answer(how);
      });
    }
    void stop_waiting() noexcept {
      if (std::exchange(waiting_, false)) release();
    }
    void answer(const status& how) {
      if (!is_open()) return;
      if (!how.ok()) return reject(how);  // nothing was published
      handler_done();
      end(nullptr, how);
    }

    std::string key_;
    bool has_event_ = false;
    std::optional<payload> event_;
    bool waiting_ = false;
  };
};

}  // namespace polywire::inline v1::detail

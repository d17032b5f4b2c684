// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/counted.hpp"
#include "polywire/codec/message_fields.hpp"
#include "polywire/server/detail/handler_forms.hpp"
#include "polywire/server/detail/server_call.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace polywire::inline v1::detail {

template <class T>
outgoing reply_of(T& value, format f) {
  return outgoing(std::move(value), f);
}
inline outgoing reply_of(payload& value, format) {
  return outgoing(value.encoding(), value.data().view());
}

/// A unary method with its handler. `Request` and `Response` may both be `payload`.
template <class Request, class Response, class Handler>
class unary_entry final : public server_entry {
 public:
  unary_entry(std::string_view name, idempotency repeat, Handler handler, io::executor pool)
      : server_entry(name, call_type::unary, repeat),
        handler_(std::move(handler)),
        pool_(std::move(pool)) {}

  opened_call start(const std::shared_ptr<server_link>& link, rpc::call_id id,
                    const rpc::call_head& head) override {
    return new call(link, id, *this, head);
  }
  message_fields request_fields() const override { return fields_of<Request>(); }

 private:
  using returned = handler_result<Handler, const Request>;

  class call final : public counted,
                     public server_call,
                     public rpc::call_sink,
                     private io::completion {
   public:
    call(const std::shared_ptr<server_link>& link, rpc::call_id id, unary_entry& entry,
         const rpc::call_head& head)
        : server_call(link, id, entry, head), entry_(&entry) {
      add_ref();  // the session's
    }

   private:
    void keep() noexcept override { add_ref(); }
    void unkeep() noexcept override { release(); }

    void on_metadata(polywire::metadata&&) override {}
    void on_sent() override {}
    void on_message(const incoming& message, bool last) override {
      if (request_) return fail(status::unimplemented("a unary call has one message"));
      auto decoded = message.read(request_, bounds());
      if (!decoded) return fail(decoded);
      if (last) run();
    }
    void on_half_close() override {
      if (request_) return run();
      fail(status::unimplemented("a unary call needs a message"));
    }
    void on_end(status&& how, polywire::metadata&&) override { cancelled_by(how); }
    void on_cancelled(const status&) override {
      if constexpr (is_awaitable<returned>) runner_.stop(ref<counted>(this));
    }

    void run() {
      if constexpr (!is_awaitable<returned>) {
        if (!entry_->pool_) {
          const ref<call> self(this);
          return reply(invoke());
        }
      }
      // Not within the session, whose callback this is.
      add_ref();
      home_->complete(*this);
    }

    void complete() override {
      const ref<call> self(this);
      release();
      if (cancelled()) return;
      if constexpr (is_awaitable<returned>) {
        runner_.spawn(
            entry_->pool_ ? io::executor(asio::make_strand(entry_->pool_)) : home_->get_executor(),
            self, run_coroutine(self));
      } else {
        asio::post(entry_->pool_, [self] {
          if (self->cancelled()) return;
          self->home_->post_function(
              [self, r = self->invoke()]() mutable { self->reply(std::move(r)); });
        });
      }
    }
    void discard() noexcept override { release(); }

    result<Response> invoke()
      requires(!is_awaitable<returned>)
    {
      try {
        const Request& request = *request_;
        return invoke_handler(entry_->handler_, *this, request);
      } catch (...) {
        return caught(std::current_exception());
      }
    }

    static asio::awaitable<void> run_coroutine(ref<call> self) {
      result<Response> r;
      try {
        const Request& request = *self->request_;
        r = co_await invoke_handler(self->entry_->handler_, static_cast<server_context&>(*self),
                                    request);
      } catch (...) {
        r = self->caught(std::current_exception());
      }
      self->home_->run([self, r = std::move(r)]() mutable { self->reply(std::move(r)); });
    }

    void reply(result<Response> r) {
      handler_done();
      if (!is_open()) return;
      if constexpr (std::same_as<Response, payload>) {
        if (r && r->encoding() != encoding_) {
          r = status::internal("the handler answered in " + std::string(to_string(r->encoding())) +
                               ", but the call is in " + std::string(to_string(encoding_)));
        }
      }
      if (r) {
        const outgoing message = reply_of(*r, encoding_);
        end(&message, {});
      } else {
        end(nullptr, r.status());
      }
    }

    unary_entry* entry_;
    std::optional<Request> request_;
    [[no_unique_address]] std::conditional_t<is_awaitable<returned>, coroutine_runner,
                                             std::monostate> runner_;
  };

  Handler handler_;
  io::executor pool_;
};

}  // namespace polywire::inline v1::detail

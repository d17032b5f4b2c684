// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/call/operations.hpp"
#include "polywire/codec/message_fields.hpp"
#include "polywire/server/detail/handler_forms.hpp"
#include "polywire/server/detail/server_call.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace polywire::inline v1::detail {

/// A streaming method with its handler; `Type` says which directions stream.
template <call_type Type, class Request, class Response, class Handler>
class stream_entry final : public server_entry {
 public:
  stream_entry(std::string_view name, idempotency repeat, Handler handler, io::executor pool)
      : server_entry(name, Type, repeat), handler_(std::move(handler)), pool_(std::move(pool)) {}

  opened_call start(const std::shared_ptr<server_link>& link, rpc::call_id id,
                    const rpc::call_head& head) override {
    return new call(link, id, *this, head);
  }
  message_fields request_fields() const override { return fields_of<Request>(); }

 private:
  static constexpr bool one_request = Type == call_type::server_streaming;
  static constexpr bool one_response = Type == call_type::client_streaming;

  using returned = typename std::conditional_t<
      Type == call_type::server_streaming,
      deferred_result<Handler, const Request, writer<Response>>,
      std::conditional_t<Type == call_type::client_streaming,
                         deferred_result<Handler, reader<Request>>,
                         deferred_result<Handler, reader<Request>, writer<Response>>>>::type;

  class call final : public stream_core, public server_call, private io::completion {
   public:
    call(const std::shared_ptr<server_link>& link, rpc::call_id id, stream_entry& entry,
         const rpc::call_head& head)
        : stream_core(link->home().home(), link->bounds(), head.messages, link->carries_objects),
          server_call(link, id, entry, head),
          entry_(&entry) {
      add_ref();  // the session's
      attach(*link->connection, id);
    }

    void cancel() override {
      home()->run([self = ref<call>(this)] {
        self->fail(status::cancelled("the handler gave the call up"));
      });
    }
    status may_block() const override {
      if (entry_->pool_ && !io::loop::inside_any()) return {};
      return status::failed_precondition(
          "this is an I/O thread, which must not block: use the async_ form, or handle(…, "
          "on(pool))");
    }

   private:
    friend class stream_entry;
    void keep() noexcept override { add_ref(); }
    void unkeep() noexcept override { release(); }
    void begin() override {
      if constexpr (!one_request) run();
    }

    void on_metadata(polywire::metadata&&) override {}
    void on_message(const incoming& message, bool last) override {
      if constexpr (one_request) {
        if (request_) return fail(status::unimplemented("this call has one request"));
        auto decoded = message.read(request_, server_call::bounds());
        if (!decoded) return fail(decoded);
        if (last) run();
      } else {
        stream_core::on_message(message, last);
      }
    }
    void on_half_close() override {
      if constexpr (one_request) {
        if (request_) return run();
        fail(status::unimplemented("this call needs a request"));
      } else {
        end_reading();
      }
    }
    void on_end(status&& how, polywire::metadata&&) override { cancelled_by(how); }
    void on_cancelled(const status& why) override {
      final_ = why;
      end_streams();
      runner_.stop(ref<counted>(this));
    }
    void on_bad_message(status why) override { fail(why); }
    status write_status() const override {
      return final_.ok() ? status::cancelled("the call is over") : final_;
    }
    void before_send() override { send_initial(); }

    void run() {
      add_ref();
      home()->complete(*this);
    }
    void complete() override {
      const ref<call> self(this);
      release();
      if (cancelled()) return;
      if constexpr (is_awaitable<returned>) {
        runner_.spawn(
            entry_->pool_ ? io::executor(asio::make_strand(entry_->pool_)) : home()->get_executor(),
            self, run_coroutine(self));
      } else {
        asio::post(entry_->pool_, [self] { run_blocking(self); });
      }
    }
    void discard() noexcept override { release(); }

    // Hands over the arguments that this type of call has.
    returned invoke(reader<Request>& requests, writer<Response>& responses) {
      server_context& context = *this;
      if constexpr (Type == call_type::server_streaming) {
        const Request& request = *request_;
        return invoke_handler(entry_->handler_, context, request, responses);
      } else if constexpr (Type == call_type::client_streaming) {
        return invoke_handler(entry_->handler_, context, requests);
      } else {
        return invoke_handler(entry_->handler_, context, requests, responses);
      }
    }

    static asio::awaitable<void> run_coroutine(ref<call> self) {
      reader<Request> requests{ref<stream_core>(self)};
      writer<Response> responses{ref<stream_core>(self)};
      outcome_type how;
      try {
        how = co_await self->invoke(requests, responses);
      } catch (...) {
        how = self->caught(std::current_exception());
      }
      finish_soon(self, std::move(how));
    }
    static void run_blocking(const ref<call>& self) {
      if (self->cancelled()) return;
      reader<Request> requests{ref<stream_core>(self)};
      writer<Response> responses{ref<stream_core>(self)};
      outcome_type how;
      try {
        how = self->invoke(requests, responses);
      } catch (...) {
        how = self->caught(std::current_exception());
      }
      finish_soon(self, std::move(how));
    }

    using outcome_type = std::conditional_t<one_response, result<Response>, status>;

    static void finish_soon(const ref<call>& self, outcome_type how) {
      self->home()->run([self, how = std::move(how)]() mutable { self->finish(std::move(how)); });
    }
    void finish(outcome_type how) {
      handler_done();
      if (!is_open()) return;
      if constexpr (one_response) {
        if (how) {
          const outgoing message(std::move(*how), stream_core::encoding());
          end(&message, {});
        } else {
          end(nullptr, how.status());
        }
      } else {
        end(nullptr, how);
      }
      end_streams();
    }

    stream_entry* entry_;
    std::optional<Request> request_;
    coroutine_runner runner_;
  };

  Handler handler_;
  io::executor pool_;
};

}  // namespace polywire::inline v1::detail

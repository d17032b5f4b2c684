// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/client.hpp"
#include "polywire/loopback.hpp"
#include "polywire/server.hpp"
#include "polywire/testing/manual_clock.hpp"

#include "line_backend.hpp"
#include "support/catch.hpp"
#include "support/streams.hpp"

#include <asio/redirect_error.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Clients whose connecting a test watches and steers: in memory, on a manual clock.
namespace steered {

namespace pw = polywire;
using pw::outcome;
using pw::result;
using pw::status_code;
using pw::text;
using namespace std::chrono_literals;

inline constexpr pw::unary<text, text> who{"test.v1.Test/Who"};
inline constexpr pw::unary<text, text> wait{"test.v1.Test/Wait"};

/// The memory transport, which remembers who was dialled, and can refuse or not answer at all.
class transport final : public pw::io::transport {
 public:
  transport() noexcept : pw::io::transport("steered") {}

  static inline std::vector<std::string> dialled;
  static inline bool silent = false;
  static inline bool refusing = false;

  std::unique_ptr<pw::io::operation> connect(const pw::io::executor& ex, const pw::url& target,
                                             std::size_t host,
                                             connect_handler then) const override {
    dialled.push_back(target.hosts()[host].to_string());
    if (silent) return std::make_unique<nothing>();
    const pw::url nobody = test::parse("steered://nobody");
    return pw::testing::the_memory_transport.connect(ex, refusing ? nobody : target,
                                                     refusing ? 0 : host, std::move(then));
  }
  pw::result<std::unique_ptr<pw::io::acceptor>> listen(const pw::io::executor& ex,
                                                       const pw::url& where) const override {
    return pw::testing::the_memory_transport.listen(ex, where);
  }

 private:
  class nothing final : public pw::io::operation {
   public:
    void cancel() noexcept override {}
  };
};

inline const transport the_transport;
inline const pw::rpc::scheme frames{"steered", pw::framed::protocol, "steered"};
/// One call on each connection.
inline const pw::rpc::scheme lines{"line+steered", line_backend::protocol, "steered"};

/// A server that answers `who` with its name, and `wait` when the test says so.
class service {
 public:
  service(asio::io_context& context, const std::string& url, std::string name,
          const pw::server_options& options = {})
      : bell(context, asio::steady_timer::time_point::max()),
        server(context.get_executor(), options) {
    server.handle(who, [this, name](const text&) { return ++calls, text(name); });
    server.handle(wait, [this, name](const text&) -> asio::awaitable<text> {
      ++calls;
      asio::error_code ignored;
      co_await bell.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      co_return text(name);
    });
    (void)server.listen(url).value();
  }

  int calls = 0;
  asio::steady_timer bell;
  pw::server server;
};

class world {
 public:
  using answer = std::shared_ptr<std::optional<result<text>>>;

  world() {
    transport::dialled.clear();
    transport::silent = false;
    transport::refusing = false;
  }

  pw::client client(const std::string& url, pw::client_options options = {}) {
    return pw::client(context.get_executor(), url, options.clock(clock));
  }
  static pw::client_options counting(int& connections) {
    return pw::client_options().stream_hook([&connections](auto stream) {
      ++connections;
      return stream;
    });
  }

  answer start(pw::client& user, const pw::unary<text, text>& m = who, pw::call_options how = {}) {
    auto back = std::make_shared<std::optional<result<text>>>();
    user.async_call(m, text("?"), std::move(how), [back](result<text> r) { *back = std::move(r); });
    return back;
  }
  /// What is there once nothing moves any more without the clock.
  std::string settle(const answer& a) {
    test::drain(context);
    if (!a->has_value()) return "pending";
    if (**a) return (**a)->str();
    return std::string(to_string((*a)->status().code())) + " " +
           std::string(to_string((*a)->status().reached()));
  }
  std::string call(pw::client& user, const pw::unary<text, text>& m = who,
                   pw::call_options how = {}) {
    return settle(start(user, m, std::move(how)));
  }
  void pass(pw::duration time) {
    clock.advance(time);
    test::drain(context);
  }
  static std::size_t attempts() { return transport::dialled.size(); }

  pw::testing::manual_clock clock;  // outlives what lives on the context
  pw::testing::manual_clock servers;
  asio::io_context context;
};

}  // namespace steered

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/conformance/environment.hpp"
#include "polywire/testing/conformance/tools.hpp"

#include "polywire/client.hpp"
#include "polywire/server.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace polywire::inline v1::testing::conformance {

/// The files of TLS for the servers and clients of all scenarios: whoever runs the suite over
/// encrypted connections sets them first.
inline tls_options& suite_tls() {
  static tls_options files;
  return files;
}

/// Options of the servers of scenarios: silent, and a failed scenario does not wait long for calls
/// that nobody will finish.
inline server_options quiet_server(limits bounds = {}) {
  if (bounds.drain_timeout == limits().drain_timeout) bounds.drain_timeout = 2s;
  server_options options;
  options.limits(bounds).tls(suite_tls());
  options.log([](log_level, std::string_view) {});
  return options;
}

inline client_options quiet_client(limits bounds = {}) {
  client_options options;
  options.limits(bounds).tls(suite_tls());
  options.log([](log_level, std::string_view) {});
  return options;
}

/// Limits for a clock that jumps by hours: nothing but the calls' deadlines notices.
inline limits timeless() {
  limits bounds;
  bounds.ping_interval = std::chrono::hours(1000);
  bounds.handshake_timeout = std::chrono::hours(1000);
  bounds.read_progress_timeout = std::chrono::hours(1000);
  bounds.write_timeout = std::chrono::hours(1000);
  bounds.connect_timeout = std::chrono::hours(1000);
  bounds.idle_timeout = std::chrono::hours(1000);
  return bounds;
}

/// A server on a thread of its own, from construction to destruction.
class running_server {
 public:
  /// `configure(server&)` registers the handlers.
  template <class Configure>
  running_server(std::string_view url, Configure&& configure,
                 server_options options = quiet_server(), unsigned threads = 1,
                 const std::source_location& where = std::source_location::current())
      : server_(std::move(options)) {
    configure(server_);
    auto bound = server_.listen(url);
    check_ok(bound.status(), "listening on " + std::string(url), where);
    endpoint_ = std::move(*bound);
    thread_ = std::thread([this, threads] {
      server_.run(threads);
      stopped_.put(true);
    });
  }
  running_server(const running_server&) = delete;
  running_server& operator=(const running_server&) = delete;
  ~running_server() {
    server_.stop();
    thread_.join();
  }

  /// Where it can be reached.
  const std::string& url() const { return endpoint_->url(); }
  const polywire::endpoint& endpoint() const { return *endpoint_; }
  polywire::server& get() noexcept { return server_; }
  /// Told when `run` has returned.
  const arrivals<bool>& stopped() const noexcept { return stopped_; }

 private:
  polywire::server server_;
  result<polywire::endpoint> endpoint_;
  arrivals<bool> stopped_;
  std::thread thread_;
};

/// Runs a coroutine with a client that lives on the calling thread, and hands on what it throws.
template <class Function>  // asio::awaitable<void>(client&)
void on_own_context(std::string_view url, Function function,
                    client_options options = quiet_client(),
                    const std::source_location& where = std::source_location::current()) {
  asio::io_context context(1);
  client user(context.get_executor(), url, std::move(options));
  std::exception_ptr thrown;
  bool done = false;
  asio::co_spawn(context, function(user), [&](std::exception_ptr error) {
    thrown = error;
    done = true;
    context.stop();
  });
  context.run_for(2 * patience);
  if (thrown) std::rethrow_exception(thrown);
  check(done, "the client's coroutine did not come to an end", where);
}

/// Runs the context until the condition holds.
template <class Condition>
void run_until(asio::io_context& context, Condition holds, std::string_view what,
               const std::source_location& where = std::source_location::current()) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= end) fail("waited in vain for: " + std::string(what), where);
    context.restart();
    context.run_one_for(50ms);
  }
}

}  // namespace polywire::inline v1::testing::conformance

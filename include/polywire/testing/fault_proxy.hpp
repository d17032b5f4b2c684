// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "polywire/testing/proxy_connection.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace polywire::inline v1::testing {

/// A TCP proxy on a free port of 127.0.0.1 that passes connections on to a port of this machine,
/// and treats them as badly as it is told. What it does is set for each direction, and may change
/// while it runs: connections that exist feel it too.
///
/// Lifetime: the executor must be serial (an io_context run by one thread, or a strand). The
/// destructor closes everything, on the executor, whose context must outlive the proxy.
/// Thread safety: everything may be called from any thread.
/// Errors: the constructor throws `asio::system_error` when no port can be had.
///
///     asio::thread_pool network(1);
///     testing::fault_proxy proxy(network.get_executor(), endpoint->port());
///     polywire::client user("tcp://127.0.0.1:" + std::to_string(proxy.port()));
///     proxy.requests(testing::proxy_faults().latency(50ms, 20ms));
///     proxy.answers(testing::proxy_faults().slices(3).reset_after(1000));
class fault_proxy {
 public:
  /// `to`: the port of 127.0.0.1 where the server listens. The same seed gives the same jitter,
  /// slices and bits: the random numbers of a connection follow from the seed, the connection's
  /// number and the direction.
  fault_proxy(const io::executor& ex, std::uint16_t to, std::uint32_t seed = 1)
      : state_(std::make_shared<state>(ex, to, seed)) {
    asio::dispatch(ex, [s = state_] { state::accept(s); });
  }
  fault_proxy(const fault_proxy&) = delete;
  fault_proxy& operator=(const fault_proxy&) = delete;
  ~fault_proxy() {
    asio::dispatch(state_->executor, [s = state_] { s->close(); });
  }

  /// Where clients connect to.
  std::uint16_t port() const noexcept { return state_->port; }

  /// What happens on the way to the server, and on the way back.
  void requests(const proxy_faults& what) { state_->settings->set(0, what); }
  void answers(const proxy_faults& what) { state_->settings->set(1, what); }
  /// In both directions. `clear` ends all faults; connections that broke stay broken.
  void both(const proxy_faults& what) {
    requests(what);
    answers(what);
  }
  void clear() { both(proxy_faults()); }

  /// Connections from now on go to this port: the server has moved.
  void send_to(std::uint16_t port) { state_->to = port; }
  /// New connections are reset at once, or served again.
  void refuse(bool on) { state_->refuses = on; }
  /// Resets every connection there is.
  void reset_all() {
    asio::dispatch(state_->executor, [s = state_] { s->reset_all(); });
  }

  /// Connections that came in since the beginning, and those that are open now.
  std::size_t accepted() const noexcept { return state_->accepted; }
  std::size_t open() const noexcept { return state_->open; }
  /// How many of them a fault has broken: `reset_after`, `close_after`, `reset_all`, `refuse`.
  std::size_t broken() const noexcept { return state_->settings->broken; }

 private:
  using tcp = asio::ip::tcp;

  class state final : public proxy_owner, public std::enable_shared_from_this<state> {
   public:
    state(const io::executor& ex, std::uint16_t target, std::uint32_t first_seed)
        : executor(ex),
          seed(first_seed),
          to(target),
          acceptor(ex, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          port(acceptor.local_endpoint().port()) {}

    static void accept(const std::shared_ptr<state>& s) {
      s->acceptor.async_accept([s](io::error_code error, tcp::socket client) {
        if (s->closed) return;
        if (!error) s->take(std::move(client));
        if (!error || error == asio::error::connection_aborted) return accept(s);
        s->pause.expires_after(std::chrono::milliseconds(10));  // out of descriptors
        s->pause.async_wait([s](io::error_code) {
          if (!s->closed) accept(s);
        });
      });
    }

    void take(tcp::socket client) {
      const auto number = static_cast<std::uint32_t>(++accepted);
      if (refuses) {
        ++settings->broken;
        return proxy_connection::reset(client);
      }
      auto made = std::make_shared<proxy_connection>(shared_from_this(), settings,
                                                     std::move(client), seed + 2 * number);
      connections.push_back(made);
      ++open;
      made->start(to);
    }
    void on_gone(const proxy_connection& gone) override {
      open -= std::erase_if(connections, [&gone](const auto& c) { return c.get() == &gone; });
    }
    void reset_all() {
      for (const auto& c : std::vector(connections)) c->break_off();
    }
    void close() {
      closed = true;
      io::error_code ignored;
      acceptor.close(ignored);
      pause.cancel();
      for (const auto& c : std::vector(connections)) c->close();
    }

    const io::executor executor;
    const std::uint32_t seed;
    std::atomic<std::uint16_t> to;
    tcp::acceptor acceptor;
    const std::uint16_t port;
    asio::steady_timer pause{executor};
    const std::shared_ptr<proxy_settings> settings = std::make_shared<proxy_settings>();
    std::vector<std::shared_ptr<proxy_connection>> connections;
    std::atomic<std::size_t> accepted{0};
    std::atomic<std::size_t> open{0};
    std::atomic<bool> refuses{false};
    bool closed = false;
  };

  std::shared_ptr<state> state_;
};

}  // namespace polywire::inline v1::testing

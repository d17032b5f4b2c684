// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// What a server pays for a connection that has made a call and then rests: its resident memory with
// ten thousand of them, without what the system keeps for the sockets.

#include "benchmark.hpp"
#include "processes.hpp"
#include "tcp_service.hpp"
#include "tls_files.hpp"

#include <asio/io_context.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <fstream>
#include <stdexcept>
#include <string>

namespace benchmarks {
namespace {

constexpr polywire::unary<polywire::text, polywire::text> resident_memory{
    "benchmark.v1.Memory/Resident"};

constexpr std::size_t wanted_connections = 10'000;
constexpr std::size_t settled_connections = 200;  // by then, what all of them share is there
constexpr std::size_t callers = 32;

/// As many as may be open at a time, with the limit raised as far as it goes.
std::size_t possible_connections() {
  constexpr std::size_t others = 100;
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = descriptors.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &descriptors);
  if (descriptors.rlim_cur < others + 2 * settled_connections) {
    throw std::runtime_error("too few descriptors (ulimit -n)");
  }
  return std::min<std::size_t>(descriptors.rlim_cur - others, wanted_connections);
}

std::string own_resident_memory() {
  std::ifstream from("/proc/self/statm");
  long total = 0;
  long resident = 0;
  if (!(from >> total >> resident)) throw std::runtime_error("cannot read /proc/self/statm");
  return std::to_string(resident * ::sysconf(_SC_PAGESIZE));
}

void serve(const std::string& scheme, const std::function<void(std::uint16_t)>& report) {
  (void)possible_connections();
  polywire::limits bounds;
  bounds.max_connections = wanted_connections + 1;
  polywire::server server(
      polywire::server_options().limits(bounds).tls(tls_files::instance().server()));
  add_handlers(server);
  server.handle(resident_memory,
                [](const polywire::text&) { return polywire::text(own_resident_memory()); });
  report(expect(server.listen(scheme + "://127.0.0.1:0")).port());
  server.run();
}

class many_clients {
 public:
  many_clients(std::string url, std::size_t count)
      : url_(std::move(url)), count_(count), asker_(make()) {}

  double bytes_per_connection() {
    asio::co_spawn(context_, measure(), rethrow);
    context_.run();
    return result_;
  }

 private:
  polywire::client make() {
    const auto options = polywire::client_options().tls(tls_files::instance().client());
    return polywire::client(context_.get_executor(), url_, options);
  }

  asio::awaitable<void> measure() {
    const double before = co_await connect(settled_connections);
    const double after = co_await connect(count_);
    result_ = (after - before) / static_cast<double>(count_ - settled_connections);
    context_.stop();
  }
  /// Returns what the server has then.
  asio::awaitable<double> connect(std::size_t count) {
    while (clients_.size() < count) {
      const std::size_t first = clients_.size();
      for (std::size_t i = first; i < std::min(first + callers, count); ++i) {
        clients_.push_back(make());
        asio::co_spawn(context_, call(clients_.back()), rethrow);
      }
      while (called_ < clients_.size()) co_await ask();
    }
    co_return co_await ask();
  }
  asio::awaitable<void> call(polywire::client& one) {
    const CreateUserRequest request = make_request();
    expect(co_await one.async_call(create_user, request));
    ++called_;
  }
  asio::awaitable<double> ask() {
    const polywire::text nothing;
    const auto answer = co_await asker_.async_call(resident_memory, nothing);
    if (!answer) throw std::runtime_error(answer.status().to_string());
    co_return std::stod(answer->str());
  }

  asio::io_context context_{1};
  std::string url_;
  std::size_t count_;
  polywire::client asker_;
  std::deque<polywire::client> clients_;
  std::size_t called_ = 0;
  double result_ = 0;
};

benchmark idle(const std::string& scheme) {
  return {
      scheme + "/bytes_per_idle_connection", "bytes", "",
      [scheme](const timing&) {
        (void)tls_files::instance();
        return run_pair(
            [&](const auto& report) { serve(scheme, report); },
            [&](std::uint16_t port) {
              const std::string at = "://127.0.0.1:" + std::to_string(port);
              return many_clients(scheme + at, possible_connections() - 1).bytes_per_connection();
            });
      },
      effort::one_round};
}

}  // namespace

std::vector<benchmark> memory_benchmarks() { return {idle("tcp"), idle("tls")}; }

}  // namespace benchmarks

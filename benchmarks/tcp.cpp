// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Unary calls over tcp://.

#include "benchmark.hpp"
#include "meter.hpp"
#include "processes.hpp"
#include "tcp_service.hpp"

#include <asio/io_context.hpp>

#include <cstdint>
#include <stdexcept>

namespace benchmarks {
namespace {

double call(std::uint16_t port, int outstanding, const timing& how) {
  asio::io_context context(1);
  polywire::client client(context.get_executor(), tcp_url(port));
  meter calls(context, how);
  for (int i = 0; i < outstanding; ++i) {
    asio::co_spawn(context, keep_calling(client, calls), rethrow);
  }
  context.run();
  return calls.per_second();
}

double call_blocking(std::uint16_t port, const timing& how) {
  polywire::client client(tcp_url(port));
  const CreateUserRequest request = make_request();
  return measure_loop(how, [&] {
    if (!is_right(expect(client.call(create_user, request)))) {
      throw std::runtime_error("a wrong reply");
    }
    return 1U;
  });
}

template <class Measure>
benchmark over_tcp(const char* name, const char* floor, Measure measure) {
  return {name, "calls/s", floor, [measure](const timing& how) {
            return run_pair(serve_tcp, [&](std::uint16_t port) { return measure(port, how); });
          }};
}

}  // namespace

std::vector<benchmark> tcp_benchmarks() {
  const auto outstanding = [](int n) {
    return [n](std::uint16_t port, const timing& how) { return call(port, n, how); };
  };
  return {over_tcp("tcp/unary/closed", "floor/unary/closed", outstanding(1)),
          over_tcp("tcp/unary/64", "floor/unary/64", outstanding(64)),
          over_tcp("tcp/unary/blocking", "floor/unary/closed", call_blocking)};
}

}  // namespace benchmarks

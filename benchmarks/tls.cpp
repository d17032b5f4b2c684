// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// polywire over tls://. What tcp does without encryption is its floor.

#include "benchmark.hpp"
#include "meter.hpp"
#include "processes.hpp"
#include "service.hpp"
#include "tls_files.hpp"

#include <asio/io_context.hpp>

#include <cstdint>
#include <string>

namespace benchmarks {
namespace {

void serve(const std::function<void(std::uint16_t)>& report) {
  polywire::server server(polywire::server_options().tls(tls_files::instance().server()));
  add_handlers(server);
  report(expect(server.listen("tls://127.0.0.1:0")).port());
  server.run();
}

double call(std::uint16_t port, int outstanding, const timing& how) {
  asio::io_context context(1);
  polywire::client client(context.get_executor(), "tls://127.0.0.1:" + std::to_string(port),
                          polywire::client_options().tls(tls_files::instance().client()));
  meter calls(context, how);
  for (int i = 0; i < outstanding; ++i) {
    asio::co_spawn(context, keep_calling(client, calls), rethrow);
  }
  context.run();
  return calls.per_second();
}

benchmark unary(const char* name, const char* floor, int outstanding) {
  return {name, "calls/s", floor, [outstanding](const timing& how) {
            (void)tls_files::instance();
            return run_pair(serve,
                            [&](std::uint16_t port) { return call(port, outstanding, how); });
          }};
}

}  // namespace

std::vector<benchmark> tls_benchmarks() {
  return {unary("tls/unary/closed", "tcp/unary/closed", 1),
          unary("tls/unary/64", "tcp/unary/64", 64)};
}

}  // namespace benchmarks

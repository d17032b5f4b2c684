// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Unary calls over http://, as JSON.

#include "benchmark.hpp"
#include "http_load.hpp"
#include "meter.hpp"
#include "processes.hpp"
#include "service.hpp"

#include <polywire/http.hpp>

#include <asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace benchmarks {
namespace {

void serve_http(const std::function<void(std::uint16_t)>& report) {
  polywire::server server;
  add_handlers(server);
  report(expect(server.listen("http://127.0.0.1:0")).port());
  server.run();
}

double call(std::uint16_t port, const timing& how) {
  asio::io_context context(1);
  polywire::client client(context.get_executor(),
                          "http://127.0.0.1:" + std::to_string(port) + "?format=json");
  meter calls(context, how);
  asio::co_spawn(context, keep_calling(client, calls), rethrow);
  context.run();
  return calls.per_second();
}

}  // namespace

std::vector<benchmark> http_benchmarks() {
  std::vector<benchmark> all = by_wrk("http/unary/wrk", serve_http);
  all.push_back({"http/unary/closed", "calls/s", "floor/http/json/closed", [](const timing& how) {
                   return run_pair(serve_http, [&](std::uint16_t port) { return call(port, how); });
                 }});
  return all;
}

}  // namespace benchmarks

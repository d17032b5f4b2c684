// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// polywire over inproc://, both ends on one executor.

#include "benchmark.hpp"
#include "meter.hpp"
#include "processes.hpp"
#include "service.hpp"

#include <polywire/inproc.hpp>

namespace benchmarks {
namespace {

double call(const timing& how) {
  asio::io_context context(1);
  polywire::server server(context.get_executor());
  add_handlers(server);
  const polywire::endpoint where = expect(server.listen("inproc://benchmark"));
  polywire::client client(context.get_executor(), where.url());
  meter calls(context, how);
  asio::co_spawn(context, keep_calling(client, calls), rethrow);
  context.run();
  return calls.per_second();
}

}  // namespace

std::vector<benchmark> inproc_benchmarks() {
  return {{"inproc/unary/closed", "calls/s", "floor/unary/closed",
           [](const timing& how) { return run_alone([&] { return call(how); }); }}};
}

}  // namespace benchmarks

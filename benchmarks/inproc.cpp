// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// Unary calls over inproc://.

#include "benchmark.hpp"
#include "meter.hpp"
#include "processes.hpp"
#include "service.hpp"

#include <polywire/inproc.hpp>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <functional>
#include <thread>

namespace benchmarks {
namespace {

double call(polywire::client& client, asio::io_context& context, const timing& how) {
  meter calls(context, how);
  asio::co_spawn(context, keep_calling(client, calls), rethrow);
  context.run();
  return calls.per_second();
}

double call_on_one_executor(const timing& how) {
  asio::io_context context(1);
  polywire::server server(context.get_executor());
  add_handlers(server);
  const polywire::endpoint where = expect(server.listen("inproc://benchmark"));
  polywire::client client(context.get_executor(), where.url());
  return call(client, context, how);
}

double call_across_threads(const timing& how) {
  polywire::server server;
  add_handlers(server);
  const polywire::endpoint where = expect(server.listen("inproc://benchmark"));
  std::thread serving([&] {
    pin_thread(0);  // the caller has the other one
    server.run();
  });
  double rate = 0;
  {
    asio::io_context context(1);
    polywire::client client(context.get_executor(), where.url());
    rate = call(client, context, how);
  }
  server.stop();
  serving.join();
  return rate;
}

// Two threads that wake each other: what Asio alone takes for a call across them.
double post_across_threads(const timing& how) {
  asio::io_context there(1);
  const auto work = asio::make_work_guard(there);
  std::thread serving([&] {
    pin_thread(0);
    there.run();
  });
  asio::io_context here(1);
  meter calls(here, how);
  std::function<void()> call = [&] {
    asio::post(there, [&] {
      asio::post(here, [&] {
        calls.count();
        call();
      });
    });
  };
  call();
  here.run();
  there.stop();
  serving.join();
  return calls.per_second();
}

benchmark unary(const char* name, const char* floor, double (*measure)(const timing&)) {
  return {name, "calls/s", floor,
          [measure](const timing& how) { return run_alone([&] { return measure(how); }); }};
}

}  // namespace

std::vector<benchmark> inproc_benchmarks() {
  return {unary("floor/threads", "floor/threads", post_across_threads),
          unary("inproc/unary/closed", "floor/unary/closed", call_on_one_executor),
          unary("inproc/unary/threads", "floor/threads", call_across_threads)};
}

}  // namespace benchmarks

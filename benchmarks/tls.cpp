// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// polywire over tls://. What tcp does without encryption is its floor.

#include "benchmark.hpp"
#include "meter.hpp"
#include "processes.hpp"
#include "service.hpp"

#include <polywire/tls.hpp>

#include "../tests/support/certificates.hpp"

#include <cstdint>
#include <string>

namespace benchmarks {
namespace {

/// Made before there are two processes, which share the files.
class files {
 public:
  static const files& instance() {
    static const files all;
    return all;
  }
  polywire::tls_options server() const {
    return polywire::tls_options().cert(server_.cert).key(server_.key);
  }
  polywire::tls_options client() const { return polywire::tls_options().ca(ca_.ca()); }

 private:
  files() : server_(ca_.issue(test::wish("server"))) {}

  test::authority ca_;
  test::identity server_;
};

void serve(const std::function<void(std::uint16_t)>& report) {
  polywire::server server(polywire::server_options().tls(files::instance().server()));
  add_handlers(server);
  report(expect(server.listen("tls://127.0.0.1:0")).port());
  server.run();
}

double call(std::uint16_t port, int outstanding, const timing& how) {
  asio::io_context context(1);
  polywire::client client(context.get_executor(), "tls://127.0.0.1:" + std::to_string(port),
                          polywire::client_options().tls(files::instance().client()));
  meter calls(context, how);
  for (int i = 0; i < outstanding; ++i) {
    asio::co_spawn(context, keep_calling(client, calls), rethrow);
  }
  context.run();
  return calls.per_second();
}

benchmark unary(const char* name, const char* floor, int outstanding) {
  return {name, "calls/s", floor, [outstanding](const timing& how) {
            (void)files::instance();
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

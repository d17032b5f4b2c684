// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../hello/hello.hpp"

#include <polywire/health.hpp>
#include <polywire/interceptor/bearer.hpp>
#include <polywire/interceptor/log_calls.hpp>
#include <polywire/interceptor/metrics.hpp>
#include <polywire/polywire.hpp>

#include <iostream>
#include <memory>
#include <string>
#include <string_view>

/// Who calls; the handlers can ask for it.
struct Caller {
  std::string name;
};

polywire::status let_in(std::string_view token, polywire::server_context& context) {
  if (token != "ada-1234") return polywire::status::unauthenticated("the token is not known");
  context.set(Caller{"Ada"});
  return {};
}

/// Answers those who show a token, logs and counts: guarded_receiver <url to listen at>
int main(int argc, char** argv) {
  const auto log = [](polywire::log_level level, std::string_view message) {
    std::cerr << to_string(level) << ": " << message << "\n";
  };
  // The first one is outermost: refused calls are counted and logged too.
  const auto metrics = std::make_shared<polywire::metrics>();
  polywire::server server{polywire::server_options()
                              .log(log)
                              .intercept(metrics)
                              .intercept(polywire::log_calls(log))
                              .intercept(polywire::bearer_auth(let_in))};
  metrics->watch(server);  // connections, bytes, events
  polywire::health health;
  health.serve(server);
  server.handle(greet, [](const GreetRequest& request, polywire::server_context& context) {
    return Greeting{context.get<Caller>()->name + " asks me to greet " + request.name};
  });

  const auto endpoint = server.listen(argc > 1 ? argv[1] : "tcp://127.0.0.1:7000");
  if (!endpoint) {
    std::cerr << endpoint.status().to_string() << "\n";
    return 1;
  }
  if (auto taken = server.stop_on_signals(); !taken) std::cerr << taken.to_string() << "\n";
  std::cout << "listening on " << endpoint->url() << std::endl;
  server.run();  // until SIGTERM, and until the calls in flight have finished
  std::cout << metrics->text();
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../hello/hello.hpp"

#include <polywire/health.hpp>
#include <polywire/interceptor/bearer.hpp>
#include <polywire/interceptor/call_limits.hpp>
#include <polywire/interceptor/log_calls.hpp>
#include <polywire/interceptor/metrics.hpp>
#include <polywire/interceptor/trace.hpp>
#include <polywire/polywire.hpp>

#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

struct Caller {
  std::string name;
};

/// An interceptor of one's own: any class with `on_start`, and `on_end` if it likes.
class no_strangers {
 public:
  polywire::status on_start(polywire::server_context& context) const {
    const auto* caller = context.get<Caller>();
    if (caller == nullptr || caller->name == "Eve") {
      return polywire::status::permission_denied("not for you");
    }
    return {};
  }
  void on_end(polywire::server_context& context, const polywire::status& how,
              polywire::duration) const {
    std::cerr << context.get<Caller>()->name << ": " << how.to_string() << "\n";
  }
};

polywire::status who_is_it(std::string_view token, polywire::server_context& context) {
  if (token == "ada-1234") return context.set(Caller{"Ada"}), polywire::status();
  if (token == "eve-5678") return context.set(Caller{"Eve"}), polywire::status();
  return polywire::status::unauthenticated("the token is not known");
}

/// Who calls, how often, and how it went: outside of the handlers.
int main() {
  const auto log = [](polywire::log_level level, std::string_view message) {
    std::cerr << to_string(level) << ": " << message << "\n";
  };
  const auto metrics = std::make_shared<polywire::metrics>();
  polywire::server server{polywire::server_options()
                              .intercept(polywire::trace())
                              .intercept(metrics)
                              .intercept(polywire::log_calls(log))
                              .intercept(polywire::call_limits().peer_calls(20).peer_rate(100, 200))
                              .intercept(polywire::bearer_auth(who_is_it))
                              .intercept(no_strangers())};
  metrics->watch(server);
  polywire::health health;
  health.serve(server);
  server.handle(greet, [](const GreetRequest&, polywire::server_context& context) {
    return Greeting{"Hello, " + context.get<Caller>()->name + "!"};
  });
  const auto url = server.listen("tcp://127.0.0.1:0").value().url();
  if (auto taken = server.stop_on_signals(); !taken) std::cerr << taken.to_string() << "\n";
  std::jthread serving([&] { server.run(); });

  for (const std::string token : {"ada-1234", "eve-5678", "guessed"}) {
    polywire::client greeter{url,
                             polywire::client_options()
                                 .intercept(polywire::trace())
                                 .intercept(polywire::bearer_token([token] { return token; }))};
    const auto greeting = greeter.call(greet, GreetRequest{token});
    std::cout << (greeting ? greeting->text : greeting.status().to_string()) << "\n";
  }

  polywire::client supervisor{
      url, polywire::client_options().intercept(polywire::bearer_token("ada-1234"))};
  const auto well = supervisor.call(polywire::health_check, polywire::health_check_request());
  std::cout << "serving: " << (well.value().status == polywire::serving_status::serving) << "\n";

  server.stop();
  serving.join();
  std::istringstream lines(metrics->text());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("polywire_requests_total")) std::cout << line << "\n";
  }
}

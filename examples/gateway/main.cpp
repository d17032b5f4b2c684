// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../hello/hello.hpp"

#include <polywire/polywire.hpp>

#include <iostream>
#include <string>
#include <thread>

/// Forwards every call, whatever its method and its messages, from one protocol to another.
int main() {
  polywire::server service;
  service.handle(greet,
                 [](const GreetRequest& request,
                    polywire::server_context& context) -> polywire::result<Greeting> {
                   if (request.name.empty())
                     return polywire::status::invalid_argument("name is required");
                   const std::string tenant(context.metadata().get("tenant").value_or("nobody"));
                   return Greeting{"Hello, " + request.name + " of " + tenant + "!"};
                 });
  const auto inner = service.listen("inproc://service").value().url();
  std::jthread serving([&] { service.run(); });

  polywire::client behind{inner};
  polywire::server gateway;
  gateway.handle_any([&](const polywire::payload& request, polywire::server_context& context)
                         -> asio::awaitable<polywire::result<polywire::payload>> {
    std::cout << "forwarding " << context.method() << "\n";
    auto options = polywire::within(context);  // its deadline, its cancellation, its trace
    for (const auto& [key, value] : context.metadata()) options.metadata(key, value);
    co_return co_await behind.async_call_raw(context.method(), request, options);
  });
  const auto outer = gateway.listen("tcp://127.0.0.1:0").value().url();
  std::jthread forwarding([&] { gateway.run(); });

  polywire::client user{outer};
  for (const char* name : {"Ada", ""}) {
    const auto greeting = user.call(greet, GreetRequest{name},
                                    polywire::with_metadata("tenant", "Analytical Engines"));
    std::cout << (greeting ? greeting->text : greeting.status().to_string()) << "\n";
  }
  const polywire::payload raw(polywire::format::json, "{}");
  std::cout << user.call_raw("hello.v1.Greeter/Sing", raw).status().to_string() << "\n";
  gateway.stop();
  service.stop();
}

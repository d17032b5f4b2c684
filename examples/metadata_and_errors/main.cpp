// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../hello/hello.hpp"

#include <polywire/polywire.hpp>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

using namespace std::chrono_literals;

/// What travels beside the messages, and what a failed call tells.
int main() {
  const auto log = [](polywire::log_level level, std::string_view message) {
    std::cerr << to_string(level) << ": " << message << "\n";
  };
  const auto answer = [](const GreetRequest& request,
                         polywire::server_context& context) -> polywire::result<Greeting> {
    if (context.metadata().get("authorization") != "Bearer ada's token") {
      return polywire::status::unauthenticated("a token is required");
    }
    if (request.name == "bug") throw std::runtime_error("the password is 1234");
    if (auto added = context.add_trailing("served-by", "greeter-1"); !added) return added;
    return Greeting{"Hello, " + request.name + "!"};
  };
  polywire::server server{polywire::server_options().log(log)};
  server.handle(greet, answer);
  const auto url = server.listen("tcp://127.0.0.1:0").value().url();
  std::jthread serving([&] { server.run(); });
  polywire::client greeter{url};

  polywire::call_info info;
  const auto greeting = greeter.call(
      greet, GreetRequest{"Ada"},
      polywire::timeout(5s).metadata("authorization", "Bearer ada's token").capture(info));
  std::cout << greeting.value().text << " served-by: " << *info.trailing.get("served-by")
            << ", attempts: " << info.attempts << "\n";

  const auto refused = greeter.call(greet, GreetRequest{"Ada"});
  std::cout << refused.status().to_string() << "\n";

  // What a handler throws goes to the server's log; its caller hears `internal`, without the text.
  const auto bug = greeter.call(greet, GreetRequest{"bug"},
                                polywire::with_metadata("authorization", "Bearer ada's token"));
  std::cout << to_string(bug.status().code()) << ", password leaked: "
            << (bug.status().message().find("1234") == std::string::npos ? "no" : "yes") << "\n";

  // The outcome says what may be repeated.
  server.stop();
  serving.join();
  const auto lost = greeter.call(greet, GreetRequest{"Ada"});
  switch (lost.status().reached()) {
    case polywire::outcome::not_sent:
    case polywire::outcome::rejected:
      std::cout << to_string(lost.status().code()) << ": safe to repeat\n";
      break;
    case polywire::outcome::maybe_processed: std::cout << "repeat only what is idempotent\n"; break;
    case polywire::outcome::processed: std::cout << "the answer is final\n"; break;
  }
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../hello/hello.hpp"

#include <polywire/health.hpp>
#include <polywire/interceptor/bearer.hpp>
#include <polywire/polywire.hpp>

#include <chrono>
#include <iostream>
#include <string>

/// Calls with a token and without: guarded_sender <url of the receiver>
int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  const std::string url = argc > 1 ? argv[1] : "tcp://127.0.0.1:7000";
  const auto say = [](const polywire::result<Greeting>& greeting) {
    std::cout << (greeting ? greeting->text : greeting.status().to_string()) << "\n";
  };
  const auto with_token = [](const std::string& token) {
    return polywire::client_options().intercept(polywire::bearer_token(token));
  };

  polywire::client ada{url, with_token("ada-1234")};
  for (const char* name : {"Grace", "Edsger", "Barbara"}) {
    say(ada.call(greet, GreetRequest{name}, polywire::timeout(5s)));
  }
  polywire::client guessing{url, with_token("guessed")};
  say(guessing.call(greet, GreetRequest{"Grace"}, polywire::timeout(5s)));
  polywire::client stranger{url};
  say(stranger.call(greet, GreetRequest{"Grace"}, polywire::timeout(5s)));

  const auto well =
      ada.call(polywire::health_check, polywire::health_check_request(), polywire::timeout(5s));
  const bool serving = well && well->status == polywire::serving_status::serving;
  std::cout << (serving ? "the receiver is well" : "the receiver is not well") << "\n";
}

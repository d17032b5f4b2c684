// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// receiver 'tls://127.0.0.1:7443?cert=server.pem&key=server.key&client_ca=ca.pem'

#include "../hello/hello.hpp"

#include <polywire/polywire.hpp>
#include <polywire/tls.hpp>

#include <iostream>

int main(int argc, char** argv) {
  const auto log = [](polywire::log_level level, std::string_view message) {
    std::cout << to_string(level) << ": " << message << std::endl;
  };
  polywire::server server{polywire::server_options().log(log)};
  server.handle(greet, [](const GreetRequest& request, polywire::server_context& context) {
    const polywire::peer_certificate* caller = context.peer_certificate();
    const std::string from = caller != nullptr ? caller->names().front() : "somebody";
    return Greeting{"Hello, " + request.name + ", says the receiver to " + from};
  });
  auto endpoint = server.listen(argc > 1 ? argv[1] : "tls://127.0.0.1:7443?cert=server.pem");
  if (!endpoint) {
    std::cerr << endpoint.status().to_string() << '\n';
    return 1;
  }
  std::cout << "listening on " << endpoint->url() << std::endl;
  if (auto watching = server.stop_on_signals(); !watching) return 1;
  server.run();
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "users_service.hpp"

#include <polywire/polywire.hpp>

#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include <csignal>
#include <iostream>

/// Keeps users until SIGINT or SIGTERM: users_receiver <url to listen at>
int main(int argc, char** argv) {
  asio::io_context io{1};
  users_service users;
  polywire::server server{io.get_executor()};
  users.serve(server);

  const auto endpoint = server.listen(argc > 1 ? argv[1] : "tcp://127.0.0.1:7000");
  if (!endpoint) {
    std::cerr << endpoint.status().to_string() << "\n";
    return 1;
  }
  std::cout << "listening on " << endpoint->url() << std::endl;

  asio::signal_set signals{io, SIGINT, SIGTERM};
  signals.async_wait([&](const asio::error_code&, int) { server.stop(); });
  io.run();  // until the server has nothing left to do
  std::cout << "stopped with " << users.count() << " users\n";
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "users_sender.hpp"
#include "users_service.hpp"

#include <polywire/polywire.hpp>

#include <iostream>
#include <thread>

/// Sender and receiver in one process, as inproc:// needs it: users_both <url> <file of users>
int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: users_both <url> <users.csv>\n";
    return 2;
  }
  users_service users;
  polywire::server server;
  users.serve(server);
  const auto endpoint = server.listen(argv[1]);
  if (!endpoint) {
    std::cerr << endpoint.status().to_string() << "\n";
    return 1;
  }
  std::cout << "listening on " << endpoint->url() << "\n";

  std::thread receiving([&] { server.run(); });
  users_sender sender{endpoint->url()};
  const bool good = sender.run(argv[2]);
  server.stop();
  receiving.join();
  std::cout << "stopped with " << users.count() << " users\n";
  return good ? 0 : 1;
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "users_sender.hpp"

#include <polywire/polywire.hpp>

#include <iostream>

/// Sends users to a receiver: users_sender <url of the receiver> <file of users>
int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: users_sender <url> <users.csv>\n";
    return 2;
  }
  users_sender sender{argv[1]};
  return sender.run(argv[2]) ? 0 : 1;
}

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include <polywire/client.hpp>
#include <polywire/tls.hpp>

#include <iostream>

// The scheme is known, and OpenSSL is there to say what is wrong with the file.
int main() {
  const auto made = polywire::client::make("tls://localhost:7443?ca=/does/not/exist");
  std::cout << made.status().to_string() << '\n';
  return made.status().message().find("'ca': cannot read the file") != std::string::npos ? 0 : 1;
}

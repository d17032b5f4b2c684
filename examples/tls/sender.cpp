// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// sender tls://127.0.0.1:7443 <folder of certificates.sh>

#include "../hello/hello.hpp"

#include <polywire/polywire.hpp>
#include <polywire/tls.hpp>

#include <iostream>

void say_hello(const std::string& who, const std::string& url, const polywire::tls_options& files) {
  using namespace std::chrono_literals;
  polywire::client greeter{url, polywire::client_options().tls(files)};
  auto greeting = greeter.call(greet, GreetRequest{who}, polywire::timeout(5s));
  std::cout << (greeting ? greeting->text : who + ": " + greeting.status().to_string()) << '\n';
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::string url = argv[1];
  const std::string folder = std::string(argv[2]) + "/";
  const auto files = polywire::tls_options()
                         .ca(folder + "ca.pem")
                         .cert(folder + "client.pem")
                         .key(folder + "client.key");
  say_hello("Ada", url, files);
  say_hello("nobody", url, polywire::tls_options().ca(folder + "ca.pem"));
  say_hello("stranger", url, polywire::tls_options());
  say_hello("lost", url, polywire::tls_options(files).server_name("mail.example"));
}

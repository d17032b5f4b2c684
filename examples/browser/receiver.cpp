// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#include "../users/users_service.hpp"

#include <polywire/polywire.hpp>

#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>

/// The users of the other example, with a page for browsers:
///     browser_receiver http://127.0.0.1:8080 examples/browser/page.html
int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: browser_receiver <url to listen at> <page.html>\n";
    return 2;
  }
  std::ifstream file(argv[2], std::ios::binary);
  std::string html(std::istreambuf_iterator<char>(file), {});
  if (html.empty()) {
    std::cerr << argv[2] << " cannot be read\n";
    return 1;
  }
  users_service users;
  polywire::server server;
  users.serve(server);
  server.page("/", std::move(html));  // beside its methods and topics, which are there anyway

  const auto endpoint = server.listen(argv[1]);
  if (!endpoint) {
    std::cerr << endpoint.status().to_string() << "\n";
    return 1;
  }
  if (auto taken = server.stop_on_signals(); !taken) std::cerr << taken.to_string() << "\n";
  std::cout << "listening on " << endpoint->url() << std::endl;
  server.run();
}

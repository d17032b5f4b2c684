// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include <polywire/polywire.hpp>

#include <iostream>
#include <thread>

#if !defined(ASIO_STANDALONE) || !defined(ASIO_NO_DEPRECATED)
#error "every consumer has to get the same macros of Asio"
#endif

/// Calls a server of our own in the same process, over its address, and gives the exit code.
template <class Method, class Request, class Handler, class Check>
int round_trip(const char* address, const Method& method, const Request& request, Handler handler,
               Check is_right) {
  polywire::server server;
  server.handle(method, handler);
  auto endpoint = server.listen(address);
  if (!endpoint) {
    std::cerr << "listen on " << address << ": " << endpoint.status().to_string() << '\n';
    return 1;
  }
  std::thread runner([&] { server.run(); });
  int code = 0;
  {
    polywire::client client{endpoint->url()};
    const auto reply = client.call(method, request, polywire::timeout(std::chrono::seconds(10)));
    if (!reply || !is_right(*reply)) {
      std::cerr << "call to " << endpoint->url() << ": " << reply.status().to_string() << '\n';
      code = 1;
    }
  }
  server.stop();
  runner.join();
  return code;
}

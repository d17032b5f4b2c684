// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// cpp-httplib and nlohmann_json. It has a thread for every connection that it serves at a time, all
// of them on the server's processor.

#include "../http_load.hpp"
#include "../http_work.hpp"
#include "peer.hpp"

#include <httplib.h>

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace benchmarks {
namespace {

constexpr std::size_t threads = 64;

void serve(const std::function<void(std::uint16_t)>& report) {
  httplib::Server server;
  server.new_task_queue = [] { return new httplib::ThreadPool(threads); };
  server.set_keep_alive_max_count(std::numeric_limits<std::size_t>::max());
  server.set_tcp_nodelay(true);
  server.Post(std::string(create_user_path),
              [](const httplib::Request& request, httplib::Response& reply) {
                reply.set_content(json_answer(request.body), "application/json");
              });
  report(static_cast<std::uint16_t>(server.bind_to_any_port("127.0.0.1")));
  server.listen_after_bind();
}

}  // namespace

std::vector<benchmark> peer() { return by_wrk("httplib/unary/", serve); }

}  // namespace benchmarks

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "http_load.hpp"

#include "http_message.hpp"
#include "http_work.hpp"
#include "processes.hpp"

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace benchmarks {
namespace {

const std::string script = POLYWIRE_BENCHMARKS_FOLDER "/http_load.lua";

void check_one_answer(std::uint16_t port) {
  asio::io_context context(1);
  asio::ip::tcp::socket socket(context);
  socket.connect({asio::ip::address_v4::loopback(), port});
  const std::string body = json_request();
  asio::write(socket, asio::buffer("POST " + std::string(create_user_path) +
                                   " HTTP/1.1\r\nHost: localhost\r\n"
                                   "Content-Type: application/json\r\nContent-Length: " +
                                   std::to_string(body.size()) + "\r\n\r\n" + body));
  std::string in;
  for (;;) {
    std::array<char, 4096> part;
    in.append(part.data(), socket.read_some(asio::buffer(part)));
    if (const auto answer = http_message::find(in)) return check_json_answer(answer->body);
  }
}

double run_wrk(std::uint16_t port, const std::string& connections, std::chrono::milliseconds time) {
  const std::string url =
      "http://127.0.0.1:" + std::to_string(port) + std::string(create_user_path);
  // wrk knows whole seconds only; interrupted, it counts what was until then. Where that comes too
  // soon, on a machine that has much else to do, its own duration ends it.
  const std::string seconds = std::to_string(std::chrono::duration<double>(time).count());
  const std::string said =
      output_of({"timeout", "--preserve-status", "--signal=INT", seconds, "wrk", "--threads=1",
                 "--connections=" + connections, "--duration=5", "--script=" + script, url, "--",
                 json_request()});
  constexpr std::string_view before = "rate: ";
  const std::size_t at = said.rfind(before);
  if (at == std::string::npos) throw std::runtime_error(said);
  return std::stod(said.substr(at + before.size()));
}

double load(std::uint16_t port, const std::string& connections, const timing& how) {
  check_one_answer(port);
  return run_wrk(port, connections, how.warm_up + how.window);
}

}  // namespace

std::vector<benchmark> by_wrk(
    const std::string& name,
    const std::function<void(const std::function<void(std::uint16_t)>& report)>& serve) {
  std::vector<benchmark> all;
  static const bool is_there = std::system("command -v wrk >/dev/null") == 0;
  if (!is_there) {
    std::fprintf(stderr, "%s* is left out: there is no wrk (apt-get install wrk)\n", name.c_str());
    return all;
  }
  for (const std::string connections : {"1", "64"}) {
    all.push_back({name + connections, "requests/s", "floor/http/json/" + connections,
                   [serve, connections](const timing& how) {
                     return run_pair(
                         serve, [&](std::uint16_t port) { return load(port, connections, how); });
                   },
                   connections == "1" ? effort::some_rounds : effort::every_round});
  }
  return all;
}

}  // namespace benchmarks

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// What the machine can do at best over HTTP: raw Asio, which reads of a request no more than where
// it ends, and nlohmann_json at both ends.

#include "benchmark.hpp"
#include "http_link.hpp"
#include "http_load.hpp"
#include "http_work.hpp"
#include "meter.hpp"
#include "processes.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace benchmarks {
namespace {

using asio::ip::tcp;

template <class OnMessage>
auto make_link(tcp::socket socket, OnMessage on_message) {
  return std::make_shared<http_link<OnMessage>>(std::move(socket), std::move(on_message));
}

void append(std::string& out, std::string_view first_line, std::string_view body) {
  out.append(first_line);
  out.append("\r\nContent-Type: application/json\r\nContent-Length: ");
  out.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
}

template <class OnMessage>
void accept(tcp::acceptor& from, OnMessage on_message) {
  from.async_accept([&from, on_message](std::error_code error, tcp::socket socket) {
    if (error) return;
    make_link(std::move(socket), on_message)->start();
    accept(from, on_message);
  });
}

template <class OnMessage>
void serve(const std::function<void(std::uint16_t)>& report, OnMessage on_message) {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  report(acceptor.local_endpoint().port());
  accept(acceptor, on_message);
  context.run();
}

void serve_constant(const std::function<void(std::uint16_t)>& report) {
  std::string answer;
  append(answer, "HTTP/1.1 200 OK", json_answer(json_request()));
  serve(report, [&](const http_message&, std::string& out) { out.append(answer); });
}

void serve_json(const std::function<void(std::uint16_t)>& report) {
  serve(report, [](const http_message& request, std::string& out) {
    append(out, "HTTP/1.1 200 OK", json_answer(request.body));
  });
}

double call(std::uint16_t port, const timing& how) {
  asio::io_context context(1);
  tcp::socket socket(context);
  socket.connect({asio::ip::address_v4::loopback(), port});
  meter calls(context, how);
  const std::string first_line =
      "POST " + std::string(create_user_path) + " HTTP/1.1\r\nHost: localhost";
  const auto ask = [&](std::string& out) { append(out, first_line, json_request()); };
  std::string first;
  ask(first);
  make_link(std::move(socket), [&](const http_message& reply, std::string& out) {
    check_json_answer(reply.body);
    calls.count();
    ask(out);
  })->start(first);
  context.run();
  return calls.per_second();
}

}  // namespace

std::vector<benchmark> http_floor_benchmarks() {
  std::vector<benchmark> all = by_wrk("floor/http/constant/", serve_constant);
  for (benchmark& b : by_wrk("floor/http/json/", serve_json)) all.push_back(std::move(b));
  all.push_back(
      {"floor/http/json/closed", "calls/s", "floor/http/json/closed", [](const timing& how) {
         return run_pair(serve_json, [&](std::uint16_t port) { return call(port, how); });
       }});
  return all;
}

}  // namespace benchmarks

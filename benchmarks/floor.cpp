// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// What the machine can do at best: raw Asio, the same bytes, protobuf at both ends, nothing else.

#include "benchmark.hpp"
#include "floor_link.hpp"
#include "meter.hpp"
#include "processes.hpp"
#include "work.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <cstdint>
#include <stdexcept>

namespace benchmarks {
namespace {

using asio::ip::tcp;

void serve(const std::function<void(std::uint16_t)>& report) {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  report(acceptor.local_endpoint().port());

  // Messages are reused: their strings keep their storage.
  user::v1::CreateUserRequest request;
  user::v1::User reply;
  floor_link link(acceptor.accept(),
                  [&](auto& to, std::uint32_t call, const void* bytes, std::size_t size) {
                    read(request, bytes, size);
                    reply.Clear();
                    answer(request, reply);
                    to.append(call, reply);
                  });
  link.start();
  context.run();
}

double call(std::uint16_t port, std::uint32_t outstanding, const timing& how) {
  asio::io_context context(1);
  tcp::socket socket(context);
  socket.connect({asio::ip::address_v4::loopback(), port});

  meter calls(context, how);
  const user::v1::CreateUserRequest request = make_request();
  user::v1::User reply;
  floor_link link(std::move(socket),
                  [&](auto& to, std::uint32_t id, const void* bytes, std::size_t size) {
                    read(reply, bytes, size);
                    if (!is_right(reply)) throw std::runtime_error("a wrong reply");
                    calls.count();
                    to.append(id, request);
                  });
  for (std::uint32_t id = 1; id <= outstanding; ++id) link.append(id, request);
  link.start();
  context.run();
  return calls.per_second();
}

benchmark unary(const char* name, std::uint32_t outstanding) {
  return {name, "calls/s", name, [outstanding](const timing& how) {
            return run_pair(serve,
                            [&](std::uint16_t port) { return call(port, outstanding, how); });
          }};
}

}  // namespace

std::vector<benchmark> floor_benchmarks() {
  return {unary("floor/unary/closed", 1), unary("floor/unary/64", 64)};
}

}  // namespace benchmarks

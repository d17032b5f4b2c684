// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// What the machine can do at best in one direction, to one receiver (a stream) and to ten (a
// fan-out): raw Asio, and every batch of messages in one write.

#include "benchmark.hpp"
#include "floor_link.hpp"
#include "meter.hpp"
#include "processes.hpp"
#include "work.hpp"

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace benchmarks {
namespace {

using asio::ip::tcp;

// Only what is published bears numbers.
constexpr bool is_numbered(int receivers) { return receivers > 1; }

/// Encodes a batch once, writes it to everybody, and goes on when it is written.
template <class Message, int Receivers>
class source {
 public:
  explicit source(std::vector<tcp::socket> to) : to_(std::move(to)) {}

  void next_batch() {
    batch_.clear();
    while (batch_.size() < floor_buffer_size) {
      if constexpr (is_numbered(Receivers)) set_number(message_, ++number_);
      append_frame(batch_, 1, message_);
    }
    outstanding_ = to_.size();
    for (tcp::socket& socket : to_) {
      asio::async_write(socket, asio::buffer(batch_), [this](std::error_code error, std::size_t) {
        if (!error && --outstanding_ == 0) next_batch();
      });
    }
  }

 private:
  std::vector<tcp::socket> to_;
  Message message_ = make_message<Message>();
  std::uint64_t number_ = 0;
  std::vector<std::uint8_t> batch_;
  std::size_t outstanding_ = 0;
};

template <class Message, int Receivers>
void serve(const std::function<void(std::uint16_t)>& report) {
  asio::io_context context(1);
  tcp::acceptor acceptor(context, {asio::ip::address_v4::loopback(), 0});
  report(acceptor.local_endpoint().port());
  std::vector<tcp::socket> to;
  for (int i = 0; i < Receivers; ++i) to.push_back(acceptor.accept());
  source<Message, Receivers> from(std::move(to));
  from.next_batch();
  context.run();
}

template <class Message, int Receivers>
auto make_receiver(tcp::socket socket, meter& received) {
  auto on_frame = [&received, message = Message(), all = sequence()](
                      auto&, std::uint32_t, const void* bytes, std::size_t size) mutable {
    read(message, bytes, size);
    if constexpr (is_numbered(Receivers)) all.take(number_of(message));
    received.count();
  };
  return std::make_unique<floor_link<decltype(on_frame)>>(std::move(socket), std::move(on_frame));
}

template <class Message, int Receivers>
double receive(std::uint16_t port, const timing& how) {
  asio::io_context context(1);
  meter received(context, how);
  using receiver = decltype(make_receiver<Message, Receivers>(tcp::socket(context), received));
  std::vector<receiver> all;
  for (int i = 0; i < Receivers; ++i) {
    tcp::socket socket(context);
    socket.connect({asio::ip::address_v4::loopback(), port});
    all.push_back(make_receiver<Message, Receivers>(std::move(socket), received));
    all.back()->start();
  }
  context.run();
  return received.per_second();
}

template <class Message, int Receivers>
benchmark flow(const char* name) {
  return {name, "messages/s", name, [](const timing& how) {
            return run_pair(serve<Message, Receivers>, [&](std::uint16_t port) {
              return receive<Message, Receivers>(port, how);
            });
          }};
}

}  // namespace

std::vector<benchmark> floor_flow_benchmarks() {
  using user::v1::User;
  return {flow<User, 1>("floor/stream"), flow<raw_bytes, 1>("floor/stream_bytes"),
          flow<raw_bytes, 10>("floor/fanout10"), flow<User, 10>("floor/fanout10_typed")};
}

}  // namespace benchmarks

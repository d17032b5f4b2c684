// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// ZeroMQ: DEALER and ROUTER, PUB and SUB. Beside the thread that is measured it has one for its
// I/O, on the same processor.

#include "../meter.hpp"
#include "../processes.hpp"
#include "../work.hpp"
#include "peer.hpp"
#include "zeromq_tools.hpp"

#include <zmq.hpp>

#include <cstdint>
#include <stdexcept>
#include <vector>

namespace benchmarks {
namespace {

using user::v1::CreateUserRequest;
using user::v1::User;

constexpr int subscribers = 10;

void serve(const std::function<void(std::uint16_t)>& report) {
  zmq::context_t context;
  zmq::socket_t router(context, zmq::socket_type::router);
  report(listen(router));
  CreateUserRequest request;
  User reply;
  for (;;) {
    zmq::message_t from;
    zmq::message_t message;
    if (!router.recv(from) || !router.recv(message)) throw std::runtime_error("recv failed");
    read(request, message.data(), message.size());
    reply.Clear();
    answer(request, reply);
    router.send(from, zmq::send_flags::sndmore);
    router.send(encode(reply), zmq::send_flags::none);
  }
}

double call(int outstanding, std::uint16_t port, const timing& how) {
  zmq::context_t context;
  zmq::socket_t dealer(context, zmq::socket_type::dealer);
  dealer.set(zmq::sockopt::linger, 0);
  dealer.connect(url(port));
  const CreateUserRequest request = make_request();
  User reply;
  for (int i = 0; i < outstanding; ++i) dealer.send(encode(request), zmq::send_flags::none);
  return measure_loop(how, [&] {
    zmq::message_t message;
    if (!dealer.recv(message)) throw std::runtime_error("recv failed");
    read(reply, message.data(), message.size());
    if (!is_right(reply)) throw std::runtime_error("a wrong reply");
    dealer.send(encode(request), zmq::send_flags::none);
    return 1U;
  });
}

template <class Message>
void publish(const std::function<void(std::uint16_t)>& report) {
  zmq::context_t context;
  zmq::socket_t publisher(context, zmq::socket_type::pub);
  publisher.set(zmq::sockopt::xpub_nodrop, true);  // wait for those who lag
  report(listen(publisher));
  Message message = make_message<Message>();
  for (std::uint64_t number = 1;; ++number) {
    set_number(message, number);
    publisher.send(encode(message), zmq::send_flags::none);
  }
}

template <class Message>
class subscriber {
 public:
  subscriber(zmq::context_t& context, std::uint16_t port)
      : socket_(context, zmq::socket_type::sub) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::subscribe, "");
    socket_.connect(url(port));
  }

  zmq::pollitem_t to_poll() { return {socket_.handle(), 0, ZMQ_POLLIN, 0}; }

  /// What there is, up to a bound.
  std::uint64_t receive() {
    std::uint64_t count = 0;
    for (; count < 1'000 && socket_.recv(encoded_, zmq::recv_flags::dontwait); ++count) {
      read(message_, encoded_.data(), encoded_.size());
      all_.take(number_of(message_));
    }
    return count;
  }

 private:
  zmq::socket_t socket_;
  zmq::message_t encoded_;
  Message message_;
  sequence all_;
};

template <class Message>
double subscribe(std::uint16_t port, const timing& how) {
  zmq::context_t context;
  std::vector<subscriber<Message>> all;
  std::vector<zmq::pollitem_t> to_poll;
  for (int i = 0; i < subscribers; ++i) all.emplace_back(context, port);
  for (auto& each : all) to_poll.push_back(each.to_poll());
  return measure_loop(how, [&] {
    std::uint64_t count = 0;
    zmq::poll(to_poll, std::chrono::milliseconds(1'000));
    for (std::size_t i = 0; i < all.size(); ++i) {
      if ((to_poll[i].revents & ZMQ_POLLIN) != 0) count += all[i].receive();
    }
    return count;
  });
}

benchmark unary(const char* name, const char* floor, int outstanding) {
  return {name, "calls/s", floor, [outstanding](const timing& how) {
            return run_pair(serve,
                            [&](std::uint16_t port) { return call(outstanding, port, how); });
          }};
}

template <class Message>
benchmark fanout(const char* name, const char* floor) {
  return {name, "messages/s", floor, [](const timing& how) {
            return run_pair(publish<Message>,
                            [&](std::uint16_t port) { return subscribe<Message>(port, how); });
          }};
}

}  // namespace

std::vector<benchmark> peer() {
  return {unary("zeromq/unary/closed", "floor/unary/closed", 1),
          unary("zeromq/unary/64", "floor/unary/64", 64),
          fanout<raw_bytes>("zeromq/fanout10", "floor/fanout10"),
          fanout<User>("zeromq/fanout10_typed", "floor/fanout10_typed")};
}

}  // namespace benchmarks

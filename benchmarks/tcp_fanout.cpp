// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// A server that publishes over tcp:// to ten subscribers, each with a connection of its own.
// Nothing may be lost: the topic waits for those who lag.

#include "benchmark.hpp"
#include "meter.hpp"
#include "processes.hpp"
#include "tcp_service.hpp"

#include <polywire/core/topic.hpp>

#include <asio/io_context.hpp>

#include <cstdint>
#include <deque>
#include <stdexcept>
#include <vector>

namespace benchmarks {
namespace {

constexpr int subscribers = 10;
constexpr int publishers = 64;  // as many publishes are on their way at a time

constexpr polywire::topic<polywire::bytes> raw_events{"benchmark.v1.raw"};
constexpr polywire::topic<User> user_events{"benchmark.v1.users"};

using benchmarks::number_of;
using benchmarks::set_number;

void set_number(polywire::bytes& event, std::uint64_t n) {
  set_number(reinterpret_cast<std::uint8_t*>(event.data()), n);
}
std::uint64_t number_of(const polywire::bytes& event) {
  return number_of(static_cast<const void*>(event.data()));
}

template <class Event>
class publisher {
 public:
  publisher(polywire::server& server, const polywire::topic<Event>& topic, Event event)
      : server_(server), topic_(topic), event_(std::move(event)) {}

  asio::awaitable<void> keep_publishing() {
    for (;;) {
      set_number(event_, ++number_);  // it is encoded when the publishing begins
      const polywire::status done = co_await server_.async_publish(topic_, event_);
      if (!done) throw std::runtime_error(done.to_string());
    }
  }

 private:
  polywire::server& server_;
  const polywire::topic<Event>& topic_;
  Event event_;
  std::uint64_t number_ = 0;
};

template <class Event>
void serve(const polywire::topic<Event>& topic, const Event& event,
           const std::function<void(std::uint16_t)>& report) {
  asio::io_context context(1);
  polywire::server server(context.get_executor());
  server.offer(topic, polywire::allow_block());
  report(expect(server.listen("tcp://127.0.0.1:0")).port());
  publisher<Event> all(server, topic, event);
  for (int i = 0; i < publishers; ++i) asio::co_spawn(context, all.keep_publishing(), rethrow);
  context.run();
}

template <class Event>
asio::awaitable<void> keep_receiving(polywire::client& client, const polywire::topic<Event>& topic,
                                     meter& received) {
  const auto how = polywire::from_now().overflow(polywire::overflow::block);
  polywire::subscription<Event> events = co_await client.async_subscribe(topic, how);
  sequence all;
  for (;;) {
    const std::vector<polywire::event<Event>> some = co_await events.async_read_some();
    if (some.empty()) throw std::runtime_error("the events ended: " + events.status().to_string());
    for (const auto& event : some) all.take(number_of(event.message()));
    received.count(some.size());
  }
}

template <class Event>
double receive(const polywire::topic<Event>& topic, std::uint16_t port, const timing& how) {
  asio::io_context context(1);
  meter received(context, how);
  std::deque<polywire::client> clients;
  for (int i = 0; i < subscribers; ++i) {
    clients.emplace_back(context.get_executor(), tcp_url(port));
    asio::co_spawn(context, keep_receiving(clients.back(), topic, received), rethrow);
  }
  context.run();
  return received.per_second();
}

template <class Event>
benchmark fanout(const char* name, const char* floor, const polywire::topic<Event>& topic,
                 const Event& event) {
  return {name, "messages/s", floor, [&topic, event](const timing& how) {
            return run_pair([&](const auto& report) { serve(topic, event, report); },
                            [&](std::uint16_t port) { return receive(topic, port, how); });
          }};
}

}  // namespace

std::vector<benchmark> fanout_benchmarks() {
  const polywire::bytes event(std::vector<std::byte>(sizeof(raw_bytes)));
  return {fanout("tcp/fanout10", "floor/fanout10", raw_events, event),
          fanout("tcp/fanout10_typed", "floor/fanout10_typed", user_events, make_message<User>())};
}

}  // namespace benchmarks

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/rpc/hub/topic_log.hpp"

#include "hub_world.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

namespace topic_log_test {

namespace pw = polywire;
namespace rpc = polywire::rpc;

namespace {

class bin {
 public:
  void push(rpc::event_ptr what) { all.push_back(std::move(what)); }
  std::vector<rpc::event_ptr> all;
};

rpc::event_ptr event_of(std::size_t size) {
  static const auto topic = std::make_shared<const rpc::topic_info>(
      "t", rpc::topic_type_of<pw::text>, std::make_shared<const pw::limits>());
  return std::make_shared<rpc::event>(topic, pw::format::text, pw::as_bytes(std::string(size, 'x')),
                                      "");
}

}  // namespace

TEST_CASE("a log keeps so many events and numbers them from 1") {
  rpc::topic_log log(3, 1'000);
  bin dropped;
  CHECK(log.empty());
  CHECK(log.end() == 1);
  std::vector<rpc::event_ptr> all;
  for (int i = 0; i < 5; ++i) log.append(all.emplace_back(event_of(1)), dropped);
  CHECK(log.begin() == 3);
  CHECK(log.end() == 6);
  CHECK(log.at(3) == all[2]);
  CHECK(log.at(5) == all[4]);
  CHECK(dropped.all == std::vector{all[0], all[1]});
}

TEST_CASE("a log keeps so many bytes, and the newest event whatever its size") {
  rpc::topic_log log(100, 10);
  bin dropped;
  for (const std::size_t size : {4U, 4U, 2U}) log.append(event_of(size), dropped);
  CHECK(dropped.all.empty());
  CHECK(log.bytes_between(1, 4) == 10);
  CHECK(log.bytes_between(2, 3) == 4);
  log.append(event_of(1), dropped);
  CHECK(log.begin() == 2);
  log.append(event_of(50), dropped);
  CHECK(log.begin() == 5);
  CHECK(log.end() == 6);
  log.append(event_of(0), dropped);
  CHECK(log.begin() == 6);
}

TEST_CASE("what is within a lag limit ends with the newest event, and has at least that") {
  rpc::topic_log log(100, 1'000);
  bin dropped;
  for (int i = 0; i < 10; ++i) log.append(event_of(10), dropped);
  CHECK(log.within({4, 1'000}, 1) == 7);
  CHECK(log.within({4, 1'000}, 9) == 9);
  CHECK(log.within({100, 35}, 1) == 8);
  CHECK(log.within({100, 30}, 1) == 8);
  CHECK(log.within({100, 5}, 1) == 10);
  CHECK(log.within({1, 5}, 11) == 11);
}

}  // namespace topic_log_test

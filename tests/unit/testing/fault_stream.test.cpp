// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/testing/fault_stream.hpp"

#include "polywire/testing/hex.hpp"
#include "polywire/testing/memory_stream.hpp"

#include "support/catch.hpp"
#include "support/streams.hpp"

namespace pw = polywire;
namespace io = polywire::io;
using pw::testing::fault;
using pw::testing::fault_plan;
using pw::testing::fault_stream;
using test::drain;
using namespace std::chrono_literals;

namespace {

class fixture {
 public:
  fixture() { renew(); }
  void renew() {
    auto ends = pw::testing::make_memory_streams(context.get_executor(), context.get_executor());
    faulty = std::make_unique<fault_stream>(std::move(ends.first), plan);
    peer = std::move(ends.second);
  }

  asio::io_context context{1};
  std::shared_ptr<fault_plan> plan = std::make_shared<fault_plan>();
  std::unique_ptr<io::byte_stream> faulty, peer;
  std::shared_ptr<test::waiter> user = std::make_shared<test::waiter>();
  io::error_code error;
};

}  // namespace

TEST_CASE_METHOD(fixture, "without faults a fault stream changes nothing") {
  CHECK(test::write(*faulty, "ping", error) == 4);
  CHECK(test::read_once(*peer).data == "ping");
  test::write(*peer, "pong", error);
  faulty->wait_readable(user);
  drain(context);
  CHECK(user->readable.size() == 1);
  CHECK(test::read_once(*faulty).data == "pong");
  CHECK(faulty->peer() == "memory");
  faulty->shutdown_write();
  CHECK(test::read_once(*peer).error == asio::error::eof);
  CHECK(plan->cuts() == 0);
}

TEST_CASE_METHOD(fixture, "reading ends at the byte where it is cut") {
  plan->cut_read(3, fault::eof);
  test::write(*peer, "abcdef", error);
  CHECK(test::read_once(*faulty).data == "abc");
  CHECK(test::read_once(*faulty).error == asio::error::eof);
  CHECK(test::write(*faulty, "still", error) == 5);
  CHECK(plan->cuts() == 1);
}

TEST_CASE_METHOD(fixture, "a reset breaks both directions and the peer's") {
  plan->cut_read(3, fault::reset);
  test::write(*peer, "abcdef", error);
  CHECK(test::read_once(*faulty).data == "abc");
  CHECK(test::read_once(*faulty).error == asio::error::connection_reset);
  CHECK(test::write(*faulty, "x", error) == 0);
  CHECK(error == asio::error::connection_reset);
  CHECK(test::write(*peer, "x", error) == 0);
  CHECK(error == asio::error::broken_pipe);
}

TEST_CASE_METHOD(fixture, "in a black hole a reader waits until it closes") {
  plan->cut_read(3, fault::silence);
  test::write(*peer, "abcdef", error);
  CHECK(test::read_once(*faulty).data == "abc");
  CHECK(test::read_once(*faulty).error == asio::error::would_block);
  faulty->wait_readable(user);
  drain(context);
  CHECK(user->readable.empty());
  faulty->close();
  drain(context);
  REQUIRE(user->readable.size() == 1);
  CHECK(user->readable[0] == asio::error::operation_aborted);
}

TEST_CASE_METHOD(fixture, "writing is cut in the middle of a write") {
  plan->cut_write(3, fault::eof);
  CHECK(test::write(*faulty, "abcdef", error) == 3);
  CHECK(test::write(*faulty, "def", error) == 0);
  CHECK(error == asio::error::broken_pipe);
  CHECK(test::read_once(*peer).data == "abc");
  CHECK(test::read_once(*peer).error == asio::error::eof);
}

TEST_CASE_METHOD(fixture, "a reset while writing is seen by the peer") {
  plan->cut_write(3, fault::reset);
  CHECK(test::write(*faulty, "abcdef", error) == 3);
  CHECK(test::write(*faulty, "def", error) == 0);
  CHECK(error == asio::error::connection_reset);
  CHECK(test::read_once(*peer).data == "abc");
  CHECK(test::read_once(*peer).error == asio::error::eof);
  CHECK(test::read_once(*faulty).error == asio::error::connection_reset);
}

TEST_CASE_METHOD(fixture, "a black hole swallows what is written") {
  plan->cut_write(3, fault::silence);
  CHECK(test::write(*faulty, "abcdef", error) == 3);
  CHECK(test::write(*faulty, "def", error) == 3);
  CHECK_FALSE(error);
  faulty->shutdown_write();
  CHECK(test::read_once(*peer).data == "abc");
  CHECK(test::read_once(*peer).error == asio::error::would_block);
}

TEST_CASE_METHOD(fixture, "a plan that cuts once spares the streams after that") {
  plan->cut_read(0, fault::eof).at_most(1);
  CHECK(test::read_once(*faulty).error == asio::error::eof);
  renew();
  test::write(*peer, "fine", error);
  CHECK(test::read_once(*faulty).data == "fine");
  CHECK(plan->cuts() == 1);
}

TEST_CASE_METHOD(fixture, "reads and writes are kept short") {
  plan->short_reads(2).short_writes(3);
  const pw::bytes_view pieces[] = {pw::as_bytes("ab"), pw::as_bytes("cd")};
  CHECK(faulty->write_some(pieces, error) == 3);
  CHECK(test::read_once(*peer).data == "abc");
  test::write(*peer, "xyz", error);
  CHECK(test::read_once(*faulty).data == "xy");
  CHECK(test::read_once(*faulty).data == "z");
}

TEST_CASE_METHOD(fixture, "random short reads lose nothing and are repeated by their seed") {
  plan->short_reads(5).random(7);
  const auto sizes = [this] {
    renew();
    test::write(*peer, "the quick brown fox jumps over the lazy dog", error);
    std::string all;
    std::vector<std::size_t> out;
    for (test::chunk next; !(next = test::read_once(*faulty)).error;) {
      out.push_back(next.data.size());
      all += next.data;
    }
    CHECK(all == "the quick brown fox jumps over the lazy dog");
    return out;
  };
  const auto first = sizes();
  CHECK(*std::min_element(first.begin(), first.end()) <
        *std::max_element(first.begin(), first.end()));
  CHECK(sizes() == first);
}

TEST_CASE_METHOD(fixture, "each n-th call would block although it would not") {
  plan->would_block_every(2);
  test::write(*peer, "abc", error);
  CHECK(test::read_once(*faulty, 1).data == "a");
  CHECK(test::read_once(*faulty, 1).error == asio::error::would_block);
  CHECK(test::read_once(*faulty, 1).data == "b");
  CHECK(test::write(*faulty, "x", error) == 1);
  CHECK(test::write(*faulty, "x", error) == 0);
  CHECK(error == asio::error::would_block);
}

TEST_CASE_METHOD(fixture, "one bit of one byte is flipped, wherever the calls begin and end") {
  plan->flip_read(3).flip_write(2).short_reads(2);
  test::write(*peer, "aaaaaa", error);
  std::string got;
  for (int i = 0; i < 3; ++i) got += test::read_once(*faulty).data;
  CHECK(got == "aaa`aa");
  test::write(*faulty, "aa", error);
  test::write(*faulty, "aa", error);
  CHECK(test::read_once(*peer).data == "aa`a");
}

TEST_CASE_METHOD(fixture, "what arrives is delayed") {
  plan->delay_reads(context.get_executor(), 30ms);
  test::write(*peer, "late", error);
  CHECK(test::read_once(*faulty).error == asio::error::would_block);
  const auto start = std::chrono::steady_clock::now();
  faulty->wait_readable(user);
  REQUIRE(test::run_until(context, [this] { return !user->readable.empty(); }));
  CHECK(std::chrono::steady_clock::now() - start >= 30ms);
  CHECK_FALSE(user->readable[0]);
  CHECK(test::read_once(*faulty).data == "late");
}

TEST_CASE_METHOD(fixture, "closing ends a delay at once") {
  plan->delay_reads(context.get_executor(), 1h);
  test::write(*peer, "late", error);
  faulty->wait_readable(user);
  drain(context);
  CHECK(user->readable.empty());
  faulty->close();
  drain(context);
  REQUIRE(user->readable.size() == 1);
  CHECK(user->readable[0] == asio::error::operation_aborted);
}

TEST_CASE_METHOD(fixture, "a plan can be cleared while streams use it") {
  plan->short_reads(1).flip_read(1).would_block_every(2);
  test::write(*peer, "aaaa", error);
  CHECK(test::read_once(*faulty).data == "a");
  plan->clear();
  CHECK(test::read_once(*faulty).data == "aaa");
}

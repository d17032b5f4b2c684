// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/testing/memory_stream.hpp"

#include "support/catch.hpp"
#include "support/streams.hpp"

#include <thread>

namespace pw = polywire;
namespace io = polywire::io;
using test::drain;

namespace {

class fixture {
 public:
  fixture() {
    auto ends = pw::testing::make_memory_streams(context.get_executor(), context.get_executor(), 8);
    a = std::move(ends.first);
    b = std::move(ends.second);
  }

  asio::io_context context{1};
  std::unique_ptr<io::byte_stream> a, b;
  std::shared_ptr<test::waiter> user = std::make_shared<test::waiter>();
  io::error_code error;
};

}  // namespace

TEST_CASE_METHOD(fixture, "a memory stream carries bytes both ways") {
  CHECK(test::read_once(*b).error == asio::error::would_block);
  CHECK(test::write(*a, "ping", error) == 4);
  CHECK(test::write(*b, "pong", error) == 4);
  CHECK(test::read_once(*b, 3).data == "pin");
  CHECK(test::read_once(*b).data == "g");
  CHECK(test::read_once(*a).data == "pong");
}

TEST_CASE_METHOD(fixture, "a memory stream holds no more than its capacity") {
  CHECK(test::write(*a, "0123456789", error) == 8);
  CHECK(test::write(*a, "89", error) == 0);
  CHECK(error == asio::error::would_block);
  a->wait_writable(user);
  drain(context);
  CHECK(user->writable.empty());

  CHECK(test::read_once(*b, 2).data == "01");
  CHECK(user->writable.empty());
  drain(context);
  REQUIRE(user->writable.size() == 1);
  CHECK_FALSE(user->writable[0]);
  CHECK(test::write(*a, "89", error) == 2);
  CHECK(test::read_once(*b).data == "23456789");
}

TEST_CASE_METHOD(fixture,
                 "who waits for a memory stream is called once for what comes or has come") {
  b->wait_readable(user);
  drain(context);
  CHECK(user->readable.empty());
  test::write(*a, "x", error);
  drain(context);
  CHECK(user->readable.size() == 1);
  test::write(*a, "y", error);
  drain(context);
  CHECK(user->readable.size() == 1);
  b->wait_readable(user);
  CHECK(user->readable.size() == 1);
  drain(context);
  CHECK(user->readable.size() == 2);
}

TEST_CASE_METHOD(fixture, "a memory stream that writes nothing more ends after what is queued") {
  test::write(*a, "last", error);
  b->wait_readable(user);
  a->shutdown_write();
  drain(context);
  CHECK(user->readable.size() == 1);
  CHECK(test::read_once(*b).data == "last");
  CHECK(test::read_once(*b).error == asio::error::eof);
  CHECK(test::write(*b, "still", error) == 5);
  CHECK(test::read_once(*a).data == "still");
  CHECK(test::write(*a, "x", error) == 0);
  CHECK(error == asio::error::broken_pipe);
}

TEST_CASE_METHOD(fixture, "closing a memory stream ends the other one and aborts the own waits") {
  test::write(*a, "last", error);
  const auto other = std::make_shared<test::waiter>();
  a->wait_readable(user);
  b->wait_readable(other);
  a->close();
  a->close();
  a->wait_writable(user);
  drain(context);
  REQUIRE(user->readable.size() == 1);
  CHECK(user->readable[0] == asio::error::operation_aborted);
  REQUIRE(user->writable.size() == 1);
  CHECK(user->writable[0] == asio::error::operation_aborted);
  CHECK(test::read_once(*a).error == asio::error::bad_descriptor);

  REQUIRE(other->readable.size() == 1);
  CHECK_FALSE(other->readable[0]);
  CHECK(test::read_once(*b).data == "last");
  CHECK(test::read_once(*b).error == asio::error::eof);
  CHECK(test::write(*b, "x", error) == 0);
  CHECK(error == asio::error::broken_pipe);
}

TEST_CASE_METHOD(fixture, "a wait on a memory stream is work, and goes away with its context") {
  std::unique_ptr<io::byte_stream> far, near;
  const std::weak_ptr<test::waiter> watched = user;
  {
    asio::io_context short_lived;
    auto ends =
        pw::testing::make_memory_streams(short_lived.get_executor(), context.get_executor());
    far = std::move(ends.first);
    near = std::move(ends.second);
    far->wait_readable(std::move(user));
    short_lived.poll();
    CHECK_FALSE(short_lived.stopped());
    far.reset();
    CHECK_FALSE(watched.expired());
  }
  CHECK(watched.expired());
  CHECK(test::read_once(*near).error == asio::error::eof);
}

TEST_CASE("the ends of a memory stream may live on different threads") {
  asio::io_context here(1), there(1);
  auto ends = pw::testing::make_memory_streams(here.get_executor(), there.get_executor(), 64);
  std::string sent(20000, '?');
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>('a' + i % 26);

  class sender final : public io::stream_user, public std::enable_shared_from_this<sender> {
   public:
    sender(io::byte_stream& s, std::string_view rest) : stream_(s), rest_(rest) {}
    void on_readable(io::error_code) override {}
    void on_writable(io::error_code) override {
      io::error_code error;
      while (!rest_.empty() && !error) rest_.remove_prefix(test::write(stream_, rest_, error));
      if (rest_.empty()) return stream_.shutdown_write();
      stream_.wait_writable(shared_from_this());
    }

   private:
    io::byte_stream& stream_;
    std::string_view rest_;
  };
  ends.second->wait_writable(std::make_shared<sender>(*ends.second, sent));
  std::thread other([&] { there.run_for(std::chrono::seconds(10)); });

  class receiver final : public io::stream_user, public std::enable_shared_from_this<receiver> {
   public:
    explicit receiver(io::byte_stream& s) : stream_(s) {}
    void on_writable(io::error_code) override {}
    void on_readable(io::error_code) override {
      for (;;) {
        const test::chunk next = test::read_once(stream_, 50);
        got += next.data;
        if (next.error == asio::error::would_block)
          return stream_.wait_readable(shared_from_this());
        if (next.error) return;
      }
    }
    std::string got;

   private:
    io::byte_stream& stream_;
  };
  const auto end = std::make_shared<receiver>(*ends.first);
  ends.first->wait_readable(end);
  here.run_for(std::chrono::seconds(10));
  other.join();
  CHECK(end->got == sent);
}

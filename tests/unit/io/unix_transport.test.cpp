// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

#include "polywire/io/unix_transport.hpp"

#include "support/catch.hpp"
#include "support/streams.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace unix_transport_test {

namespace pw = polywire;
namespace io = polywire::io;
namespace fs = std::filesystem;
using test::drain;
using test::parse;
using test::run_until;

namespace {

const io::transport& local = *io::transport::find("unix");

class fixture {
 public:
  fixture() {
    std::string pattern = (fs::temp_directory_path() / "polywire-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
    directory = pattern;
    path = directory / "test.sock";
  }
  fixture(const fixture&) = delete;
  fixture& operator=(const fixture&) = delete;
  ~fixture() { fs::remove_all(directory); }

  io::executor ex() { return context.get_executor(); }
  pw::url where() const { return parse("unix:" + path.string()); }
  pw::result<std::unique_ptr<io::acceptor>> listen() { return local.listen(ex(), where()); }
  pw::status failure() {
    const auto op = local.connect(ex(), where(), 0, [this](auto r) { connected = std::move(r); });
    REQUIRE_FALSE(connected.has_value());
    REQUIRE(run_until(context, [this] { return connected.has_value(); }));
    REQUIRE_FALSE(connected->has_value());
    return connected->status();
  }

  asio::io_context context{1};
  fs::path directory;
  fs::path path;
  test::maybe_stream connected;
};

}  // namespace

TEST_CASE_METHOD(fixture, "a unix stream carries bytes both ways and then ends") {
  const auto acceptor = listen();
  REQUIRE(acceptor);
  CHECK((*acceptor)->address() == path.string());
  CHECK((*acceptor)->port() == 0);
  test::connected_pair pair(context, local, where(), **acceptor);
  CHECK(pair.client->peer() == "unix:" + path.string());

  io::error_code error;
  CHECK(test::write(*pair.client, "ping", error) == 4);
  CHECK(test::read(context, *pair.server, 4).data == "ping");
  CHECK(test::write(*pair.server, "pong", error) == 4);
  CHECK(test::read(context, *pair.client, 4).data == "pong");
  pair.server->close();
  CHECK(test::read(context, *pair.client, 1).error == asio::error::eof);
  test::write(*pair.client, "x", error);  // no SIGPIPE
  CHECK(error == asio::error::broken_pipe);
}

TEST_CASE_METHOD(fixture, "connecting to a socket file that is not there says which") {
  const auto why = failure();
  CHECK(why.code() == pw::status_code::unavailable);
  CHECK(why.reached() == pw::outcome::not_sent);
  CHECK(why.message() == "cannot connect to unix:" + path.string() + ": No such file or directory");
}

TEST_CASE_METHOD(fixture, "a closed unix acceptor takes its file with it and calls nobody") {
  bool called = false;
  {
    const auto acceptor = listen();
    REQUIRE(acceptor);
    CHECK(fs::is_socket(path));
    (*acceptor)->async_accept(ex(), [&](auto) { called = true; });
  }
  drain(context);
  CHECK_FALSE(called);
  CHECK_FALSE(fs::exists(path));
}

TEST_CASE_METHOD(fixture, "a unix acceptor leaves a file alone that has become somebody else's") {
  auto first = listen();
  REQUIRE(first);
  fs::rename(path, directory / "moved");
  const auto second = listen();
  REQUIRE(second);
  first = pw::status::cancelled("closes it");
  CHECK(fs::is_socket(path));
  test::connected_pair pair(context, local, where(), **second);
}

TEST_CASE_METHOD(fixture, "a socket file that a dead process left behind is replaced") {
  {
    asio::local::stream_protocol::acceptor abandoned(context, path.string());
  }
  REQUIRE(fs::is_socket(path));
  CHECK(failure().message() == "cannot connect to unix:" + path.string() + ": Connection refused");
  const auto acceptor = listen();
  REQUIRE(acceptor);
  test::connected_pair pair(context, local, where(), **acceptor);
}

TEST_CASE_METHOD(fixture, "a socket file on which somebody listens is not replaced") {
  const auto first = listen();
  REQUIRE(first);
  const auto second = listen();
  REQUIRE_FALSE(second);
  CHECK(second.status().code() == pw::status_code::unavailable);
  CHECK(second.status().message() ==
        "cannot listen on unix:" + path.string() + ": Address already in use");
}

TEST_CASE_METHOD(fixture, "a file that is no socket is never removed") {
  std::ofstream(path) << "precious";
  const auto acceptor = listen();
  CHECK(acceptor.status().code() == pw::status_code::unavailable);
  CHECK(fs::file_size(path) == 8);
}

TEST_CASE_METHOD(fixture, "a unix socket in a directory that is not there is invalid_argument") {
  path = directory / "missing" / "test.sock";
  CHECK(listen().status().code() == pw::status_code::invalid_argument);
}

TEST_CASE_METHOD(fixture,
                 "a full backlog makes a unix connect wait instead of succeeding falsely") {
  asio::local::stream_protocol::acceptor busy(context);
  busy.open();
  busy.bind(path.string());
  busy.listen(0);  // room for one
  const auto connect = [this](test::maybe_stream& into) {
    return local.connect(ex(), where(), 0, [&into](auto r) { into = std::move(r); });
  };
  test::maybe_stream first, second;
  const auto one = connect(first);
  const auto two = connect(second);
  REQUIRE(run_until(context, [&] { return first.has_value(); }));
  drain(context);
  CHECK_FALSE(second.has_value());
  const auto accepted_first = busy.accept();
  REQUIRE(run_until(context, [&] { return second.has_value(); }));
  REQUIRE(second->has_value());
  auto accepted_second = busy.accept();
  io::error_code error;
  CHECK(test::write(***second, "x", error) == 1);
  char got = 0;
  CHECK(accepted_second.read_some(asio::mutable_buffer(&got, 1)) == 1);
}

TEST_CASE_METHOD(fixture,
                 "after cancel a unix connect's handler is not called, although it was due") {
  const auto acceptor = listen();
  REQUIRE(acceptor);
  const auto op = local.connect(ex(), where(), 0, [this](auto r) { connected = std::move(r); });
  op->cancel();
  drain(context);
  CHECK_FALSE(connected.has_value());
}

}  // namespace unix_transport_test

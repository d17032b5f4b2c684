// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// gRPC C++ through its callback API: the clients.

#include "../processes.hpp"
#include "../work.hpp"
#include "grpc_service.hpp"
#include "peer.hpp"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

namespace benchmarks {
namespace {

std::atomic<std::uint64_t> done{0};

// On a thread of gRPC's.
void require(bool good, const std::string& what) {
  if (good) return;
  std::fprintf(stderr, "%s\n", what.c_str());
  ::_exit(1);
}

/// A call after the other, for ever.
class caller {
 public:
  explicit caller(UserService::Stub& stub) : stub_(stub) {}

  void call() {
    // The context of a call lives until its callback has returned.
    auto& context = contexts_[next_++ % 2].emplace();
    stub_.async()->CreateUser(&context, &request_, &reply_, [this](const grpc::Status& status) {
      require(status.ok() && is_right(reply_), "a wrong reply: " + status.error_message());
      done.fetch_add(1, std::memory_order_relaxed);
      call();
    });
  }

 private:
  UserService::Stub& stub_;
  const CreateUserRequest request_ = make_request();
  User reply_;
  std::optional<grpc::ClientContext> contexts_[2];
  std::size_t next_ = 0;
};

class stream_reader final : public grpc::ClientReadReactor<User> {
 public:
  explicit stream_reader(UserService::Stub& stub) {
    stub.async()->ListUsers(&context_, &request_, this);
    StartRead(&user_);
    StartCall();
  }

 private:
  void OnReadDone(bool ok) override {
    require(ok, "the stream ended");
    done.fetch_add(1, std::memory_order_relaxed);
    StartRead(&user_);
  }

  grpc::ClientContext context_;
  const ListUsersRequest request_;
  User user_;
};

double rate(const timing& how) {
  using clock = std::chrono::steady_clock;
  std::this_thread::sleep_for(how.warm_up);
  const auto begin = clock::now();
  const std::uint64_t before = done;
  std::this_thread::sleep_for(how.window);
  const std::uint64_t after = done;
  return static_cast<double>(after - before) /
         std::chrono::duration<double>(clock::now() - begin).count();
}

std::unique_ptr<UserService::Stub> connect(std::uint16_t port) {
  return UserService::NewStub(
      grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
}

// The calls are never ended: what they use stays, and the process ends.

double call(int outstanding, std::uint16_t port, const timing& how) {
  UserService::Stub& stub = *connect(port).release();
  for (int i = 0; i < outstanding; ++i) (new caller(stub))->call();
  return rate(how);
}

double read_stream(std::uint16_t port, const timing& how) {
  new stream_reader(*connect(port).release());
  return rate(how);
}

template <class Measure>
benchmark over_grpc(const char* name, const char* unit, const char* floor, Measure measure) {
  return {name, unit, floor, [measure](const timing& how) {
            return run_pair(serve, [&](std::uint16_t port) { return measure(port, how); });
          }};
}

}  // namespace

std::vector<benchmark> peer() {
  const auto outstanding = [](int n) {
    return [n](std::uint16_t port, const timing& how) { return call(n, port, how); };
  };
  return {over_grpc("grpc/unary/closed", "calls/s", "floor/unary/closed", outstanding(1)),
          over_grpc("grpc/unary/64", "calls/s", "floor/unary/64", outstanding(64)),
          over_grpc("grpc/stream", "messages/s", "floor/stream", read_stream)};
}

}  // namespace benchmarks

// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT
#pragma once

#include "../work.hpp"
#include "user_service.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>

namespace benchmarks {

using user::v1::CreateUserRequest;
using user::v1::ListUsersRequest;
using user::v1::User;
using user::v1::UserService;

/// Goes on until the client leaves.
class endless_writer final : public grpc::ServerWriteReactor<User> {
 public:
  endless_writer() { StartWrite(&user_); }

 private:
  void OnWriteDone(bool ok) override {
    if (ok) return StartWrite(&user_);
    Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

  const User user_ = make_message<User>();
};

class grpc_service final : public UserService::CallbackService {
  grpc::ServerUnaryReactor* CreateUser(grpc::CallbackServerContext* context,
                                       const CreateUserRequest* request, User* reply) override {
    answer(*request, *reply);
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  grpc::ServerWriteReactor<User>* ListUsers(grpc::CallbackServerContext*,
                                            const ListUsersRequest*) override {
    return new endless_writer;
  }
};

inline void serve(const std::function<void(std::uint16_t)>& report) {
  grpc_service users;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&users);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (!server) throw std::runtime_error("gRPC does not listen");
  report(static_cast<std::uint16_t>(port));
  server->Wait();
}

}  // namespace benchmarks

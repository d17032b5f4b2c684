// SPDX-FileCopyrightText: 2026 The polywire authors
// SPDX-License-Identifier: MIT

// The smallest sender with gRPC.

#include "user_service.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <iostream>

int main() {
  const auto users = user::v1::UserService::NewStub(
      grpc::CreateChannel("127.0.0.1:7000", grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  user::v1::CreateUserRequest request;
  request.set_name("Ada");
  user::v1::User user;
  if (!users->CreateUser(&context, request, &user).ok()) return 1;
  std::cout << user.name() << '\n';
}
